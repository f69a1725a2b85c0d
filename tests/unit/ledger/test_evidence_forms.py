"""What a step says of a paper form stands beside its decision, salted; what contradicts itself is refused."""

from random import Random
from typing import Any

import pytest

from ledger.crypto import keccak
from ledger.errors import InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_forms import KINDS, FormEvent, FormRecord, speaks_of_forms
from ledger.evidence_rules import Entry

LEAF = keccak(b"leaf")
CHANGED = FormRecord(FormEvent.CHANGED, LEAF, printed="湘食证00012", taken_back="湘食证00011")


def document(*entries: Entry, kind: DocumentKind = DocumentKind.CERTIFICATE) -> Document:
    return Document.make(kind, (Entry("name", "食品经营许可证"), *entries), Random(1).randbytes)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("record", [
    CHANGED, FormRecord(FormEvent.ISSUED, LEAF, printed="湘食证00011"), FormRecord(FormEvent.CANCELLED, LEAF),
    FormRecord(FormEvent.CANCELLED, LEAF, taken_back="湘食证00011"),
    FormRecord(FormEvent.ISSUED, LEAF, has_paper=False),
    FormRecord(FormEvent.CHANGED, LEAF, has_paper=False, taken_back="湘食证00011"),
])  # fmt: skip
def test_record_stands_beside_the_rest_and_is_read_back(kind: DocumentKind, record: FormRecord) -> None:
    assert FormRecord.read(document(*record.entries(), kind=kind)) == record


def test_documents_that_say_nothing_of_a_paper_form_are_passed_over() -> None:
    assert FormRecord.read(document()) is None
    assert FormRecord.read(document(*CHANGED.entries(), kind=DocumentKind.MATERIALS)) is None


def test_destroyed_serial_is_told_and_not_taken_for_a_paper_that_was_never_printed() -> None:
    left = document(*CHANGED.entries()).destroy_salt("forms.printed")
    assert speaks_of_forms(left)
    with pytest.raises(InvalidInput, match="EVIDENCE_FIELD_DESTROYED"):
        FormRecord.read(left)


@pytest.mark.parametrize(("changes", "code", "where"), [
    ({"event": "lost"}, "EVIDENCE_FIELD_SHAPE", "forms.event"),
    ({"event": None}, "EVIDENCE_FIELD_MISSING", "forms.event"),
    ({"license": b"short"}, "EVIDENCE_FIELD_SHAPE", "forms.license"),
    ({"paper": "perhaps"}, "EVIDENCE_FIELD_SHAPE", "forms.paper"),
    ({"paper": "none"}, "FORMS_NO_PAPER", "forms.paper"),
    ({"printed": "9" * 65}, "EVIDENCE_FIELD_SHAPE", "forms.printed"),
    ({"event": "issued"}, "EVIDENCE_FIELD_UNEXPECTED", "forms.taken_back"),
    ({"event": "cancelled"}, "EVIDENCE_FIELD_UNEXPECTED", "forms.printed"),
    ({"event": "cancelled", "printed": None, "paper": "none"}, "FORMS_NO_PAPER", "forms.paper"),
    ({"colour": "red"}, "EVIDENCE_FIELD_UNEXPECTED", "forms.colour"),
])  # fmt: skip
def test_malformed_or_contradictory_record_is_refused(changes: dict[str, Any], code: str, where: str) -> None:
    values: dict[str, Any] = {one.name: one.value for one in CHANGED.entries()}
    values |= {f"forms.{name}": value for name, value in changes.items()}
    with pytest.raises(InvalidInput) as raised:
        FormRecord.read(document(*(Entry(name, value) for name, value in values.items() if value is not None)))
    assert [(fault.code, fault.where) for fault in raised.value.faults] == [(code, where)]


def test_serial_is_not_made_public() -> None:
    entries = [Entry(one.name, one.value, public=one.name == "forms.printed") for one in CHANGED.entries()]
    with pytest.raises(InvalidInput) as raised:
        FormRecord.read(document(*entries))
    assert [(fault.code, fault.where) for fault in raised.value.faults] == [("EVIDENCE_FIELD_PUBLIC", "forms.printed")]
