"""Each defect a seal or signature can have, and the one finding it must give; the sound ones pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.algorithms.der import decode
from ledger.algorithms.digests import DigestAlgorithm, digest, sm3
from ledger.seals.certificates import LIST_SIGN, Extension
from ledger.seals.checks import Expected, check_seal
from ledger.seals.development import DAY, SIGNING_USAGE, DevelopmentAuthority, development_name
from ledger.seals.issuing import Identity, Profile
from ledger.seals.making import make_seal
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import ALL_FORMS, DOCUMENT, NOON, Place, codes, remarks

V1, V4, V5 = ALL_FORMS


@pytest.mark.parametrize("form", ALL_FORMS)
def test_sound_signature_is_valid_in_every_check(place: Place, form: Form) -> None:
    report = place.check(place.signature(form))
    assert report.overall is Verdict.VALID
    assert report.form == form
    assert report.signed_at == NOON
    assert report.property_info == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert not remarks(report.report)
    assert report.seal is not None
    assert report.seal_der is not None
    assert report.seal.sm3 == sm3(report.seal_der)
    assert (report.seal.name, report.seal.picture_type) == ("某市行政审批服务局电子印章", "GIF")
    numbers = [dict(check.facts)["number"] for check in report.report.checks if "number" in dict(check.facts)]
    assert sorted(numbers) == sorted([f"E{i}" for i in range(1, 14)] + [f"S{i}" for i in range(1, 12)])


@pytest.mark.parametrize("form", ALL_FORMS)
def test_sound_seal_is_valid_and_described(place: Place, form: Form) -> None:
    report = check_seal(place.seal(form), place.trust(), NOON)
    assert report.overall is Verdict.VALID
    assert report.seal is not None
    assert (report.seal.width_mm, report.seal.height_mm, report.seal.es_id) == (40, 40, "37010020260001")
    assert report.maker is not None
    assert "DEVELOPMENT ONLY" in report.maker.subject


def test_clause_of_each_standard_is_named(place: Place) -> None:
    clauses = {
        form: {dict(check.facts).get("clause") for check in place.check(place.signature(form)).report.checks} - {None}
        for form in ALL_FORMS
    }
    assert clauses[V1] == {"GM/T 0031-2014 6.1.2", "GM/T 0031-2014 6.2.3"}
    assert clauses[V4] == {"GB/T 38540-2020 6.3", "GB/T 38540-2020 7.3"}
    assert clauses[V5] == {"GM/T 0031-2025"}


# Defects: how each is made, and the codes of everything that must not pass.


def tampered_picture(place: Place, form: Form) -> bytes:
    whole = place.signature(form)
    return whole.replace(b"\xff\x00\x00\x00\x00\x00!", b"\x00\xff\x00\x00\x00\x00!", 1)


def tampered_seal_name(place: Place, form: Form) -> bytes:
    return place.signature(form).replace("某市行政".encode(), "某县行政".encode(), 1)


def tampered_signing_time(place: Place, form: Form) -> bytes:
    stamp = b"260528202640Z"
    assert stamp in place.signature(form)
    return place.signature(form).replace(stamp, b"260528202641Z", 1)


def signer_not_in_list(place: Place, form: Form) -> bytes:
    return place.signature(form, signer=place.other_agency)


def wrong_document_hash(place: Place, form: Form) -> bytes:
    return place.signature(form, data_hash=sm3(b"another document"))


def only_sha1_of_the_document(place: Place, form: Form) -> bytes:
    return place.signature(form, data_hash=digest(DigestAlgorithm.SHA1, DOCUMENT))


def only_md5_of_the_document(place: Place, form: Form) -> bytes:
    return place.signature(form, data_hash=digest(DigestAlgorithm.MD5, DOCUMENT))


def seal_expired_when_used(place: Place, form: Form) -> bytes:
    return place.signature(form, place.seal(form, valid_until=NOON - DAY))


def seal_not_yet_valid_when_used(place: Place, form: Form) -> bytes:
    return place.signature(form, place.seal(form, valid_from=NOON + 12 * 3600))


def signed_before_the_seal_was_made(place: Place, form: Form) -> bytes:
    return place.signature(form, place.seal(form, created=NOON + 3600, valid_from=NOON - DAY))


def seal_made_in_the_future(place: Place, form: Form) -> bytes:
    return place.signature(form, place.seal(form, created=NOON + 3 * DAY, valid_from=NOON - DAY))


def seal_period_reversed(place: Place, form: Form) -> bytes:
    return place.signature(form, place.seal(form, valid_from=NOON + DAY, valid_until=NOON - DAY))


def signed_in_the_future(place: Place, form: Form) -> bytes:
    return place.signature(form, signed_at=NOON + 3 * DAY)


def signed_before_its_certificate_began(place: Place, form: Form) -> bytes:
    late = _late(place, valid_from=NOON - 50 * DAY, valid_until=NOON + 900 * DAY)
    seal = place.seal(form, created=NOON - 99 * DAY, valid_from=NOON - 400 * DAY, signers=(late.certificate,))
    return place.signature(form, seal, late, signed_at=NOON - 60 * DAY)


def _late(place: Place, **changes: object) -> Identity:
    usual = Profile(development_name("Seal", "迟到局"), NOON - 50 * DAY, NOON - DAY, 0, SIGNING_USAGE)
    return place.authority.issue_profile(replace(usual, **changes))  # type: ignore[arg-type]


def certificate_expired_at_signing(place: Place, form: Form) -> bytes:
    late = _late(place)
    return place.signature(form, place.seal(form, signers=(late.certificate,)), late)


def certificate_expired_since(place: Place, form: Form) -> bytes:
    late = _late(place, valid_until=NOON + 3600)
    return place.signature(form, place.seal(form, signers=(late.certificate,)), late)


def key_for_revocation_lists_only(place: Place, form: Form) -> bytes:
    odd = _late(place, valid_until=NOON + 900 * DAY, key_usage=frozenset({LIST_SIGN}))
    return place.signature(form, place.seal(form, signers=(odd.certificate,)), odd)


def unknown_critical_extension(place: Place, form: Form) -> bytes:
    strange = Extension("1.2.3.4", critical=True, value=b"\x05\x00")
    odd = _late(place, valid_until=NOON + 900 * DAY, others=(strange,))
    return place.signature(form, place.seal(form, signers=(odd.certificate,)), odd)


def maker_not_trusted(place: Place, form: Form) -> bytes:
    other = _foreign(place).issue("Seal Maker", "冒充的制章中心")
    return place.signature(form, make_seal(form, place.draft(), other))


def seal_made_by_its_own_user(place: Place, form: Form) -> bytes:
    own = _foreign(place).root
    return place.signature(form, make_seal(form, place.draft(), own))


def _foreign(place: Place) -> DevelopmentAuthority:
    own = place.authority
    return DevelopmentAuthority.found(own.random_bytes, own.valid_from, own.valid_until)


def maker_expired_before_making(place: Place, form: Form) -> bytes:
    late = _late(place, valid_until=NOON - 20 * DAY)
    return place.signature(form, make_seal(form, place.draft(), late))


def maker_impersonates_the_trusted_one_with_another_key(place: Place, form: Form) -> bytes:
    forged = Identity(place.maker.certificate, _foreign(place).root.sign)
    return place.signature(form, make_seal(form, place.draft(), forged))


def signature_of_another_key(place: Place, form: Form) -> bytes:
    return place.signature(form, signer=Identity(place.agency.certificate, place.other_agency.sign))


def unknown_algorithm(place: Place, form: Form) -> bytes:
    return place.signature(form, signer=replace(place.agency, algorithm="1.2.3.4.5"))


def unknown_algorithm_of_the_seal(place: Place, form: Form) -> bytes:
    return place.signature(form, make_seal(form, place.draft(), replace(place.maker, algorithm="1.2.3.4.5")))


def critical_custom_data(place: Place, form: Form) -> bytes:
    strange = Extension("1.2.3.4", critical=True, value=b"x")
    return place.signature(form, place.seal(form, extensions=(strange,)))


def critical_custom_data_of_the_signature(place: Place, form: Form) -> bytes:
    strange = Extension("1.2.3.4", critical=True, value=b"x")
    return place.signature(form, extensions=(strange,))


def trailing_bytes(place: Place, form: Form) -> bytes:
    return place.signature(form) + b"\x00"


def truncated(place: Place, form: Form) -> bytes:
    return place.signature(form)[:-1]


def indefinite_length(place: Place, form: Form) -> bytes:
    whole = decode(place.signature(form))
    return b"\x30\x80" + whole.content + b"\x00\x00"


def length_not_shortest(place: Place, form: Form) -> bytes:
    whole = decode(place.signature(form))
    return b"\x30\x83" + len(whole.content).to_bytes(3, "big") + whole.content


DEFECTS: list[tuple[Callable[[Place, Form], bytes], set[str]]] = [
    (tampered_picture, {"SIGNATURE_VALUE_WRONG", "SEAL_SIGNATURE_WRONG"}),
    (tampered_seal_name, {"SIGNATURE_VALUE_WRONG", "SEAL_SIGNATURE_WRONG"}),
    (tampered_signing_time, {"SIGNATURE_VALUE_WRONG"}),
    (signer_not_in_list, {"SIGNER_NOT_LISTED"}),
    (wrong_document_hash, {"DOCUMENT_CHANGED"}),
    (only_sha1_of_the_document, {"DIGEST_WEAK"}),
    (only_md5_of_the_document, {"DIGEST_WEAK"}),
    (seal_expired_when_used, {"SEAL_EXPIRED", "SIGNED_OUTSIDE_SEAL_PERIOD"}),
    (seal_not_yet_valid_when_used, {"SIGNED_OUTSIDE_SEAL_PERIOD"}),
    (signed_before_the_seal_was_made, {"SIGNED_BEFORE_SEAL_WAS_MADE"}),
    (seal_made_in_the_future, {"SEAL_MADE_LATER", "SIGNED_BEFORE_SEAL_WAS_MADE"}),
    (seal_period_reversed, {"SEAL_PERIOD_EMPTY", "SIGNED_OUTSIDE_SEAL_PERIOD"}),
    (signed_in_the_future, {"SIGNED_IN_THE_FUTURE"}),
    (signed_before_its_certificate_began, {"SIGNER_CERTIFICATE_NOT_YET_VALID"}),
    (certificate_expired_at_signing, {"SIGNER_CERTIFICATE_EXPIRED_AT_SIGNING", "SIGNER_REVOCATION_STALE"}),
    (certificate_expired_since, {"SIGNER_CERTIFICATE_EXPIRED", "SIGNER_REVOCATION_STALE"}),
    (key_for_revocation_lists_only, {"SIGNER_KEY_USAGE"}),
    (unknown_critical_extension, {"SIGNER_CRITICAL_EXTENSION_UNKNOWN"}),
    (maker_not_trusted, {"MAKER_NOT_TRUSTED", "MAKER_REVOCATION_UNKNOWN"}),
    (seal_made_by_its_own_user, {"MAKER_SELF_MADE", "MAKER_REVOCATION_UNKNOWN", "MAKER_KEY_USAGE"}),
    (maker_expired_before_making, {"MAKER_CERTIFICATE_EXPIRED_AT_SIGNING", "MAKER_REVOCATION_STALE"}),
    (maker_impersonates_the_trusted_one_with_another_key, {"SEAL_SIGNATURE_WRONG"}),
    (signature_of_another_key, {"SIGNATURE_VALUE_WRONG"}),
    (unknown_algorithm, {"SIGNATURE_VALUE_UNKNOWN_ALGORITHM"}),
    (unknown_algorithm_of_the_seal, {"SEAL_SIGNATURE_UNKNOWN_ALGORITHM"}),
    (critical_custom_data, {"SEAL_CRITICAL_DATA_UNKNOWN"}),
    (trailing_bytes, {"DER_TRAILING_BYTES"}),
    (truncated, {"DER_TRUNCATED"}),
    (indefinite_length, {"DER_INDEFINITE_LENGTH"}),
    (length_not_shortest, {"DER_LENGTH"}),
]
NOT_SHOWN_WRONG = {
    "unknown_critical_extension", "unknown_algorithm", "unknown_algorithm_of_the_seal", "critical_custom_data",
}  # fmt: skip


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize(("defect", "expected"), DEFECTS, ids=lambda value: getattr(value, "__name__", ""))
def test_defect(place: Place, form: Form, defect: Callable[[Place, Form], bytes], expected: set[str]) -> None:
    report = place.check(defect(place, form))
    assert codes(report.report) == expected
    lenient = defect.__name__ in NOT_SHOWN_WRONG
    assert report.overall is (Verdict.INDETERMINATE if lenient else Verdict.INVALID)


@pytest.mark.parametrize("form", [V4, V5])
def test_critical_custom_data_of_a_signature(place: Place, form: Form) -> None:
    report = place.check(critical_custom_data_of_the_signature(place, form))
    assert (report.overall, codes(report.report)) == (Verdict.INDETERMINATE, {"SIGNATURE_CRITICAL_DATA_UNKNOWN"})


@pytest.mark.parametrize("form", ALL_FORMS)
def test_seal_is_no_signature(place: Place, form: Form) -> None:
    report = place.check(place.seal(form)).report
    assert (codes(report), report.overall) == ({"SEAL_INSTEAD_OF_SIGNATURE"}, Verdict.INVALID)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_signature_is_no_seal(place: Place, form: Form) -> None:
    report = check_seal(place.signature(form), place.trust(), NOON).report
    assert (codes(report), report.overall) == ({"SIGNATURE_INSTEAD_OF_SEAL"}, Verdict.INVALID)


@pytest.mark.parametrize("start", [b"%PDF-1.7\n", b"PK\x03\x04", b"", b"-----BEGIN CERTIFICATE-----\n", b"{}"])
def test_other_kinds_of_file_are_neither(place: Place, start: bytes) -> None:
    for report in (place.check(start + bytes(90)).report, check_seal(start + bytes(90), place.trust(), NOON).report):
        assert report.overall is Verdict.INVALID
        assert len(report.failures) == 1
        assert next(iter(codes(report))).startswith("DER_")


def test_seal_of_another_agency(place: Place) -> None:
    ours, theirs = Expected(owners=("某市 行政审批服务局",)), Expected(owners=("另一市行政审批服务局",))
    assert place.check(place.signature(V4), expected=ours).overall is Verdict.VALID
    assert codes(place.check(place.signature(V4), expected=theirs).report) == {"SEAL_OF_ANOTHER_OWNER"}


def test_seal_swapped_for_another_of_the_same_agency(place: Place) -> None:
    registered = Expected(seals=(sm3(place.seal(V4)),))  # each making differs: SM2 has randomness
    assert codes(place.check(place.signature(V4), expected=registered).report) == {"SEAL_NOT_REGISTERED"}
    seal = place.seal(V4)
    assert place.check(place.signature(V4, seal), expected=Expected(seals=(sm3(seal),))).overall is Verdict.VALID


@pytest.mark.parametrize("form", [V4, V5])
def test_list_of_digests_names_its_signers(place: Place, form: Form) -> None:
    seal = place.seal(form, by_digest=True)
    assert place.check(place.signature(form, seal)).overall is Verdict.VALID
    wrong = place.check(place.signature(form, seal, place.other_agency))
    assert codes(wrong.report) == {"SIGNER_NOT_LISTED"}


def test_no_trust_configured_is_indeterminate_never_fine(place: Place) -> None:
    report = place.check(place.signature(V4), TrustStores())
    assert report.overall is Verdict.INDETERMINATE
    assert {"MAKER_NO_TRUST_ANCHORS", "SIGNER_NO_TRUST_ANCHORS"} <= codes(report.report)


def test_trust_for_one_purpose_is_none_for_another(place: Place) -> None:
    foreign = TrustStore.of([_foreign(place).root.certificate])
    good = place.trust()
    mixed = TrustStores(makers=good.makers, signers=foreign)
    assert "SIGNER_NOT_TRUSTED" in codes(place.check(place.signature(V4), mixed).report)


def test_seal_that_lists_thousands(place: Place) -> None:
    long = place.seal(V4, signers=(place.agency.certificate, *(b"x",) * 1000))
    assert codes(place.check(place.signature(V4, long)).report) == {"SEAL_CERTIFICATE_LIST"}


def test_certificate_of_a_megabyte_is_not_read(place: Place) -> None:
    report = place.check(place.signature(V4, signer=replace(place.agency, certificate=b"\x30" * (1 << 20))))
    assert "DER_TOO_LARGE" in codes(report.report)
