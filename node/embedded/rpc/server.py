"""HTTP for the dispatcher: loopback only, bounded bodies, no browser of another site let in."""

import time
from collections.abc import Callable

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from node.embedded.chain import Chain
from node.embedded.rpc.chain_methods import ChainMethods
from node.embedded.rpc.dispatch import Dispatcher
from node.embedded.rpc.filters import Filters
from node.embedded.rpc.log_methods import LogMethods
from node.embedded.rpc.reading import Reader
from node.embedded.rpc.state_methods import StateMethods

MAX_BODY_BYTES = 16 * 1024 * 1024
THREADS = 8
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def build_dispatcher(chain: Chain, new_id: Callable[[], int]) -> Dispatcher:
    """All methods over one chain; ``new_id`` names filters unguessably (64 random bits)."""
    reader = Reader(chain)
    filters = Filters(time.monotonic, new_id)
    return Dispatcher(ChainMethods(reader).table() | StateMethods(reader).table() | LogMethods(reader, filters).table())


def _refusal(request: Request) -> Response | None:
    """Another site's page must not drive the node through its visitor's browser."""
    name = request.headers.get("host", "").rsplit(":", 1)[0]
    if name not in _LOOPBACK_NAMES:
        return PlainTextResponse("invalid host specified", 403)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        return PlainTextResponse("invalid content type, only application/json is supported", 415)
    return None


async def _read_bounded(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def build_application(chain: Chain, new_id: Callable[[], int]) -> Starlette:
    """The ASGI application: POST / takes JSON-RPC."""
    dispatcher = build_dispatcher(chain, new_id)
    limiter: list[CapacityLimiter] = []

    async def answer(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        try:
            body = await _read_bounded(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("request too large", 413)
        if not limiter:
            limiter.append(CapacityLimiter(THREADS))
        answered = await run_sync(dispatcher.answer, body, limiter=limiter[0])
        if answered is None:
            return Response(status_code=204)
        return Response(answered, media_type="application/json")

    return Starlette(routes=[Route("/", answer, methods=["POST"])])
