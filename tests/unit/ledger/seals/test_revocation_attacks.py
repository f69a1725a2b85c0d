"""Attacks on revocation data: lists and answers that say less than they seem to, and what hides what."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from ledger.algorithms.der import Element, MalformedDer, decode, write, write_bits, write_integer, write_oid
from ledger.seals.certificates import OCSP_SIGNING, Extension
from ledger.seals.development import DAY, SIGNING_USAGE, development_name
from ledger.seals.issuing import Identity, Profile, make_ocsp_response, make_revocation_list
from ledger.seals.ocsp import parse_ocsp
from ledger.seals.revocation import Revoked
from ledger.seals.seal import Form
from ledger.seals.times import write_generalized as _time
from ledger.seals.trust import TrustStore, TrustStores
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import NOON, Place, checked_with, codes, trust_in, with_in_place

KEY_COMPROMISE, SUPERSEDED = 1, 4
NOT_KNOWN = {"SIGNER_REVOCATION_UNKNOWN"}


def _entries(place: Place, *said: Revoked) -> bytes:
    serial = place.agency.parsed.serial
    return place.authority.revocation_list(NOON + DAY, revoked=[(serial, one) for one in said])


@pytest.mark.parametrize("stolen_first", [True, False])
def test_harmless_entry_does_not_hide_the_stolen_key(place: Place, *, stolen_first: bool) -> None:
    """Revoked as superseded just after signing, then again because the key was out already before."""
    harmless = Revoked(NOON + 1, SUPERSEDED)
    stolen = Revoked(NOON + 9, KEY_COMPROMISE, suspect_since=NOON - DAY)
    both = (stolen, harmless) if stolen_first else (harmless, stolen)
    assert codes(checked_with(place, _entries(place, *both)).report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}
    apart = checked_with(place, *(_entries(place, one) for one in both))
    assert codes(apart.report) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


@pytest.mark.parametrize("critical", [True, False])
def test_delta_list_is_not_taken_for_a_whole_one(place: Place, *, critical: bool) -> None:
    delta = Extension("2.5.29.27", critical=critical, value=write_integer(1))
    made = make_revocation_list(place.authority.root, NOON + DAY, NOON + 9 * DAY, extensions=(delta,))
    assert codes(checked_with(place, made).report) == NOT_KNOWN


def test_part_of_a_list_that_is_named_by_a_directory_name(place: Place) -> None:
    part = write(0xA0, write(0xA0, write(0xA4, place.authority.root.parsed.subject.raw)))
    point = Extension("2.5.29.28", critical=True, value=write(0x30, part))
    made = make_revocation_list(place.authority.root, NOON + DAY, NOON + 9 * DAY, extensions=(point,))
    assert codes(checked_with(place, made).report) == NOT_KNOWN


def test_entry_with_an_unknown_critical_extension_makes_the_list_unusable(place: Place) -> None:
    reason = write(0x30, write_oid("2.5.29.21"), write(0x04, write_integer(SUPERSEDED, 0x0A)))
    strange = write(0x30, write_oid("2.5.29.29"), write(0x01, b"\xff"), write(0x04, b"\x30\x00"))
    root = place.authority.root
    plain = decode(make_revocation_list(root, NOON + DAY, NOON + 9 * DAY, [(0x77, Revoked(NOON, SUPERSEDED))]))
    signed = with_in_place(plain.children[0], reason, strange)
    assert signed != plain.children[0].raw
    made = write(0x30, signed, plain.children[1].raw, write_bits(root.sign(signed)))
    assert codes(checked_with(place, made).report) == NOT_KNOWN


# OCSP


def _responder(place: Place, **changes: object) -> Identity:
    usual = Profile(
        development_name("OCSP", "HUXIN"), NOON - DAY, NOON + 90 * DAY, 0, SIGNING_USAGE, extended_usage=(OCSP_SIGNING,)
    )
    return place.authority.issue_profile(replace(usual, **changes))  # type: ignore[arg-type]


def _answered(place: Place, responder: Identity, this_update: int, next_update: int | None) -> set[str]:
    made = make_ocsp_response(
        responder, place.authority.root.parsed, place.agency.parsed, this_update, next_update
    )  # fmt: skip
    return codes(place.check(place.signature(Form.V4), trust_in(place, responses=(made,))).report)


def test_key_of_a_responder_that_has_expired_since_vouches_for_nothing_later(place: Place) -> None:
    """Whoever finds the old key writes an answer of then that is to hold for years."""
    old = _responder(place, valid_until=NOON + 3600)
    assert _answered(place, old, NOON + 60, NOON + 900 * DAY) == {"SIGNER_REVOCATION_STALE"}
    assert _answered(place, _responder(place), NOON + 60, NOON + 900 * DAY) == set()


def test_answer_about_a_time_after_its_responder(place: Place) -> None:
    old = _responder(place, valid_until=NOON + 3600)
    made = make_ocsp_response(old, place.authority.root.parsed, place.agency.parsed, NOON + 60, None)
    later = _resigned(made, old, _time(NOON + 60), _time(NOON + DAY), last=True)
    report = place.check(place.signature(Form.V4), trust_in(place, responses=(later,)))
    assert codes(report.report) == NOT_KNOWN


def test_responder_whose_key_is_not_for_signing(place: Place) -> None:
    only_agreeing = _responder(place, key_usage=frozenset({4}))
    assert _answered(place, only_agreeing, NOON + DAY, None) == NOT_KNOWN


def _basic(answer: bytes) -> Element:
    return decode(decode(answer).children[1].children[0].children[1].content)


def _around(answer: bytes, signed: bytes, responder: Identity) -> bytes:
    """The answer with other signed bytes, signed again."""
    rest = _basic(answer).children
    basic = write(0x30, signed, rest[1].raw, write_bits(responder.sign(signed)), *(one.raw for one in rest[3:]))
    return with_in_place(decode(answer), decode(answer).children[1].children[0].children[1].raw, write(0x04, basic))


def _resigned(answer: bytes, responder: Identity, old: bytes, new: bytes, *, last: bool) -> bytes:
    """The answer with ``new`` in the place of the last (or every) ``old``, signed again."""
    signed = _basic(answer).children[0].raw
    parts = signed.rsplit(old, 1) if last else signed.split(old)
    assert len(old) == len(new)
    assert len(parts) > 1
    return _around(answer, new.join(parts), responder)


def _with_more(place: Place, *, more: bytes = b"", singles: Iterable[bytes] = ()) -> set[str]:
    """What comes of the root's answer with another part behind its answers, or with other answers."""
    root = place.authority.root
    made = make_ocsp_response(root, root.parsed, place.agency.parsed, NOON + DAY, NOON + 2 * DAY)
    by, produced, answers = _basic(made).children[0].children
    listed = write(0x30, *(singles or (answers.content,)))
    changed = _around(made, write(0x30, by.raw, produced.raw, listed, more), root)
    return codes(place.check(place.signature(Form.V4), trust_in(place, responses=(changed,))).report)


def test_critical_extension_of_an_answer(place: Place) -> None:
    def extension(flag: bytes) -> bytes:
        return write(0xA1, write(0x30, write(0x30, write_oid("1.2.3"), flag, write(0x04, b"\x05\x00"))))

    assert _with_more(place, more=extension(b"\x01\x01\xff")) == NOT_KNOWN
    assert _with_more(place, more=extension(b"")) == set()


@pytest.mark.parametrize("revoked_first", [True, False])
def test_two_answers_about_one_certificate(place: Place, *, revoked_first: bool) -> None:
    root = place.authority.root
    singles = [
        _basic(make_ocsp_response(root, root.parsed, place.agency.parsed, NOON + DAY, NOON + 2 * DAY, revoked))
        .children[0].children[2].content
        for revoked in (Revoked(NOON - 9, SUPERSEDED), None)
    ]  # fmt: skip
    order = singles if revoked_first else singles[::-1]
    assert _with_more(place, singles=order) == {"SIGNER_REVOKED_BEFORE_SIGNING"}


def test_answers_that_are_cut_or_grown(place: Place) -> None:
    root = place.authority.root
    made = decode(make_ocsp_response(root, root.parsed, place.agency.parsed, NOON, None))
    body = made.children[1].children[0]
    grown = with_in_place(made, body.raw, write(0x30, body.content, b"\x05\x00"))
    with pytest.raises(MalformedDer, match="DER_FIELDS"):
        parse_ocsp(grown)


# Who may issue


def test_pinned_certificate_of_version_1_is_no_authority(place: Place) -> None:
    """An office's old certificate is trusted as itself; certificates that it "issues" are not."""
    issued_by_root = place.agency.parsed
    body = decode(place.agency.certificate).children[0]
    bare = write(0x30, *(child.raw for child in body.children if child.tag not in {0xA0, 0xA3}))
    algorithm = decode(place.agency.certificate).children[1].raw
    pinned = write(0x30, bare, algorithm, write_bits(place.authority.root.sign(bare)))
    office = Identity(pinned, place.agency.sign)
    assert not office.parsed.extensions
    assert office.parsed.subject.raw == issued_by_root.subject.raw
    rogue = place.authority.issue_profile(
        Profile(development_name("Seal", "冒充"), NOON - DAY, NOON + 90 * DAY, 0, SIGNING_USAGE), office
    )
    lists = (make_revocation_list(office, NOON + DAY, NOON + 9 * DAY),)
    trust = TrustStores(place.trust().makers, TrustStore.of([pinned], lists=lists))
    seal = place.seal(Form.V4, signers=(rogue.certificate,))
    report = place.check(place.signature(Form.V4, seal, rogue), trust)
    assert codes(report.report) == {"SIGNER_ISSUER_NOT_AUTHORITY"}
    own = place.check(place.signature(Form.V4, place.seal(Form.V4, signers=(pinned,)), office), trust)
    assert own.overall is Verdict.VALID
