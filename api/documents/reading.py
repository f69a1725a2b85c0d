"""Any document that a window is shown: what kind it is, every check of that kind, and the seals found in it.

Needs no server: what the ledger knows of license and seals is asked with the digests of this examination.
"""

import io
from dataclasses import dataclass, field
from typing import BinaryIO

from api.documents.pdf import examine_pdf
from api.documents.pdf_reading import MOST_BYTES
from ledger.documents import kinds, ofd_check
from ledger.seals.checks import ANY, SignatureReport, check_seal
from ledger.seals.judging import Expected, Question
from ledger.seals.trust import TrustStores
from ledger.verdict import Report

_MOST_SEAL = 1 << 20


@dataclass(frozen=True, slots=True)
class SealFound:
    """A seal used in the document: SM3 of its DER and of the signer's certificate, and the signer's word for when.

    ``sm3`` is None where a signature carries no seal, as in most PDFs.
    """

    sm3: bytes | None
    certificate: bytes | None
    signed_at: int | None


@dataclass(frozen=True, slots=True)
class Examined:
    """``metadata`` are what the document says of itself by the names of GB/T 36903: true only where all is valid."""

    kind: str
    report: Report
    seals: tuple[SealFound, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom to trust, for which time (Unix seconds), by when the document is known to exist, which seal is wanted."""

    trust: TrustStores
    at: int
    proven_at: int | None = None
    expected: Expected = ANY
    password: str | None = field(default=None, repr=False)


def examine(file: bytes | BinaryIO, terms: Terms) -> Examined:
    """Every check of a document or a seal file; a reader must be seekable. Raises nothing for what stands in it."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    source.seek(0)
    kind = kinds.kind_of(source.read(1024))
    source.seek(0)
    if kind is kinds.SEAL:
        return _seal_alone(source.read(_MOST_SEAL + 1), terms)
    return _pdf(source, terms) if kind is kinds.PDF else _ofd(source, terms)


def _seal_alone(der: bytes, terms: Terms) -> Examined:
    judged = check_seal(der, terms.trust, terms.at, proven_at=terms.proven_at, expected=terms.expected)
    return Examined(kinds.SEAL.code, judged.report)


def _pdf(source: BinaryIO, terms: Terms) -> Examined:
    data = source.read(MOST_BYTES + 1)  # as a whole, up to what is refused; an OFD's parts are read as a stream
    question = Question(terms.trust, terms.at, terms.proven_at, terms.expected)
    found = examine_pdf(data, question, terms.password)
    return Examined(kinds.PDF.code, found.report, tuple(map(_found, found.values)))


def _ofd(source: BinaryIO, terms: Terms) -> Examined:
    """An OFD, or whatever else begins like none of the above: its report says what it is."""
    judge = ofd_check.judge_by(terms.trust, terms.at, proven_at=terms.proven_at, expected=terms.expected)
    found = ofd_check.examine(source, judge)
    values = tuple(one.value for one in found.signatures if one.value is not None)
    return Examined(kinds.OFD.code, found.report, tuple(map(_found, values)), found.custom)


def _found(value: SignatureReport) -> SealFound:
    seal, signer = value.seal, value.signer
    return SealFound(None if seal is None else seal.sm3, None if signer is None else signer.sm3, value.signed_at)
