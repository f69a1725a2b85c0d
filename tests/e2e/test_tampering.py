"""Whoever changes a byte, in the index or in the chain's store, is named by the audit."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import run

pytestmark = pytest.mark.timeout(600)


def change_one_byte(database: Path, table: str, column: str) -> None:
    connection = sqlite3.connect(database)
    rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608 - our own names
    rowid, value = rows[len(rows) // 2]
    changed = bytes((value[0] ^ 1,)) + value[1:] if isinstance(value, bytes) else value ^ 1
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))  # noqa: S608 - our own names
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("store", "table", "column", "code"),
    [
        ("huxin.db", "steps", "evidence", "INDEX_DIFFERS"),
        ("huxin.db", "grants", "rights", "INDEX_DIFFERS"),
        ("chain/chain.sqlite", "tx", "raw", "TRANSACTION"),
        ("chain/chain.sqlite", "block", "header", "HEADER"),
        ("chain/chain.sqlite", "node", "value", "NODE"),
    ],
)
def test_a_changed_byte_is_named(
    played: tuple[Path, Any], tmp_path: Path, store: str, table: str, column: str, code: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(played[0], copy)
    change_one_byte(copy / store, table, column)
    report = run("audit", "--data", str(copy), expect=1)
    assert not report["clean"]
    assert code in {one["code"] for one in report["differences"]}


def test_a_row_taken_out_of_the_index_is_named(played: tuple[Path, Any], tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(played[0], copy)
    connection = sqlite3.connect(copy / "huxin.db")
    connection.execute("DELETE FROM outcomes WHERE result = 'refused'")
    connection.commit()
    connection.close()
    report = run("audit", "--data", str(copy), expect=1)
    assert {one["code"] for one in report["differences"]} == {"INDEX_ROW_MISSING"}
