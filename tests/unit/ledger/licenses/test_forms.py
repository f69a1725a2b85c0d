"""Both forms share one fate: what was done to one of them alone is found, and what nobody knows is not called fine."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.crypto import keccak
from ledger.evidence_forms import FormEvent, FormRecord
from ledger.licenses import Held, check_forms
from ledger.records import Status
from ledger.verdict import Verdict

OLD, NEW = keccak(b"old license"), keccak(b"new license")
ISSUED = FormRecord(FormEvent.ISSUED, OLD, printed="No.1")
CHANGED = FormRecord(FormEvent.CHANGED, NEW, printed="No.2", taken_back="No.1")
CANCELLED = FormRecord(FormEvent.CANCELLED, OLD, taken_back="No.1")
PAPERLESS = FormRecord(FormEvent.ISSUED, OLD, has_paper=False)
ACTIVE = Held(OLD, is_issued=True, status=Status.ACTIVE)
REVOKED = replace(ACTIVE, status=Status.REVOKED)
REPLACED = replace(ACTIVE, status=Status.SUPERSEDED, is_changed_here=True)
NEWER = Held(NEW, is_issued=True, supersedes=OLD, status=Status.ACTIVE)
ABSENT = Held(OLD)


def codes(*records: FormRecord, held: tuple[Held, ...], **more: Any) -> list[str]:
    return [check.reason_code for check in check_forms(records, held, **more).checks]


@pytest.mark.parametrize(("records", "held"), [
    ([ISSUED], [ACTIVE]), ([ISSUED, CHANGED], [REPLACED, NEWER]), ([ISSUED, CANCELLED], [REVOKED]),
    ([replace(ISSUED, printed=None), ISSUED], [ACTIVE]),
    ([ISSUED, replace(CANCELLED, taken_back=None), CANCELLED], [REVOKED]),
    ([ISSUED, replace(ISSUED, printed="No.2"), CANCELLED, replace(CANCELLED, taken_back="No.2")], [REVOKED]),
    ([CANCELLED], [replace(REVOKED, is_issued=False)]), ([CHANGED], [NEWER]), ([PAPERLESS], [ACTIVE]),
    ([PAPERLESS], [REVOKED]), ([PAPERLESS, replace(CHANGED, taken_back=None)], [REPLACED, NEWER]),
    ([ISSUED, replace(CHANGED, has_paper=False, printed=None)], [REPLACED, NEWER]),
    ([replace(CANCELLED, has_paper=False, taken_back=None)], [replace(REVOKED, is_issued=False)]),
], ids=[
    "issued", "changed", "cancelled", "printed on delivery", "taken back later", "two copies, both taken back",
    "cancelled by another case than issued", "changed by another case",
    "without paper", "without paper, cancelled", "first paper with a change", "paper given up with a change",
    "cancelled without paper",
])  # fmt: skip
def test_what_was_done_to_both_forms_is_valid(records: list[FormRecord], held: list[Held]) -> None:
    assert check_forms(records, held).overall is Verdict.VALID


@pytest.mark.parametrize(("records", "held", "code"), [
    ([ISSUED], [ABSENT], "FORMS_PAPER_ONLY"),
    ([ISSUED], [replace(ACTIVE, is_issued=False)], "FORMS_PAPER_ONLY"),
    ([ISSUED, CANCELLED], [ACTIVE], "FORMS_PAPER_ONLY"),
    ([ISSUED, CANCELLED], [replace(ACTIVE, status=Status.SUSPENDED)], "FORMS_PAPER_ONLY"),
    ([ISSUED, CHANGED], [ACTIVE, Held(NEW)], "FORMS_PAPER_ONLY"),
    ([CHANGED], [replace(NEWER, supersedes=None)], "FORMS_PAPER_ONLY"),
    ([replace(ISSUED, printed=None)], [ACTIVE], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED, replace(CANCELLED, taken_back=None)], [REVOKED], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED, replace(CANCELLED, taken_back=None, has_paper=False)], [REVOKED], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED], [REVOKED], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED], [replace(REPLACED, is_changed_here=False)], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED], [REPLACED, NEWER], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED, replace(CHANGED, printed=None)], [REPLACED, NEWER], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED, replace(CANCELLED, taken_back=None)], [ACTIVE], "FORMS_NEITHER"),
    ([replace(PAPERLESS, license=NEW)], [Held(NEW)], "FORMS_NEITHER"),
    ([ISSUED, replace(CHANGED, taken_back=None)], [REPLACED, NEWER], "FORMS_OLD_PAPER_LEFT"),
    ([ISSUED, replace(ISSUED, license=NEW, printed="No.2")], [REPLACED, NEWER], "FORMS_OLD_PAPER_LEFT"),
    ([ISSUED, replace(CHANGED, has_paper=False, printed=None, taken_back=None)], [REPLACED, NEWER],
     "FORMS_OLD_PAPER_LEFT"),
    ([ISSUED, replace(CANCELLED, taken_back="No.9")], [REVOKED], "FORMS_ANOTHER_PAPER"),
    ([ISSUED, replace(ISSUED, printed="No.2"), CANCELLED], [REVOKED], "FORMS_ELECTRONIC_ONLY"),
    ([replace(ISSUED, printed=None), PAPERLESS], [ACTIVE], "FORMS_ELECTRONIC_ONLY"),
    ([ISSUED, replace(CHANGED, taken_back="No.2")], [REPLACED, NEWER], "FORMS_ANOTHER_PAPER"),
], ids=[
    "paper printed, nothing on the ledger", "paper printed for a license of another case",
    "claims the cancellation", "claims the cancellation, only suspended", "claims the change", "an issue called change",
    "paper not printed", "paper left with the holder", "paper denied, left with the holder",
    "cancelled, nothing recorded", "changed elsewhere, nothing recorded", "changed here, nothing recorded",
    "old paper taken back, no new one printed", "claims the cancellation of both", "claims a license without paper",
    "old paper left", "change called issue", "old paper left when paper was given up", "another paper taken back",
    "second copy left with the holder", "paper talked away later", "new paper taken back",
])  # fmt: skip
def test_form_left_behind_is_found(records: list[FormRecord], held: list[Held], code: str) -> None:
    found = check_forms(records, held)
    assert ([one.reason_code for one in found.failures], found.overall) == ([code], Verdict.INVALID)


@pytest.mark.parametrize(("records", "held", "more", "code"), [
    ([], [ACTIVE], {}, "FORMS_NOT_RECORDED"),
    ([CANCELLED], [REVOKED], {}, "FORMS_NOT_RECORDED"),
    ([PAPERLESS], [REPLACED, NEWER], {}, "FORMS_NOT_RECORDED"),
    ([ISSUED], [REVOKED], {"is_whole": False}, "FORMS_NOT_RECORDED"),
    ([ISSUED], [ABSENT], {"is_fresh": False}, "FORMS_LEDGER_UNKNOWN"),
    ([ISSUED, CANCELLED], [ACTIVE], {"is_fresh": False}, "FORMS_LEDGER_UNKNOWN"),
], ids=[
    "issued, nothing recorded", "cancelled only is recorded", "paper of the new license not told",
    "the record may be what cannot be read", "index behind: license", "index behind: cancellation",
])  # fmt: skip
def test_what_nobody_knows_is_neither_fine_nor_wrong(
    records: list[FormRecord], held: list[Held], more: dict[str, bool], code: str
) -> None:
    found = check_forms(records, held, **more)
    assert ([one.reason_code for one in found.failures], found.overall) == ([code], Verdict.INDETERMINATE)


def test_serials_are_in_no_report_and_no_repr() -> None:
    records = (ISSUED, replace(CHANGED, taken_back="No.9"), CANCELLED)
    assert "No." not in str(check_forms(records, (REPLACED, NEWER)).to_json())
    assert "No." not in repr(records)


def test_what_the_chain_shows_stands_though_the_index_is_behind() -> None:
    assert codes(ISSUED, CANCELLED, held=(REVOKED,), is_fresh=False) == ["OK", "OK"]
