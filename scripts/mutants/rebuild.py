"""Rebuild and backup broken: every block is read, and the database is copied before the chain."""

import time
from pathlib import Path
from typing import Any

from api.backup import making, restoring, sqlite
from api.backup.manifest import CHAIN, Head
from api.index.indexer import Indexer
from api.index.record import BlockRecord
from api.store.database import Database
from api.store.reads import read_head
from scripts.mutants import put

_MOST_SECONDS = 20.0


def skip_block() -> None:
    """The index notes one block with acts as read and takes nothing from it."""
    write = Indexer._write  # noqa: SLF001
    skipped: list[int] = []

    def without(self: Indexer, block: Any, record: BlockRecord) -> None:
        if record.steps and not skipped:
            skipped.append(block.number)
            put(self._view, "flush", lambda *_: None)
            write(self, block, BlockRecord())
            self._load()
        else:
            write(self, block, record)

    put(Indexer, "_write", without)


def chain_first() -> None:
    """A backup copies the chain first and the database some blocks later, and nobody looks whether they fit."""
    copy_database = making._database  # noqa: SLF001

    def after_the_chain(settings: Any, stage: Path, machine: Any, progress: Any) -> Any:
        (stage / CHAIN).parent.mkdir()
        sqlite.copy(settings.data / CHAIN, stage / CHAIN, lambda _done, _of: None)
        _await_blocks(settings.database, sqlite.chain_head(stage / CHAIN).number + 2)
        return copy_database(settings, stage, machine, progress)

    def copied(_settings: Any, stage: Path, _index: Head, _progress: Any) -> Head:
        return sqlite.chain_head(stage / CHAIN)

    put(making, "_database", after_the_chain)
    put(making, "_chain", copied)
    put(restoring, "check_order", lambda *_: None)


def _await_blocks(url: str, number: int) -> None:
    database, until = Database(url), time.monotonic() + _MOST_SECONDS
    try:
        while time.monotonic() < until:
            with database.read() as connection:
                if read_head(connection).number >= number:
                    return
            time.sleep(0.05)
    finally:
        database.close()
