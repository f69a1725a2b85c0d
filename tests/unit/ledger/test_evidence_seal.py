"""What a decision says of its seal: another agency's, another object, another file or step is told by its own code."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ledger.crypto import Digest, keccak
from ledger.errors import InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_rules import Entry
from ledger.evidence_seal import LicenseHeld, Sealing, SealUse, check
from ledger.ids import scoped
from ledger.reasons import Reason
from ledger.verdict import Verdict

SEAL, OTHERS = scoped(1, 1), scoped(2, 1)
LEAF = keccak(b"leaf")
SM3, SHA256 = Digest("sm3", keccak(b"sm3")), Digest("sha256", keccak(b"sha256"))
USE = SealUse.of(SEAL, keccak(b"seal"), (SM3, SHA256), keccak(b"signature"), LEAF)
HELD = LicenseHeld(SEAL, SM3.value, SHA256.value)
SEALING = Sealing(1, Reason.OK, license=HELD, subject=SEAL.to_bytes(32))


def decision(*entries: Entry, kind: DocumentKind = DocumentKind.DECISION) -> Document:
    return Document.make(kind, (Entry("decision", "准予许可"), *entries), Random(1).randbytes)


def test_record_stands_beside_the_decision_and_is_read_back() -> None:
    for use in (USE, replace(USE, license=None)):
        for kind in (DocumentKind.DECISION, DocumentKind.CERTIFICATE):
            assert SealUse.read(decision(*use.entries(), kind=kind)) == use
    assert SealUse.read(decision()) is None
    assert SealUse.read(decision(*USE.entries(), kind=DocumentKind.MATERIALS)) is None
    assert check(USE, SEALING).overall is Verdict.VALID
    assert check(USE, replace(SEALING, subject=LEAF)).overall is Verdict.VALID


@pytest.mark.parametrize(("sealing", "code"), [
    (replace(SEALING, home=2), "SEAL_OF_ANOTHER"),
    (replace(SEALING, standing=None, is_known=False), "SEAL_UNKNOWN"),
    (replace(SEALING, standing=None), "SEAL_DIFFERS"),
    (replace(SEALING, standing=Reason.SEAL_SUSPENDED), "SEAL_SUSPENDED"),
    (replace(SEALING, is_replaced=True), "SEAL_REPLACED"),
    (replace(SEALING, license=replace(HELD, seal=OTHERS)), "LICENSE_UNDER_ANOTHER_SEAL"),
    (replace(SEALING, license=replace(HELD, sha256=LEAF)), "LICENSE_OF_ANOTHER_FILE"),
    (replace(SEALING, subject=OTHERS.to_bytes(32)), "SEAL_USE_OF_ANOTHER_STEP"),
    (replace(SEALING, subject=keccak(b"another license")), "SEAL_USE_OF_ANOTHER_STEP"),
], ids=[
    "seal of another agency", "seal that was never registered", "seal object swapped", "seal suspended then",
    "seal replaced by then", "license under another seal", "document swapped", "record of another step",
    "record of another license",
])  # fmt: skip
def test_attack_on_the_record_is_told(sealing: Sealing, code: str) -> None:
    found = check(USE, sealing)
    assert ({each.reason_code for each in found.failures}, found.overall) == ({code}, Verdict.INVALID)


@pytest.mark.parametrize(("held", "code"), [
    (None, "LICENSE_UNKNOWN"), (LicenseHeld(SEAL, None, None), "LICENSE_BODY_NEEDED"),
])  # fmt: skip
def test_license_that_the_ledger_does_not_show_yet_is_not_called_wrong(held: LicenseHeld | None, code: str) -> None:
    found = check(USE, replace(SEALING, license=held))
    assert ({each.reason_code for each in found.failures}, found.overall) == ({code}, Verdict.INDETERMINATE)


@pytest.mark.parametrize(("changes", "code", "where"), [
    ({"seal_sm3": None}, "EVIDENCE_FIELD_MISSING", "seal_use.seal_sm3"),
    ({"seal_sm3": b"short"}, "EVIDENCE_FIELD_SHAPE", "seal_use.seal_sm3"),
    ({"seal": "one"}, "EVIDENCE_FIELD_SHAPE", "seal_use.seal"),
    ({"seal": None}, "EVIDENCE_FIELD_MISSING", "seal_use.seal"),
    ({"colour": "red"}, "EVIDENCE_FIELD_UNEXPECTED", "seal_use.colour"),
])  # fmt: skip
def test_malformed_record_is_refused(changes: dict[str, Any], code: str, where: str) -> None:
    values: dict[str, Any] = {one.name: one.value for one in USE.entries()}
    values |= {f"seal_use.{name}": value for name, value in changes.items()}
    entries = [Entry(name, value) for name, value in values.items() if value is not None]
    with pytest.raises(InvalidInput) as raised:
        SealUse.read(decision(*entries))
    assert [(fault.code, fault.where) for fault in raised.value.faults] == [(code, where)]
