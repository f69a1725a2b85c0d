"""Blocks and what became of their transactions, straight from the chain's file: for whoever reads a whole chain.

A tenth of the time that JSON-RPC takes. The file is opened for reading only, also while the node writes.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import rlp
from rlp.exceptions import RLPException

from ledger.errors import InvalidInput
from ledger.headers import decode_header
from node.embedded.database import damaged
from node.embedded.logs import stored_receipt

_LEGACY_PREFIX = 0xC0
_TO_AND_DATA = {1: (4, 6), 2: (5, 7)}
"""Where typed transactions (EIP-2930, EIP-1559) have the called address and the calldata."""


class StoredLog(NamedTuple):
    """A log: address of 20 bytes, topics of 32, data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A mined transaction; ``to`` is None where it created a contract."""

    hash: bytes
    to: bytes | None
    data: bytes
    succeeded: bool
    logs: tuple[StoredLog, ...]


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as the file has it; ``header_rlp`` is what ``hash`` should be taken of."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    header_rlp: bytes
    transactions: tuple[StoredTransaction, ...]


class StoredBlocks:
    """The blocks of one chain store."""

    def __init__(self, path: Path) -> None:
        """Open the store; raises StoreDamaged where it is none."""
        try:
            self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise damaged(f"the chain store cannot be opened: {error}", "链库无法打开") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def hash_of(self, number: int) -> bytes | None:
        """A block's hash; raises StoreDamaged."""
        row = self._rows("SELECT hash FROM block WHERE number=?", number)
        return row[0][0] if row else None

    def read(self, first: int, last: int) -> Iterator[tuple[int, StoredBlock | None]]:
        """Each height with its block, None where there is none that can be read; raises StoreDamaged."""
        for number in range(first, last + 1):
            yield number, self._block(number)

    def _block(self, number: int) -> StoredBlock | None:
        blocks = self._rows("SELECT hash, header FROM block WHERE number=?", number)
        rows = self._rows("SELECT hash, raw, receipt FROM tx WHERE number=? ORDER BY position", number)
        try:
            ((block_hash, header_rlp),) = blocks
            header = decode_header(header_rlp)
            transactions = tuple(_transaction(*row) for row in rows)
        except (InvalidInput, RLPException, ValueError, TypeError, LookupError):
            return None
        return StoredBlock(number, block_hash, header.parent_hash, header.timestamp, header_rlp, transactions)

    def _rows(self, query: str, number: int) -> list[tuple[bytes, ...]]:
        try:
            return self._connection.execute(query, (number,)).fetchall()
        except sqlite3.Error as error:
            raise damaged(f"the chain store cannot be read: {error}", "链库无法读取") from error


def _transaction(tx_hash: bytes, raw: bytes, receipt: bytes) -> StoredTransaction:
    if raw[0] >= _LEGACY_PREFIX:
        fields, to, data = rlp.decode(raw), 3, 5
    else:
        fields, (to, data) = rlp.decode(raw[1:]), _TO_AND_DATA[raw[0]]
    became = stored_receipt(receipt)
    logs = tuple(StoredLog(*log) for log in became.logs)
    return StoredTransaction(tx_hash, fields[to] or None, fields[data], became.succeeded, logs)
