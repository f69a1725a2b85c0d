"""What leaves in one piece has the very bytes of what uvicorn sends in two, and is sent in one call."""

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http.doorkeeper import Patience
from api.http.onepiece import InOnePiece
from api.http.patience import patient

SECONDS = 20
"""Only so that a test that fails ends."""
BODY = b'{"a":1}'
LENGTH = (b"content-length", b"7")
HEADERS: dict[str, list[tuple[bytes, bytes]]] = {
    "/": [LENGTH, (b"content-type", b"application/json")],
    "/closes": [LENGTH, (b"connection", b"close")],
    "/chunked": [(b"content-type", b"text/plain")],
    "/encoded": [LENGTH, (b"transfer-encoding", b"chunked")],
    "/parts": [LENGTH],
    "/empty": [(b"content-length", b"0")],
    "/nothing": [],
    "/breaks": [LENGTH, (b"x", b"a\r\nset-cookie: stolen")],
    "/longer": [(b"content-length", b"6")],
    "/fails": [LENGTH],
    "/ends": [LENGTH],
}


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer each path in its own way."""
    path = scope["path"]
    await receive()
    await send({"type": "http.response.start", "status": 204 if path == "/nothing" else 200, "headers": HEADERS[path]})
    if path == "/fails":
        raise RuntimeError("in the middle")
    if path == "/ends":
        return
    if path == "/parts":
        await send({"type": "http.response.body", "body": BODY[:3], "more_body": True})
        await send({"type": "http.response.body", "body": BODY[3:]})
        return
    await send({"type": "http.response.body", "body": b"" if path in ("/empty", "/nothing") else BODY})


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written.append(bytes(data))

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def is_closing(self) -> bool:
        """As asked."""
        return self.closed

    def get_write_buffer_size(self) -> int:
        """All is gone."""
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nobody in particular, whatever is asked."""
        del name
        return default

    def can_write_eof(self) -> bool:
        """Not here."""
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""


def answered(app: ASGIApp, request: bytes, *, stuck: bool = False) -> tuple[list[bytes], bool]:
    """What is written for a request, call by call, and whether the connection is closed."""

    async def ask() -> tuple[list[bytes], bool]:
        config = Config(app, lifespan="off", ws="none", log_config=None)
        state = ServerState()
        state.default_headers = [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]
        protocol = patient(Patience(), lambda peer: peer)(config, state, {}, asyncio.get_running_loop())
        protocol.access_log = False  # which uvicorn takes from whoever listens to the logs of these tests
        wire = Wire()
        protocol.connection_made(wire)
        if stuck:
            protocol.pause_writing()
        protocol.data_received(request)
        if stuck:
            for _ in range(10):
                await asyncio.sleep(0)
            assert not wire.written
            protocol.resume_writing()
        await asyncio.wait_for(asyncio.gather(*state.tasks), SECONDS)
        done = wire.written, wire.closed
        protocol.connection_lost(None)
        return done

    return asyncio.run(ask())


def said(method: str, path: str, version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nhost: t\r\n\r\n".encode()


@pytest.mark.parametrize("path", HEADERS)
@pytest.mark.parametrize(("method", "version"), [("GET", "1.1"), ("HEAD", "1.1"), ("GET", "1.0")])
def test_the_bytes_are_those_of_the_server(path: str, method: str, version: str) -> None:
    """Heads of every kind, and answers that break off in the middle."""
    request = said(method, path, version)
    ours, theirs = answered(InOnePiece(told), request), answered(told, request)
    assert b"".join(ours[0]) == b"".join(theirs[0])
    assert ours[1] == theirs[1]


@pytest.mark.parametrize("path", ["/", "/empty"])
def test_a_usual_answer_is_one_call(path: str) -> None:
    """Which is what it is for."""
    assert len(answered(InOnePiece(told), said("GET", path))[0]) == 1
    assert len(answered(told, said("GET", path))[0]) == 2


def test_a_stream_begins_before_its_first_part() -> None:
    """Who listens for events hears at once that he is heard."""
    heads = answered(InOnePiece(told), said("GET", "/chunked"))[0]
    assert heads[0].endswith(b"\r\n\r\n")


def test_header_that_would_break_the_answer_is_never_written() -> None:
    """Nor does what it would smuggle in appear."""
    assert b"stolen" not in b"".join(answered(InOnePiece(told), said("GET", "/breaks"))[0])


def test_who_does_not_read_is_waited_for() -> None:
    """Nothing is added to a buffer that is full."""
    assert b"".join(answered(InOnePiece(told), said("GET", "/"), stuck=True)[0]).endswith(BODY)
