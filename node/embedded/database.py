"""SQLite below the chain: one file, one transaction per block, durable when it returns.

Tables: ``node`` (trie nodes and code, each under its own hash), ``block``, ``tx`` (with receipt),
``posting`` (address or topic → transactions whose logs carry it). Everything but ``block``, ``tx``
and ``node`` can be derived from them; nothing is ever deleted.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from eth.abc import AtomicWriteBatchAPI
from eth.db.atomic import AtomicDBWriteBatch
from eth.db.backends.base import BaseAtomicDB

from ledger.errors import Unavailable

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE node (hash BLOB PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE block (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL);
CREATE TABLE tx (
    number INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE,
    sender BLOB NOT NULL, raw BLOB NOT NULL, receipt BLOB NOT NULL, first_log INTEGER NOT NULL,
    PRIMARY KEY (number, position));
CREATE TABLE posting (
    key INTEGER NOT NULL, number INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (key, number, position)) WITHOUT ROWID;
PRAGMA user_version=1;
"""
_WRITER_CACHE, _READER_CACHE = 32_768, 4_096
"""KiB of pages at most. A reader's are void with every block, and each thread that reads has its own."""
_TX = "SELECT number, position, hash, sender, raw, receipt, first_log FROM tx "


class StoreDamaged(Unavailable):
    """The chain store cannot be read as a chain; restore it from a copy and audit it."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as stored: its QBFT hash and the RLP of its sealed header."""

    number: int
    hash: bytes
    header: bytes


@dataclass(frozen=True, slots=True)
class TxRow:
    """A mined transaction: consensus encodings (EIP-2718) and where its logs start in the block."""

    number: int
    position: int
    hash: bytes
    sender: bytes
    raw: bytes
    receipt: bytes
    first_log: int


def damaged(en: str, zh: str) -> StoreDamaged:
    """The error for a store that contradicts itself."""
    return StoreDamaged("CHAIN_STORE_DAMAGED", en, zh)


class _Reader:
    """A thread's connection, closed when the thread is gone."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only=ON")
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class ChainDatabase:
    """Connections to one chain store: one writer, one reader for each thread."""

    def __init__(self, path: Path) -> None:
        """Open, and create where there is none; StoreDamaged where it is no chain store."""
        self._path = path
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._cache = NodeCache()
        self._writer = self._connect(_WRITER_CACHE)
        try:
            self._prepare()
        except (sqlite3.DatabaseError, StoreDamaged) as error:
            self._writer.close()
            if isinstance(error, StoreDamaged):
                raise
            raise damaged(f"the chain store cannot be opened: {error}", "链库无法打开") from error

    def _connect(self, kibibytes: int) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute(f"PRAGMA cache_size=-{kibibytes}")
        return connection

    def _prepare(self) -> None:
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.execute("PRAGMA synchronous=FULL")
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._writer.executescript(f"BEGIN;{SCHEMA}COMMIT;")
        elif version != SCHEMA_VERSION:
            raise damaged(f"chain store version {version} is unknown", f"链库版本 {version} 未知")

    @property
    def rows_written(self) -> int:
        """Rows inserted since this was opened."""
        return self._writer.total_changes

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's own connection; it cannot write, and ends with its thread."""
        found = cast("_Reader | None", getattr(self._local, "reader", None))
        if found is None:
            found = self._local.reader = _Reader(self._connect(_READER_CACHE))
            self._readers.add(found)
        return found.connection

    def close(self) -> None:
        """Close every connection."""
        for reader in tuple(self._readers):
            reader.connection.close()
        self._writer.close()

    def node(self, key: bytes) -> bytes:
        """A trie node or code by its hash; KeyError where there is none."""
        value = self._cache.get(key)
        if value is None:
            row = self.reader.execute("SELECT value FROM node WHERE hash=?", (key,)).fetchone()
            if row is None:
                raise KeyError(key)
            value = cast("bytes", row[0])
            self._cache.put(key, value)
        return value

    def commit_block(
        self,
        block: BlockRow,
        transactions: Sequence[TxRow],
        postings: Iterable[tuple[int, int, int]],
        nodes: dict[bytes, bytes],
    ) -> None:
        """Write one block and all that belongs to it; durable when this returns, or not at all."""
        rows = [(t.number, t.position, t.hash, t.sender, t.raw, t.receipt, t.first_log) for t in transactions]
        with self._transaction() as cursor:
            cursor.executemany("INSERT OR IGNORE INTO node VALUES (?,?)", nodes.items())
            cursor.execute("INSERT INTO block VALUES (?,?,?)", (block.number, block.hash, block.header))
            cursor.executemany("INSERT INTO tx VALUES (?,?,?,?,?,?,?)", rows)
            cursor.executemany("INSERT INTO posting VALUES (?,?,?)", postings)
        for key, value in nodes.items():
            self._cache.put(key, value)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._writer.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
            cursor.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                cursor.execute("ROLLBACK")
            raise

    def head(self) -> BlockRow | None:
        """The last block, or None in an empty store."""
        query = "SELECT number, hash, header FROM block ORDER BY number DESC LIMIT 1"
        row = self.reader.execute(query).fetchone()
        return None if row is None else BlockRow(*row)

    def block(self, number: int) -> BlockRow | None:
        """The block of this height."""
        query = "SELECT number, hash, header FROM block WHERE number=?"
        row = self.reader.execute(query, (number,)).fetchone()
        return None if row is None else BlockRow(*row)

    def block_by_hash(self, block_hash: bytes) -> BlockRow | None:
        """The block of this hash."""
        query = "SELECT number, hash, header FROM block WHERE hash=?"
        row = self.reader.execute(query, (block_hash,)).fetchone()
        return None if row is None else BlockRow(*row)

    def transactions(self, number: int) -> tuple[TxRow, ...]:
        """The transactions of a block, in order."""
        query = _TX + "WHERE number=? ORDER BY position"
        return tuple(TxRow(*row) for row in self.reader.execute(query, (number,)))

    def transaction(self, number: int, position: int) -> TxRow | None:
        """The transaction at this place."""
        query = _TX + "WHERE number=? AND position=?"
        row = self.reader.execute(query, (number, position)).fetchone()
        return None if row is None else TxRow(*row)

    def transaction_by_hash(self, tx_hash: bytes) -> TxRow | None:
        """The mined transaction of this hash."""
        query = _TX + "WHERE hash=?"
        row = self.reader.execute(query, (tx_hash,)).fetchone()
        return None if row is None else TxRow(*row)

    def positions(self, key: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """(block, position) of the transactions posted under ``key``, blocks both included."""
        query = "SELECT number, position FROM posting WHERE key=? AND number BETWEEN ? AND ? ORDER BY number, position"
        return self.reader.execute(query, (key, first, last))

    def positions_with_logs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """(block, position) of every transaction of these blocks."""
        query = "SELECT number, position FROM tx WHERE number BETWEEN ? AND ? ORDER BY number, position"
        return self.reader.execute(query, (first, last))


class NodeCache:
    """Trie nodes used of late, in two generations: bounded, and safe under threads."""

    def __init__(self, generation: int = 32_768) -> None:
        """``generation`` nodes at most are in each of the two."""
        self._size = generation
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The node, if it is still here."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a node, and let the older generation go when the younger is full."""
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = value


class StateStore(BaseAtomicDB):
    """py-evm's view of the store: reads through, keeps what is written until the block commits."""

    def __init__(self, database: ChainDatabase) -> None:
        """Writes stay in ``written`` only; a reader throws them away."""
        self._database = database
        self.written: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        """KeyError where there is none."""
        value = self.written.get(key)
        return self._database.node(key) if value is None else value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        """Only for this block until it commits."""
        self.written[key] = value

    def __delitem__(self, key: bytes) -> None:
        """Nothing that was committed is ever deleted."""
        self.written.pop(key, None)

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """All writes of the context, or none."""
        with AtomicDBWriteBatch._commit_unless_raises(self) as batch:  # noqa: SLF001 - its only use
            yield batch
