"""Well-behaved clients in a process of their own: how long they wait, alone and while somebody makes trouble.

Beside the trouble-makers, in one event loop with them, they would wait for these and not for the server. And who makes
trouble would bring machines of his own: here his process gives way to the server's and to that of the others.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from scripts.fault_inputs_wire import Server, request

CLIENTS, PER_SECOND = 10, 10.0
_GIVES_WAY = 10
_LINE = 1 << 24


async def _visit(server: Server, seconds: float) -> list[float]:
    """Latencies (s) of well-behaved clients, each at its own address and pace, counted from when a request was due."""
    found: list[float] = []

    async def one(number: int) -> None:
        async with server.line(f"127.0.1.{number + 1}") as line:
            due = time.monotonic() + number / CLIENTS / PER_SECOND
            end = due + seconds
            while due < end:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                answer = await line.ask(request("GET", "/v1/agencies?limit=5"))
                # whoever is turned away has waited for ever
                found.append(time.monotonic() - due if answer.status == 200 else float("inf"))
                due += 1 / PER_SECOND

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    return found


@dataclass(frozen=True, slots=True)
class Others:
    """The other process; made by :func:`others`."""

    child: asyncio.subprocess.Process

    async def visit(self, seconds: float) -> list[float]:
        """Latencies (s) of the clients."""
        if self.child.stdin is None or self.child.stdout is None:
            raise AssertionError("made without pipes")
        self.child.stdin.write(b"%f\n" % seconds)
        found: list[float] = json.loads(await self.child.stdout.readline())
        return found

    async def beside(self, seconds: float, trouble: Callable[[], Awaitable[None]]) -> list[float]:
        """The same while ``trouble`` goes on; it is ended with them."""
        making = asyncio.ensure_future(trouble())
        try:
            return await self.visit(seconds)
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)


@asynccontextmanager
async def others(server: Server) -> AsyncIterator[Others]:
    """Start the other process; from then on this one gives way."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "scripts.fault_inputs_others", server.host, str(server.port))
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=_LINE)
    os.nice(_GIVES_WAY)
    try:
        yield Others(child)
    finally:
        child.kill()
        await child.wait()


def main() -> None:
    """Host and port; for each line of seconds that is read, prints the latencies as JSON."""
    host, port = sys.argv[1:]
    for line in sys.stdin:
        print(json.dumps(asyncio.run(_visit(Server(host, int(port)), float(line)))), flush=True)


if __name__ == "__main__":
    main()
