"""Each check of the list can fail: for each there is something genuine in all but that, and it is found."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ledger.algorithms.der import Element, decode, write
from ledger.algorithms.digests import sm3
from ledger.seals.certificates import LIST_SIGN, TIME_STAMPING, Extension
from ledger.seals.checklist import CHECKLIST
from ledger.seals.checks import ANY, Expected, check_seal
from ledger.seals.development import DAY, SIGNING_USAGE, DevelopmentAuthority, development_name, stamper_of
from ledger.seals.issuing import Identity, Profile
from ledger.seals.making import make_seal, make_signed_data, make_time_stamp
from ledger.seals.revocation import Revoked
from ledger.seals.seal import Form
from ledger.seals.trust import TrustStores
from ledger.verdict import Report
from tests.unit.ledger.seals.place import DOCUMENT, NOON, Place, with_in_place

V4 = Form.V4
Use = Callable[[Place, Identity], bytes]
CRITICAL = (Extension("1.2.3.4", critical=True, value=b"\x05\x00"),)


def _as_maker(place: Place, who: Identity) -> bytes:
    return place.signature(V4, make_seal(V4, place.draft(), who))


def _as_signer(place: Place, who: Identity) -> bytes:
    return place.signature(V4, place.seal(V4, signers=(who.certificate,)), who)


def _as_signer_of_data(place: Place, who: Identity) -> bytes:
    del place
    return make_signed_data(DOCUMENT, who, NOON)


def _as_stamper(place: Place, who: Identity) -> bytes:
    return place.signature(V4, stamper=stamper_of(who, NOON + 60))


ROLES: dict[str, tuple[Use, tuple[str, ...]]] = {
    "seal.maker": (_as_maker, ()),
    "signature.signer": (_as_signer, ()),
    "signed_data.signer": (_as_signer_of_data, ()),
    "time_stamp.stamper": (_as_stamper, (TIME_STAMPING,)),
}


def _certificates(place: Place) -> Iterator[tuple[str, Report]]:
    for role, (use, usage) in ROLES.items():
        profile = Profile(
            development_name("X", "某局"), NOON - 60 * DAY, NOON + 90 * DAY, 0, SIGNING_USAGE, extended_usage=usage
        )
        issue = place.authority.issue_profile
        foreign = DevelopmentAuthority.found(place.authority.random_bytes, NOON - 90 * DAY, NOON + 900 * DAY)
        sound = issue(profile)
        assert not _failing(place.check(use(place, sound)).report)
        yield f"{role}.chain", place.check(use(place, foreign.issue_profile(profile))).report
        late = issue(replace(profile, valid_until=NOON - 20 * DAY))
        yield f"{role}.period", place.check(use(place, late)).report
        revoked = [(sound.parsed.serial, Revoked(NOON - 50 * DAY, 4))]
        trust = place.authority.trust(place.authority.revocation_list(NOON + DAY, revoked=revoked))
        yield f"{role}.revocation", place.check(use(place, sound), trust).report
        lists = issue(replace(profile, key_usage=frozenset({LIST_SIGN})))
        yield f"{role}.usage", place.check(use(place, lists)).report
        yield f"{role}.extensions", place.check(use(place, issue(replace(profile, others=CRITICAL)))).report
    rubbish = replace(place.agency, certificate=b"\x30\x00")
    yield "seal.maker.certificate", place.check(_as_maker(place, rubbish)).report
    yield "signature.signer.certificate", place.check(_as_signer(place, rubbish)).report
    bare = _without_certificates(_as_signer_of_data(place, place.agency))
    yield "signed_data.signer.certificate", place.check(bare).report
    unnamed = place.signature(
        V4, stamper=lambda value: _without_certificates(make_time_stamp(value, NOON, 1, place.stamper))
    )
    yield "time_stamp.stamper.certificate", place.check(unnamed).report


def _without_certificates(signed_data: bytes) -> bytes:
    whole = decode(signed_data)
    given = _inside(whole, 0xA0)
    return with_in_place(whole, given.raw, b"")


def _inside(signed_data: Element, tag: int) -> Element:
    """The last part of signed data with this tag: certificates (A0), signers (31)."""
    return next(one for one in reversed(signed_data.children[1].children[0].children) if one.tag == tag)


def _seals(place: Place) -> Iterator[tuple[str, Report]]:
    def checked(seal: bytes, expected: Expected = ANY) -> Report:
        return check_seal(seal, place.trust(), NOON, expected=expected).report

    yield "seal.format", checked(b"")
    yield "seal.signature", checked(place.seal(V4).replace(b"GIF89a", b"GIF89b", 1))
    yield "seal.period", checked(place.seal(V4, valid_until=NOON - 1))
    yield "seal.custom", checked(place.seal(V4, extensions=CRITICAL))
    yield "seal.expected", checked(place.seal(V4), Expected(seals=(bytes(32),)))


def _signatures(place: Place) -> Iterator[tuple[str, Report]]:
    def checked(signature: bytes) -> Report:
        return place.check(signature).report

    yield "signature.format", checked(b"")
    yield "signature.value", checked(place.signature(V4, signer=replace(place.agency, sign=place.maker.sign)))
    yield "signature.time", checked(place.signature(V4, signed_at=NOON + 2 * DAY))
    yield "signature.data_hash", checked(place.signature(V4, data_hash=sm3(b"another")))
    yield "signature.listed", checked(place.signature(V4, signer=place.other_agency))
    yield "signature.seal_period", checked(place.signature(V4, signed_at=NOON - 11 * DAY))
    yield "signature.custom", checked(place.signature(V4, extensions=CRITICAL))
    yield "time_stamp.format", checked(place.signature(V4, stamper=lambda _: b""))
    forger = replace(place.stamper, sign=place.agency.sign)
    yield "time_stamp.value", checked(place.signature(V4, stamper=stamper_of(forger, NOON + 60)))
    other = make_time_stamp(b"another", NOON + 60, 1, place.stamper)
    yield "time_stamp.imprint", checked(place.signature(V4, stamper=lambda _: other))


def _signed_data(place: Place) -> Iterator[tuple[str, Report]]:
    made = make_signed_data(DOCUMENT, place.agency, NOON)
    nobody = with_in_place(decode(made), _inside(decode(made), 0x31).raw, write(0x31))
    yield "signed_data.format", place.check(nobody).report
    forger = replace(place.agency, sign=place.maker.sign)
    yield "signed_data.value", place.check(make_signed_data(DOCUMENT, forger, NOON)).report
    yield "signed_data.time", place.check(make_signed_data(DOCUMENT, place.agency, NOON + 2 * DAY)).report
    yield "signed_data.content", place.check(made, document=b"another").report
    yield "signed_data.expected", place.check(made, expected=Expected(owners=("另一市行政审批服务局",))).report


def _failing(report: Report) -> set[str]:
    return {check.name for check in report.failures}


# What follows from the same fault: without a path nobody can tell of revocation, without a key no value is checked.
CONSEQUENCES = {"chain": {"revocation"}, "period": {"revocation"}, "certificate": {"value", "signature", "listed"}}


@pytest.mark.parametrize("group", [_certificates, _seals, _signatures, _signed_data])
def test_check_fails_for_its_own_reason(place: Place, group: Callable[[Place], Iterator[tuple[str, Report]]]) -> None:
    for name, report in group(place):
        failing = _failing(report)
        assert name in failing
        allowed = CONSEQUENCES.get(name.rsplit(".", 1)[-1], set())
        assert {one for one in failing - {name} if one.rsplit(".", 1)[-1] not in allowed} == set(), name


def test_no_check_of_the_list_is_left_out(place: Place) -> None:
    groups = (_certificates, _seals, _signatures, _signed_data)
    assert {name for group in groups for name, _ in group(place)} == {item.name for item in CHECKLIST}


def test_every_text_is_in_both_languages(place: Place) -> None:
    """Of every check that failed or passed here: Chinese characters in the one, none in the other."""
    reports = [report for group in (_certificates, _seals, _signatures, _signed_data) for _, report in group(place)]
    reports.append(place.check(place.signature(V4), TrustStores()).report)
    for check in (check for report in reports for check in report.checks):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in check.zh), check
        assert check.en.strip(), check
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in check.en), check
        assert check.reason_code.isupper(), check
