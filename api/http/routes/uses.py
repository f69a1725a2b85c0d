"""Licenses shown from a phone, used as their holders have authorised, and the trace of their uses."""

from fastapi import APIRouter, Request, Response

from api.http.asking import (
    MAX_INT64,
    After,
    Counted,
    Id,
    Limit,
    MaybeSignedIn,
    Parts,
    Rated,
    Root,
    SignedIn,
    cursor_of,
    problems,
    read_after,
    read_id,
)
from api.http.routes.acts import hand_in
from api.http.routes.proofs import report_view
from api.services.container import Container
from api.services.decode import bytes_of, hex_of
from api.services.sealuses import SealUsed
from api.services.verification import license_report
from api.wire.acts import Submitted
from api.wire.base import Page
from api.wire.proofs import ReportView
from api.wire.uses import SealRecordView, SealUseView, UseRequest, UsesView, VerifyPresentationRequest
from ledger.errors import InvalidInput
from ledger.evidence_seal import SealUse
from ledger.ids import format_id
from ledger.procedure import Action
from ledger.verdict import Report

router = APIRouter(prefix="/v1", tags=["licenses"])
SCHEME = "presentation "


@router.post(
    "/verify/presentation", tags=["verify"], summary="查验亮证码 / Verify a license shown from a phone",
    responses=problems(),
)  # fmt: skip
def verify_presentation(parts: Parts, body: VerifyPresentationRequest) -> ReportView:
    """The code, then the license as ``/verify/license`` checks it; each check is named."""
    leaf, report = parts.uses.presented(body.code, body.challenge, body.license)
    batch = bytes_of(body.batch) if body.batch else None
    proof = tuple(map(bytes_of, body.proof))
    claim = parts.licensing.by_leaf(leaf)
    if body.license is not None:
        claim = parts.licensing.shown(body.license, batch, proof)
        if claim.leaf != leaf:
            raise InvalidInput(
                "LICENSE_DIFFERS", "body.license", "the code is of another license", "亮证码属于另一份证照"
            )
    fresh, now = parts.vitals.freshness(), parts.now()
    standing = license_report(parts.new_world(), claim, fresh, now, parts.licensing.kept_elsewhere)
    return report_view(parts, report + standing)


@router.post(
    "/licenses/{leaf}/uses",
    summary="按持证人授权使用证照 / Use a license as its holder has authorised",
    status_code=202,
    responses={200: {"model": Submitted, "description": "已有结论 / judged"}, **problems(401, 404, 409)},
)
async def use_license(
    parts: Parts, metrics: Counted, callers: Rated, leaf: Root, body: UseRequest, response: Response
) -> Submitted:
    """The chain judges signature, window, time and that it is used once; purpose and case are compared here."""
    return await hand_in(
        parts, metrics, callers, lambda: parts.uses.submission(bytes_of(leaf), body), body.wait, response
    )


@router.get("/licenses/{leaf}/uses", summary="证照使用记录 / The uses of a license", responses=problems(401, 404))
def show_uses(parts: Parts, user: MaybeSignedIn, request: Request, leaf: Root) -> UsesView:
    """For its holder (`Authorization: Presentation <code>`, made for `huxin:uses`), its issuer, and auditors."""
    given = request.headers.get("authorization", "")
    code = given[len(SCHEME) :].strip() if given.lower().startswith(SCHEME) else None
    return parts.uses.trace(bytes_of(leaf), user, code)


@router.get("/seals/{id}/uses", summary="用印记录 / The uses of a seal", responses=problems(401, 404))
def show_seal_uses(
    parts: Parts,
    user: SignedIn,
    id: Id,  # noqa: A002 - the name in the path
    limit: Limit = 100,
    after: After = None,
) -> Page[SealUseView]:
    """Each decision under the seal, and each license issued under it that was handed out, with case and step.

    Oldest first; for the seal's agency and auditors. What decisions say of their seal is read, and that is noted.
    """
    found = parts.seal_uses.of(read_id(id), user, limit, read_after(after, MAX_INT64))
    return Page(items=tuple(_used(parts, one) for one in found.items), next=cursor_of(found.after))


def _used(parts: Container, used: SealUsed) -> SealUseView:
    step, record = used.step, used.record
    return SealUseView(
        case_key=hex_of(step.case_key), seq=step.seq, action=Action(step.action).name,
        officer=format_id(step.officer), evidence=hex_of(step.evidence), signed_at=step.signed_at,
        license=hex_of(used.license) if used.license else None,
        record=_record(parts, record, used.report) if record and used.report else None,
    )  # fmt: skip


def _record(parts: Container, record: SealUse, judged: Report) -> SealRecordView:
    return SealRecordView(
        seal=format_id(record.seal), seal_sm3=hex_of(record.seal_sm3), document_sm3=hex_of(record.document_sm3),
        document_sha256=hex_of(record.document_sha256), signature_sm3=hex_of(record.signature_sm3),
        license=hex_of(record.license) if record.license else None, judged=report_view(parts, judged),
    )  # fmt: skip
