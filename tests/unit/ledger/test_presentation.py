"""Attacks on a license shown from a phone: copied, late, another's, changed, made for somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.crypto import keccak, sign
from ledger.errors import InvalidInput
from ledger.presentation import (
    LONGEST,
    OF_THE_HOLDER,
    PresentationCode,
    check_presentation,
    presentation,
    presentation_digest,
    presentation_of_the_holder,
    read_code,
    write_code,
)
from ledger.verdict import Verdict
from tests.holder import DOCUMENT, HOLDER_KEY, OPENING
from tests.scene import secret

DOMAIN, LEAF, NOW = keccak(b"domain"), keccak(b"leaf"), 1_800_000_000


def shown(audience: str = "", seconds: int = 60, key: bytes = HOLDER_KEY, domain: bytes = DOMAIN) -> PresentationCode:
    made = presentation(LEAF, NOW, seconds, bytes(16), audience)
    return read_code(write_code(made, OPENING, sign(key, presentation_digest(domain, made))))


def failures(code: PresentationCode, now: int = NOW, challenge: str | None = None) -> list[str]:
    return [one.reason_code for one in check_presentation(code, DOMAIN, DOCUMENT.root, now, challenge).failures]


def test_a_holder_shows_his_license() -> None:
    assert failures(shown()) == []
    assert failures(shown("window 7: 4711"), challenge="window 7: 4711") == []
    assert failures(shown(), NOW + 59) == []


def test_a_code_fits_a_qr_code() -> None:
    made = presentation(LEAF, NOW, 60, bytes(16), "x" * 64)
    text = write_code(made, OPENING, sign(HOLDER_KEY, presentation_digest(DOMAIN, made)))
    assert len(text) <= 500, "version 15-M takes 412 bytes, 20-M 666"


def test_a_screenshot_is_shown_after_its_time() -> None:
    assert failures(shown(), NOW + 60) == ["PRESENTATION_EXPIRED"]


def test_a_code_is_made_ahead_for_later() -> None:
    assert failures(shown(), NOW - 31) == ["PRESENTATION_NOT_YET_VALID"]
    with pytest.raises(InvalidInput, match="PRESENTATION_TOO_LONG"):
        presentation(LEAF, NOW, LONGEST + 1, bytes(16))


def test_a_code_that_never_expires_is_signed_by_hand() -> None:
    made = presentation(LEAF, NOW, 60, bytes(16))
    made = type(made)(made.license, made.valid_from, 2**32 - 1, made.nonce, made.audience)
    code = read_code(write_code(made, OPENING, sign(HOLDER_KEY, presentation_digest(DOMAIN, made))))
    assert failures(code) == ["PRESENTATION_TOO_LONG"]


def test_a_code_shown_at_one_window_is_shown_again_at_another() -> None:
    assert failures(shown("window 7: 4711"), challenge="window 8: 1234") == ["PRESENTATION_FOR_ANOTHER"]
    assert failures(shown("window 7: 4711")) == ["PRESENTATION_FOR_ANOTHER"]
    assert failures(shown(), challenge="window 8: 1234") == ["PRESENTATION_FOR_ANOTHER"]


def test_without_a_challenge_the_report_says_until_when_a_copy_is_as_good() -> None:
    check = check_presentation(shown(), DOMAIN, DOCUMENT.root, NOW).checks[1]
    assert check.facts == (("replayableUntil", str(NOW + 60)),)


def test_somebody_shows_the_license_of_another() -> None:
    assert failures(shown(key=secret("thief"))) == ["HOLDER_NOT_PROVEN"]
    other = check_presentation(shown(), DOMAIN, keccak(b"another holder"), NOW)
    assert [one.reason_code for one in other.failures] == ["HOLDER_NOT_PROVEN"]


def test_a_code_of_another_ledger_is_shown() -> None:
    assert failures(shown(domain=keccak(b"test ledger"))) == ["HOLDER_NOT_PROVEN"]


def test_an_unknown_license_is_not_called_forged() -> None:
    assert check_presentation(shown(), DOMAIN, None, NOW).overall is Verdict.INDETERMINATE


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_code_is_never_valid(place: int, bit: int) -> None:
    made = presentation(LEAF, NOW, 60, bytes(16), "window")
    text = write_code(made, OPENING, sign(HOLDER_KEY, presentation_digest(DOMAIN, made)))
    raw = bytearray(text.encode())
    raw[place % len(raw)] ^= 1 << bit
    try:
        code = read_code(raw.decode("latin-1"))
    except InvalidInput:
        return
    report = check_presentation(code, DOMAIN, DOCUMENT.root, NOW, "window")
    assert report.overall is Verdict.INVALID


@given(st.text(max_size=600))
def test_any_text_is_a_code_or_none(text: str) -> None:
    with pytest.raises(InvalidInput, match="PRESENTATION_MALFORMED"):
        read_code(text)


@pytest.mark.parametrize("audience", [OF_THE_HOLDER, "huxin:", "huxin:anything"])
def test_window_that_gives_the_holders_own_audience_as_its_challenge_gets_no_code(audience: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        presentation(LEAF, NOW, 60, bytes(16), audience)
    assert caught.value.code == "AUDIENCE_RESERVED"
    assert presentation_of_the_holder(LEAF, NOW, 60, bytes(16)).audience == OF_THE_HOLDER
