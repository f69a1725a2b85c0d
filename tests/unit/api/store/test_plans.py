"""What the rules ask of the index costs the same however much is in it: SQLite finds each record by an index."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from api.store import index_tables as t
from api.store import shapes
from api.store.bulk import insert_rows
from api.store.database import Database
from api.store.entries import Entry, EntryAct, Idempotency
from api.store.lookup import _statement
from api.store.own_tables import idempotency
from api.store.reads import OutcomeReads
from api.store.registry import RegistryReads
from api.store.schema import Octets
from api.store.store import Store, open_store
from api.store.uses import UseReads
from api.store.worldview import RECORDS
from ledger.crypto import keccak
from ledger.ids import scoped


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    yield made
    made.close()


def plans_of(store: Store, ask: Callable[[Connection], object]) -> list[str]:
    """SQLite's plan of each statement by which something is asked."""
    found: list[str] = []
    with store.db.read() as connection:
        driver: Any = connection.connection.driver_connection
        statements: list[str] = []
        driver.set_trace_callback(statements.append)
        ask(connection)
        driver.set_trace_callback(None)
        for statement in statements:
            found += [row[3] for row in driver.execute("EXPLAIN QUERY PLAN " + statement)]
    return found


def key_of(shape: shapes.Shape, number: int) -> Any:
    parts = shape.key if isinstance(shape.key, tuple) else (shape.key,)
    octets = [isinstance(shape.table.c[name].type, Octets) for name in parts]
    made = tuple(number.to_bytes(32) if one else number for one in octets)
    return made if isinstance(shape.key, tuple) else made[0]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_no_record_is_looked_for_in_the_whole_table(store: Store, name: str) -> None:
    keys = [key_of(RECORDS[name], number) for number in (1, 2)]
    plans = plans_of(store, lambda connection: RECORDS[name].load(connection, keys))
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN " + RECORDS[name].table.name)], plans


@pytest.mark.parametrize("algorithm", ["sm3", "sha256"])
def test_a_license_and_its_successor_are_not_looked_for_among_all_of_their_issuer(store: Store, algorithm: str) -> None:
    """The question of everybody who is shown a license, by digest and by leaf."""
    plans = plans_of(store, lambda connection: list(connection.execute(_statement(algorithm), {"digest": bytes(32)})))
    plans += plans_of(
        store, lambda connection: RegistryReads(cast("Database", OneConnection(connection))).superseded_by(bytes(32), 3)
    )
    searched = [plan for plan in plans if "licenses" in plan or "newer" in plan]
    assert searched
    assert not [plan for plan in searched if "(issuer=?)" in plan or plan.startswith("SCAN")], searched


@dataclass
class OneConnection:
    """A database whose reads are all the same one, so that it is seen what they ask."""

    connection: Connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self.connection


@pytest.mark.parametrize(("plan", "ask"), [
    (
        "ix_outcomes_license (license=? AND agency=? AND result=?)",
        lambda database: UseReads(database).acts_on_license(bytes(32), 3),
    ),
    ("ix_outcomes_on_seals (agency=? AND result=?)", lambda database: OutcomeReads(database).of_seals(3)),
])  # fmt: skip
def test_acts_on_a_license_and_on_seals_are_found_among_all_of_an_agency(
    store: Store, plan: str, ask: Callable[[Database], object]
) -> None:
    """However many steps its officers have signed, and in whatever order the indexes were made."""
    with store.db.write() as connection:
        (all_of_agency,) = [one for one in t.outcomes.indexes if one.name == "ix_outcomes_agency_position"]
        all_of_agency.drop(connection)
        all_of_agency.create(connection)
    (found,) = plans_of(store, lambda connection: ask(cast("Database", OneConnection(connection))))
    assert plan in found
    assert "TEMP B-TREE" not in found


def test_page_of_an_agencys_events_is_read_in_order_and_not_sorted_out_of_all(store: Store) -> None:
    """Who resumes the stream after a long time reads page after page."""
    plans = plans_of(
        store, lambda connection: OutcomeReads(cast("Database", OneConnection(connection))).since(-1, 100, agency=3)
    )
    assert plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or plan.startswith("SCAN")], plans


def keyed(number: int) -> Entry:
    act = EntryAct(keccak(number.to_bytes(8)), "Step", scoped(1, 1))
    key = Idempotency(f"owner {number % 7}", f"key {number}", bytes(32))
    return Entry("trails", b"payload", (str(number),), (act,), 50_000, 1000, key)


def test_accepting_under_an_idempotency_key_costs_the_same_however_many_were_used_before(store: Store) -> None:
    """The table of keys grows with every act that a client of ours hands in."""
    store.start_writer()
    store.outbox.accept_blocking(keyed(0))
    counted = [0]
    with store.db.write() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: counted.__setitem__(0, counted[0] + 1), 1)
    store.outbox.accept_blocking(keyed(1))
    first, counted[0] = counted[0], 0
    with store.db.write() as connection:
        used = [{"owner": f"owner {n % 7}", "key": f"key {n}", "body_hash": bytes(32), "acts": [], "created_at": 1}
                for n in range(2, 2_000)]  # fmt: skip
        insert_rows(connection, idempotency, used)
    counted[0] = 0
    store.outbox.accept_blocking(keyed(2_000))
    assert 0 < counted[0] < 2 * first
