"""The index against a fresh replay of the chain, row by row: for ``huxin audit``."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from api.index.indexer import Indexer
from api.index.ports import BlockSource
from api.settings import Settings
from api.store.database import Database
from api.store.index_tables import blocks
from api.store.models import IndexHead
from api.store.origin import Origin
from api.store.reads import read_head
from api.store.schema import INDEX, metadata
from api.store.upgrade import upgrade
from ledger.errors import Fault
from node.gateway.port import BlockTag, ChainBlock, ChainReceipt
from node.network import LedgerNetwork

Progress = Callable[[str, int, int], None]
TABLES = tuple(table for table in metadata.sorted_tables if table.info.get("kind") == INDEX)


class _Until:
    """The chain as it was at the index's head, so that a lag is not taken for a difference."""

    def __init__(self, chain: BlockSource, last: int) -> None:
        self._chain, self._last = chain, last

    def final_head(self) -> int:
        return self._last

    def block_hash(self, number: int) -> bytes | None:
        return self._chain.block_hash(number)

    def blocks_with_receipts(self, first: int, last: int) -> tuple[tuple[ChainBlock, tuple[ChainReceipt, ...]], ...]:
        return self._chain.blocks_with_receipts(first, last)

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        return self._chain.code(address, block)


def compare_index(
    settings: Settings, chain: BlockSource, network: LedgerNetwork, progress: Progress
) -> tuple[list[Fault], int]:
    """(each difference, rows compared). Everything is read in one snapshot of the index."""
    faults: list[Fault] = []
    database = Database(settings.database)
    try:
        with database.read() as ours:
            faults += _integrity(ours, is_sqlite=database.is_sqlite)
            head = _head(ours, faults)
            if head is None or head.number < 0:
                return faults, 0
            with tempfile.TemporaryDirectory(prefix="huxin-audit-") as folder:
                fresh = _replay(Path(folder), _Until(chain, head.number), Origin.of(network), progress)
                try:
                    with fresh.read() as theirs:
                        rows = [_compare(table, ours, theirs, faults) for table in TABLES]
                finally:
                    fresh.close()
            return faults, sum(rows)
    finally:
        database.close()


def _replay(folder: Path, chain: BlockSource, origin: Origin, progress: Progress) -> Database:
    fresh = Database(f"sqlite:///{folder / 'index.db'}")
    upgrade(fresh)
    indexer = Indexer(fresh, chain, origin)
    while indexer.follow(progress=lambda done, of: progress("index", done, of)):
        pass
    return fresh


def _integrity(connection: Connection, *, is_sqlite: bool) -> Iterator[Fault]:
    """SQLite's own check finds what no query reads: broken pages, stray entries of its indices."""
    if not is_sqlite:
        return
    try:
        found = [row[0] for row in connection.execute(text("PRAGMA integrity_check"))]
    except SQLAlchemyError as error:
        found = [_brief(error)]
    for line in found:
        if line != "ok":
            yield Fault("INDEX_DAMAGED", "huxin.db", f"数据库结构损坏:{line}", f"the database is damaged: {line}")


def _head(connection: Connection, faults: list[Fault]) -> IndexHead | None:
    try:
        return read_head(connection)
    except (SQLAlchemyError, ValueError, TypeError) as error:
        faults.append(_unreadable(blocks, error))
        return None


def _compare(table: Table, ours: Connection, theirs: Connection, faults: list[Fault]) -> int:
    """Walk both by primary key, in step; how many rows there should be."""
    count = 0
    wanted, seen = _rows(table, theirs), _rows(table, ours)
    try:
        expected, found = next(wanted, None), next(seen, None)
        while expected or found:
            if expected is not None and (found is None or expected[0] < found[0]):
                faults += _differences(table, expected[0], expected[1], None)
                expected = next(wanted, None)
                count += 1
            elif found is not None and (expected is None or found[0] < expected[0]):
                faults += _differences(table, found[0], None, found[1])
                found = next(seen, None)
            elif expected is not None and found is not None:
                faults += _differences(table, expected[0], expected[1], found[1])
                expected, found = next(wanted, None), next(seen, None)
                count += 1
    except (SQLAlchemyError, ValueError, TypeError) as error:
        faults.append(_unreadable(table, error))
    return count


def _rows(table: Table, connection: Connection) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    names = [column.name for column in table.primary_key]
    for row in connection.execution_options(yield_per=1_000).execute(select(table).order_by(*table.primary_key)):
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
        yield tuple(values[name] for name in names), values


def _differences(
    table: Table, key: Sequence[Any], expected: dict[str, Any] | None, found: dict[str, Any] | None
) -> Iterator[Fault]:
    where = f"{table.name} {', '.join(map(_shown, key))}"
    if found is None:
        yield Fault("INDEX_ROW_MISSING", where, "索引缺少此行", "the index lacks this row")
    elif expected is None:
        yield Fault("INDEX_ROW_EXTRA", where, "索引多出此行", "the chain knows nothing of this row")
    else:
        for name, value in expected.items():
            if found[name] != value:
                yield Fault(
                    "INDEX_DIFFERS",
                    f"{where}, {name}",
                    f"索引与链不一致:应为 {_shown(value)},实为 {_shown(found[name])}",
                    f"the index has {_shown(found[name])}, the chain gives {_shown(value)}",
                )


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else repr(value)


def _unreadable(table: Table, error: Exception) -> Fault:
    return Fault("INDEX_UNREADABLE", table.name, f"索引无法读取:{_brief(error)}", f"unreadable: {_brief(error)}")


def _brief(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
