"""A step rests on a verified license: what is swapped, forged or another's is told, each by its own code."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ledger.crypto import Digest, keccak, sm3
from ledger.errors import InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_license import VerifiedLicense, Written, read_report
from ledger.evidence_rules import Entry
from ledger.reasons import Reason
from ledger.reliance import NEEDED, Consumed, Known, Ledger, Resting, check
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid

LEAF, OTHER, CASE = keccak(b"license"), keccak(b"another's license"), keccak(b"case")
SM3, SHA256 = Digest("sm3", keccak(b"sm3")), Digest("sha256", keccak(b"sha256"))
AT, AUTHORIZATION = 1_790_000_000, keccak(b"authorization")
Change = Callable[[VerifiedLicense], VerifiedLicense]


def report_on(leaf: bytes = LEAF, at: int = AT, *more: Check) -> Report:
    facts: dict[str, dict[str, object]] = {
        "license.anchored": {"leaf": "0x" + leaf.hex()}, "license.period": {"checkedAt": at},
    }  # fmt: skip
    return report([valid(name, "fine", "无误", facts.get(name)) for name in NEEDED] + list(more))


HELD = valid("holder", "the holder", "持证人本人")


def evidence(made: Report | None = None, **more: Any) -> VerifiedLicense:
    return VerifiedLicense.of(made or report_on(LEAF, AT, HELD), LEAF, (SM3, SHA256), 2, **more)


def rewritten(one: VerifiedLicense, made: Report, **more: Any) -> VerifiedLicense:
    """The evidence with another report, whose digest is right."""
    written = Written.of(made)
    return replace(one, written=written, report_sm3=sm3(written.source).value, **more)


LEDGER = Ledger(Known(Reason.OK, SM3.value, SHA256.value), Consumed(LEAF, CASE), Resting(CASE, 3, (AT + 5,)))


def failed(one: VerifiedLicense, ledger: Ledger = LEDGER) -> set[str]:
    return {each.reason_code for each in check(one, ledger).failures}


def test_a_license_stands_in_the_place_of_a_paper() -> None:
    for one in (evidence(), evidence(report_on(), authorization=AUTHORIZATION)):
        document = Document.make(DocumentKind.VERIFIED_LICENSE, one.entries(), Random(1).randbytes)
        assert VerifiedLicense.read(document) == one
        assert check(one, LEDGER).overall is Verdict.VALID, check(one, LEDGER).failures
        assert not any(each.entry and each.entry.public for each in document.fields)


FORGED = report_on(LEAF, AT, HELD, invalid("license.superseded", "LICENSE_SUPERSEDED", "superseded", "已被取代"))


@pytest.mark.parametrize(("change", "code"), [
    (lambda one: replace(one, written=Written.of(report_on())), "REPORT_DIFFERS"),
    (lambda one: rewritten(one, report_on(OTHER, AT, HELD)), "REPORT_OF_ANOTHER_LICENSE"),
    (lambda one: replace(one, leaf=OTHER), "REPORT_OF_ANOTHER_LICENSE"),
    (lambda one: rewritten(one, report_on(LEAF, AT, HELD, *report_on(OTHER).checks)), "REPORT_OF_ANOTHER_LICENSE"),
    (lambda one: replace(one, batch=OTHER), "REPORT_OF_ANOTHER_LICENSE"),
    (lambda one: replace(one, verified_at=AT - 86_400), "REPORT_OF_ANOTHER_TIME"),
    (lambda one: replace(one, body=bytes(320)), "LICENSE_DIFFERS"),
    (lambda one: rewritten(one, FORGED), "VERDICT_DIFFERS"),
    (lambda one: rewritten(one, FORGED, verdict=Verdict.INVALID), "VERDICT_NOT_VALID"),
    (lambda one: rewritten(one, Report(report_on(LEAF, AT, HELD).checks[:1]), verified_at=AT), "REPORT_INCOMPLETE"),
    (lambda one: rewritten(one, report_on()), "HOLDER_NOT_SHOWN"),
    (lambda one: replace(one, sha256=keccak(b"another file")), "LICENSE_OF_ANOTHER_FILE"),
    (lambda one: replace(one, entry=4), "ENTRY_UNKNOWN"),
], ids=[
    "report swapped", "report of somebody else's license", "paper replaced by somebody else's license",
    "report of two licenses", "batch swapped", "verification dated back", "fields of another license",
    "verdict forged to valid", "license found invalid", "checks left out", "holder never looked at",
    "document swapped", "entry that the list has not",
])  # fmt: skip
def test_attack_on_the_evidence_is_told(change: Change, code: str) -> None:
    assert code in failed(change(evidence()))


def test_verdict_forged_in_the_report_itself_is_told() -> None:
    source = Written.of(FORGED).source.replace(b'"verdict":"invalid"}', b'"verdict":"valid"}')
    assert source != Written.of(FORGED).source
    written = Written.read(source)
    forged = replace(evidence(), written=written, report_sm3=sm3(source).value)
    assert failed(forged) == {"VERDICT_DIFFERS"}


@pytest.mark.parametrize(("ledger", "code"), [
    (replace(LEDGER, known=Reason.LICENSE_UNKNOWN), "LICENSE_UNKNOWN"),
    (replace(LEDGER, known=Reason.BAD_PROOF), "BAD_PROOF"),
    (replace(LEDGER, known=Known(Reason.LICENSE_SUSPENDED, SM3.value, SHA256.value)), "LICENSE_SUSPENDED"),
    (replace(LEDGER, known=Known(Reason.LICENSE_EXPIRED, SM3.value, SHA256.value)), "LICENSE_EXPIRED"),
    (replace(LEDGER, known=Known(Reason.OK, SM3.value, OTHER)), "LICENSE_OF_ANOTHER_FILE"),
    (replace(LEDGER, known=Known(None, None, None)), "LICENSE_BODY_NEEDED"),
    (replace(LEDGER, consumed=None), "AUTHORIZATION_UNKNOWN"),
    (replace(LEDGER, consumed=Consumed(OTHER, CASE)), "AUTHORIZATION_OF_ANOTHER_LICENSE"),
    (replace(LEDGER, consumed=Consumed(LEAF, OTHER)), "AUTHORIZATION_OF_ANOTHER_CASE"),
    (replace(LEDGER, consumed=Consumed(LEAF, bytes(32))), "AUTHORIZATION_OF_ANOTHER_CASE"),
    (replace(LEDGER, resting=Resting(CASE, 3, (AT - 60,))), "VERIFIED_AFTER_THE_STEP"),
])  # fmt: skip
def test_what_the_ledger_says_otherwise_is_told(ledger: Ledger, code: str) -> None:
    assert failed(evidence(authorization=AUTHORIZATION), ledger) == {code}


def test_what_could_not_be_checked_is_not_called_wrong() -> None:
    assert check(evidence(), replace(LEDGER, known=Known(None, None, None))).overall is Verdict.INDETERMINATE
    behind = replace(LEDGER, known=Reason.LICENSE_UNKNOWN, consumed=None, is_fresh=False)
    assert check(evidence(authorization=AUTHORIZATION), behind).overall is Verdict.INDETERMINATE
    unsure = report_on(LEAF, AT, HELD, indeterminate("ledger.asked", "OFFLINE", "offline", "离线"))
    assert failed(evidence(unsure)) == {"VERDICT_NOT_VALID"}


def test_report_that_names_no_time_makes_no_evidence() -> None:
    with pytest.raises(InvalidInput) as raised:
        evidence(Report(report_on().checks[:2]))
    assert raised.value.code == "REPORT_INCOMPLETE"


def document_with(**changes: str | bytes | None) -> Document:
    entries = {one.name: one.value for one in evidence().entries()}
    changed = {**entries, **{name.replace("__", "."): value for name, value in changes.items()}}
    kept = [Entry(name, value) for name, value in changed.items() if value is not None]
    return Document.make(DocumentKind.VERIFIED_LICENSE, kept, Random(2).randbytes)


@pytest.mark.parametrize(("changes", "code"), [
    ({"license__leaf": None}, "EVIDENCE_FIELD_MISSING"), ({"license__leaf": b"short"}, "EVIDENCE_FIELD_SHAPE"),
    ({"entry": "33"}, "EVIDENCE_FIELD_SHAPE"), ({"entry": "02"}, "EVIDENCE_FIELD_SHAPE"),
    ({"entry": b"2"}, "EVIDENCE_FIELD_SHAPE"), ({"verified__verdict": "fine"}, "EVIDENCE_FIELD_SHAPE"),
    ({"license__body": b"x"}, "EVIDENCE_FIELD_SHAPE"), ({"license__proof": bytes(33)}, "EVIDENCE_FIELD_SHAPE"),
    ({"note": "besides"}, "EVIDENCE_FIELD_UNEXPECTED"), ({"report__json": b"[]"}, "REPORT_MALFORMED"),
    ({"report__json": Written.of(report_on()).source + b" "}, "REPORT_MALFORMED"),
])  # fmt: skip
def test_malformed_field_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        VerifiedLicense.read(document_with(**changes))
    assert raised.value.code == code


def test_destroyed_field_is_told_from_a_missing_one_and_every_fault_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        VerifiedLicense.read(document_with(entry=None).destroy_salt("license.leaf"))
    codes = [(fault.code, fault.where) for fault in raised.value.faults]
    assert codes == [("EVIDENCE_FIELD_MISSING", "entry"), ("EVIDENCE_FIELD_DESTROYED", "license.leaf")]


def test_document_of_another_kind_is_no_such_evidence() -> None:
    other = Document.make(DocumentKind.MATERIALS, evidence().entries(), Random(3).randbytes)
    with pytest.raises(InvalidInput, match="verified_license"):
        VerifiedLicense.read(other)


@pytest.mark.parametrize("source", ["", "{}", '{"checks":1,"verdict":"valid"}', '{"checks":[],"verdict":"good"}',
    '{"checks":[{"name":1,"verdict":"valid","reason_code":"OK","zh":"","en":"","facts":{}}],"verdict":"valid"}',
    '{"checks":[{"name":"a","verdict":"valid","reason_code":"OK","zh":"","en":"","facts":{"a":1}}],"verdict":"valid"}',
    "[" * 10_000])  # fmt: skip
def test_what_is_no_report_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_report(source)
    assert raised.value.code == "REPORT_MALFORMED"
