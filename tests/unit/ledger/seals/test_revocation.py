"""Chains and revocation: what is not known is never "good", and nobody gets in by a gap in a list."""

from dataclasses import replace

import pytest

from ledger.algorithms.der import MalformedDer, write
from ledger.algorithms.sm2 import SigningKey
from ledger.seals.certificates import CERTIFICATE_SIGN, DIGITAL_SIGNATURE, OCSP_SIGNING, Extension
from ledger.seals.checks import SignatureReport, check_seal
from ledger.seals.development import AUTHORITY_USAGE, DAY, SIGNING_USAGE, development_name, stamper_of
from ledger.seals.issuing import Identity, Profile, make_certificate, make_ocsp_response, make_revocation_list
from ledger.seals.making import make_seal, make_signed_data, make_time_stamp
from ledger.seals.revocation import Revoked
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import DOCUMENT, NOON, Place, checked_with, codes, trust_in

V4 = Form.V4
KEY_COMPROMISE, SUPERSEDED = 1, 4


def listing(place: Place, revoked: Revoked, *, at: int = NOON + DAY) -> bytes:
    return place.authority.revocation_list(at, revoked=[(place.agency.parsed.serial, revoked)])


def test_revoked_before_signing(place: Place) -> None:
    report = checked_with(place, listing(place, Revoked(NOON - 1, SUPERSEDED)))
    assert codes(report.report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}
    assert report.overall is Verdict.INVALID


def test_revoked_after_signing_goes_on(place: Place) -> None:
    report = checked_with(place, listing(place, Revoked(NOON + 1, SUPERSEDED)))
    assert report.overall is Verdict.VALID
    facts = {check.name: dict(check.facts) for check in report.report.checks}
    assert facts["signature.signer.revocation"]["revoked_after_signing"] == "2026-05-28T20:26:41Z"


def test_stolen_key_writes_an_earlier_time(place: Place) -> None:
    stolen = listing(place, Revoked(NOON + 3600, KEY_COMPROMISE))
    assert codes(checked_with(place, stolen).report) == {"SIGNER_KEY_COMPROMISED_LATER"}
    assert checked_with(place, stolen, proven_at=NOON + 60).overall is Verdict.VALID
    assert codes(checked_with(place, stolen, proven_at=NOON + 7200).report) == {"SIGNER_KEY_COMPROMISED_LATER"}


def test_key_suspect_since_before_signing(place: Place) -> None:
    stolen = listing(place, Revoked(NOON + 3600, KEY_COMPROMISE, suspect_since=NOON - 3600))
    assert codes(checked_with(place, stolen).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


@pytest.mark.parametrize("reason", [None, SUPERSEDED])
def test_signed_after_the_certificate_became_invalid_and_before_it_was_listed(place: Place, reason: int | None) -> None:
    """The list names a date since when the certificate is invalid (RFC 5280 5.3.2), and no theft as the reason."""
    listed = listing(place, Revoked(NOON + 3600, reason, suspect_since=NOON - 3600))
    assert codes(checked_with(place, listed).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}
    later = listing(place, Revoked(NOON + 3600, reason, suspect_since=NOON + 60))
    assert checked_with(place, later).overall is Verdict.VALID


def test_no_revocation_data_is_not_known(place: Place) -> None:
    report = checked_with(place)
    assert codes(report.report) == {"SIGNER_REVOCATION_UNKNOWN"}
    assert report.overall is Verdict.INDETERMINATE


def test_old_list_is_stale(place: Place) -> None:
    old = place.authority.revocation_list(NOON - 40 * DAY)
    report = checked_with(place, old)
    assert (codes(report.report), report.overall) == ({"SIGNER_REVOCATION_STALE"}, Verdict.INDETERMINATE)


def test_old_list_still_tells_of_the_revoked(place: Place) -> None:
    old = listing(place, Revoked(NOON - 50 * DAY), at=NOON - 40 * DAY)
    assert codes(checked_with(place, old).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


def test_list_without_an_end_holds_only_for_what_lies_before_it(place: Place) -> None:
    root = place.authority.root
    assert checked_with(place, make_revocation_list(root, NOON + DAY, None)).overall is Verdict.VALID
    assert codes(checked_with(place, make_revocation_list(root, NOON, None)).report) == {"SIGNER_REVOCATION_STALE"}


def test_list_forged_with_another_key(place: Place) -> None:
    forged = make_revocation_list(replace(place.authority.root, sign=place.agency.sign), NOON + DAY, NOON + 9 * DAY)
    assert codes(checked_with(place, forged).report) == {"SIGNER_REVOCATION_UNKNOWN"}


def test_list_of_another_issuer(place: Place) -> None:
    other = make_revocation_list(place.agency, NOON + DAY, NOON + 9 * DAY)
    assert codes(checked_with(place, other).report) == {"SIGNER_REVOCATION_UNKNOWN"}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (b"\x81\x01\xff", set()),  # only users: takes the signer in
        (b"\x82\x01\xff", {"SIGNER_REVOCATION_UNKNOWN"}),  # only authorities
        (b"\x84\x01\xff", {"SIGNER_REVOCATION_UNKNOWN"}),  # indirect
        (b"\x83\x02\x06\x40", {"SIGNER_REVOCATION_UNKNOWN"}),  # some reasons only
        (write(0xA0, write(0xA0, write(0x86, b"http://crl/7"))), {"SIGNER_REVOCATION_UNKNOWN"}),  # another partition
    ],
)
def test_gap_in_the_scope_of_a_list(place: Place, scope: bytes, expected: set[str]) -> None:
    point = Extension("2.5.29.28", critical=True, value=write(0x30, scope))
    made = make_revocation_list(place.authority.root, NOON + DAY, NOON + 9 * DAY, extensions=(point,))
    assert codes(checked_with(place, made).report) == expected


def test_partition_that_the_certificate_names(place: Place) -> None:
    point = write(0xA0, write(0xA0, write(0x86, b"http://crl/7")))
    named = Extension("2.5.29.31", critical=False, value=write(0x30, write(0x30, point)))
    signer = _issued(place, others=(named,))
    scope = Extension("2.5.29.28", critical=True, value=write(0x30, point))
    made = make_revocation_list(place.authority.root, NOON + DAY, NOON + 9 * DAY, extensions=(scope,))
    assert _by(place, signer, trust_in(place, lists=(made,))).overall is Verdict.VALID


def test_list_with_an_unknown_critical_extension(place: Place) -> None:
    strange = Extension("2.5.29.27", critical=True, value=b"\x02\x01\x01")  # a delta list
    made = make_revocation_list(place.authority.root, NOON + DAY, NOON + 9 * DAY, extensions=(strange,))
    assert codes(checked_with(place, made).report) == {"SIGNER_REVOCATION_UNKNOWN"}


def test_expired_certificate_dropped_from_a_later_list(place: Place) -> None:
    short = _issued(place, valid_until=NOON + DAY)
    late = place.authority.revocation_list(NOON + 5 * DAY)
    seal = place.seal(V4, signers=(short.certificate,))
    signed = place.signature(V4, seal, short)
    report = place.check(signed, trust_in(place, lists=(late,)), NOON + 2 * DAY, proven_at=NOON + 60)
    assert codes(report.report) == {"SIGNER_REVOCATION_STALE"}


def test_signed_data_that_do_not_say_when_they_were_signed(place: Place) -> None:
    good = place.trust()

    def checked(lists: tuple[bytes, ...], at: int = NOON + DAY, proven_at: int | None = None) -> SignatureReport:
        documents = TrustStore.of([place.authority.root.certificate], lists=lists)
        trust = TrustStores(good.makers, good.signers, good.time_stamps, documents)
        return place.check(make_signed_data(DOCUMENT, place.agency), trust, at, proven_at=proven_at)

    revoked = listing(place, Revoked(NOON, SUPERSEDED))
    assert codes(checked((revoked,)).report) == {"SIGNER_REVOKED"}
    assert checked((revoked,), proven_at=NOON - 9).overall is Verdict.VALID
    fresh = (place.authority.revocation_list(NOON + 2000 * DAY),)
    assert "SIGNER_CERTIFICATE_EXPIRED" in codes(checked(fresh, at=NOON + 1500 * DAY).report)


# OCSP


def ocsp(place: Place, responder: Identity, revoked: Revoked | None = None) -> bytes:
    root = place.authority.root
    return make_ocsp_response(responder, root.parsed, place.agency.parsed, NOON + DAY, NOON + 2 * DAY, revoked)


def test_ocsp_by_the_issuer(place: Place) -> None:
    root = place.authority.root
    good = trust_in(place, responses=(ocsp(place, root),))
    assert place.check(place.signature(V4), good).overall is Verdict.VALID
    bad = trust_in(place, responses=(ocsp(place, root, Revoked(NOON - 9, SUPERSEDED)),))
    assert codes(place.check(place.signature(V4), bad).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


def test_ocsp_by_an_appointed_responder(place: Place) -> None:
    appointed = place.authority.issue("OCSP", extended_usage=(OCSP_SIGNING,))
    trust = trust_in(place, responses=(ocsp(place, appointed),))
    assert place.check(place.signature(V4), trust).overall is Verdict.VALID


def test_ocsp_by_anybody_else(place: Place) -> None:
    trust = trust_in(place, responses=(ocsp(place, place.agency),))
    assert codes(place.check(place.signature(V4), trust).report) == {"SIGNER_REVOCATION_UNKNOWN"}


def test_revoked_in_one_source_and_good_in_another_is_revoked(place: Place) -> None:
    good = place.authority.revocation_list(NOON + DAY)
    bad = ocsp(place, place.authority.root, Revoked(NOON - 9))
    trust = trust_in(place, lists=(good,), responses=(bad,))
    assert codes(place.check(place.signature(V4), trust).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


# Paths


def _issued(place: Place, issuer: Identity | None = None, **changes: object) -> Identity:
    usual = Profile(development_name("Seal", "某局"), NOON - 50 * DAY, NOON + 500 * DAY, 0, SIGNING_USAGE)
    return place.authority.issue_profile(replace(usual, **changes), issuer)  # type: ignore[arg-type]


def _between(place: Place, issuer: Identity | None = None, **changes: object) -> Identity:
    said = {"subject": development_name("Intermediate", "中级"), "key_usage": AUTHORITY_USAGE, "authority": True}
    return _issued(place, issuer, **(said | changes))


def _by(place: Place, signer: Identity, trust: TrustStores) -> SignatureReport:
    return place.check(place.signature(V4, place.seal(V4, signers=(signer.certificate,)), signer), trust)


def _through(place: Place, *path: Identity) -> SignatureReport:
    """A signature by somebody whom the last of the path issued; every authority has a fresh list."""
    issuers = (place.authority.root, *path)
    lists = tuple(make_revocation_list(one, NOON + DAY, NOON + 9 * DAY) for one in issuers)
    between = tuple(one.certificate for one in path)
    return _by(place, _issued(place, path[-1]), trust_in(place, lists=lists, between=between))


def test_path_through_an_intermediate(place: Place) -> None:
    assert _through(place, _between(place)).overall is Verdict.VALID


def test_agency_issues_certificates_itself(place: Place) -> None:
    report = _through(place, _issued(place, subject=development_name("Intermediate", "中级")))
    assert "SIGNER_ISSUER_NOT_AUTHORITY" in codes(report.report)


def test_authority_whose_key_may_not_sign_certificates(place: Place) -> None:
    report = _through(place, _between(place, key_usage=frozenset({DIGITAL_SIGNATURE})))
    assert "SIGNER_ISSUER_NOT_AUTHORITY" in codes(report.report)


def test_path_longer_than_allowed(place: Place) -> None:
    short = _between(place, path_length=0)
    below = _between(place, short, subject=development_name("Below", "下级"))
    assert codes(_through(place, short, below).report) == {"SIGNER_PATH_TOO_LONG"}
    assert _through(place, short).overall is Verdict.VALID


def test_intermediate_expired(place: Place) -> None:
    report = _through(place, _between(place, valid_until=NOON - DAY))
    assert codes(report.report) == {"SIGNER_CERTIFICATE_EXPIRED_AT_SIGNING", "SIGNER_REVOCATION_STALE"}


def test_intermediate_revoked(place: Place) -> None:
    middle = _between(place)
    signer = _issued(place, middle)
    revoked = place.authority.revocation_list(NOON + DAY, revoked=[(middle.parsed.serial, Revoked(NOON - DAY))])
    fresh = make_revocation_list(middle, NOON + DAY, NOON + 9 * DAY)
    trust = trust_in(place, lists=(revoked, fresh), between=(middle.certificate,))
    assert codes(_by(place, signer, trust).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


def test_certificate_signed_with_an_unknown_algorithm(place: Place) -> None:
    signer = _issued(place, replace(place.authority.root, algorithm="1.2.3.4"))
    report = _by(place, signer, place.trust())
    assert codes(report.report) == {"SIGNER_CERTIFICATE_ALGORITHM_UNKNOWN", "SIGNER_REVOCATION_UNKNOWN"}
    assert report.overall is Verdict.INDETERMINATE


def test_good_path_is_taken_where_another_is_bad(place: Place) -> None:
    key = SigningKey.generate(place.authority.random_bytes)
    name = development_name("Intermediate", "中级")
    root = place.authority.root

    def made(until: int, serial: int) -> bytes:
        profile = Profile(name, NOON - 50 * DAY, until, serial, AUTHORITY_USAGE, authority=True)
        return make_certificate(profile, key.public_key_info, root, root.sign)

    expired, good = made(NOON - DAY, 11), made(NOON + 90 * DAY, 12)
    signer = _issued(place, Identity(good, key.sign))
    lists = tuple(
        make_revocation_list(one, NOON + DAY, NOON + 9 * DAY) for one in (root, Identity(good, key.sign))
    )  # fmt: skip
    for order in ((expired, good), (good, expired)):
        assert _by(place, signer, trust_in(place, lists=lists, between=order)).overall is Verdict.VALID


def test_authorities_that_issue_one_another_do_not_make_a_search_endless(place: Place) -> None:
    usage = frozenset({CERTIFICATE_SIGN})
    names = [development_name(f"Ring {i}", "环") for i in range(4)]
    keys = [SigningKey.generate(place.authority.random_bytes) for _ in names]
    ring = []
    for i, (name, key) in enumerate(zip(names, keys, strict=True)):
        for j, (other, signer) in enumerate(zip(names, keys, strict=True)):
            profile = Profile(other, NOON - DAY, NOON + 90 * DAY, 100 + 10 * i + j, usage, authority=True)
            stub = make_certificate(profile, signer.public_key_info, None, signer.sign)
            said = replace(profile, subject=name)
            ring.append(make_certificate(said, key.public_key_info, Identity(stub, signer.sign), signer.sign))
    lost = _issued(place, Identity(ring[0], keys[0].sign))
    report = _by(place, lost, trust_in(place, between=tuple(ring)))
    assert "SIGNER_NOT_TRUSTED" in codes(report.report)


def test_store_of_rubbish_is_misuse() -> None:
    for rubbish in ({"anchors": [b"x"]}, {"anchors": [], "lists": [b"\x30\x00"]}, {"anchors": [], "responses": [b""]}):
        with pytest.raises(MalformedDer):
            TrustStore.of(**rubbish)


# Time stamps


@pytest.mark.parametrize("form", [Form.V4, Form.V5])
def test_time_stamp_keeps_a_signature_good_beyond_its_certificate(place: Place, form: Form) -> None:
    short = _issued(place, valid_until=NOON + DAY)
    seal = place.seal(form, signers=(short.certificate,))
    later = NOON + 20 * DAY
    trust = place.trust(NOON + 3600)
    bare = place.check(place.signature(form, seal, short), trust, later)
    assert "SIGNER_CERTIFICATE_EXPIRED" in codes(bare.report)
    stamped = place.signature(form, seal, short, stamper_of(place.stamper, NOON + 60))
    assert place.check(stamped, trust, later).overall is Verdict.VALID
    proven = place.check(place.signature(form, seal, short), trust, later, proven_at=NOON + 60)
    assert proven.overall is Verdict.VALID


def test_time_stamp_keeps_a_seal_good_beyond_its_makers_certificate(place: Place) -> None:
    short = _issued(place, valid_until=NOON + DAY)
    later, trust = NOON + 20 * DAY, place.trust(NOON + 3600)
    bare = check_seal(make_seal(Form.V5, place.draft(), short), trust, later)
    assert "MAKER_CERTIFICATE_EXPIRED" in codes(bare.report)
    stamped = make_seal(Form.V5, place.draft(), short, stamper_of(place.stamper, NOON + 60))
    assert check_seal(stamped, trust, later).overall is Verdict.VALID
    other = make_seal(Form.V5, place.draft(), short, lambda _: make_time_stamp(b"x", NOON, 1, place.stamper))
    assert "STAMP_OF_SOMETHING_ELSE" in codes(check_seal(other, trust, NOON + 3600).report)


def test_time_stamp_of_another_signature(place: Place) -> None:
    stolen = make_time_stamp(b"another value", NOON + 60, 7, place.stamper)
    report = place.check(place.signature(V4, stamper=lambda _: stolen))
    assert codes(report.report) == {"STAMP_OF_SOMETHING_ELSE"}


def test_time_stamp_by_an_agency_itself(place: Place) -> None:
    report = place.check(place.signature(V4, stamper=stamper_of(place.agency, NOON + 60)))
    assert codes(report.report) == {"STAMP_KEY_USAGE"}


def test_time_stamp_older_than_the_signing_time(place: Place) -> None:
    report = place.check(place.signature(V4, stamper=stamper_of(place.stamper, NOON - DAY)))
    assert codes(report.report) == {"SIGNED_AFTER_PROOF"}


def test_time_stamp_forged(place: Place) -> None:
    forger = replace(place.stamper, sign=place.agency.sign)
    report = place.check(place.signature(V4, stamper=stamper_of(forger, NOON + 60)))
    assert codes(report.report) == {"TIME_STAMP_VALUE_WRONG"}


def test_time_stamp_of_rubbish(place: Place) -> None:
    report = place.check(place.signature(V4, stamper=lambda _: b"\x30\x00"))
    assert codes(report.report) == {"DER_FIELDS"}
    assert report.overall is Verdict.INVALID


def test_recorded_before_it_says_it_was_signed(place: Place) -> None:
    report = place.check(place.signature(V4), proven_at=NOON - DAY)
    assert codes(report.report) == {"SIGNED_AFTER_PROOF"}
