"""A database to read and to write: SQLite (WAL, every commit on disk) or PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.engine import make_url

from ledger.errors import Unavailable

BUSY_MILLISECONDS = 15_000
_WRITER_LOCK = 0x48555849
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32000",
)


class Database:
    """Two engines on one database: readers never wait, writers one at a time.

    PostgreSQL's writers take an advisory lock, so that on both databases rows of the outbox become
    visible in the order of their numbers.

    On SQLite a transaction that reads first and writes later can fail at the upgrade with nothing
    to wait for; BEGIN IMMEDIATE makes writers queue instead.

    Where reading, writing or syncing SQLite's files failed, nobody knows what the disk holds: the kernel may have
    dropped what it could not write, and a second sync would succeed all the same. From then on everything is refused
    (Unavailable ``STORE_FAILED``) and ``on_failure`` has the process end; who starts it afresh recovers from the files.
    """

    def __init__(self, url: str, pool_size: int = 10, on_failure: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self._on_failure = on_failure
        self._failed = False
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._readers = self._engine("DEFERRED", pool_size)
        self._writers = self._engine("IMMEDIATE", 2)

    def _engine(self, mode: str, pool_size: int) -> Engine:
        # several SELECTs of one read must see the same moment; SQLite's transactions do so anyway
        isolation = {} if self.is_sqlite or mode == "IMMEDIATE" else {"isolation_level": "REPEATABLE READ"}
        engine = create_engine(self.url, pool_size=pool_size, max_overflow=pool_size, **isolation)
        if self.is_sqlite:
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", lambda connection: self._begin(connection, mode))
            event.listen(engine, "handle_error", self._judge)
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing that is written in it is kept."""
        with self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all or nothing, durable when the block is left."""
        with self._writers.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))
            yield connection

    def answers(self) -> bool:
        """Whether the database can be written to: takes the write lock and lets it go."""
        with self._writers.begin() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)

    def _begin(self, connection: Connection, mode: str) -> None:
        if self._failed:
            raise _store_failed()
        connection.exec_driver_sql(f"BEGIN {mode}")

    def _judge(self, context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_IOERR:
            self._failed = True
            self._on_failure()
            raise _store_failed() from context.original_exception

    def close(self) -> None:
        """Close all connections; after a failure none, for SQLite would write and sync once more."""
        if self._failed:
            return
        self._readers.dispose()
        self._writers.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    # the driver's own BEGIN comes too late and never IMMEDIATE: ours is sent by _begin
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _store_failed() -> Unavailable:
    return Unavailable(
        "STORE_FAILED", "the database's files cannot be read or written; the process starts afresh",
        "数据库文件读写失败,进程将重新启动",
    )  # fmt: skip
