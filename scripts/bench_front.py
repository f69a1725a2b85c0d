"""What the front of the API costs a request: ``Guard`` and ``LimitRequests`` around an application that does nothing.

One coroutine, no sockets; the best of several rounds. The yardstick is one EIP-712 signature recovered on the same core
in the same run, which every act costs at least.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.app import ACT_TURNS, OTHER_TURNS
from api.http.guard import Guard
from api.http.limits import LimitRequests, Limits
from api.http.metrics import Metrics
from api.http.rates import Buckets, Callers, Rate
from api.http.turns import Turns
from ledger import crypto
from scripts.report import Target, conclude

GOAL = 8.0
_BODY = b'{"type":"Step","act":{"a":"' + b"ab" * 330 + b'"},"signature":"0x' + b"11" * 64 + b'"}'
_HEADERS = [(b"host", b"h"), (b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
_ANSWER = [(b"content-type", b"application/json"), (b"content-length", b"2")]
_RATES = (("/v1/session", Rate(1, 1)), ("/v1/acts", Rate(1e9, 1e9)))


async def _nothing(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 202, "headers": _ANSWER})
    await send({"type": "http.response.body", "body": b"{}"})


def _front(app: ASGIApp) -> ASGIApp:
    clock = time.monotonic
    callers = Callers(Buckets(_RATES, clock), Buckets(_RATES, clock))
    limited = LimitRequests(app, Limits(), callers, Turns(clock, OTHER_TURNS), Turns(clock, ACT_TURNS), str)
    return Guard(limited, Metrics(), clock, os.urandom)


async def _microseconds(app: ASGIApp, requests: int, rounds: int) -> float:
    async def send(_message: Message) -> None:
        pass

    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(requests):
            scope = {
                "type": "http",
                "method": "POST",
                "path": "/v1/acts",
                "headers": _HEADERS,
                "client": ("127.0.0.1", 1),
            }
            await app(scope, _body(), send)
        best = min(best, (time.perf_counter() - began) / requests)
    return best * 1e6


def _body() -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": _BODY, "more_body": False}

    return receive


def _recovery(requests: int, rounds: int) -> float:
    digest = crypto.keccak(b"act")
    signature = crypto.sign(crypto.keccak(b"key"), digest)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(requests):
            crypto.recover(digest, signature)
        best = min(best, (time.perf_counter() - began) / requests)
    return best * 1e6


def main() -> int:
    """Exit code 1 where the front costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_front", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    requests, rounds = (500, 2) if asked.quick else (10_000, 9)
    bare = asyncio.run(_microseconds(_nothing, requests, rounds))
    both = asyncio.run(_microseconds(_front(_nothing), requests, rounds))
    target = Target("P3-front", "Guard and LimitRequests a request", both - bare, GOAL, "µs",
                    _recovery(requests, rounds), at_most=True)  # fmt: skip
    return conclude([target], as_json=asked.json, judged=not asked.quick)


if __name__ == "__main__":
    sys.exit(main())
