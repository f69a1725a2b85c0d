"""Accepting acts: durable before acknowledged, once, bounded."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from api.store.entries import Entry, EntryAct, Idempotency
from api.store.outbox import Receipt
from api.store.store import open_store
from ledger.crypto import keccak
from ledger.errors import Conflict, Unavailable
from ledger.ids import scoped
from tests.unit.api.relay.ground import Ground

BIG = scoped(2**32 - 1, 2**32 - 1)


def entry(number: int, *, acts: int = 1, idempotency: Idempotency | None = None) -> Entry:
    made = tuple(EntryAct(keccak(b"%d %d" % (number, place)), "Step", BIG) for place in range(acts))
    return Entry("trails", b"payload", (str(number),), made, 50_000, 1000, idempotency)


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of this file
    connection.close()
    return int(found)


def test_acknowledged_is_on_disk_for_another_connection(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()

    async def run() -> None:
        receipts = await asyncio.gather(*(store.outbox.accept(entry(number)) for number in range(200)))
        assert not any(receipt.repeated for receipt in receipts)
        assert count(tmp_path / "a.db", "outbox_acts") == 200

    asyncio.run(run())
    status = store.outbox.status(entry(7).acts[0].act_id)
    assert status is not None
    assert (status.officer, status.agency, status.status) == (BIG, 2**32 - 1, "queued")
    store.close()


def test_50_identical_submissions_at_once_are_one_entry(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()

    async def run() -> list[Receipt]:
        return await asyncio.gather(*(store.outbox.accept(entry(1)) for _ in range(50)))

    receipts = asyncio.run(run())
    assert sum(not receipt.repeated for receipt in receipts) == 1
    assert len({receipt.acts for receipt in receipts}) == 1
    assert count(tmp_path / "a.db", "outbox_entries") == 1
    store.close()


def test_idempotency_key_with_another_body_is_a_conflict(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()
    key = Idempotency("1-1", "key", keccak(b"body"))
    first = store.outbox.accept_blocking(entry(1, idempotency=key))
    assert store.outbox.accept_blocking(entry(1, idempotency=key)).acts == first.acts
    with pytest.raises(Conflict, match="IDEMPOTENCY_CONFLICT"):
        store.outbox.accept_blocking(entry(2, idempotency=replace(key, body_hash=keccak(b"other"))))
    assert count(tmp_path / "a.db", "outbox_entries") == 1
    # another owner may use the same key
    store.outbox.accept_blocking(entry(2, idempotency=replace(key, owner="2-1", body_hash=keccak(b"other"))))
    store.close()


def test_same_act_under_two_lists_and_twice_in_one_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()
    store.outbox.accept_blocking(entry(1))
    overlapping = replace(entry(2, acts=2), acts=(*entry(1).acts, *entry(2).acts))
    twice = replace(entry(3), acts=entry(3).acts * 2)

    async def run() -> list[object]:
        every = (overlapping, twice, entry(4))
        return await asyncio.gather(*map(store.outbox.accept, every), return_exceptions=True)

    first, second, third = asyncio.run(run())
    assert isinstance(first, Conflict)
    assert isinstance(second, Conflict)
    assert isinstance(third, Receipt)
    store.close()


def test_full_outbox_turns_away_and_keeps_what_it_has(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}", limit=3)
    store.start_writer()
    for number in range(3):
        store.outbox.accept_blocking(entry(number))
    with pytest.raises(Unavailable, match="OUTBOX_FULL") as full:
        store.outbox.accept_blocking(entry(9))
    assert full.value.retry_after > 0
    assert store.outbox.accept_blocking(entry(0)).repeated
    assert store.outbox.pending_count() == 3
    store.close()


def test_disk_error_is_told_to_whoever_waits_and_the_writer_lives(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()
    with store.db.write() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox_acts RENAME TO hidden")
    with pytest.raises(Unavailable, match="OUTBOX_UNWRITTEN"):
        store.outbox.accept_blocking(entry(1))
    with store.db.write() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO outbox_acts")
    assert not store.outbox.accept_blocking(entry(1)).repeated
    assert count(tmp_path / "a.db", "outbox_entries") == 1
    store.close()


def test_closed_outbox_says_so(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.start_writer()
    store.close()
    with pytest.raises(Unavailable, match="OUTBOX_CLOSED"):
        store.outbox.accept_blocking(entry(1))


def test_commits_are_forced_to_disk(tmp_path: Path) -> None:
    """SQLite with synchronous=NORMAL loses acknowledged acts in a power cut."""
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.db.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


def test_heads_show_accepted_steps_before_they_are_anchored(ground: Ground) -> None:
    ground.opened(1)
    key = ground.scenario.key(1)
    pending = ground.store.heads.latest(key)
    assert pending == ground.scenario.states[key]
    assert ground.store.cases.case(key) is None
    ground.rounds(2)
    assert ground.store.heads.latest(key) == pending
    assert ground.store.heads.starting(key, pending.trail) == pending
    assert ground.store.heads.starting(key, keccak(b"unknown")) is None
