"""Clients that are slow, endless, or ask twenty times as much as they may; and what the others notice of them."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from scripts.fault_inputs_others import others
from scripts.fault_inputs_tally import Tally
from scripts.fault_inputs_wire import Answer, Server, quantile, request

PLACE = "连接 clients"
HEAD_SECONDS = BODY_SECONDS = 2.0
"""The server's patience in this experiment (its default is 10 and 20)."""
RATE = 5
"""Questions a second and address that need no sign-in, in this experiment; all of a minute's may come at once."""
TIMES = 20
_DRIP_SECONDS = 1.0
PATIENCE = HEAD_SECONDS + BODY_SECONDS + 2
"""Seconds in which the server has ended whoever is slow."""
ROUNDS = 5
"""Times each trouble is made, where figures are wanted."""
_MOST, _MOST_OF_ALL = 256, 2_000
"""Connections of one address and of all (``Settings.address_connections``, ``connections``)."""
_HEAD = b"GET /v1/network HTTP/1.1\r\nHost: h\r\n"
_BODY = b"POST /v1/acts HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
_CHUNK = b"4000\r\n" + b" " * 0x4000 + b"\r\n"


@dataclass(slots=True)
class Quiet:
    """p99 (s) of well-behaved clients by trouble, one for each round: beside it, and alone just before and after it."""

    beside: dict[str, list[float]] = field(default_factory=dict)
    alone: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, beside: float, alone: float) -> None:
        """A round."""
        self.beside.setdefault(name, []).append(beside)
        self.alone.setdefault(name, []).append(alone)

    def slowdowns(self, name: str) -> list[float]:
        """By how much a trouble multiplied the p99, round by round."""
        return [beside / alone for beside, alone in zip(self.beside[name], self.alone[name], strict=True)]

    @property
    def worst(self) -> float:
        """The largest slowdown: of each trouble the median of its rounds."""
        return max(median(self.slowdowns(name)) for name in self.beside)


async def measured(server: Server, tally: Tally, seconds: float, slow: int, rounds: int = ROUNDS) -> Quiet:
    """Every trouble in turn, ``rounds`` times, each for ``seconds``, or as long as the server's patience needs."""
    found = Quiet()
    async with others(server) as well_behaved:
        await well_behaved.visit(seconds / 4)
        before = await well_behaved.visit(seconds / 2)
        for number in range(rounds):
            troubles: dict[str, Callable[[], Awaitable[None]]] = {
                f"{slow} slow clients": partial(slow_clients, server, tally, slow),
                "chunks without end": partial(endless, server, tally, seconds),
                f"{TIMES} times its rate": partial(flood, server, tally, seconds, f"127.0.4.{number + 1}"),
                "one address with 400 connections": partial(hoard, server, tally, seconds),
            }
            for name, trouble in troubles.items():
                longer = PATIENCE if name.endswith("slow clients") else 0.0
                during = await well_behaved.beside(max(seconds, longer), trouble)
                after = await well_behaved.visit(seconds / 2)
                found.add(name, quantile(during, 0.99), quantile([*before, *after], 0.99))
                before = after
    return found


async def slow_clients(server: Server, tally: Tally, count: int) -> None:
    """Heads and bodies a byte a second, fifty from an address; each must be ended by the server, and told why."""

    async def one(number: int) -> None:
        source = f"127.0.2.{1 + number // 50}"
        kinds = (
            ("head a byte a second", _HEAD, "HEAD_TOO_SLOW"),
            ("body a byte a second", _BODY + b"Content-Length: 9999\r\n\r\n", "BODY_TOO_SLOW"),
            ("chunks a byte a second", _BODY + b"Transfer-Encoding: chunked\r\n\r\n", "BODY_TOO_SLOW"),
            ("nothing at all", b"", "HEAD_TOO_SLOW"),
        )
        kind, begun, code = kinds[number % len(kinds)]
        answer = await _drip(server, source, begun, b"" if kind == "nothing at all" else b"1")
        tally.judge(PLACE, kind, answer.code, {code}, repr(answer))

    await asyncio.gather(*(one(number) for number in range(count)))
    await asyncio.Event().wait()


async def _drip(server: Server, source: str, begun: bytes, drop: bytes) -> Answer:
    async with server.line(source) as line:
        line.writer.write(begun)
        answered = asyncio.ensure_future(line.answer())
        until = time.monotonic() + HEAD_SECONDS + BODY_SECONDS
        while not answered.done() and time.monotonic() < until:
            await asyncio.wait({answered}, timeout=_DRIP_SECONDS)
            line.writer.write(drop)
        if not answered.done():
            answered.cancel()
            return Answer(0, "STILL_OPEN", b"")
        return answered.result()


async def endless(server: Server, tally: Tally, seconds: float) -> None:
    """Four clients that send chunks for ever: answered at the limit, and ended soon after."""

    async def one(number: int) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await without_end(server, tally, f"127.0.3.{number + 1}")
            await asyncio.sleep(0.2)

    await asyncio.gather(*(one(number) for number in range(4)))
    await asyncio.Event().wait()


async def without_end(server: Server, tally: Tally, source: str) -> None:
    """One such client, until it is ended or has sent more than anybody should read."""
    code, ended = await _without_end(server, source)
    tally.judge(PLACE, "chunks without end", code, {"BODY_TOO_LARGE"})
    tally.judge(PLACE, "chunks without end: then", "ended" if ended else "STILL_READ", {"ended"})


async def _without_end(server: Server, source: str) -> tuple[str, bool]:
    async with server.line(source) as line:
        line.writer.write(_BODY + b"Transfer-Encoding: chunked\r\n\r\n")
        answered = asyncio.ensure_future(line.answer())
        sent, most = 0, 64_000_000
        with suppress(ConnectionError):
            while sent < most:
                line.writer.write(_CHUNK)
                await line.writer.drain()
                sent += len(_CHUNK)
                await asyncio.sleep(0)
        return (await answered).code, sent < most


async def flood(server: Server, tally: Tally, seconds: float, source: str) -> None:
    """Twenty times the rate, kept up whatever the answers, from one address: 429 with a time to wait, no more.

    The address has asked nothing before, so all of its first minute's questions are worked on; an answer that is late
    does not slow it down, for it has 32 connections and makes up for what it is behind.
    """
    ask = request("POST", "/v1/verify/seal", b'{"seal":"101-1"}')
    lines = [await server.connect(source) for _ in range(32)]
    # each in its turn: one that lay idle would be ended
    free, began, sent, end = deque(lines), time.monotonic(), 0, time.monotonic() + seconds

    async def one() -> None:
        line = free.popleft()
        answer = await line.ask(ask)
        tally.judge(PLACE, f"{TIMES} times the rate", answer.code or "answered", {"RATE_LIMITED", "answered"})
        free.append(line)

    asking: set[asyncio.Task[None]] = set()
    while time.monotonic() < end:
        while free and sent < (time.monotonic() - began) * RATE * TIMES:
            sent += 1
            task = asyncio.ensure_future(one())
            asking.add(task)
            task.add_done_callback(asking.discard)
            await asyncio.sleep(0)
        await asyncio.sleep(0.005)
    await asyncio.gather(*asking)
    for line in lines:
        line.end()
    await asyncio.Event().wait()


async def hoard(server: Server, tally: Tally, seconds: float) -> None:
    """One address opens 400 connections: it keeps the last 256, and a neighbour behind it may still come."""
    held = [await server.connect("127.0.5.1") for _ in range(400)]
    for line in held[:-_MOST]:
        # those that came in one turn of the server's loop are equally old: another of them may have gone first,
        # and one that stayed ends when its time for a head is over
        code = (await line.answer()).code
        tally.judge(PLACE, "connection given up for a newer one", code, {"CLOSED", "HEAD_TOO_SLOW"})
    async with server.line("127.0.5.1") as neighbour:
        answer = await neighbour.ask(request("GET", "/v1/health/live"))
        tally.judge(PLACE, "neighbour of one who hoards connections", answer.code or "answered", {"answered"})
    await asyncio.sleep(seconds / 2)
    for line in held:
        line.end()
    await asyncio.Event().wait()


async def crowd(server: Server, tally: Tally) -> None:
    """Eight addresses take every place with bodies that hardly come: neighbours and newcomers are answered at once."""
    held = []
    for number in range(_MOST_OF_ALL + 48):
        line = await server.connect(f"127.0.7.{1 + number // _MOST}")
        line.writer.write(_BODY + b"Content-Length: 9999\r\n\r\n1")
        held.append(line)
    ask = request("GET", "/v1/health/live")
    for number in range(24):
        kind = "neighbour of slow bodies" if number % 2 else "newcomer beside slow bodies everywhere"
        source = f"127.0.{7 + (number + 1) % 2}.{1 + number // 2 % 8}"
        answer = await server.ask(ask, source)
        tally.judge(PLACE, kind, answer.code or "answered", {"answered"})
    for line in held:
        line.end()


async def spends(server: Server, tally: Tally) -> None:
    """Once a minute's questions are asked, the next ones are refused, long before as many again were answered."""
    ask = request("POST", "/v1/verify/seal", b'{"seal":"101-1"}')
    codes: list[str] = []

    async def one() -> None:
        async with server.line("127.0.6.1") as line:
            while len(codes) < 2 * RATE * 60 and "RATE_LIMITED" not in codes:
                codes.append((await line.ask(ask)).code)

    await asyncio.gather(*(one() for _ in range(8)))
    limited = "RATE_LIMITED" if "RATE_LIMITED" in codes else "answered"
    tally.judge(PLACE, "beyond a minute's rate", limited, {"RATE_LIMITED"})
