"""Where somebody holds as many connections as there may be: who held the most makes room, and newcomers come in."""

import asyncio
from typing import Any

import pytest

from api.http.doorkeeper import Patience
from tests.unit.api.http.door import GET, POST, answer, answered, busy, lives, run


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
