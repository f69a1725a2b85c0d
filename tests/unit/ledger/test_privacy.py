"""What is taken for personal data and what is not, each with its kind."""

import pytest

from ledger.errors import InvalidInput
from ledger.privacy import find_personal_data, refuse_personal_data

RESIDENT_ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (RESIDENT_ID, ["RESIDENT_ID"]),
        ("110105194912310021", []),  # the check character is wrong
        ("110105 491231 002", ["RESIDENT_ID"]),
        ("990105491231002", []),  # no such province
        ("110105491331002", []),  # no such month
        ("11010549123 1002", []),  # nobody writes it so
        (RESIDENT_ID[:-1] + " x", ["RESIDENT_ID"]),
        ("1" + RESIDENT_ID, []),
        ("٣" + "٧٠١٠٢١٩٩٠٠١٠١٠٠١X", ["RESIDENT_ID"]),  # Arabic digits
        ("13800138000", ["MOBILE_PHONE"]),
        ("+86 138 0013 8000", ["MOBILE_PHONE"]),
        ("138-001-38000", ["MOBILE_PHONE"]),
        ("12800138000", []),
        ("138001380001", []),
        ("1 380 013 8000", []),  # an amount
        ("0531-88001234", []),  # an office's telephone is public
        ("6222 0202 0011 2230 37", ["BANK_CARD"]),
        ("4111111111111111", ["BANK_CARD"]),
        ("3782-822463-10005", ["BANK_CARD"]),
        ("9558801234567890126", []),  # fails Luhn
        ("4111111111111112", []),
        ("7111111111111117", []),  # Luhn holds, no card begins so
        ("370102 1 9 9 0 0 1 0 1 001X", ["RESIDENT_ID"]),
        ("1 3 8 0 0 1 3 8 0 0 0", ["MOBILE_PHONE"]),
        ("E12345678", ["PASSPORT"]),
        ("护照 EA1234567,", ["PASSPORT"]),
        ("H1234567890", ["PASSPORT"]),
        ("MB2855918", []),
        ("2026-01-02T10:11:12Z", []),
        ("sm3:66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", []),
        ("0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1", []),
        ("1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U", []),
        (f"{RESIDENT_ID} 13800138000 4111111111111111 G12345678",
         ["RESIDENT_ID", "MOBILE_PHONE", "BANK_CARD", "PASSPORT"]),
        ("", []),
    ],
)  # fmt: skip
def test_kinds(text: str, codes: list[str]) -> None:
    """Each kind once, nothing from look-alikes."""
    assert [finding.code for finding in find_personal_data(text)] == codes


def test_refusal_says_where_and_what_to_do_and_repeats_nothing() -> None:
    """The error can be logged."""
    with pytest.raises(InvalidInput) as caught:
        refuse_personal_data(f"办件 {RESIDENT_ID}", "case_number")
    error = caught.value
    assert (error.code, error.where) == ("PERSONAL_DATA", "case_number")
    assert "1949" not in f"{error.en} {error.zh} {error.faults}"
    refuse_personal_data("办件 11370800MB285591843370117002011202605010001", "case_number")


@pytest.mark.timeout(120)
def test_attack_text_made_to_be_slow() -> None:
    """A field of 64 KiB in the shape that costs most is judged at once; backtracking would take hours."""
    for unit in ("1 ", "12 ", "123 ", "1 23 ", "x1 "):
        find_personal_data(unit * (65_536 // len(unit)))
