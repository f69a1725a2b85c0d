"""Whoever changes a byte, in the index or in the chain's store, is named by the audit.

The index is tampered with on each footing; the chain's store where it is ours, that is the embedded one's.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, select, update

from api.settings import Settings
from api.store.database import Database
from api.store.index_tables import grants, outcomes, steps
from tests.databases import POSTGRESQL
from tests.e2e.conftest import Told
from tests.e2e.running import run

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def copied(told: Told, tmp_path: Path, request: pytest.FixtureRequest) -> Told:
    """The ledger with a copy of its files and of its database."""
    copy = tmp_path / "data"
    shutil.copytree(told.data, copy)
    server = request.getfixturevalue("postgres") if told.footing.database == POSTGRESQL else None
    return Told(told.footing.on_copy(server), copy, told.report)


@contextmanager
def writing(ledger: Told) -> Iterator[Connection]:
    """The administrator's own way to the database."""
    database = Database(ledger.footing.database_url or Settings(data=ledger.data).database)
    with database.write() as connection:
        yield connection
    database.close()


def changed(value: Any) -> Any:
    return bytes((value[0] ^ 1,)) + value[1:] if isinstance(value, bytes) else value ^ 1


@pytest.mark.parametrize(("table", "column"), [(steps, "evidence"), (grants, "rights")], ids=str)
def test_a_changed_byte_of_the_index_is_named(copied: Told, table: Table, column: str) -> None:
    with writing(copied) as connection:
        rows = connection.execute(select(table)).mappings().all()
        row = rows[len(rows) // 2]
        here = [one == row[one.name] for one in table.primary_key.columns]
        connection.execute(update(table).where(*here).values({column: changed(row[column])}))
    report = copied.run("audit", expect=1)
    assert not report["clean"]
    assert "INDEX_DIFFERS" in {one["code"] for one in report["differences"]}


def test_a_row_taken_out_of_the_index_is_named(copied: Told) -> None:
    with writing(copied) as connection:
        connection.execute(delete(outcomes).where(outcomes.c.result == "refused"))
    report = copied.run("audit", expect=1)
    assert {one["code"] for one in report["differences"]} == {"INDEX_ROW_MISSING"}


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [("tx", "raw", "TRANSACTION"), ("block", "header", "HEADER"), ("node", "value", "NODE")],
)
def test_a_changed_byte_of_the_chain_is_named(
    played: tuple[Path, Any], tmp_path: Path, table: str, column: str, code: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(played[0], copy)
    change_one_byte(copy / "chain" / "chain.sqlite", table, column)
    report = run("audit", "--data", str(copy), expect=1)
    assert not report["clean"]
    assert code in {one["code"] for one in report["differences"]}


def change_one_byte(database: Path, table: str, column: str) -> None:
    connection = sqlite3.connect(database)
    rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608 - our own names
    rowid, value = rows[len(rows) // 2]
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value), rowid))  # noqa: S608 - our own names
    connection.commit()
    connection.close()
