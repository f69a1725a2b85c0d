"""The index's promise broken: a block is in it whole, or not at all."""

import time
from typing import Any

from sqlalchemy import insert

from api.index import indexer
from api.index.indexer import Indexer
from api.index.write import write_block
from api.store import index_tables
from scripts.mutants import put

_SLOW_DISK = 0.3  # seconds that a commit takes on a very busy disk


def block_before_its_rows() -> None:
    """A block is noted as read in one transaction, what it holds follows in another."""
    write = Indexer._write  # noqa: SLF001

    def in_two(self: Indexer, block: Any, record: Any) -> None:
        row = {"number": block.number, "hash": block.hash, "parent_hash": block.parent_hash}
        with self._db.write() as connection:
            values = {**row, "timestamp": block.timestamp, "acts": len(record.outcomes)}
            connection.execute(insert(index_tables.blocks).values(**values))
        time.sleep(_SLOW_DISK)
        write(self, block, record)

    def without_the_block(connection: Any, block: Any, record: Any) -> None:
        connection.execute(index_tables.blocks.delete().where(index_tables.blocks.c.number == block.number))
        write_block(connection, block, record)

    put(Indexer, "_write", in_two)
    put(indexer, "write_block", without_the_block)
