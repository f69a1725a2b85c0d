"""Licenses recorded by their issuers; licenses and seals verified by anybody."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from api.http.asking import Parts, Root, SignedIn, problems
from api.http.limits import FILE
from api.services.container import Container
from api.services.decode import bytes_of
from api.services.documents import Question, SealSeen
from api.services.quickly import best
from api.services.verification import Claim, license_report, seal_report, unknown
from api.wire.proofs import (
    BatchRequest,
    BatchView,
    CheckView,
    DocumentView,
    LicenseRecorded,
    LicenseRecordRequest,
    ProofView,
    ReportView,
    VerifyDocumentRequest,
    VerifyLicenseRequest,
    VerifySealRequest,
)
from ledger.crypto import parse_digest
from ledger.errors import InvalidInput
from ledger.ids import parse_id
from ledger.reasons import Reason
from ledger.verdict import Report

router = APIRouter(prefix="/v1", tags=["licenses"])
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/licenses/records",
    summary="登记证照以便查验 / Let a license be found",
    status_code=201,
    responses=problems(401, 403),
)
def record_license(parts: Parts, user: SignedIn, body: LicenseRecordRequest) -> LicenseRecorded:
    """For the issuer; the identifier is kept sealed, looked up by a keyed digest."""
    leaf = parts.licensing.record(user, body.license, body.identifier, bytes_of(body.identifier_salt))
    return LicenseRecorded(leaf=_hex(leaf))


@router.post("/licenses/batches", summary="组成证照批次 / Make a batch", status_code=201, responses=problems(401, 403))
def make_batch(parts: Parts, user: SignedIn, body: BatchRequest) -> BatchView:
    """Root and count go into the act IssueBatch."""
    root, leaves = parts.licensing.batch(user, body.licenses)
    return BatchView(root=_hex(root), count=len(leaves), leaves=tuple(map(_hex, leaves)))


@router.get(
    "/licenses/batches/{root}/proofs/{leaf}", summary="批次证明 / Proof that a license is in a batch",
    responses=problems(404),
)  # fmt: skip
def show_proof(parts: Parts, root: Root, leaf: Root) -> ProofView:
    """The siblings from the leaf to the root."""
    proof = parts.licensing.proof(bytes_of(root), bytes_of(leaf))
    return ProofView(root=root, leaf=leaf, proof=tuple(map(_hex, proof)))


@router.post("/verify/license", tags=["verify"], summary="查验证照 / Verify a license", responses=problems())
def verify_license(parts: Parts, body: VerifyLicenseRequest) -> ReportView:
    """By digest of its file, by identifier, by leaf, or by its own fields; every check is named."""
    _one_of(body, ("digest", "identifier", "leaf", "license"))
    if body.digest is not None:
        return _licenses(parts, parts.licensing.by_digest(parse_digest(body.digest, "body.digest")))
    if body.identifier is not None:
        return _licenses(parts, parts.licensing.by_identifier(body.identifier))
    batch = bytes_of(body.batch) if body.batch else None
    proof = tuple(map(bytes_of, body.proof))
    if body.license is not None:
        return _licenses(parts, (parts.licensing.shown(body.license, batch, proof),))
    return _licenses(parts, (parts.licensing.by_leaf(bytes_of(body.leaf or ""), batch, proof),))


@router.post(
    "/verify/license/file", tags=["verify"], summary="以文件查验证照 / Verify a license's file",
    responses=problems(), openapi_extra=_FILE,
)  # fmt: skip
def verify_file(parts: Parts, request: Request) -> ReportView:
    """The file's bytes as they are; SM3 and SHA-256 are taken while they come, the file is not kept."""
    digests = request.scope[FILE]
    if digests is None:
        raise InvalidInput("FILE_EMPTY", "body", "send the file's bytes", "请提交文件内容")
    sm3, sha256 = digests
    return _licenses(parts, parts.licensing.by_digests(sm3.value, sha256.value))


@router.post(
    "/verify/document", tags=["verify"], summary="查验加盖印章的文件 / Verify a sealed document", responses=problems()
)
def verify_document(parts: Parts, body: VerifyDocumentRequest) -> DocumentView:
    """License, issuer, and each seal as it was when it was used, in one answer; the document stays with its owner."""
    sm3, sha256 = bytes_of(body.sm3), bytes_of(body.sha256)
    claims, is_of_file = parts.licensing.by_digests(sm3, sha256), True
    if body.license is not None:
        batch = bytes_of(body.batch) if body.batch else None
        claims = (parts.licensing.shown(body.license, batch, tuple(map(bytes_of, body.proof))),)
        is_of_file = (body.license.get("sm3"), body.license.get("sha256")) == (body.sm3, body.sha256)
    seals = tuple(
        SealSeen(_bytes_or_none(one.sm3), _bytes_or_none(one.certificate), one.signed_at) for one in body.seals
    )
    now = parts.now()
    asked = Question(claims, seals, parts.licensing.kept_elsewhere, is_of_file)
    found = parts.documents.answer(parts.new_world(), asked, parts.vitals.freshness(), now)
    view = report_view(parts, found.report)
    leaf = None if found.leaf is None else _hex(found.leaf)
    return DocumentView(
        verdict=view.verdict, checks=view.checks, checked_at=now, leaf=leaf, anchored_by=found.anchored_by
    )


@router.post("/verify/seal", tags=["verify"], summary="查验印章 / Verify a seal", responses=problems())
def verify_seal(parts: Parts, body: Annotated[VerifySealRequest, Body()]) -> ReportView:
    """By id or by the digest of its object."""
    _one_of(body, ("digest", "seal"))
    world, fresh, now = parts.new_world(), parts.vitals.freshness(), parts.now()
    if body.seal is not None:
        return report_view(parts, seal_report(world, parse_id(body.seal), fresh, now))
    digest = parse_digest(body.digest or "", "body.digest")
    rows = parts.store.registry.seals_by_digest(digest.value)
    reports = [seal_report(world, row.id, fresh, now) for row in rows if getattr(row, digest.algorithm) == digest.value]
    return _best(parts, reports or [unknown(fresh, "seal.registered", Reason.SEAL_UNKNOWN)])


def _licenses(parts: Container, claims: Iterable[Claim]) -> ReportView:
    world, fresh, now = parts.new_world(), parts.vitals.freshness(), parts.now()
    elsewhere = parts.licensing.kept_elsewhere
    reports = [license_report(world, claim, fresh, now, elsewhere) for claim in claims]
    return _best(parts, reports or [unknown(fresh, "license.anchored", Reason.LICENSE_UNKNOWN, elsewhere)])


def _best(parts: Container, reports: list[Report]) -> ReportView:
    return report_view(parts, best(reports))


def report_view(parts: Container, report: Report) -> ReportView:
    """A report as it is sent."""
    checks = tuple(
        CheckView(
            name=one.name, verdict=one.verdict.value, reason_code=one.reason_code, zh=one.zh, en=one.en,
            facts=dict(one.facts),
        )
        for one in report.checks
    )  # fmt: skip
    return ReportView(verdict=report.overall.value, checks=checks, checked_at=parts.now())


def _one_of(body: Any, names: tuple[str, ...]) -> None:
    if sum(getattr(body, name) is not None for name in names) != 1:
        wanted = ", ".join(names)
        raise InvalidInput("ONE_OF", "body", f"give exactly one of {wanted}", f"须且只能给出 {wanted} 之一")


def _bytes_or_none(text: str | None) -> bytes | None:
    return None if text is None else bytes_of(text)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
