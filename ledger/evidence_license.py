"""免提交: a verified license in the place of a paper, as evidence of a step.

A document of kind ``verified_license`` has these fields and no others, each salted as all are (``ledger.evidence``):

=================== ===================================================================================
entry               which entry of the item's list of materials it stands for, 1 to 32, decimal
license.leaf        32 bytes
license.batch       32 bytes, the root, where it was issued in a batch; ``license.proof``: its siblings
license.body        320 bytes, ``abi.encode`` of the license, where it was shown (of a batch it must be)
document.sm3        32 bytes, of the document that was verified; ``document.sha256`` likewise
verified.at         Unix seconds, as the ledger's service had them; ``verified.verdict``: ``valid``
report.json         the report, canonical: sorted keys, no spaces, UTF-8; ``report.sm3``: its digest
authorization       32 bytes, the digest that the holder signed, where the holder authorised the use
=================== ===================================================================================

So a stranger can be shown which license it was, when it was verified and with what result, and nothing else.
What the report tells is the word of whoever verified; ``ledger.reliance`` holds it against the ledger.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from ledger.crypto import Digest, sm3
from ledger.errors import InvalidInput
from ledger.evidence import Document, DocumentKind
from ledger.evidence_fields import FieldReader
from ledger.evidence_rules import MAX_VALUE, Entry
from ledger.ids import MAX_UINT32
from ledger.merkle import MAX_PROOF_LENGTH
from ledger.strict_json import loads
from ledger.verdict import Check, Report, Verdict

KIND = DocumentKind.VERIFIED_LICENSE
MOST_ENTRIES = 32
BODY_LENGTH = 320
_DEEPEST = 4


def read_report(source: bytes | str) -> tuple[Report, Verdict]:
    """``Report.to_json`` read back, and the verdict that it claims; further names are passed over.

    InvalidInput ``REPORT_MALFORMED``.
    """
    try:
        body = loads(source, deepest=_DEEPEST)
        return Report(tuple(map(_check, body["checks"]))), Verdict(body["verdict"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _malformed() from error


@dataclass(frozen=True, slots=True)
class Written:
    """A report as it was written: ``verdict`` is what it says of itself, which may not be what its checks say."""

    report: Report
    verdict: Verdict
    source: bytes = field(repr=False)

    @classmethod
    def of(cls, made: Report) -> "Written":
        """The canonical form of a report."""
        return cls(made, made.overall, _canonical(made.to_json()))

    @classmethod
    def read(cls, source: bytes) -> "Written":
        """Read the canonical form; InvalidInput ``REPORT_MALFORMED``."""
        made, claimed = read_report(source)
        if _canonical({**made.to_json(), "verdict": claimed.value}) != source:
            raise _malformed()
        return cls(made, claimed, source)

    def fact(self, check: str, name: str) -> str | None:
        """What a check of the report rests on; None too where checks of one name say different things."""
        found = {dict(one.facts).get(name) for one in self.report.checks if one.name == check}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class VerifiedLicense:
    """The fields, as this module's head has them."""

    entry: int
    leaf: bytes
    sm3: bytes
    sha256: bytes
    verified_at: int
    verdict: Verdict
    report_sm3: bytes
    written: Written
    batch: bytes | None = None
    proof: tuple[bytes, ...] = ()
    body: bytes | None = None
    authorization: bytes | None = None

    @classmethod
    def of(
        cls, made: Report, leaf: bytes, digests: tuple[Digest, Digest], entry: int, **more: Any
    ) -> "VerifiedLicense":
        """From a verification and the document's digests (SM3, SHA-256); ``more``: body, proof, authorization.

        InvalidInput ``REPORT_INCOMPLETE`` where the report does not say at which time the license was in its period.
        """
        written = Written.of(made)
        at, batch = written.fact(*AT), written.fact(*BATCH)
        if at is None or not at.isdecimal():
            raise InvalidInput(
                "REPORT_INCOMPLETE", "report", "the report does not say when the license was in its period",
                "核验报告未载明证照在何时处于有效期内",
            )  # fmt: skip
        try:
            root = bytes.fromhex(batch[2:]) if batch else None
        except ValueError as error:
            raise _malformed() from error
        return cls(
            entry, leaf, digests[0].value, digests[1].value, int(at), made.overall, sm3(written.source).value, written,
            root, **more,
        )  # fmt: skip

    def entries(self) -> tuple[Entry, ...]:
        """The fields of the document, none of them public."""
        values: dict[str, str | bytes | None] = {
            "entry": str(self.entry), "license.leaf": self.leaf, "license.batch": self.batch,
            "license.proof": b"".join(self.proof) or None, "license.body": self.body, "document.sm3": self.sm3,
            "document.sha256": self.sha256, "verified.at": str(self.verified_at),
            "verified.verdict": self.verdict.value, "report.json": self.written.source, "report.sm3": self.report_sm3,
            "authorization": self.authorization,
        }  # fmt: skip
        return tuple(Entry(name, value) for name, value in values.items() if value is not None)

    @classmethod
    def read(cls, document: Document) -> "VerifiedLicense":
        """Out of a document of this kind; InvalidInput with everything that is malformed or destroyed."""
        if document.kind is not KIND:
            raise InvalidInput("EVIDENCE_KIND", "kind", f"must be {KIND.value}", f"须为 {KIND.value}")
        reader = FieldReader(document)
        verdict, source = reader.text("verified.verdict"), reader.octets("report.json", 2, MAX_VALUE)
        values: dict[str, Any] = {
            "entry": reader.number("entry", 1, MOST_ENTRIES), "leaf": reader.word("license.leaf"),
            "sm3": reader.word("document.sm3"), "sha256": reader.word("document.sha256"),
            "verified_at": reader.number("verified.at", 1, MAX_UINT32), "report_sm3": reader.word("report.sm3"),
            "batch": reader.optional_word("license.batch"), "proof": reader.words("license.proof", MAX_PROOF_LENGTH),
            "body": _body(reader), "authorization": reader.optional_word("authorization"),
        }  # fmt: skip
        if verdict and verdict not in set(Verdict):
            reader.fault("EVIDENCE_FIELD_SHAPE", "verified.verdict", "no such verdict", "没有这样的核验结论")
        reader.finish()
        return cls(verdict=Verdict(verdict), written=Written.read(source), **values)


AT = ("license.period", "checkedAt")
BATCH = ("license.batch", "root")
LEAF = ("license.anchored", "leaf")


def _body(reader: FieldReader) -> bytes | None:
    name = "license.body"
    return reader.octets(name, BODY_LENGTH, BODY_LENGTH) if reader.has(name) else None


def _canonical(body: dict[str, object]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _check(body: dict[str, Any]) -> Check:
    texts = [body[name] for name in ("name", "reason_code", "zh", "en")]
    facts = tuple(body["facts"].items())
    if not all(isinstance(one, str) for one in (*texts, *(value for _, value in facts))):
        raise TypeError
    return Check(texts[0], Verdict(body["verdict"]), texts[1], texts[2], texts[3], facts)


def _malformed() -> InvalidInput:
    return InvalidInput(
        "REPORT_MALFORMED",
        "report.json",
        "no verification report, or not in its canonical form",
        "不是核验报告,或不是其规范形式",
    )
