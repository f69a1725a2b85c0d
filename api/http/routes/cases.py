"""Cases and documents, for parties and auditors who have signed in."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.http.asking import MAX_INT64, After, CaseKey, Limit, Parts, Root, SignedIn, cursor_of, problems, read_after
from api.http.routes.proofs import report_view
from api.services.container import Container
from api.services.decode import bytes_of
from api.services.reliance import Relied
from api.services.words import case_flags, id_or_none, reason_view
from api.store.models import ItemVersionView, OutcomeView
from api.store.models import StepView as Row
from api.wire.base import Page
from api.wire.cases import (
    CaseView,
    ClockView,
    DocumentInfo,
    DocumentRequest,
    DocumentStored,
    DocumentView,
    ReadView,
    RefusalView,
    StepView,
    VerifiedLicenseView,
)
from ledger.deadlines import Clock
from ledger.ids import format_id
from ledger.procedure import Action, CaseStatus, Mode
from ledger.reasons import Reason
from ledger.state import NO_SUBJECT

router = APIRouter(prefix="/v1", tags=["cases"])


@router.get("/cases/{case_key}", summary="查看办件 / Show a case", responses=problems(401, 404))
def show_case(parts: Parts, user: SignedIn, case_key: CaseKey) -> CaseView:
    """The state as the index has it; a case that is not yours does not exist for you."""
    case = bytes_of(case_key)
    row = parts.casework.case(user, case)
    state = row.state
    return CaseView(
        case_key=case_key, trail=_hex(row.trail), word=_hex(row.word.to_bytes(32)), head=_hex(row.head),
        seq=row.seq, status=CaseStatus(row.status).name, mode=Mode(row.mode).name, item=format_id(row.item),
        version=row.version, home=row.home, flags=case_flags(state.flags), missing=state.missing,
        originals=state.originals, children=state.children, last_at=row.last_at,
        parties=parts.casework.parties(case),
        clocks=tuple(map(_clock, parts.casework.clocks(case, _version(parts, row.item, row.version)))),
    )  # fmt: skip


@router.get("/cases/{case_key}/steps", summary="办件环节 / Steps taken", responses=problems(401, 404))
def list_steps(
    parts: Parts, user: SignedIn, case_key: CaseKey, limit: Limit = 100, after: After = None
) -> Page[StepView]:
    """In order, the opening first."""
    case, since = bytes_of(case_key), read_after(after) or 0
    parts.casework.case(user, case)
    rows = [row for row in parts.store.cases.steps(case) if row.seq > since]
    last = rows[limit - 1].seq if len(rows) > limit else None
    return Page(items=tuple(map(_step, rows[:limit])), next=cursor_of(last))


@router.get("/cases/{case_key}/refusals", summary="被拒绝的环节 / Steps refused", responses=problems(401, 404))
def list_refusals(
    parts: Parts, user: SignedIn, case_key: CaseKey, limit: Limit = 100, after: After = None
) -> Page[RefusalView]:
    """With the reason of each."""
    case, since = bytes_of(case_key), read_after(after) or 0
    parts.casework.case(user, case)
    rows = [row for row in parts.store.cases.refusals(case) if row.position > since]
    last = rows[limit - 1].position if len(rows) > limit else None
    return Page(items=tuple(map(_refusal, rows[:limit])), next=cursor_of(last))


@router.get("/cases/{case_key}/documents", summary="材料清单 / Which documents there are", responses=problems(401, 404))
def list_documents(parts: Parts, user: SignedIn, case_key: CaseKey) -> Page[DocumentInfo]:
    """Kind, time and who brought them; contents are read one by one, and each read is noted."""
    rows = parts.casework.listing(user, bytes_of(case_key))
    found = (
        DocumentInfo(root=_hex(row.root), kind=row.kind, stored_at=row.at, stored_by=format_id(row.officer))
        for row in rows
    )
    return Page(items=tuple(found))


@router.get("/cases/{case_key}/documents/{root}", summary="读取材料 / Read a document", responses=problems(401, 404))
def read_document(parts: Parts, user: SignedIn, case_key: CaseKey, root: Root) -> DocumentView:
    """Decrypted; the read is on record before this is answered."""
    return DocumentView(root=root, document=parts.casework.read(user, bytes_of(case_key), bytes_of(root)))


@router.get(
    "/cases/{case_key}/licenses", summary="免提交证照 / Licenses in the place of papers", responses=problems(401, 404)
)
def list_licenses(parts: Parts, user: SignedIn, case_key: CaseKey) -> Page[VerifiedLicenseView]:
    """Which license, verified when, with what result, and whether that still stands; each read is noted."""
    rows = parts.casework.relied(user, bytes_of(case_key))
    return Page(items=tuple(_relied(parts, one) for one in rows))


@router.get("/cases/{case_key}/reads", summary="材料阅读记录 / Who read what", responses=problems(401, 404))
def list_reads(
    parts: Parts, user: SignedIn, case_key: CaseKey, limit: Limit = 100, after: After = None
) -> Page[ReadView]:
    """Oldest first."""
    case, since = bytes_of(case_key), read_after(after, MAX_INT64) or 0
    parts.casework.case(user, case)
    found = parts.store.documents.reads(case, limit, since)
    rows = (
        ReadView(root=_hex(one.root) if one.root else None, what=one.what, officer=format_id(one.officer), at=one.at)
        for one in found.items
    )
    return Page(items=tuple(rows), next=cursor_of(found.after))


@router.post("/documents", summary="存入材料 / Keep a document", status_code=201, responses=problems(401, 404))
def store_document(parts: Parts, user: SignedIn, body: DocumentRequest) -> DocumentStored:
    """Encrypted under the case's own key; the root goes into the act. The same document twice is kept once."""
    commitment = bytes_of(body.commitment) if body.commitment else None
    kept = parts.casework.store(user, bytes_of(body.case_key), commitment, body.document)
    return DocumentStored(root=_hex(kept.root), kind=kept.kind.value, fields=len(kept.fields))


@router.delete(
    "/documents/{root}/fields/{name}",
    summary="销毁字段及其盐值 / Destroy a field for good",
    status_code=204,
    responses=problems(401, 404),
)
def destroy_field(
    parts: Parts, user: SignedIn, root: Root, name: Annotated[str, Path(min_length=1, max_length=64)]
) -> None:
    """For the agency that brought the document and the home agency; the root stays what was signed."""
    parts.casework.destroy(user, bytes_of(root), name)


def _version(parts: Container, item: int, version: int) -> ItemVersionView | None:
    found = parts.store.registry.item(item)
    return next((one for one in found.versions if one.version == version), None) if found else None


def _clock(clock: Clock) -> ClockView:
    return ClockView(
        limit=clock.limit.value, standing=clock.standing.value, began=clock.began, days=clock.days, due=clock.due,
        done=clock.done, deemed=clock.deemed,
    )  # fmt: skip


def _step(row: Row) -> StepView:
    return StepView(
        act_id=_hex(row.act_id), seq=row.seq, action=Action(row.action).name, officer=format_id(row.officer),
        grant=id_or_none(row.grant), detail=row.detail,
        subject=None if row.subject == NO_SUBJECT else _hex(row.subject), evidence=_hex(row.evidence),
        trail=_hex(row.trail), signed_at=row.signed_at, block=row.block, time=row.at, late=row.late,
    )  # fmt: skip


def _refusal(row: OutcomeView) -> RefusalView:
    code = (row.act or {}).get("action", int(Action.COLLECT) if row.name == "Open" else 0)
    action = Action(code).name if code in list(Action) else None
    return RefusalView(
        act_id=_hex(row.act_id), officer=id_or_none(row.officer), action=action,
        reason=reason_view(Reason(row.reason)), block=row.block, time=row.at,
    )  # fmt: skip


def _relied(parts: Container, relied: Relied) -> VerifiedLicenseView:
    kept, one = relied.kept, relied.license
    view = VerifiedLicenseView(
        root=_hex(kept.root), stored_at=kept.at, stored_by=format_id(kept.officer), steps=relied.steps,
        judged=report_view(parts, relied.report),
    )  # fmt: skip
    if one is None:
        return view
    return view.model_copy(update={
        "entry": one.entry, "leaf": _hex(one.leaf), "batch": _hex(one.batch) if one.batch else None,
        "verified_at": one.verified_at, "verdict": one.verdict.value, "report_sm3": _hex(one.report_sm3),
        "sm3": _hex(one.sm3), "sha256": _hex(one.sha256),
        "authorization": _hex(one.authorization) if one.authorization else None,
    })  # fmt: skip


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
