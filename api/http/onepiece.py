"""An answer of known length leaves in one piece.

uvicorn writes a head and a body each by itself, which is two calls of the kernel and wakes the client twice, and looks
through every header of every answer for line breaks. Here both are joined, and a header is looked through once.
"""

from collections.abc import Awaitable, Generator
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

CYCLE = "huxin.cycle"
"""Where the scope has uvicorn's ``RequestResponseCycle``; without it answers leave as the server sends them."""
_LENGTH = b"content-length"
_OF_CONNECTION = frozenset({b"connection", b"transfer-encoding"})
_NO_BODY = frozenset({204, 304})


class InOnePiece:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        cycle = scope.get(CYCLE)
        if cycle is None:
            await self._app(scope, receive, send)
            return
        answer = _Answer(cycle, send)
        try:
            await self._app(scope, receive, answer.send)
        finally:
            await answer.let_go()


class _Done:
    """Awaited, it is over at once."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


_DONE = _Done()


class _Answer:
    __slots__ = ("_cycle", "_head", "_send")

    def __init__(self, cycle: RequestResponseCycle, send: Send) -> None:
        self._cycle, self._send = cycle, send
        self._head: Message | None = None

    def send(self, message: Message) -> Awaitable[None]:
        """Keep a head back until its body comes."""
        head, self._head = self._head, None
        if head is None:
            if message["type"] != "http.response.start" or not _is_of_known_length(message):
                return self._send(message)
            self._head = message
            return _DONE
        if self._is_written(head, message):
            return _DONE
        return self._both(head, message)

    async def let_go(self) -> None:
        """A head that no body followed."""
        if self._head is not None:
            await self._send(self._head)

    async def _both(self, head: Message, message: Message) -> None:
        await self._send(head)
        await self._send(message)

    def _is_written(self, head: Message, message: Message) -> bool:
        """Write a whole answer, as the cycle would; False where that is for the cycle to do."""
        cycle, body = self._cycle, message.get("body", b"")
        if message["type"] != "http.response.body" or message.get("more_body"):
            return False
        if cycle.disconnected or cycle.response_started or cycle.flow.write_paused or cycle.access_log:
            return False
        if cycle.scope["method"] == "HEAD" or head["status"] in _NO_BODY:
            return False
        named = dict(head["headers"])
        if int(named[_LENGTH]) != len(body) or not _OF_CONNECTION.isdisjoint(named):
            return False
        cycle.response_started, cycle.waiting_for_100_continue = True, False
        lines = [_line(header) for header in (*cycle.default_headers, *head["headers"])]
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        cycle.transport.write(b"".join((STATUS_LINE[head["status"]], *lines, end, body)))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True


def _is_of_known_length(head: Message) -> bool:
    return _LENGTH in dict(head.get("headers", ()))


@lru_cache(maxsize=2_048)
def _line(header: tuple[bytes, bytes]) -> bytes:
    name, value = header
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("a header that would break the answer")
    return b"%b: %b\r\n" % (name.lower(), value)
