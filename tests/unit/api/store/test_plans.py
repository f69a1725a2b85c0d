"""What the rules ask of the index costs the same however much is in it: SQLite finds each record by an index."""

from pathlib import Path
from typing import Any

import pytest

from api.store import shapes
from api.store.schema import Octets
from api.store.store import Store, open_store
from api.store.worldview import RECORDS


def plans_of(store: Store, name: str, keys: list[Any]) -> list[str]:
    """SQLite's plan of each statement by which records are loaded."""
    found: list[str] = []
    with store.db.read() as connection:
        driver: Any = connection.connection.driver_connection
        statements: list[str] = []
        driver.set_trace_callback(statements.append)
        RECORDS[name].load(connection, keys)
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
def test_no_record_is_looked_for_in_the_whole_table(name: str, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    try:
        plans = plans_of(store, name, [key_of(RECORDS[name], number) for number in (1, 2)])
    finally:
        store.close()
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN " + RECORDS[name].table.name)], plans
