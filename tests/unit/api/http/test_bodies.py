"""Large bodies: whoever sends many of them at once fills no memory and is told what everybody is told."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.limits import BATCHES, FILE, UPLOAD, LimitRequests, Limits
from api.http.rates import Buckets, Callers, Rate
from api.http.turns import Turns
from ledger.crypto import Digest, file_digests
from tests.unit.api.http.town import DECIDER, Town

PART = b"0123456789abcdef" * 4_096
OCTETS = {"Content-Type": "application/octet-stream"}


class Front:
    """The limits before an application that notes what it was given of a file."""

    def __init__(self) -> None:
        def clock() -> float:
            return 0.0

        buckets = Buckets((("/", Rate(1, 1_000)),), clock)
        self.turns = Turns(clock, most=4)
        self.statuses: list[int] = []
        self.app = LimitRequests(self._note, Limits(), Callers(buckets, buckets), self.turns, self.turns, str)
        self.seen: list[tuple[tuple[Digest, Digest] | None, Message]] = []

    async def _note(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        self.seen.append((scope[FILE], await receive()))

    async def upload(self, parts: int, client: str = "10.0.0.1", ends: Callable[[], Message] | None = None) -> None:
        left = parts

        async def receive() -> Message:
            nonlocal left
            await asyncio.sleep(0)
            left -= 1
            if left < 0 and ends is not None:
                return ends()
            # a copy, as each part of a real body is: only so would keeping them fill the memory
            return {"type": "http.request", "body": bytes(bytearray(PART)), "more_body": left > 0 or ends is not None}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])

        headers = [(b"content-type", b"application/octet-stream")]
        scope = {"type": "http", "client": (client, 1), "path": UPLOAD, "method": "POST", "headers": headers}
        await self.app(scope, receive, send)


def test_burst_of_uploads_fills_no_memory() -> None:
    """Sixty files of 2 MB come at the same time: kept whole they would be 120 MB."""

    async def story() -> Front:
        front = Front()
        await asyncio.gather(*(front.upload(32) for _ in range(60)))
        return front

    tracemalloc.start()
    try:
        front = asyncio.run(story())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 180 * len(PART)
    wanted = file_digests((PART,) * 32)
    assert front.seen == [(wanted, {"type": "http.request", "body": b"", "more_body": False})] * 60
    assert front.turns.enter("10.0.0.1") is not None, "no turn stays behind"


def test_file_that_breaks_off_is_none() -> None:
    front = Front()
    asyncio.run(front.upload(3, ends=lambda: {"type": "http.disconnect"}))
    assert (front.statuses, front.seen) == ([422], [])


def test_file_without_end_is_cut_off_at_the_limit() -> None:
    front = Front()
    asyncio.run(front.upload(1_000))
    assert (front.statuses, front.seen) == ([413], [])
    asyncio.run(front.upload(Limits().upload // len(PART)))
    assert [one[0] for one in front.seen] == [file_digests((PART,) * (Limits().upload // len(PART)))]


def test_uploads_of_one_client_wait_for_their_turns_and_leave_anothers_free() -> None:
    async def story() -> None:
        front = Front()
        held = [front.turns.enter("10.0.0.1"), front.turns.enter("10.0.0.1")]
        flood = [asyncio.create_task(front.upload(2)) for _ in range(5)]
        for _ in range(9):
            await asyncio.sleep(0)
        await front.upload(2, client="10.0.0.2")
        assert len(front.seen) == 1
        for ticket in held:
            assert ticket is not None
            front.turns.leave(ticket)
        await asyncio.gather(*flood)
        assert len(front.seen) == 6

    asyncio.run(asyncio.wait_for(story(), 20))


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_empty_file_and_file_called_json_are_refused(town: Town) -> None:
    assert code(town.client.post(UPLOAD, content=b"", headers=OCTETS)) == (422, "FILE_EMPTY")
    assert code(town.client.post(UPLOAD, content=b"")) == (422, "FILE_EMPTY")
    for kind in ("application/json", "text/plain", ""):
        response = town.client.post(UPLOAD, content=b"{}", headers={"Content-Type": kind})
        assert code(response) == (415, "MEDIA_TYPE_UNSUPPORTED")
    named = {"Content-Type": "Application/Octet-Stream; name=x"}
    assert town.client.post(UPLOAD, content=b"{}", headers=named).json()["verdict"] == "invalid"


@pytest.mark.parametrize(
    ("headers", "wanted", "most"),
    [({}, (413, "BODY_TOO_LARGE"), 40), ({"Authorization": "Bearer made-up"}, (401, "SESSION_UNKNOWN"), 1)],
)  # fmt: skip
def test_batch_of_a_stranger_is_not_taken_into_memory(
    town: Town, headers: dict[str, str], wanted: tuple[int, str], most: int
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(120):
            sent += 1
            yield b" " * 65_536

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(town.client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post(BATCHES, content=chunks(), headers=headers | {"Content-Type": "application/json"})

    assert code(asyncio.run(ask())) == wanted
    assert sent <= most


def test_batch_of_an_issuer_may_be_large(town: Town) -> None:
    content = b'{"licenses":[' + b" " * 4_000_000 + b"]}"
    headers = town.as_(DECIDER) | {"Content-Type": "application/json"}
    response = town.client.post(BATCHES, content=content, headers=headers)
    assert response.status_code == 422
    assert response.json()["code"] != "BODY_TOO_LARGE"
