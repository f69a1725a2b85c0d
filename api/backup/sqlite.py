"""Copies of SQLite files as of one moment, while others write; and what has to be read from them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from api.backup.manifest import Head, damaged
from ledger.errors import NotFound

_PAGES = 2_048
TRANSIENT = ("sessions", "challenges", "leases", "heartbeats")
"""Tables that are emptied in a backup: a sign-out must not be undone by it, and nobody of then is alive."""
Progress = Callable[[int, int], None]


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy a database; NotFound ``NOTHING_TO_BACK_UP``. Told the pages done and how many there are.

    A read transaction is held the while: in WAL mode writers go on, the copy stands still, and
    SQLite's backup is not begun anew at each of their commits.
    """
    if not source.exists():
        raise NotFound("NOTHING_TO_BACK_UP", f"{source.name} does not exist", f"{source.name} 不存在")
    with closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as live:
        live.execute("BEGIN")
        live.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(target, isolation_level=None)) as made:
            live.backup(
                made, pages=_PAGES, progress=lambda _status, left, total: progress(total - left, total), sleep=0
            )
            # one file by itself, without a log beside it
            made.execute("PRAGMA journal_mode=DELETE")
        live.execute("ROLLBACK")
    check(target)


def check(path: Path) -> None:
    """InvalidInput ``BACKUP_DAMAGED`` where the pages do not fit together."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.DatabaseError as error:
        raise damaged(path.name) from error
    if found != ["ok"]:
        raise damaged(path.name)


def forget_transient(path: Path) -> None:
    """Empty what must not live again, so that nothing of it stays in the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        for table in TRANSIENT:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


def chain_head(path: Path) -> Head:
    """The newest block of the copied chain."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT number, hash FROM block ORDER BY number DESC LIMIT 1").fetchone()
    return Head(-1, "0x") if row is None else Head(row[0], "0x" + row[1].hex())


def block_hash(path: Path, number: int) -> str | None:
    """The hash of a block of the copied chain."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT hash FROM block WHERE number = ?", (number,)).fetchone()
    return None if row is None else "0x" + row[0].hex()
