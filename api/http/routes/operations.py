"""Health, metrics, the network, the stream of events."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import StreamingResponse

from api.http.asking import MAX_INT64, Counted, Parts, SignedIn, Token, problems
from api.http.metrics import BEATS, Metrics
from api.http.problems import problem
from api.services.container import Container
from api.services.finding import Finding
from api.wire.sessions import ClockView, CouncilView, Domain, Health, HealthCheck, Network
from ledger.crypto import checksum
from ledger.eip712 import DOMAIN_NAME, DOMAIN_VERSION
from ledger.errors import Fault
from ledger.reasons import Reason

router = APIRouter(tags=["operations"])
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "事件流 / events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus 0.0.4", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/v1/health/live", summary="存活 / The process answers", responses=problems())
async def live() -> Health:
    """Says nothing of the parts."""
    return Health(status="live")


@router.get("/v1/health/ready", summary="就绪 / Every part works", responses=problems(), response_model=Health)
def ready(parts: Parts) -> Any:
    """Does what each part is for: writes and reads back, opens a sealed probe, reads head and code. 503 names each."""
    findings = parts.readiness.findings()
    wrong = [one for one in findings if not one.ok]
    if not wrong:
        checks = tuple(map(_shown, findings))
        return Response(Health(status="ready", checks=checks).model_dump_json(), media_type="application/json")
    faults = [_fault(one) for one in wrong]
    names = ", ".join(one.name for one in wrong)
    return problem(503, "NOT_READY", f"未就绪:{names}", f"not ready: {names}", faults, {"Retry-After": "2"})


@router.get("/metrics", summary="指标 / Prometheus metrics", responses={**problems(), **_TEXT}, response_class=Response)
def metrics(parts: Parts, counted: Counted) -> Response:
    """Acts, outcomes, outbox, index and durations."""
    _measure(parts, counted)
    return Response(counted.exposition(), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/network", summary="账本网络 / Where the ledger lives", responses=problems())
def network(parts: Parts) -> Network:
    """Chain, contracts, council, tolerances of time, and how far this server has read."""
    net, world, head = parts.network, parts.new_world(), parts.store.outcomes.head()
    council, clock = world.council, world.clock
    return Network(
        chain_id=net.chain_id,
        contracts={one.name: checksum(one.address) for one in net.contracts},
        code_hashes={one.name: "0x" + one.code_hash.hex() for one in net.contracts},
        domain=Domain(name=DOMAIN_NAME, version=DOMAIN_VERSION, chain_id=net.chain_id),
        genesis_hash="0x" + net.genesis_hash.hex(),
        first_block=net.first_block,
        council=CouncilView(
            members=tuple(map(checksum, sorted(council.members))), threshold=council.threshold, delay=council.delay
        ),
        clock=ClockView(skew=clock.skew, prompt=clock.prompt, late_limit=clock.late_limit),
        indexed_block=head.number,
        indexed_time=head.timestamp,
        server_time=parts.now(),
    )


@router.get(
    "/v1/events", summary="事件流 / Outcomes as they happen", responses={**problems(401), **_STREAM},
    response_class=StreamingResponse,
)  # fmt: skip
async def events(
    parts: Parts,
    user: SignedIn,
    token: Token,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{1,19}$", description="从此之后 / after this one")
    ] = None,
) -> StreamingResponse:
    """Server-sent events that concern the signed-in officer's agency; ends when the session does."""
    parts.events.check_room()
    after = None if last_event_id is None else min(int(last_event_id), MAX_INT64)
    stream = parts.events.stream(user.agency, after, lambda: parts.signins.user_of(token))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _shown(one: Finding) -> HealthCheck:
    return HealthCheck(
        name=one.name, ok=one.ok, verdict=one.verdict, code=one.code, zh=one.zh, en=one.en,
        todo_zh=one.todo_zh, todo_en=one.todo_en, facts=one.facts,
    )  # fmt: skip


def _fault(one: Finding) -> Fault:
    """``UNREADY_`` and the part; the finding's own code stands in the text, with what to do."""
    facts = "".join(f" {name}={value}" for name, value in one.facts.items())
    zh, en = f"{one.code}:{one.zh};{one.todo_zh}{facts}", f"{one.code}: {one.en}; {one.todo_en}{facts}"
    return Fault(f"UNREADY_{one.name.upper().replace(' ', '_')}", one.name, zh, en)


def _measure(parts: Container, counted: Metrics) -> None:
    waiting, lag = parts.vitals.waiting(), parts.vitals.lag()
    counted.outbox_depth.set(waiting.acts)
    counted.outbox_age.set(parts.vitals.waiting_age())
    counted.index_lag.set(float("nan") if lag is None else lag)
    counted.chain_up.set(lag is not None)
    for name in BEATS:
        _, age = parts.vitals.beat_of(name)
        counted.heartbeat_age.labels(name).set(float("nan") if age is None else age)
    for reason, count in parts.vitals.judged():
        counted.outcomes.labels(Reason(reason).name).inc(count)
