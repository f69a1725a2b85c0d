"""Accepting acts: durable before acknowledged, once, bounded."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select, text

from api.store.database import Database
from api.store.entries import Entry, EntryAct, Idempotency
from api.store.outbox import Receipt
from api.store.own_tables import outbox_acts, outbox_entries
from api.store.store import Store, open_store
from ledger.crypto import keccak
from ledger.errors import Conflict, Unavailable
from ledger.ids import scoped
from tests.unit.api.relay.ground import Ground

BIG = scoped(2**32 - 1, 2**32 - 1)


def entry(number: int, *, acts: int = 1, idempotency: Idempotency | None = None) -> Entry:
    made = tuple(EntryAct(keccak(b"%d %d" % (number, place)), "Step", BIG) for place in range(acts))
    return Entry("trails", b"payload", (str(number),), made, 50_000, 1000, idempotency)


def count(store: Store, table: Table) -> int:
    """Seen by a connection that has nothing to do with the store's."""
    other = Database(store.db.url)
    with other.read() as connection:
        found = connection.execute(select(func.count()).select_from(table)).scalar_one()
    other.close()
    return int(found)


def test_acknowledged_is_on_disk_for_another_connection(store: Store) -> None:

    async def run() -> None:
        receipts = await asyncio.gather(*(store.outbox.accept(entry(number)) for number in range(200)))
        assert not any(receipt.repeated for receipt in receipts)
        assert count(store, outbox_acts) == 200

    asyncio.run(run())
    status = store.outbox.status(entry(7).acts[0].act_id)
    assert status is not None
    assert (status.officer, status.agency, status.status) == (BIG, 2**32 - 1, "queued")


def test_50_identical_submissions_at_once_are_one_entry(store: Store) -> None:

    async def run() -> list[Receipt]:
        return await asyncio.gather(*(store.outbox.accept(entry(1)) for _ in range(50)))

    receipts = asyncio.run(run())
    assert sum(not receipt.repeated for receipt in receipts) == 1
    assert len({receipt.acts for receipt in receipts}) == 1
    assert count(store, outbox_entries) == 1


def test_idempotency_key_with_another_body_is_a_conflict(store: Store) -> None:
    key = Idempotency("1-1", "key", keccak(b"body"))
    first = store.outbox.accept_blocking(entry(1, idempotency=key))
    assert store.outbox.accept_blocking(entry(1, idempotency=key)).acts == first.acts
    with pytest.raises(Conflict, match="IDEMPOTENCY_CONFLICT"):
        store.outbox.accept_blocking(entry(2, idempotency=replace(key, body_hash=keccak(b"other"))))
    assert count(store, outbox_entries) == 1
    # another owner may use the same key
    store.outbox.accept_blocking(entry(2, idempotency=replace(key, owner="2-1", body_hash=keccak(b"other"))))


def test_idempotency_keys_are_each_owners_own_however_many_come_at_once(store: Store) -> None:
    owners = ("1-1", "1-2", "2-1")
    names = [(owner, f"key {number}") for number in range(200) for owner in owners]

    async def run(body: bytes, first: int) -> list[Receipt | BaseException]:
        entries = (entry(first + n, idempotency=Idempotency(*name, body)) for n, name in enumerate(names))
        return await asyncio.gather(*map(store.outbox.accept, entries), return_exceptions=True)

    taken = asyncio.run(run(keccak(b"body"), 0))
    assert all(isinstance(one, Receipt) and not one.repeated for one in taken)
    again = asyncio.run(run(keccak(b"body"), 0))
    assert all(isinstance(one, Receipt) and one.repeated for one in again)
    other = asyncio.run(run(keccak(b"other"), 10_000))
    assert {one.code for one in other if isinstance(one, Conflict)} == {"IDEMPOTENCY_CONFLICT"}
    assert len([one for one in other if isinstance(one, Conflict)]) == len(names)
    fresh = store.outbox.accept_blocking(entry(20_000, idempotency=Idempotency("2-2", "key 1", keccak(b"other"))))
    assert not fresh.repeated


def test_same_act_under_two_lists_and_twice_in_one_is_refused_and_harms_nobody(store: Store) -> None:
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


def test_full_outbox_turns_away_and_keeps_what_it_has(database_url: str) -> None:
    store = open_store(database_url, limit=3)
    store.start_writer()
    for number in range(3):
        store.outbox.accept_blocking(entry(number))
    with pytest.raises(Unavailable, match="OUTBOX_FULL") as full:
        store.outbox.accept_blocking(entry(9))
    assert full.value.retry_after > 0
    assert store.outbox.accept_blocking(entry(0)).repeated
    assert store.outbox.pending_count() == 3
    store.close()


def test_disk_error_is_told_to_whoever_waits_and_the_writer_lives(store: Store) -> None:
    with store.db.write() as connection:
        connection.execute(text("ALTER TABLE outbox_acts RENAME TO hidden"))
    with pytest.raises(Unavailable, match="OUTBOX_UNWRITTEN"):
        store.outbox.accept_blocking(entry(1))
    with store.db.write() as connection:
        connection.execute(text("ALTER TABLE hidden RENAME TO outbox_acts"))
    assert not store.outbox.accept_blocking(entry(1)).repeated
    assert count(store, outbox_entries) == 1


def test_closed_outbox_says_so(store: Store) -> None:
    store.close()
    with pytest.raises(Unavailable, match="OUTBOX_CLOSED"):
        store.outbox.accept_blocking(entry(1))


def test_heads_show_accepted_steps_before_they_are_anchored(ground: Ground) -> None:
    ground.opened(1)
    key = ground.scenario.key(1)
    pending = ground.store.heads.latest(key)
    assert pending == ground.scenario.states[key]
    assert ground.store.cases.case(key) is None
    ground.rounds(2)
    assert ground.store.heads.latest(key) == pending
    assert ground.store.heads.latest(keccak(b"unknown")) is None
