"""Licenses and seals to be recorded and verified."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from api.wire.base import Hex32, ScopedId, Seconds, Wire

FileDigest: TypeAlias = Annotated[str, Field(pattern=r"^(sm3|sha256):[0-9a-f]{64}$", examples=["sha256:" + "ab" * 32])]
_LICENSE = {
    "item": "3-1", "seal": "3-1", "sm3": "0x" + "01" * 32, "sha256": "0x" + "02" * 32,
    "identifier": "0x" + "03" * 32, "holder": "0x" + "04" * 32, "caseKey": "0x" + "00" * 32,
    "supersedes": "0x" + "00" * 32, "validFrom": 1790000000, "validUntil": 1890000000,
}  # fmt: skip
LicenseFields: TypeAlias = Annotated[dict[str, Any], Field(max_length=16, examples=[_LICENSE])]


class LicenseRecordRequest(Wire):
    """A license with its identifier 证照标识, so that it can be found by it."""

    license: LicenseFields
    identifier: str = Field(min_length=1, max_length=128, examples=["1.2.156.3005.2.11100000000013127D001.SC.1.X"])
    identifier_salt: Hex32


class LicenseRecorded(Wire):
    """The leaf under which the ledger knows the license."""

    leaf: Hex32


class BatchRequest(Wire):
    """Licenses to be issued together."""

    licenses: tuple[LicenseFields, ...] = Field(min_length=1, max_length=10_000)


class BatchView(Wire):
    """``root`` and ``count`` go into the act ``IssueBatch``."""

    root: Hex32
    count: int
    leaves: tuple[Hex32, ...]


class ProofView(Wire):
    """The siblings that lead from a leaf to the root."""

    root: Hex32
    leaf: Hex32
    proof: tuple[Hex32, ...]


class VerifyLicenseRequest(Wire):
    """Exactly one of ``digest``, ``identifier``, ``leaf`` and ``license``."""

    digest: FileDigest | None = None
    identifier: str | None = Field(None, min_length=1, max_length=128)
    leaf: Hex32 | None = None
    license: LicenseFields | None = None
    batch: Hex32 | None = None
    proof: tuple[Hex32, ...] = Field((), max_length=64)


class VerifySealRequest(Wire):
    """Exactly one of ``digest`` (of the seal's DER object) and ``seal``."""

    digest: FileDigest | None = None
    seal: ScopedId | None = None


class SealSeen(Wire):
    """A seal as it stands in a document: digests (SM3) of its DER and of the signer's certificate, when it was used.

    A signature that carries no seal, as in most PDFs, is known by its certificate alone.
    """

    sm3: Hex32 | None = None
    certificate: Hex32 | None = None
    signed_at: Seconds | None = None


class VerifyDocumentRequest(Wire):
    """Both digests of a sealed document and what was found in it; the document itself is not sent.

    ``license``, ``batch`` and ``proof`` are those of the holder's share, where one is shown.
    """

    sm3: Hex32
    sha256: Hex32
    seals: tuple[SealSeen, ...] = Field((), max_length=16)
    license: LicenseFields | None = None
    batch: Hex32 | None = None
    proof: tuple[Hex32, ...] = Field((), max_length=64)


class CheckView(Wire):
    """One named check."""

    name: str = Field(examples=["license.anchored"])
    verdict: Literal["valid", "invalid", "indeterminate"]
    reason_code: str = Field(examples=["OK"])
    zh: str
    en: str
    facts: dict[str, str]


class ReportView(Wire):
    """Valid only if every check is; what could not be checked is indeterminate, never invalid."""

    verdict: Literal["valid", "invalid", "indeterminate"]
    checks: tuple[CheckView, ...]
    checked_at: Seconds


class DocumentView(ReportView):
    """``leaf`` is the license that was judged; ``anchored_by`` a time by which it stood on the ledger."""

    leaf: Hex32 | None = None
    anchored_by: Seconds | None = None
