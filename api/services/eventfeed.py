"""The stream of outcomes that concern one agency, from a position on, for as long as its officer may see it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from api.services.words import reason_view
from api.store.models import OutcomeView
from api.store.reads import OutcomeReads
from ledger.errors import HuxinError, Unavailable
from ledger.ids import format_id
from ledger.reasons import Reason

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
POLL_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 3600.0
MOST_STREAMS = 200
_PAGE = 200


@dataclass(slots=True)
class EventFeed:
    """At most 200 streams at once, each at most an hour; the client resumes with Last-Event-ID."""

    outcomes: OutcomeReads
    monotonic: Callable[[], float]
    in_thread: InThread
    poll: float = POLL_SECONDS
    open_streams: int = 0

    def check_room(self) -> None:
        """Unavailable ``TOO_MANY_STREAMS``."""
        if self.open_streams >= MOST_STREAMS:
            raise Unavailable("TOO_MANY_STREAMS", "too many streams: poll instead", "事件流过多,请改用轮询", 30)

    async def stream(self, agency: int, after: int | None, still_allowed: Callable[[], object]) -> AsyncIterator[bytes]:
        """Server-sent events; ``still_allowed`` raises HuxinError once the session is over."""
        self.open_streams += 1
        try:
            async for part in self._stream(agency, after, still_allowed):
                yield part
        finally:
            self.open_streams -= 1

    async def _stream(
        self, agency: int, after: int | None, still_allowed: Callable[[], object]
    ) -> AsyncIterator[bytes]:
        position = after if after is not None else await self.in_thread(self.outcomes.last_position)
        started = beaten = self.monotonic()
        yield b"retry: 2000\n: huxin\n\n"
        while self.monotonic() - started < LONGEST_SECONDS:
            found = await self.in_thread(partial(self.outcomes.since, position, _PAGE, agency))
            for outcome in found:
                position = outcome.position
                yield event_of(outcome)
            if self.monotonic() - beaten >= HEARTBEAT_SECONDS:
                beaten = self.monotonic()
                try:
                    await self.in_thread(still_allowed)
                except HuxinError:
                    return
                yield b": still here\n\n"
            if len(found) < _PAGE:
                await asyncio.sleep(self.poll)


def event_of(outcome: OutcomeView) -> bytes:
    """One event; its id is the position to resume after."""
    data = {
        "actId": "0x" + outcome.act_id.hex(),
        "type": outcome.name,
        "result": outcome.result,
        "reason": reason_view(Reason(outcome.reason)).model_dump(by_alias=True),
        "officer": format_id(outcome.officer) if outcome.officer else None,
        "caseKey": "0x" + outcome.subject.hex() if any(outcome.subject) else None,
        "block": outcome.block,
        "time": outcome.at,
        "txHash": "0x" + outcome.tx_hash.hex(),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {outcome.position}\nevent: outcome\ndata: {text}\n\n".encode()
