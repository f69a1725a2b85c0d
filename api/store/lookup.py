"""All that the store knows of the licenses of one file, and how far the index has come, in one statement."""

import sqlite3
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from sqlalchemy import BigInteger, CompoundSelect, bindparam, cast, func, null, select, union_all
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url

from api.store import index_tables as t
from api.store.database import Database
from api.store.own_tables import license_leaves, license_records
from ledger.records import LicenseRecord, Status

_BUSY_SECONDS = 0.05
"""Readers of a WAL wait for nobody; where they had to, somebody else asks in a thread of his own."""


@dataclass(frozen=True, slots=True)
class Found:
    """One license: its record on chain (None: not issued singly), what was recorded, its batch, its successor.

    ``batch`` is a leaf's own where all that is known is that it is in one.
    """

    leaf: bytes
    record: LicenseRecord | None
    block: int | None
    body: bytes | None
    batch: bytes | None
    superseded_by: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``indexed``: number of the newest block in the index (-1: none) when ``found`` was read."""

    indexed: int
    found: tuple[Found, ...]


class LicenseLookup:
    """Licenses by the digest of their file.

    On SQLite over a read-only connection of its own, for a caller on one thread: it takes some microseconds, less
    than handing it to another thread would.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._direct: sqlite3.Connection | None = None

    @property
    def is_quick(self) -> bool:
        """Whether :meth:`at_once` can be used."""
        return self._db.is_sqlite

    def at_once(self, algorithm: str, digest: bytes) -> Answer | None:
        """The answer without waiting; None: ask :meth:`by_digest`, which also says what is wrong."""
        try:
            self._direct = self._direct or _open(self._db.url)
            text, values = _plain(algorithm)
            bound = tuple(digest if value is None else value for value in values)
            rows = self._direct.execute(text, bound).fetchall()
        except sqlite3.OperationalError:
            self.close()
            return None
        return _answer(rows)

    def by_digest(self, algorithm: str, digest: bytes) -> Answer:
        """The answer, for ``sm3`` or ``sha256`` and 32 bytes."""
        with self._db.read() as connection:
            return _answer(connection.execute(_statement(algorithm), {"digest": digest}).all())

    def close(self) -> None:
        """Close the connection of its own."""
        if self._direct is not None:
            self._direct.close()
            self._direct = None


@cache
def _statement(algorithm: str) -> CompoundSelect[Any]:
    """What is on chain, what is only recorded here, and a row of the index's head alone."""
    digest = bindparam("digest", type_=license_records.c.sm3.type)
    own, record, newer = t.licenses, license_records, t.licenses.alias("newer")
    head = select(func.max(t.blocks.c.number)).scalar_subquery()
    batch = select(license_leaves.c.root).limit(1)
    in_batch, recorded_in = (
        batch.where(license_leaves.c.leaf == table.c.leaf).correlate(table).scalar_subquery() for table in (own, record)
    )
    body = select(record.c.body).where(record.c.leaf == own.c.leaf).scalar_subquery()
    replaced = (newer.c.supersedes == own.c.leaf) & (newer.c.issuer == own.c.issuer)
    successor = select(newer.c.leaf).where(replaced).limit(1).scalar_subquery()
    interval = (own.c.valid_from, own.c.valid_until, own.c.status, own.c.stopped_at)
    rest = (own.c.issuer, own.c.seal, own.c.case_tag, own.c.block)
    blank = [null()] * (len(interval) + len(rest))
    by_issuer = (own.c.leaf == record.c.leaf) & (own.c.issuer == record.c.issuer)
    anchored = select(own.c.leaf).where(by_issuer, own.c.item.is_not(None)).exists()
    # a license of a batch that was changed since: its batch, which may be kept elsewhere, is not told by the digest
    changed = select(own.c.leaf).where(by_issuer).correlate(record).scalar_subquery()
    no_number = cast(null(), BigInteger)
    return union_all(
        select(own.c.leaf, *interval, *rest, body, func.coalesce(own.c.batch, in_batch), successor, no_number)
        .where(own.c[algorithm] == digest),
        select(record.c.leaf, *blank, record.c.body, func.coalesce(recorded_in, changed), null(), no_number)
        .where(record.c[algorithm] == digest, ~anchored),
        select(null(), *blank, null(), null(), null(), head),
    )  # fmt: skip


@cache
def _plain(algorithm: str) -> tuple[str, tuple[Any, ...]]:
    """The same as the text that SQLite takes, and its values; None stands for the digest."""
    compiled = _statement(algorithm).compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    return str(compiled), tuple(compiled.params[name] for name in compiled.positiontup or ())


def _open(url: str) -> sqlite3.Connection:
    path = quote(make_url(url).database or "")
    connection = sqlite3.connect(
        f"file:{path}?mode=ro", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.execute("PRAGMA cache_size=-32000")
    return connection


def _answer(rows: Any) -> Answer:
    indexed = next(row[-1] for row in rows if row[0] is None)
    found = sorted((_found(row) for row in rows if row[0] is not None), key=lambda one: one.leaf)
    return Answer(-1 if indexed is None else indexed, tuple(found))


def _found(row: Any) -> Found:
    leaf, start, end, status, stopped_at, issuer, seal, tag, block, body, batch, newer, _ = row
    record = None
    if start is not None:
        case_tag = tag if isinstance(tag, int) else int.from_bytes(tag)
        record = LicenseRecord(start, end, Status(status), stopped_at, issuer, seal, case_tag)
    return Found(bytes(leaf), record, block, body, batch, newer)
