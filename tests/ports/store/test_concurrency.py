"""Several processes on one database: one moment per read, one writer at a time, one relay."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from api.relay.lease import Lease, LeaseLost
from api.store.bulk import select_in
from api.store.entries import Idempotency
from api.store.outbox import Receipt
from api.store.own_tables import idempotency, outbox_acts, outbox_entries
from api.store.store import Store, open_store
from ledger.crypto import keccak
from ledger.errors import Conflict
from tests.ports.store.test_outbox import entry

EACH = 150


@pytest.fixture
def other(store: Store) -> Iterator[Store]:
    """A second gateway's store on the same database."""
    made = open_store(store.db.url)
    made.start_writer()
    yield made
    made.close()


def ids(store: Store) -> list[int]:
    with store.db.read() as connection:
        return list(connection.execute(select(outbox_entries.c.id).order_by(outbox_entries.c.id)).scalars())


def test_one_read_sees_one_moment(store: Store, other: Store) -> None:
    counted = select(func.count()).select_from(outbox_acts)
    with store.db.read() as connection:
        before = connection.execute(counted).scalar_one()
        other.outbox.accept_blocking(entry(1))
        assert connection.execute(counted).scalar_one() == before == 0
    with store.db.read() as connection:
        assert connection.execute(counted).scalar_one() == 1


def test_one_read_sees_one_moment_where_the_driver_is_asked_itself(store: Store, other: Store) -> None:
    """Else a step that is anchored between the index's answer and the outbox's would be in neither."""
    made = entry(1)
    act_id, column = made.acts[0].act_id, outbox_acts.c.act_id
    with store.db.read() as connection:
        assert not list(select_in(connection, (column,), column, (act_id,)))
        other.outbox.accept_blocking(made)
        assert not list(select_in(connection, (column,), column, (act_id,)))
    with store.db.read() as connection:
        assert len(list(select_in(connection, (column,), column, (act_id,)))) == 1


def test_entries_of_two_gateways_become_visible_in_the_order_of_their_numbers(store: Store, other: Store) -> None:
    """A relay that has seen entry n must never find an older one later: it would carry them in the wrong order."""
    seen: list[list[int]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(ids(store))

    def send(gateway: Store, start: int) -> None:
        async def run() -> None:
            await asyncio.gather(*(gateway.outbox.accept(entry(start + number)) for number in range(EACH)))

        for _ in range(3):
            asyncio.run(run())
            start += EACH

    with ThreadPoolExecutor() as pool:
        watcher = pool.submit(watch)
        senders = [pool.submit(send, gateway, 10_000 * place) for place, gateway in enumerate((store, other))]
        for sender in senders:
            sender.result()
        done.set()
        watcher.result()
    assert ids(store) == list(range(1, 6 * EACH + 1))
    assert all(one == list(range(1, len(one) + 1)) for one in seen)


def test_50_identical_submissions_to_two_gateways_are_one_entry(store: Store, other: Store) -> None:
    def send(gateway: Store) -> list[Receipt]:
        async def run() -> list[Receipt]:
            return await asyncio.gather(*(gateway.outbox.accept(entry(1)) for _ in range(25)))

        return asyncio.run(run())

    with ThreadPoolExecutor() as pool:
        receipts = [one for many in pool.map(send, (store, other)) for one in many]
    assert sum(not one.repeated for one in receipts) == 1
    assert len({one.acts for one in receipts}) == 1
    assert ids(store) == [1]


def test_one_key_with_two_bodies_at_two_gateways_is_one_act_and_one_conflict(store: Store, other: Store) -> None:
    key = Idempotency("1-1", "key", keccak(b"one body"))
    entries = (entry(1, idempotency=key), entry(2, idempotency=replace(key, body_hash=keccak(b"another"))))

    def send(gateway: Store, place: int) -> object:
        try:
            return gateway.outbox.accept_blocking(entries[place])
        except Conflict as conflict:
            return conflict.code

    with ThreadPoolExecutor() as pool:
        answers = [one.result() for one in (pool.submit(send, store, 0), pool.submit(send, other, 1))]
    assert sum(isinstance(answer, Receipt) for answer in answers) == 1
    assert answers.count("IDEMPOTENCY_CONFLICT") == 1
    with store.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(idempotency)).scalar_one() == 1
    assert ids(store) == [1]


def test_transaction_that_fails_leaves_nothing(store: Store, other: Store) -> None:
    row = {"owner": "1-1", "key": "k", "body_hash": b"h", "acts": [], "created_at": 1}
    with pytest.raises(IntegrityError), store.db.write() as connection:
        connection.execute(insert(idempotency), [row, row])
    with other.db.write() as connection:
        assert connection.execute(select(func.count()).select_from(idempotency)).scalar_one() == 0


def test_of_eight_relays_one_gets_the_lease(store: Store, other: Store) -> None:
    now = [1_000_000]
    leases = [Lease(one.db, f"holder {n}", 3, lambda: now[0]) for n, one in enumerate((store, other) * 4)]
    with ThreadPoolExecutor() as pool:
        held = list(pool.map(Lease.acquire, leases))
    assert held.count(True) == 1
    first = leases[held.index(True)]
    second = next(lease for lease in leases if lease is not first)
    now[0] += 2_999
    assert first.acquire()
    now[0] += 2_999
    assert not second.acquire()
    now[0] += 1
    assert second.acquire()
    assert not first.acquire()
    with pytest.raises(LeaseLost), store.db.write() as connection:
        first.guard(connection)
    with other.db.write() as connection:
        second.guard(connection)


def test_lease_let_go_by_who_does_not_hold_it_stays(store: Store) -> None:
    holder, stranger = (Lease(store.db, name, 3, lambda: 0) for name in ("holder", "stranger"))
    assert holder.acquire()
    stranger.release()
    assert not stranger.acquire()
    holder.release()
    assert stranger.acquire()
