"""Deviations met in real files: each valid, each with its remark; and names that are only odd."""

from dataclasses import replace

import pytest

from ledger.algorithms.der import write
from ledger.algorithms.sm2_keys import readings
from ledger.seals.development import DAY, SIGNING_USAGE
from ledger.seals.issuing import Identity, Profile
from ledger.seals.making import make_seal
from ledger.seals.seal import Form
from ledger.verdict import Verdict
from tests.unit.ledger.seals.place import (
    ALL_FORMS,
    NOON,
    Place,
    codes,
    remarks,
    rewritten,
)

V4 = Form.V4


def _raw_value(identity: Identity) -> Identity:
    return replace(identity, sign=lambda message: readings(identity.sign(message))[0])


@pytest.mark.parametrize("form", ALL_FORMS)
def test_raw_r_s_is_tolerated_and_noted(place: Place, form: Form) -> None:
    seal = make_seal(form, place.draft(), _raw_value(place.maker))
    report = place.check(place.signature(form, seal, _raw_value(place.agency)))
    assert report.overall is Verdict.VALID
    assert remarks(report.report) == {"RAW_SIGNATURE_VALUE"}


ENTRY = bytes.fromhex("06032a0304") + b"\x04\x04note"


def test_untagged_custom_data_is_tolerated_and_noted(place: Place) -> None:
    listed = write(0x30, write(0x30, ENTRY))
    seal = rewritten(place, write(0xA0, listed), listed)
    report = place.check(place.signature(V4, seal))
    assert (report.overall, remarks(report.report)) == (Verdict.VALID, {"EXTENSIONS_UNTAGGED"})


def test_default_false_written_out_is_tolerated_and_verified_as_it_stood(place: Place) -> None:
    seal = rewritten(place, write(0x30, ENTRY), write(0x30, ENTRY[:5] + b"\x01\x01\x00" + ENTRY[5:]))
    report = place.check(place.signature(V4, seal))
    assert (report.overall, remarks(report.report)) == (Verdict.VALID, {"DEFAULT_WRITTEN_OUT"})


def test_offset_instead_of_z_is_read_as_the_moment_it_means(place: Place) -> None:
    seal = rewritten(place, b"\x18\x0f20270528202640Z", b"\x18\x1320270529042640+0800")
    report = place.check(place.signature(V4, seal))
    assert (report.overall, remarks(report.report)) == (Verdict.VALID, {"TIME_NOT_UTC"})
    assert report.seal is not None
    assert report.seal.valid_until == NOON + 365 * DAY


def test_time_without_zone_is_refused(place: Place) -> None:
    seal = rewritten(place, b"\x18\x0f20270528202640Z", b"\x18\x0e20270528202640")
    assert codes(place.check(place.signature(V4, seal)).report) == {"DER_TIME"}


@pytest.mark.parametrize("name", ["\x00\x1b[2J\u202e", "a" * 3000, '=,+\\"<>;'])
def test_strange_names_never_fail_a_verification(place: Place, name: str) -> None:
    profile = Profile(((("2.5.4.3"), name), ("1.2.3", name)), NOON - DAY, NOON + DAY * 30, 0, SIGNING_USAGE)
    strange = place.authority.issue_profile(profile)
    report = place.check(place.signature(V4, place.seal(V4, signers=(strange.certificate,)), strange))
    assert report.overall is Verdict.VALID
    assert report.signer is not None
    assert report.signer.subject.isprintable()


@pytest.mark.parametrize(("form", "other"), [(Form.V4, Form.V1), (Form.V1, Form.V5), (Form.V5, Form.V4)])
def test_seal_of_another_version_than_the_signature(place: Place, form: Form, other: Form) -> None:
    report = place.check(place.signature(form, place.seal(other)))
    assert (report.overall, remarks(report.report)) == (Verdict.VALID, {"SEAL_OF_ANOTHER_VERSION"})
