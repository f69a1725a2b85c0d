"""The outbox's promise broken: what was acknowledged is on disk."""

import asyncio

from api.store import database
from api.store.entries import Entry
from api.store.models import ActStatus
from api.store.outbox import QUEUED, Outbox, Receipt

_WRITTEN_BEHIND = 0.05  # seconds: what a cache that is flushed twenty times a second would lose


def acknowledge_before_commit() -> None:
    """Acts are acknowledged from memory, and written a twentieth of a second later."""

    async def accept(self: Outbox, entry: Entry) -> Receipt:
        asyncio.get_running_loop().call_later(_WRITTEN_BEHIND, self.writer.put, entry)
        statuses = tuple(
            ActStatus(act.act_id, act.name, act.officer, act.subject, QUEUED, None, None, None, None, entry.received_at)
            for act in entry.acts
        )
        return Receipt(statuses, repeated=False)

    Outbox.accept = accept  # type: ignore[method-assign]


def synchronous_off() -> None:
    """SQLite hands its writes to the operating system and never waits for the disk."""
    pragmas = tuple(one.replace("synchronous=FULL", "synchronous=OFF") for one in database._PRAGMAS)  # noqa: SLF001
    database._PRAGMAS = pragmas  # type: ignore[assignment]  # noqa: SLF001
