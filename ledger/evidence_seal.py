"""用印: what a decision or a certificate says of the seal that it bears, in fixed fields beside the others.

=========================== ===========================================================
seal_use.seal               the seal's id, ``agency-number``
seal_use.seal_sm3           32 bytes, SM3 of the seal's DER
seal_use.document_sm3       32 bytes, of the sealed document; ``seal_use.document_sha256``
seal_use.signature_sm3      32 bytes, SM3 of the seal signature's value
seal_use.license            32 bytes, the license's leaf, where the document is a license
=========================== ===========================================================

All of them or none. Checks: 1 a seal of the agency that decides · 2 registered with this very object · 3 it held then,
and no other object had taken its place · 4 the license is this document, under this seal · 5 the step is under it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.crypto import Digest
from ledger.errors import HuxinError
from ledger.evidence import Document, DocumentKind
from ledger.evidence_fields import FieldReader
from ledger.evidence_rules import Entry
from ledger.ids import agency_of, format_id, parse_id
from ledger.reasons import TEXTS, Reason
from ledger.verdict import Check, Report, indeterminate, invalid, report, valid

PREFIX = "seal_use."
KINDS = frozenset({DocumentKind.DECISION, DocumentKind.CERTIFICATE})
_WORDS = ("seal_sm3", "document_sm3", "document_sha256", "signature_sm3")


@dataclass(frozen=True, slots=True)
class SealUse:
    """The fields, as this module's head has them."""

    seal: int
    seal_sm3: bytes
    document_sm3: bytes
    document_sha256: bytes
    signature_sm3: bytes
    license: bytes | None = None

    @classmethod
    def of(
        cls, seal: int, seal_sm3: bytes, document: tuple[Digest, Digest], signature_sm3: bytes,
        license_: bytes | None = None,
    ) -> "SealUse":  # fmt: skip
        """Of a sealed document, by its digests (SM3, SHA-256)."""
        return cls(seal, seal_sm3, document[0].value, document[1].value, signature_sm3, license_)

    def entries(self) -> tuple[Entry, ...]:
        """The fields, to stand beside those of the decision; none of them public."""
        words = [Entry(PREFIX + name, getattr(self, name)) for name in _WORDS]
        named = [Entry(PREFIX + "license", self.license)] if self.license else []
        return (Entry(PREFIX + "seal", format_id(self.seal)), *words, *named)

    @classmethod
    def read(cls, document: Document) -> "SealUse | None":
        """Out of a decision or a certificate; None where it says nothing of a seal, InvalidInput where it is wrong."""
        if document.kind not in KINDS or not any(one.name.startswith(PREFIX) for one in document.fields):
            return None
        reader = FieldReader(document, PREFIX)
        words: dict[str, Any] = {name: reader.word(PREFIX + name) for name in _WORDS}
        license_, seal = reader.optional_word(PREFIX + "license"), _seal(reader)
        reader.finish()
        return cls(seal, license=license_, **words)


@dataclass(frozen=True, slots=True)
class LicenseHeld:
    """What the ledger has of a license; digests None where it was issued in a batch."""

    seal: int
    sm3: bytes | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the ledger says: who decides; how the object with this digest stood then (None: there is none such).

    ``subject`` is that of the step, 32 bytes, and None before there is one: a seal's id or a license's leaf.
    """

    home: int
    standing: Reason | None
    is_replaced: bool = False
    is_known: bool = True
    license: LicenseHeld | None = None
    subject: bytes | None = None


def check(use: SealUse, sealing: Sealing) -> Report:
    """Every check of one use of a seal."""
    return report(_checks(use, sealing))


def _checks(use: SealUse, sealing: Sealing) -> Iterator[Check]:
    yield _owner(use, sealing)  # 1
    yield _registered(sealing)  # 2
    if sealing.standing is not None:
        yield _held(sealing, sealing.standing)  # 3
    if use.license is not None:
        yield _license(use, sealing.license)  # 4
    if sealing.subject is not None:
        yield _step(use, sealing.subject)  # 5


def _owner(use: SealUse, sealing: Sealing) -> Check:
    facts = {"seal": format_id(use.seal), "home": sealing.home}
    if agency_of(use.seal) == sealing.home:
        return valid("seal_use.owner", "a seal of the agency that decides", "印章属于审批机构", facts)
    return _wrong("seal_use.owner", Reason.SEAL_OF_ANOTHER)


def _registered(sealing: Sealing) -> Check:
    name = "seal_use.registered"
    if not sealing.is_known:
        return _wrong(name, Reason.SEAL_UNKNOWN)
    if sealing.standing is None:
        en, zh = "no such object was ever registered for this seal", "该印章从未登记过这一印章数据"
        return invalid(name, "SEAL_DIFFERS", en, zh)
    return valid(name, "registered with this very object", "印章数据与登记一致")


def _held(sealing: Sealing, standing: Reason) -> Check:
    name = "seal_use.held"
    if standing is not Reason.OK:
        return _wrong(name, standing)
    if sealing.is_replaced:
        en, zh = "another object had been registered for this seal by then", "用印时该印章已变更为新的印章"
        return invalid(name, "SEAL_REPLACED", en, zh)
    return valid(name, "the seal held when it was used", "用印时印章有效")


def _license(use: SealUse, held: LicenseHeld | None) -> Check:
    name = "seal_use.license"
    if held is None:
        text = TEXTS[Reason.LICENSE_UNKNOWN]
        return indeterminate(name, Reason.LICENSE_UNKNOWN.name, text.en, text.zh)
    if held.seal != use.seal:
        en, zh = "the license was issued under another seal", "该证照以另一枚印章签发"
        return invalid(name, "LICENSE_UNDER_ANOTHER_SEAL", en, zh)
    if held.sm3 is None or held.sha256 is None:
        en, zh = "of a batch: the ledger has its root alone", "批量签发:账本仅载批次根"
        return indeterminate(name, "LICENSE_BODY_NEEDED", en, zh)
    if (held.sm3, held.sha256) != (use.document_sm3, use.document_sha256):
        return invalid(name, "LICENSE_OF_ANOTHER_FILE", "the license is of another file", "证照对应的是另一份文件")
    return valid(name, "the license is this very document", "证照即该文件")


def _step(use: SealUse, subject: bytes) -> Check:
    name = "seal_use.step"
    if subject in (use.seal.to_bytes(32), use.license):
        return valid(name, "the step is under this seal", "环节所载与用印记录一致")
    en, zh = "the step is under another seal, or of another license", "环节所载为另一枚印章或另一份证照"
    return invalid(name, "SEAL_USE_OF_ANOTHER_STEP", en, zh)


def _wrong(name: str, reason: Reason) -> Check:
    return invalid(name, reason.name, TEXTS[reason].en, TEXTS[reason].zh)


def _seal(reader: FieldReader) -> int:
    text = reader.text(PREFIX + "seal")
    try:
        return parse_id(text) if text else 0
    except HuxinError as error:
        reader.fault("EVIDENCE_FIELD_SHAPE", PREFIX + "seal", error.en, error.zh)
        return 0
