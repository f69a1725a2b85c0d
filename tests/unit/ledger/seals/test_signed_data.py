"""GM/T 35275 signed data where a seal signature is expected; a token where V1 has a time."""

import pytest

from ledger.algorithms.der import decode, write, write_bits
from ledger.algorithms.digests import sm3
from ledger.seals.development import DAY
from ledger.seals.making import make_signed_data, make_time_stamp
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStores
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import (
    DOCUMENT,
    NOON,
    Place,
    codes,
    with_in_place,
)

V1 = Form.V1


def test_token_as_the_time_of_v1_shows_only_that_the_signature_is_younger(place: Place) -> None:
    sound = decode(place.signature(V1))
    for stamped, expected in ((DOCUMENT, set[str]()), (sm3(DOCUMENT), set[str]()), (b"x", {"STAMP_COVERS_UNKNOWN"})):
        token = make_time_stamp(stamped, NOON, 1, place.stamper)
        signed = with_in_place(sound.children[0], sound.children[0].children[2].raw, write_bits(token))
        made = write(0x30, signed, write_bits(place.agency.sign(signed)))
        report = place.check(made)
        assert (codes(report.report), report.signed_at) == (expected, NOON)
        beyond = place.check(made, place.trust(NOON + 2000 * DAY), NOON + 2000 * DAY)
        assert "SIGNER_CERTIFICATE_EXPIRED" in codes(beyond.report)


def test_time_info_of_v1_that_is_neither(place: Place) -> None:
    sound = decode(place.signature(V1))
    made = with_in_place(sound, sound.children[0].children[2].raw, write_bits(b"\x05\x00"))
    assert codes(place.check(made).report) == {"DER_TIME"}


@pytest.mark.parametrize("moment", [None, NOON])
def test_signed_data_in_the_place_of_a_seal_signature(place: Place, moment: int | None) -> None:
    for content in (DOCUMENT, sm3(DOCUMENT)):
        report = place.check(make_signed_data(content, place.agency, moment))
        assert (report.overall, report.form, report.seal) == (Verdict.VALID, "GM/T 35275", None)
        assert report.signed_at == moment
    detached = make_signed_data(DOCUMENT, place.agency, moment, detached=True)
    assert place.check(detached).overall is Verdict.VALID
    assert codes(place.check(detached, document=b"changed").report) == {"SIGNED_DATA_VALUE_WRONG"}


def test_signed_data_over_another_document(place: Place) -> None:
    made = make_signed_data(sm3(DOCUMENT), place.agency)
    assert codes(place.check(made, document=b"changed").report) == {"DOCUMENT_CHANGED"}


def test_signed_data_by_somebody_not_trusted_for_documents(place: Place) -> None:
    good = place.trust()
    trust = TrustStores(good.makers, good.signers, good.time_stamps)
    report = place.check(make_signed_data(DOCUMENT, place.agency), trust)
    assert codes(report.report) == {"SIGNER_NO_TRUST_ANCHORS", "SIGNER_REVOCATION_UNKNOWN"}


def test_signed_data_without_the_signers_certificate(place: Place) -> None:
    made = make_signed_data(DOCUMENT, place.agency)
    bare = decode(made)
    inner = bare.children[1].children[0]
    kept = [child.raw for child in inner.children if child.tag != 0xA0]
    stripped = write(0x30, bare.children[0].raw, write(0xA0, write(0x30, *kept)))
    report = place.check(stripped)
    assert codes(report.report) == {"SIGNED_DATA_VALUE_NO_CERTIFICATE", "SIGNER_NO_CERTIFICATE"}
    assert report.overall is Verdict.INDETERMINATE


def test_signed_data_nobody_signed(place: Place) -> None:
    made = decode(make_signed_data(DOCUMENT, place.agency))
    signers = made.children[1].children[0].children[-1]
    report = place.check(with_in_place(made, signers.raw, write(0x31)))
    assert codes(report.report) == {"SIGNED_DATA_SIGNERS"}


def test_thousands_of_signers_cost_nothing(place: Place) -> None:
    made = decode(make_signed_data(DOCUMENT, place.agency))
    signers = made.children[1].children[0].children[-1]
    many = with_in_place(made, signers.raw, write(0x31, signers.children[0].raw * 17))
    assert codes(place.check(many).report) == {"SIGNED_DATA_SIGNERS"}
    enough = with_in_place(made, signers.raw, write(0x31, signers.children[0].raw * 16))
    assert place.check(enough).overall is Verdict.VALID
    given = next(child for child in made.children[1].children[0].children if child.tag == 0xA0)
    heavy = with_in_place(made, given.raw, write(0xA0, given.content * 65))
    assert codes(place.check(heavy).report) == {"SIGNED_DATA_CERTIFICATES"}
