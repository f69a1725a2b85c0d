"""Signatures of a PDF, judged by themselves: what a time stamp over one signer's value says of the others."""

import pytest

from ledger.algorithms.der import Element, decode, write, write_oid
from ledger.algorithms.sm2_backends import Backend
from ledger.documents.pdf import Change, PdfSignature, judge_signatures
from ledger.errors import Unavailable
from ledger.seals.checks import ANY
from ledger.seals.development import DAY, SIGNING_USAGE, development_name
from ledger.seals.issuing import Identity, Profile
from ledger.seals.judging import Question
from ledger.seals.making import make_signed_data, make_time_stamp
from ledger.verdict import Report, Verdict
from tests.unit.ledger.seals.place import NOON, Place, codes, found_place

TOKEN = "1.2.840.113549.1.9.16.2.14"
CONTENT = b"the bytes that the byte range covers"
LATER = NOON + 300 * DAY
"""When the question is asked: the certificate of ``_ended`` is over by then."""


@pytest.fixture(scope="module")
def place() -> Place:
    return found_place()


def _ended(place: Place) -> Identity:
    name = development_name("Seal", "另一机构")
    return place.authority.issue_profile(Profile(name, NOON - 50 * DAY, NOON + 100 * DAY, 0, SIGNING_USAGE))


def _inside(value: bytes) -> Element:
    return decode(value).children[1].children[0]


def _signer(place: Place, who: Identity, stamped_at: int | None, copies: int = 1) -> tuple[bytes, bytes]:
    """The certificates and the one SignerInfo of a value, with a time stamp over its signature where one is wanted.

    ``copies``: how often the stamp stands there.
    """
    inside = _inside(make_signed_data(CONTENT, who, NOON, detached=True))
    info = inside.children[-1].children[0]
    stamp = b""
    if stamped_at is not None:
        token = make_time_stamp(info.children[-1].content, stamped_at, 1, place.stamper)
        stamp = write(0xA1, *[write(0x30, write_oid(TOKEN), write(0x31, token))] * copies)
    return inside.children[-2].content, write(0x30, *(one.raw for one in info.children), stamp)


def _together(place: Place, *signers: tuple[bytes, bytes]) -> bytes:
    """One value of several signers over the same content."""
    plain = make_signed_data(CONTENT, place.agency, NOON, detached=True)
    begin = b"".join(one.raw for one in _inside(plain).children[:-2])
    certificates = write(0xA0, *(given for given, _ in signers))
    infos = write(0x31, *(info for _, info in signers))
    return write(0x30, decode(plain).children[0].raw, write(0xA0, write(0x30, begin, certificates, infos)))


def _judged(place: Place, value: bytes) -> Report:
    lists = (place.authority.revocation_list(when) for when in (NOON + 50 * DAY, LATER - DAY))
    question = Question(place.authority.trust(*lists), LATER, None, ANY)
    found = PdfSignature("ETSI.CAdES.detached", is_time_stamp=False, value=value, signed=CONTENT, whole=True,
                         change=Change.NONE)  # fmt: skip
    return judge_signatures([found], question).report


def test_an_old_key_put_beside_a_signer_whose_value_was_stamped(place: Place) -> None:
    """The stamp shows that the first one's value existed; the second may have been added yesterday."""
    stamped, old = _signer(place, place.agency, NOON), _ended(place)
    assert _judged(place, _together(place, stamped)).overall is Verdict.VALID
    forged = _judged(place, _together(place, stamped, _signer(place, old, None)))
    assert forged.overall is Verdict.INVALID
    assert "SIGNER_CERTIFICATE_EXPIRED" in codes(forged)


def test_one_signers_stamp_twice_does_not_stand_for_the_other_signers(place: Place) -> None:
    """Whoever puts an old key there can also copy the stamp, which no signature covers."""
    stamped, old = _signer(place, place.agency, NOON, copies=2), _ended(place)
    assert _judged(place, _together(place, stamped, _signer(place, old, None))).overall is Verdict.INVALID


def test_the_younger_stamp_counts_for_both_signers(place: Place) -> None:
    stamped, old = _signer(place, place.agency, NOON), _ended(place)
    assert _judged(place, _together(place, stamped, _signer(place, old, NOON + DAY))).overall is Verdict.VALID
    forged = _judged(place, _together(place, stamped, _signer(place, old, NOON + 101 * DAY)))
    assert "SIGNER_CERTIFICATE_EXPIRED" in codes(forged)


def test_nothing_here_computes_sm2_and_a_time_stamp_is_not_called_wrong(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = make_time_stamp(CONTENT, NOON, 1, place.stamper)
    question = Question(place.trust(), NOON + DAY, None, ANY)
    found = PdfSignature("ETSI.RFC3161", is_time_stamp=True, value=value, signed=CONTENT, whole=True,
                         change=Change.NONE)  # fmt: skip
    assert judge_signatures([found], question).report.overall is Verdict.VALID

    def broken() -> Backend:
        raise Unavailable("SM2_UNAVAILABLE", "no implementation of SM2 passed its tests", "没有通过自检的 SM2 实现")

    monkeypatch.setattr("ledger.algorithms.sm2_backends.chosen", broken)
    report = judge_signatures([found], question).report
    assert (codes(report), report.overall) == ({"SM2_UNAVAILABLE"}, Verdict.INDETERMINATE)
