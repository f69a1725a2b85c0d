"""Connections that bring nothing, or nothing of use: each ends by itself, with a code, and the others go on."""

import asyncio
import socket
from typing import Any

import pytest

from api.http import doorkeeper as module
from api.http import farewell
from api.http.doorkeeper import Patience
from tests.unit.api.http.door import GET, POST, SECONDS, answer, busy, lives, run


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
