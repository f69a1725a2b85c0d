"""A database to read and to write: SQLite (WAL, every commit on disk) or PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.store.turn import Turn
from ledger.errors import InvalidInput, Unavailable

BUSY_MILLISECONDS = 15_000
_WRITER_LOCK = 0x48555849
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
    # KiB; another process's commit voids it, so that it serves one transaction, seldom more
    "PRAGMA cache_size=-16000",
)
JUDGE = "huxin.judge"
"""Where a connection's ``info`` has who judges an error of SQLite's driver that did not pass through SQLAlchemy."""
_TCP = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""Whoever set it off for all else must not have acts acknowledged that a crash takes back."""


class StoreUnavailable(Unavailable):
    """The database does not answer: what was in the middle of it must read everything again."""


class Database:
    """Two engines on one database: readers never wait, writers one at a time.

    PostgreSQL's writers take an advisory lock, so that on both databases rows of the outbox become
    visible in the order of their numbers.

    On SQLite a transaction that reads first and writes later can fail at the upgrade with nothing
    to wait for; BEGIN IMMEDIATE makes writers wait instead, and ``Turn`` lets them in without long sleeps.

    Where reading, writing or syncing SQLite's files failed, nobody knows what the disk holds: the kernel may have
    dropped what it could not write, and a second sync would succeed all the same. From then on everything is refused
    (Unavailable ``STORE_FAILED``) and ``on_failure`` has the process end; who starts it afresh recovers from the files.
    """

    def __init__(self, url: str, pool_size: int = 10, on_failure: Callable[[], None] = lambda: None) -> None:
        """``pool_size``: readers at once. InvalidInput ``DATABASE_URL``."""
        self.url = url
        self._url = read_address(url)
        self._on_failure = on_failure
        self._failed = False
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._turn = Turn(Path(f"{self._url.database}-turn")) if self.is_sqlite else None
        self._readers = self._engine("DEFERRED", pool_size)
        self._writers = self._engine("IMMEDIATE", 2)

    def _engine(self, mode: str, pool_size: int) -> Engine:
        # parameters are documents and keys: no message may show them
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "hide_parameters": True}
        if not self.is_sqlite:
            # several SELECTs of one read must see the same moment; SQLite's transactions do so anyway
            isolation = {} if mode == "IMMEDIATE" else {"isolation_level": "REPEATABLE READ"}
            engine = create_engine(self._url, pool_pre_ping=True, connect_args=_TCP, **pool, **isolation)
            event.listen(engine, "connect", _make_durable)
            return engine
        engine = create_engine(self._url, **pool)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "connect", lambda _connection, record: record.info.update({JUDGE: self._judge}))
        event.listen(engine, "begin", lambda connection: self._begin(connection, mode))
        event.listen(engine, "handle_error", lambda context: self._judge(context.original_exception))
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing that is written in it is kept. StoreUnavailable ``STORE_SILENT``."""
        with self._telling(), self._readers.connect() as connection:
            # at once: SQLAlchemy would see no need for it in what the driver is asked itself (``bulk.run``)
            connection.begin()
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all or nothing, durable when the block is left. StoreUnavailable ``STORE_SILENT``.

        Where the connection breaks in the middle of the commit, it may have been written all the same.
        """
        with self._telling(), self._my_turn(), self._writers.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))
            yield connection

    def answers(self) -> bool:
        """Whether the database can be written to; on SQLite takes the write lock and lets it go."""
        query = "SELECT 1" if self.is_sqlite else "SELECT current_setting('transaction_read_only') = 'off'"
        with self._telling(), self._my_turn(), self._writers.begin() as connection:
            return bool(connection.execute(text(query)).scalar_one())

    def _my_turn(self) -> AbstractContextManager[object]:
        return nullcontext() if self._turn is None else self._turn.taken()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            if self.is_sqlite and not _is_busy(error):
                raise
            raise StoreUnavailable(
                "STORE_SILENT", "the database does not answer; send it again later", "数据库无响应,请稍后重试"
            ) from error

    def _begin(self, connection: Connection, mode: str) -> None:
        if self._failed:
            raise _store_failed()
        connection.exec_driver_sql(f"BEGIN {mode}")

    def _judge(self, error: BaseException) -> None:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_IOERR:
            self._failed = True
            self._on_failure()
            raise _store_failed() from error

    def close(self) -> None:
        """Close all connections; after a failure none, for SQLite would write and sync once more."""
        if self._turn is not None:
            self._turn.close()
        if self._failed:
            return
        self._readers.dispose()
        self._writers.dispose()


def read_address(url: str) -> URL:
    """A database's address with the driver that we bring; InvalidInput ``DATABASE_URL``, which shows no password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise _bad_address() from None
    kind = address.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise _bad_address()
    return address


def _bad_address() -> InvalidInput:
    return InvalidInput(
        "DATABASE_URL", "database_url", "must be postgresql://user:password@host:port/name or sqlite:///path",
        "数据库地址须为 postgresql://用户:口令@主机:端口/库名 或 sqlite:///路径",
    )  # fmt: skip


def _is_busy(error: Exception) -> bool:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return isinstance(error, PoolTimeout) or code & 0xFF == sqlite3.SQLITE_BUSY


def _make_durable(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_DURABLE)
    connection.commit()


def _prepare(connection: Any, _record: Any) -> None:
    # the driver's own BEGIN comes too late and never IMMEDIATE: ours is sent by _begin
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _store_failed() -> StoreUnavailable:
    return StoreUnavailable(
        "STORE_FAILED", "the database's files cannot be read or written; the process starts afresh",
        "数据库文件读写失败,进程将重新启动",
    )  # fmt: skip
