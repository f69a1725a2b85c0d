"""Clients that are slow, endless, or ask twenty times as much as they may; and what the others notice of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from scripts.fault_inputs_others import others
from scripts.fault_inputs_tally import Tally
from scripts.fault_inputs_wire import Answer, Server, quantile, request

PLACE = "连接 clients"
HEAD_SECONDS = BODY_SECONDS = 3.0
"""The server's patience in this experiment (its default is 10 and 20)."""
RATE = 5
"""Questions a second and address that need no sign-in, in this experiment; all of a minute's may come at once."""
TIMES = 20
_DRIP_SECONDS = 1.0
_MOST = 256
"""Connections of one address (``Settings.address_connections``)."""
_HEAD = b"GET /v1/network HTTP/1.1\r\nHost: h\r\n"
_BODY = b"POST /v1/acts HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
_CHUNK = b"4000\r\n" + b" " * 0x4000 + b"\r\n"


@dataclass(slots=True)
class Quiet:
    """p99 (s) of well-behaved clients beside each trouble, and alone just before and after it."""

    beside: dict[str, float] = field(default_factory=dict)
    alone: dict[str, float] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The largest p99 beside a trouble, as a multiple of that without it in the same minute."""
        return max(self.beside[name] / self.alone[name] for name in self.beside)


async def measured(server: Server, tally: Tally, seconds: float, slow: int) -> Quiet:
    """Every trouble in turn, each for ``seconds``, with ``slow`` slow clients."""
    found = Quiet()
    troubles: dict[str, Callable[[], Awaitable[None]]] = {
        f"{slow} slow clients": lambda: slow_clients(server, tally, slow),
        "chunks without end": lambda: endless(server, tally, seconds),
        f"{TIMES} times its rate": lambda: flood(server, tally, seconds),
        "one address with 400 connections": lambda: hoard(server, tally, seconds),
    }
    async with others(server) as well_behaved:
        await well_behaved.visit(seconds / 4)
        before = await well_behaved.visit(seconds / 2)
        for name, trouble in troubles.items():
            longer = HEAD_SECONDS + 4 if trouble is troubles[f"{slow} slow clients"] else 0.0
            during = await well_behaved.beside(max(seconds, longer), trouble)
            after = await well_behaved.visit(seconds / 2)
            found.beside[name], found.alone[name] = quantile(during, 0.99), quantile([*before, *after], 0.99)
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
            code, ended = await _without_end(server, f"127.0.3.{number + 1}")
            tally.judge(PLACE, "chunks without end", code, {"BODY_TOO_LARGE"})
            tally.judge(PLACE, "chunks without end: then", "ended" if ended else "STILL_READ", {"ended"})
            await asyncio.sleep(0.2)

    await asyncio.gather(*(one(number) for number in range(4)))
    await asyncio.Event().wait()


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


async def flood(server: Server, tally: Tally, seconds: float) -> None:
    """Twenty times the rate, kept up whatever the answers, from one address: 429 with a time to wait, no more."""
    ask = request("POST", "/v1/verify/seal", b'{"seal":"101-1"}')
    lines = [await server.connect("127.0.4.1") for _ in range(32)]
    free, began, sent, end = list(lines), time.monotonic(), 0, time.monotonic() + seconds

    async def one() -> None:
        line = free.pop()
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
        tally.judge(PLACE, "connection given up for a newer one", (await line.answer()).code, {"CLOSED"})
    async with server.line("127.0.5.1") as neighbour:
        answer = await neighbour.ask(request("GET", "/v1/health/live"))
        tally.judge(PLACE, "neighbour of one who hoards connections", answer.code or "answered", {"answered"})
    await asyncio.sleep(seconds / 2)
    for line in held:
        line.end()
    await asyncio.Event().wait()


async def spends(server: Server, tally: Tally) -> None:
    """Once a minute's questions are asked, the next ones are refused."""
    ask = request("POST", "/v1/verify/seal", b'{"seal":"101-1"}')
    codes: list[str] = []

    async def one() -> None:
        async with server.line("127.0.6.1") as line:
            codes.extend([(await line.ask(ask)).code for _ in range(RATE * 60 // 4)])

    await asyncio.gather(*(one() for _ in range(8)))
    limited = "RATE_LIMITED" if "RATE_LIMITED" in codes else "answered"
    tally.judge(PLACE, "beyond a minute's rate", limited, {"RATE_LIMITED"})
