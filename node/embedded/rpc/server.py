"""HTTP for the dispatcher: loopback only, bounded bodies, no browser of another site let in."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from node.embedded.chain import Chain
from node.embedded.rpc.chain_methods import ChainMethods
from node.embedded.rpc.dispatch import Dispatcher, is_quick, read
from node.embedded.rpc.filters import Filters
from node.embedded.rpc.log_methods import LogMethods
from node.embedded.rpc.reading import Reader
from node.embedded.rpc.state_methods import StateMethods

MAX_BODY_BYTES = 16 * 1024 * 1024
THREADS = 8
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def build_dispatcher(chain: Chain, new_id: Callable[[], int]) -> Dispatcher:
    """All methods over one chain; ``new_id`` names filters unguessably (64 random bits)."""
    reader = Reader(chain)
    filters = Filters(time.monotonic, new_id)
    return Dispatcher(ChainMethods(reader).table() | StateMethods(reader).table() | LogMethods(reader, filters).table())


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """Another site's page must not drive the node through its visitor's browser."""
    if scope["path"] != "/":
        return 404, "Not Found"
    if scope["method"] != "POST":
        return 405, "Method Not Allowed"
    if _header(scope, b"host").rsplit(":", 1)[0] not in _LOOPBACK_NAMES:
        return 403, "invalid host specified"
    if _header(scope, b"content-type").split(";")[0].strip().lower() != "application/json":
        return 415, "invalid content type, only application/json is supported"
    return None


async def _read_bounded(receive: Receive) -> bytes | None:
    """The body; None beyond ``MAX_BODY_BYTES``. Raises ConnectionError where the client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _reply(send: Send, status: int, body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class RpcApplication:
    """The ASGI application: POST / takes JSON-RPC. Bare, for most requests are a poll for the head's number."""

    def __init__(self, chain: Chain, new_id: Callable[[], int]) -> None:
        self._dispatcher = build_dispatcher(chain, new_id)
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = _refusal(scope)
        if refusal is not None:
            await _reply(send, refusal[0], refusal[1].encode())
            return
        try:
            body = await _read_bounded(receive)
        except ConnectionError:
            return
        if body is None:
            await _reply(send, 413, b"request too large")
            return
        answered = await self._answer(body)
        if answered is None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
        else:
            await _reply(send, 200, answered, b"application/json")

    async def _answer(self, body: bytes) -> bytes | None:
        request = read(body)
        if is_quick(request):
            return self._dispatcher.respond(request)
        if self._limiter is None:
            self._limiter = CapacityLimiter(THREADS)
        return await run_sync(self._dispatcher.respond, request, limiter=self._limiter)
