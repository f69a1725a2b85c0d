"""Connections that bring nothing, or nothing of use: each ends by itself, with a code, and the others go on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http import patience as module
from api.http.patience import Patience, patient

SECONDS = 20
"""Only so that a test that fails ends."""
GET = b"GET / HTTP/1.1\r\nhost: t\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: t\r\n"
QUICK = Patience(head=0.2, body=0.2, reader=0.2, of_address=3, of_all=5, look_every=0.05)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then answer with its length, or at ``/large`` with more than anybody buffers."""
    assert scope["type"] == "http"
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = b"x" * 50_000_000 if scope["path"] == "/large" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(patience: Patience = QUICK) -> AsyncIterator[Callable[..., Awaitable[Streams]]]:
    config, state = Config(echo, lifespan="off", ws="none", log_level="critical"), ServerState()
    protocol = patient(patience, lambda peer: peer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}, loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writers: list[asyncio.StreamWriter] = []

    async def connect(address: str = "127.0.0.1", **more: Any) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0), **more)
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        server.close()
        for one in (*(one.transport for one in protocol.doorkeeper.connected), *(each.transport for each in writers)):
            one.abort()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


def run(story: Callable[[Any], Awaitable[None]], patience: Patience = QUICK) -> None:
    async def told() -> None:
        async with serving(patience) as connect:
            await asyncio.wait_for(story(connect), SECONDS)

    asyncio.run(told())


async def answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and code of what comes before the connection ends."""
    said = await reader.read()
    head, _, body = said.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400:
        assert b"application/problem+json" in head
        assert b"connection: close" in head
    return status, json.loads(body)["code"] if status >= 400 else body.decode()


async def lives(connect: Any) -> None:
    reader, writer = await connect()
    writer.write(POST + b"content-length: 3\r\nconnection: close\r\n\r\nabc")
    assert await answer(reader) == (200, "3")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nhost", b"\r\n"])
def test_a_head_that_never_ends_is_cut_off(begun: bytes) -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(begun)
        assert await answer(reader) == (408, "HEAD_TOO_SLOW")

    run(story)


def test_a_head_that_drips_is_cut_off_whatever_it_brings() -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(GET[:-2])
        answered = asyncio.create_task(answer(reader))
        while not answered.done():
            writer.write(b"a: b\r\n")
            await asyncio.sleep(0.02)
        assert answered.result() == (408, "HEAD_TOO_SLOW")

    run(story)


def test_the_second_head_of_a_connection_has_the_same_time() -> None:
    """uvicorn drops its keep-alive timer at the first byte and sets no other."""

    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"GET /again HTT")
        assert await answer(reader) == (408, "HEAD_TOO_SLOW")

    run(story)


@pytest.mark.parametrize("filler", [b"a: " + b"b" * 40_000, b"a: b\r\n" * 9_000, b"a: " + b"b" * 40_000 + b"\r\n\r\n"])
def test_an_endless_head_is_refused_by_size(filler: bytes) -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(GET[:-2] + filler)
        assert await answer(reader) == (431, "HEAD_TOO_LARGE")

    run(story, Patience())


@pytest.mark.parametrize("length", [b"content-length: 9", b"transfer-encoding: chunked"])
def test_a_body_that_drips_is_cut_off(length: bytes) -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(POST + length + b"\r\n\r\n1\r\n")
        assert await answer(reader) == (408, "BODY_TOO_SLOW")

    run(story)


@pytest.mark.parametrize("padding", [b"1;" + b"x" * 120_000, b"0\r\n" + b"t: t\r\n" * 20_000])
def test_chunk_extensions_and_trailers_without_end_are_refused(padding: bytes) -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(POST + b"transfer-encoding: chunked\r\n\r\n" + padding)
        assert await answer(reader) == (400, "REQUEST_MALFORMED")

    run(story, Patience())


def test_a_body_behind_its_answer_is_dropped_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_BYTES", 1_000_000)

    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(POST.replace(b" / ", b" /early ") + b"transfer-encoding: chunked\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        with pytest.raises(ConnectionError):
            await _send_without_end(writer)

    run(story, Patience())


async def _send_without_end(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        await writer.drain()


def test_who_does_not_read_is_let_go() -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect(limit=1)
        writer.write(GET.replace(b" / ", b" /large "))
        reader._transport.pause_reading()
        await asyncio.sleep(0.5)
        reader._transport.resume_reading()
        size = 0
        while part := await _part(reader):
            size += len(part)
        assert size < 50_000_000

    run(story)


async def _part(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1_000_000)
    except ConnectionError:
        return b""


def test_what_is_not_http_is_refused_in_our_form() -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(b"\x16\x03\x01\x00\xa5\x01\x00")
        assert await answer(reader) == (400, "REQUEST_MALFORMED")

    run(story)


def test_one_address_cannot_hold_all_connections() -> None:
    async def story(connect: Any) -> None:
        held = [await connect() for _ in range(3)]
        reader, _ = await connect()
        assert await answer(reader) == (503, "CONNECTIONS_EXCEEDED")
        await lives(lambda: connect("127.0.0.2"))
        held[0][1].close()
        await held[0][1].wait_closed()
        await asyncio.sleep(0.05)
        await lives(connect)

    run(story, Patience(of_address=3, of_all=5))


def test_all_together_cannot_hold_more_than_the_bound() -> None:
    async def story(connect: Any) -> None:
        held = [await connect(f"127.0.0.{number}") for number in range(2, 7)]
        reader, _ = await connect("127.0.0.9")
        assert await answer(reader) == (503, "CONNECTIONS_EXCEEDED")
        assert len(held) == 5

    run(story, Patience(of_address=3, of_all=5))
