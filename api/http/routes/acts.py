"""Acts: prepared, handed in, followed; and the question before them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool

from api.http.asking import ActId, Counted, MaybeSignedIn, Parts, Rated, problems
from api.http.metrics import Metrics
from api.http.rates import Callers
from api.services.container import Container
from api.services.decode import bytes_of
from api.services.prepare import prepare
from api.services.signin import User
from api.services.submission import Examined, Submission, keyed, owner_of
from api.services.tracking import FINAL
from api.store.entries import Claim
from api.wire.acts import ActView, PreflightRequest, PreflightView, Prepared, PrepareRequest, SubmitRequest, Submitted
from ledger.errors import HuxinError, NotFound, Unauthenticated
from ledger.state import CaseState

router = APIRouter(prefix="/v1", tags=["acts"])
Answer = TypeVar("Answer")
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$",
        description="同一键同一请求只受理一次 / one key, one request, taken once",
    ),
]  # fmt: skip


@router.post("/acts/prepare", summary="准备待签名的行为 / Prepare an act to be signed", responses=problems(401, 404))
def prepare_act(parts: Parts, user: MaybeSignedIn, body: PrepareRequest) -> Prepared:
    """Fills in nonce, deadline, signing time and, for parties who are signed in, where a step continues."""
    state_of = partial(_state_for, parts, user)
    deployment = parts.network.deployment
    return prepare(deployment, body.type, body.fields, state_of, parts.now, parts.random_bytes)


@router.post(
    "/acts",
    summary="提交已签名的行为 / Hand in a signed act",
    status_code=202,
    responses={200: {"model": Submitted, "description": "已有结论 / judged"}, **problems(401, 404, 409)},
)
async def submit_act(
    parts: Parts, metrics: Counted, callers: Rated, body: SubmitRequest, response: Response, key: Key = None
) -> Submitted:
    """Durable when answered (202); with ``wait`` the verdict may be in the answer (200).

    What the rules say will be refused is taken all the same: refusals belong on the record.
    """
    signatures = tuple(map(bytes_of, (body.signature,) if body.signature else body.signatures))
    batch = bytes_of(body.batch) if body.batch else None
    one = Submission(body.type, body.act, signatures, batch, tuple(map(bytes_of, body.proof)))
    return await hand_in(parts, metrics, callers, lambda: one, body.wait, response, key)


async def hand_in(
    parts: Container, metrics: Metrics, callers: Callers, read: Callable[[], Submission], wait: float,
    response: Response, key: str | None = None,
) -> Submitted:  # fmt: skip
    """Examine what ``read`` gives (in a thread), queue it, and wait for the verdict as long as was asked."""
    try:
        one = await run_in_threadpool(read)
        examined = await run_in_threadpool(parts.submissions.examine, one)
        callers.welcome(_officer(examined))
        submitted = await parts.tracking.take(_keyed(examined, key, one), wait, run_in_threadpool, parts.monotonic)
    except HuxinError as error:
        metrics.turned_away.labels(error.code).inc()
        raise
    # not for what was taken before: whoever has read an act may hand it in again
    callers.charge(_officer(examined), sum(view.predicted is not None for view in submitted.entries))
    for view in submitted.entries:
        metrics.accepted.labels(view.type).inc()
    if all(view.status in FINAL for view in submitted.entries):
        response.status_code = 200
    return submitted


@router.get("/acts/{act_id}", summary="查询行为的结论 / What became of an act", responses=problems(404))
def show_act(parts: Parts, act_id: ActId) -> ActView:
    """Whoever holds an act's digest may ask."""
    return parts.tracking.view(bytes_of(act_id))


@router.post(
    "/preflight",
    summary="事前检查:能否办理、缺什么权、谁可授 / May this officer do this now?",
    responses=problems(401, 404),
)
def preflight(parts: Parts, user: MaybeSignedIn, body: PreflightRequest) -> PreflightView:
    """Names the missing right, who could grant it, what is usable and what has expired."""
    state = None
    if body.case_key is not None:
        state = _state_for(parts, user, bytes_of(body.case_key), joining=True)
    return parts.preflight.answer(body, state)


def _state_for(parts: Container, user: User | None, case: bytes, *, joining: bool = False) -> CaseState:
    """The newest state of a case, for parties, auditors and (``joining``) who holds a grant for it."""
    if user is None:
        raise Unauthenticated("SIGN_IN_REQUIRED", "cases are for parties: sign in", "办件仅供当事方查看,请先登录")
    found = parts.store.cases.case(case)
    if not (joining and found is not None and parts.preflight.has_grant(user.officer, found.item)):
        parts.casework.case(user, case)
    state = parts.store.heads.latest(case)
    if state is None:
        raise NotFound("CASE_NOT_FOUND", "no such case among yours", "没有此办件,或您无权查看")
    return state


def _keyed(examined: Examined | Claim, key: str | None, one: Submission) -> Examined | Claim:
    """The key belongs to who signed; ``wait`` is no part of the request."""
    if key is None:
        return examined
    if isinstance(examined, Claim):
        return replace(examined, idempotency=keyed(key, owner_of((examined.signer,)), examined.act_ids, one))
    ids = [act.act_id for act in examined.entry.acts]
    return replace(examined, entry=replace(examined.entry, idempotency=keyed(key, examined.owner, ids, one)))


def _officer(examined: Examined | Claim) -> int:
    """Whose signature it bears; 0: the council's members."""
    if isinstance(examined, Claim):
        first = examined.opens[0] if examined.opens else examined.steps[0]
        return first.officer
    return examined.entry.acts[0].officer
