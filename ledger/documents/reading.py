"""Any document that a window is shown: what kind it is, every check of that kind, and the seals found in it.

Needs no server: what the ledger knows of license and seals is asked with the digests of this examination.
"""

import io
from dataclasses import dataclass
from typing import BinaryIO

from ledger.documents import kinds, ofd_check
from ledger.seals.checks import ANY, SignatureReport, check_seal
from ledger.seals.judging import Expected
from ledger.seals.trust import TrustStores
from ledger.verdict import Report

_MOST_SEAL = 1 << 20


@dataclass(frozen=True, slots=True)
class SealFound:
    """A seal used in the document: SM3 of its DER and of the signer's certificate, and the signer's word for when."""

    sm3: bytes
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


def examine(file: bytes | BinaryIO, terms: Terms) -> Examined:
    """Every check of a document or a seal file; a reader must be seekable. Raises nothing for what stands in it."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    source.seek(0)
    kind = kinds.kind_of(source.read(1024))
    if kind is kinds.SEAL:
        source.seek(0)
        judged = check_seal(
            source.read(_MOST_SEAL), terms.trust, terms.at, proven_at=terms.proven_at, expected=terms.expected
        )
        return Examined(kind.code, judged.report)
    judge = ofd_check.judge_by(terms.trust, terms.at, proven_at=terms.proven_at, expected=terms.expected)
    found = ofd_check.examine(source, judge)
    values = (one.value for one in found.signatures if one.value is not None)
    return Examined("OFD", found.report, tuple(_seal(one) for one in values if one.seal is not None), found.custom)


def _seal(value: SignatureReport) -> SealFound:
    assert value.seal is not None  # noqa: S101 - the caller has looked
    certificate = None if value.signer is None else value.signer.sm3
    return SealFound(value.seal.sm3, certificate, value.signed_at)
