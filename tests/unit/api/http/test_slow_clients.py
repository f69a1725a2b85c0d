"""Connections that bring nothing, or nothing of use: each ends by itself, with a code, and the others go on."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.http import doorkeeper as module
from api.http import farewell
from api.http.doorkeeper import Patience
from api.http.patience import PatientProtocol, patient

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
    config, state = Config(echo, lifespan="off", ws="none", log_config=None), ServerState()
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
        here = protocol.doorkeeper.connected | protocol.doorkeeper.leaving
        for one in (
            *(one.transport for one in here if isinstance(one, PatientProtocol)),
            *(each.transport for each in writers),
        ):
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
    monkeypatch.setattr(farewell, "DROPPED_BYTES", 1_000_000)

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
        await asyncio.sleep(1.5)
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


async def busy(connect: Any, *addresses: str) -> list[Streams]:
    """Connections whose request is under way."""
    held = [await connect(*addresses[:1]) for _ in range(3)]
    for _, writer in held:
        writer.write(POST + b"content-length: 9\r\n\r\n1")
    await asyncio.sleep(0.05)
    return held


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A request of a connection that stays open."""
    writer.write(GET)
    await reader.readuntil(b"\r\n\r\n0")


def test_idle_connections_of_one_address_do_not_keep_its_neighbours_out() -> None:
    """The one that has asked for nothing for the longest makes room; the others stay."""

    async def story(connect: Any) -> None:
        held = [await connect() for _ in range(3)]
        for number in (1, 0, 2, 1):
            await answered(*held[number])
            await asyncio.sleep(0.01)
        newcomer = await connect()
        await answered(*newcomer)
        assert await held[0][0].read() == b""
        for one in (held[1], held[2], newcomer):
            await answered(*one)

    run(story, Patience(of_address=3, of_all=5))


@pytest.mark.parametrize("begun", [b"", GET[:-2], GET + GET[:-2]], ids=["nothing", "half a head", "and another half"])
def test_connections_that_hold_back_their_heads_do_not_keep_the_neighbours_out(begun: bytes) -> None:
    async def story(connect: Any) -> None:
        for _ in range(3):
            _, writer = await connect()
            writer.write(begun)
        await asyncio.sleep(0.05)
        for _ in range(9):
            await lives(connect)

    run(story, Patience(of_address=3, of_all=5))


def test_head_that_drips_makes_no_connection_look_young() -> None:
    async def story(connect: Any) -> None:
        dripping, *others = [await connect() for _ in range(3)]
        for one in others:
            await answered(*one)
        dripping[1].write(GET[:-2])
        await asyncio.sleep(0.05)
        await lives(connect)
        assert await dripping[0].read() == b""
        for one in others:
            await answered(*one)

    run(story, Patience(of_address=3, of_all=5))


def test_flood_of_new_connections_breaks_off_no_request_under_way() -> None:
    async def story(connect: Any) -> None:
        working = await busy(connect)
        others = [await connect() for _ in range(9)]
        for reader, writer in working:
            writer.write(b"23456789")
            await reader.readuntil(b"\r\n\r\n9")
        assert [await reader.read() for reader, _ in others[:-1]] == [b""] * 8
        await answered(*others[-1])

    run(story, Patience(of_address=4, of_all=4))


def test_one_address_cannot_hold_all_connections() -> None:
    async def story(connect: Any) -> None:
        held = await busy(connect)
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
        for _, writer in held:
            writer.write(POST + b"content-length: 9\r\n\r\n1")
        await asyncio.sleep(0.05)
        reader, _ = await connect("127.0.0.9")
        assert await answer(reader) == (503, "CONNECTIONS_EXCEEDED")

    run(story, Patience(of_address=3, of_all=5))


SLOW_BODY = POST + b"content-length: 9999999\r\n\r\n1"


def test_slow_bodies_of_one_address_do_not_keep_its_neighbours_out() -> None:
    """The one furthest behind makes room, and is told; the one that brings what it should goes on."""

    async def story(connect: Any) -> None:
        slow = [await connect() for _ in range(2)]
        for _, writer in slow:
            writer.write(SLOW_BODY)
            await asyncio.sleep(0.05)
        at_pace = await connect()
        at_pace[1].write(POST + b"content-length: 200000\r\n\r\n" + b"x" * 199_999)
        await asyncio.sleep(0.3)
        newcomer = await connect()
        await answered(*newcomer)
        assert await answer(slow[0][0]) == (503, "CONNECTIONS_EXCEEDED")
        at_pace[1].write(b"x")
        await at_pace[0].readuntil(b"\r\n\r\n200000")

    run(story, Patience(of_address=3, of_all=9, spared=0.1))


def test_slow_bodies_of_several_addresses_do_not_keep_all_others_out() -> None:
    """Whoever holds the most makes room, however young his bodies are; a neighbour with one connection keeps it."""

    async def story(connect: Any) -> None:
        one = await connect("127.0.0.9")
        await answered(*one)
        for address in ("127.0.0.2", "127.0.0.3"):
            for _ in range(4):
                _, writer = await connect(address)
                writer.write(SLOW_BODY)
        await asyncio.sleep(0.05)
        for number in range(20, 26):
            await lives(lambda number=number: connect(f"127.0.0.{number}"))
        kept = [await connect(f"127.0.0.{number}") for number in range(30, 34)]
        for each in (one, *kept):
            await answered(*each)

    run(story, Patience(of_address=4, of_all=9))


def test_idle_connections_of_many_addresses_do_not_keep_all_others_out() -> None:
    async def story(connect: Any) -> None:
        held = [await connect(f"127.0.0.{number}") for number in range(2, 7)]
        await lives(lambda: connect("127.0.0.9"))
        assert await held[0][0].read() == b""

    run(story, Patience(of_address=3, of_all=5))


def test_flood_of_new_connections_from_one_address_drives_no_others_out() -> None:
    """At the bound of all it is its own oldest connections that make room for it."""

    async def story(connect: Any) -> None:
        others = [await connect(f"127.0.0.{number}") for number in range(2, 5)]
        for one in others:
            await answered(*one)
        flood = [await connect("127.0.0.9") for _ in range(20)]
        await answered(*flood[-1])
        for one in others:
            await answered(*one)

    run(story, Patience(of_address=9, of_all=5))


def test_connections_that_do_not_leave_after_their_answer_do_not_keep_the_neighbours_out() -> None:
    async def story(connect: Any) -> None:
        for _ in range(3):
            reader, writer = await connect()
            writer.write(POST.replace(b" / ", b" /early ") + b"content-length: 9\r\n\r\n1")
            assert await answer(reader) == (200, "0")
        await lives(connect)

    run(story, Patience(of_address=3, of_all=5))


def test_readers_that_do_not_read_do_not_keep_the_neighbours_out() -> None:
    async def story(connect: Any) -> None:
        for _ in range(3):
            reader, writer = await connect(limit=1)
            writer.write(GET.replace(b" / ", b" /large "))
            reader._transport.pause_reading()
        await asyncio.sleep(0.5)
        await lives(connect)

    run(story, Patience(of_address=3, of_all=5, spared=0.1))


def blocking(address: tuple[str, int], raw: bytes) -> bytes:
    """All that is answered to a client that first sends everything and only then reads, as most libraries do."""
    with socket.create_connection(address, timeout=SECONDS) as client:
        client.sendall(raw)
        said = b""
        while part := client.recv(65_536):
            said += part
    return said


BODIES = {
    "announced": b"content-length: 5000000\r\n\r\n" + b"x" * 5_000_000,
    "chunked": b"transfer-encoding: chunked\r\n\r\n" + b"10000\r\n%b\r\n" % (b"x" * 65_536) * 80 + b"0\r\n\r\n",
}


@pytest.mark.parametrize("body", BODIES)
def test_who_sends_a_large_body_before_reading_finds_the_early_answer(body: str) -> None:
    async def story(connect: Any) -> None:
        _, writer = await connect()
        address = writer.get_extra_info("peername")
        said = await asyncio.to_thread(blocking, address, POST.replace(b" / ", b" /early ") + BODIES[body])
        assert said.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in said
        await lives(connect)

    run(story, Patience())


def test_who_sends_a_head_too_large_finds_out_why() -> None:
    async def story(connect: Any) -> None:
        _, writer = await connect()
        address = writer.get_extra_info("peername")
        said = await asyncio.to_thread(blocking, address, GET[:-2] + b"a: " + b"b" * 3_000_000)
        assert b"HEAD_TOO_LARGE" in said

    run(story, Patience())


def test_who_is_turned_away_finds_out_why() -> None:
    async def story(connect: Any) -> None:
        held = await busy(connect)
        address = held[0][1].get_extra_info("peername")
        said = await asyncio.to_thread(blocking, address, POST + BODIES["announced"])
        assert b"CONNECTIONS_EXCEEDED" in said

    run(story, Patience(of_address=3))


def test_an_answer_behind_the_whole_body_leaves_the_connection_open() -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        for _ in range(2):
            writer.write(POST + b"content-length: 300000\r\n\r\n")
            await asyncio.sleep(0.05)
            writer.write(b"x" * 300_000)
            assert b"connection" not in await reader.readuntil(b"\r\n\r\n300000")

    run(story, Patience())


def test_who_does_not_leave_after_his_answer_is_let_go() -> None:
    async def story(connect: Any) -> None:
        reader, writer = await connect()
        writer.write(POST.replace(b" / ", b" /early ") + b"content-length: 9\r\n\r\n1")
        assert await answer(reader) == (200, "0")
        while not writer.transport.is_closing():
            writer.write(b"1")
            await asyncio.sleep(0.05)

    run(story, Patience(farewell=0.2, look_every=0.05))


def test_only_so_many_of_those_turned_away_are_seen_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LEAVING", 2)

    async def story(connect: Any) -> None:
        held = [*await busy(connect), *[await connect() for _ in range(4)]]
        answers = [await answer(reader) for reader, _ in held[3:]]
        assert answers == [(503, "CONNECTIONS_EXCEEDED")] * 4
        held[3][1].write(b"x" * 1_000)
        await asyncio.sleep(0.05)
        await held[3][1].drain()
        with pytest.raises(ConnectionError):
            await _send_without_end(held[6][1])

    run(story, Patience(of_address=3, of_all=50))
