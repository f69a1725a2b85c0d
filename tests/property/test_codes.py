"""Laws of regions and check digits, and both directions of finding personal data."""

import datetime
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from ledger.codes import Level, Region, ResidentId, Uscc
from ledger.codes.region import PROVINCES
from ledger.codes.resident_id import check_character as resident_check
from ledger.codes.resident_id import looks_like_resident_id
from ledger.codes.uscc import ALPHABET
from ledger.codes.uscc import check_character as uscc_check
from ledger.privacy import find_personal_data

PROVINCE = st.sampled_from(sorted(PROVINCES))


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """A region of any level."""
    length = draw(st.sampled_from([2, 4, 6, 9, 12]))
    return Region.parse(draw(PROVINCE) + draw(_digits(length - 2)))


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    """A number that could be somebody's."""
    born = draw(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
    first = draw(PROVINCE) + draw(_digits(4)) + born.strftime("%Y%m%d") + draw(_digits(3))
    return first + resident_check(first)


@st.composite
def usccs(draw: st.DrawFn) -> str:
    """A conforming code of an agency, an institution or a company."""
    kind = draw(st.sampled_from(["11", "12", "13", "19", "51", "52", "53", "91", "92", "93", "N2"]))
    first = kind + draw(PROVINCE) + draw(_digits(4))
    first += draw(st.text(ALPHABET, min_size=9, max_size=9))
    return first + uscc_check(first)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A card number of a customary prefix and length."""
    prefix, length = draw(st.sampled_from([("62", 16), ("62", 19), ("4", 13), ("4", 16), ("53", 16), ("37", 15)]))
    body = prefix + draw(_digits(length - len(prefix) - 1))
    return body + luhn.calc_check_digit(body)


@given(regions(), regions(), regions())
def test_containment_is_a_partial_order(a: Region, b: Region, c: Region) -> None:
    """Reflexive, antisymmetric, transitive; the same as being a prefix."""
    assert a.contains(a)
    assert a.contains(b) is b.digits.startswith(a.digits[: a.level])
    if a.contains(b) and b.contains(a):
        assert a == b
    if a.contains(b) and b.contains(c):
        assert a.contains(c)


@given(regions())
def test_the_way_up_ends_at_the_nation(region: Region) -> None:
    """Each parent is strictly higher and contains its child; at most five steps."""
    steps = 0
    while region.level is not Level.NATION:
        assert region.parent.level < region.level
        assert region.parent.contains(region)
        assert not region.contains(region.parent)
        region, steps = region.parent, steps + 1
    assert steps <= 5
    assert region.parent == region


@given(usccs(), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_uscc_check_finds_every_single_slip(code: str, place: int, char: str) -> None:
    """One wrong character is always noticed (the modulus is prime)."""
    assert Uscc.parse(code).findings == ()
    slip = code[:place] + char + code[place + 1 :]
    assert bool(Uscc.parse(slip).findings) is (slip != code)


@given(resident_ids(), st.integers(0, 16), st.sampled_from("0123456789"))
def test_resident_id_check_finds_every_single_slip(code: str, place: int, digit: str) -> None:
    """One wrong digit is always noticed."""
    assert ResidentId.parse(code).findings == ()
    slip = code[:place] + digit + code[place + 1 :]
    assert looks_like_resident_id(slip) is (slip == code)


_WIDE = str.maketrans({chr(i): chr(i + 0xFEE0) for i in range(0x21, 0x7F)})
SPELLINGS = st.sampled_from(
    [
        str,
        str.lower,
        lambda text: text.translate(_WIDE),
        "\u200b".join,
        "\u00ad".join,
        " ".join,
        "-".join,
        " - ".join,
    ]
)
SURROUNDINGS = st.sampled_from(["{}", "证号{}。", "({})", "ID:{}", "No{}", "\ufeff{}", "2026年 {},", "A B-{}"])


@given(resident_ids(), SPELLINGS, SURROUNDINGS)
def test_attack_disguised_resident_id(code: str, spell: Callable[[str], str], around: str) -> None:
    """Full width, zero width, separators, words around it: all found."""
    found = find_personal_data(around.format(spell(code)))
    assert "RESIDENT_ID" in [finding.code for finding in found]


@given(st.sampled_from(["13", "15", "18", "19"]), _digits(9), SPELLINGS, SURROUNDINGS)
def test_attack_disguised_phone(prefix: str, rest: str, spell: Callable[[str], str], around: str) -> None:
    """With and without the country's code."""
    for text in (prefix + rest, f"+86{prefix}{rest}", f"0086{prefix}{rest}"):
        assert "MOBILE_PHONE" in [f.code for f in find_personal_data(around.format(spell(text)))]


@given(cards(), SPELLINGS, SURROUNDINGS)
def test_attack_disguised_card(card: str, spell: Callable[[str], str], around: str) -> None:
    """Spelt like the others, and in the groups that are printed on it."""
    grouped = " ".join(card[i : i + 4] for i in range(0, len(card), 4))
    for text in (spell(card), grouped, grouped.translate(_WIDE)):
        assert "BANK_CARD" in [f.code for f in find_personal_data(around.format(text))]


@given(usccs(), st.sampled_from("123456"), _digits(12), st.dates(), _digits(4))
def test_codes_of_items_and_cases_are_left_alone(
    uscc: str, level: str, basic: str, day: datetime.date, serial: str
) -> None:
    """No stretch of a longer code is taken for a person's number."""
    item = uscc + level + basic
    number = item + f"{day:%Y}".zfill(4) + f"{day:%m%d}" + serial
    assert find_personal_data(item) == ()
    assert find_personal_data(f"事项 {item},办件 {number}。") == ()


@given(usccs())
def test_uscc_is_left_alone_unless_it_is_a_resident_id_too(uscc: str) -> None:
    """Some all-digit codes are both; those only."""
    found = [finding.code for finding in find_personal_data(f"统一社会信用代码:{uscc}")]
    assert found == (["RESIDENT_ID"] if looks_like_resident_id(uscc) else [])


@given(st.text("0123456789", min_size=20, max_size=80))
def test_long_runs_of_digits_are_left_alone(run: str) -> None:
    """More digits than any card has are no number of a person."""
    assert find_personal_data(run) == ()


@given(st.text())
def test_never_fails_on_any_text(text: str) -> None:
    """Whatever comes in, it answers."""
    assert isinstance(find_personal_data(text), tuple)
