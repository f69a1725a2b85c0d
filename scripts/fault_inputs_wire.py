"""Raw HTTP from any loopback address: what a well-behaved client would never send."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

TIMEOUT = 60.0
"""Seconds after which an answer that did not come counts as a hang."""
_LENGTH, _LAST = b"content-length:", b"connection: close"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status (0: none came), the problem's code or nothing, the body; ``is_last``: the server ends the connection."""

    status: int
    code: str
    body: bytes
    is_last: bool = False

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, raw: bytes) -> Answer:
        """Send and wait for one whole answer."""
        self.writer.write(raw)
        return await self.answer()

    async def answer(self) -> Answer:
        """The next whole answer; status 0 where the connection ends before it."""
        try:
            async with asyncio.timeout(TIMEOUT):
                head = await self.reader.readuntil(b"\r\n\r\n")
                body = await self.reader.readexactly(_length(head))
        except TimeoutError:
            return Answer(0, "HANG", b"")
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(0, "CLOSED", b"")
        status = int(head[9:12])
        return Answer(status, _code(status, head, body), body, _LAST in head.lower())

    def end(self) -> None:
        """Close without ceremony."""
        self.writer.transport.abort()


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    return 0 if at < 0 else int(lowered[at + len(_LENGTH) :].split(b"\r\n", 1)[0])


def _code(status: int, head: bytes, body: bytes) -> str:
    if status < 400:
        return ""
    if b"application/problem+json" not in head:
        return "NO_PROBLEM"
    said = json.loads(body)
    return str(said["code"]) if said["status"] == status else "NO_PROBLEM"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is; clients come from ``source`` unless told otherwise."""

    host: str
    port: int

    async def connect(self, source: str = "127.0.0.1") -> Line:
        """A connection from one of this machine's loopback addresses."""
        reader, writer = await asyncio.open_connection(self.host, self.port, local_addr=(source, 0), limit=1 << 20)
        return Line(reader, writer)

    @asynccontextmanager
    async def line(self, source: str = "127.0.0.1") -> AsyncIterator[Line]:
        """The same, ended with the block."""
        line = await self.connect(source)
        try:
            yield line
        finally:
            line.end()

    async def ask(self, raw: bytes, source: str = "127.0.0.1") -> Answer:
        """One request on a connection of its own."""
        async with self.line(source) as line:
            return await line.ask(raw)

    async def ask_all(
        self, requests: Iterable[tuple[Any, bytes]], answered: Callable[[Any, Answer], None], lines: int = 24
    ) -> None:
        """Every request, over ``lines`` connections; ``answered`` is told what each was about."""
        waiting = iter(requests)

        async def work() -> None:
            line = await self.connect()
            for about, raw in waiting:
                answer = await line.ask(raw)
                if not answer.status or answer.is_last:
                    line.end()
                    line = await self.connect()
                answered(about, answer)
            line.end()

        await asyncio.gather(*(work() for _ in range(lines)))


def request(method: str, path: str, body: bytes = b"", kind: str = "application/json", more: str = "") -> bytes:
    """A whole request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def quantile(values: Iterable[float], share: float) -> float:
    """What ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
