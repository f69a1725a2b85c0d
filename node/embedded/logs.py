"""Logs: which transactions carry an address or topic, and the exact filter of ``eth_getLogs``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import groupby

import rlp
from eth.abc import ReceiptAPI
from eth.vm.forks.london.receipts import LondonReceiptBuilder

from ledger.crypto import keccak
from node.embedded.database import ChainDatabase, TxRow

MAX_LOGS = 100_000
MAX_TOPICS = 4
_LEGACY_PREFIX = 0xC0


class TooManyLogs(Exception):
    """More logs match than one answer may hold; ask for fewer blocks."""


@dataclass(frozen=True, slots=True)
class Log:
    """One log and its place in the chain; topics have 32 bytes, the index counts in the block."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    number: int
    position: int
    tx_hash: bytes
    index: int


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty ``addresses`` or an empty entry of ``topics`` match anything (execution-apis)."""

    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()

    def matches(self, log: Log) -> bool:
        """Whether the log fits exactly."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        pairs = zip(self.topics, log.topics, strict=False)
        return all(not wanted or topic in wanted for wanted, topic in pairs)


def posting_key(place: int, value: bytes) -> int:
    """Key of an address (place 0) or the topic at place 1 to 4: 63 bits, checked again on reading."""
    return int.from_bytes(keccak(bytes((place,)) + value)[:8]) >> 1


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as we have encoded it, read without py-evm's checks of every field."""

    succeeded: bool
    cumulative_gas: int
    bloom: bytes
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]
    """Address, topics, data."""


# a block's receipts are asked for some times within a second; one of 200 steps takes 200 kB when read
@lru_cache(maxsize=16)
def stored_receipt(receipt: bytes) -> StoredReceipt:
    """Read the consensus encoding (EIP-2718) of one of our own receipts."""
    typed = receipt[0] < _LEGACY_PREFIX
    status, gas, bloom, logs = rlp.decode(receipt[1:] if typed else receipt)
    read = ((bytes(address), tuple(map(bytes, topics)), bytes(data)) for address, topics, data in logs)
    return StoredReceipt(status == b"\x01", int.from_bytes(gas), bytes(bloom), tuple(read))


def receipt_logs(row: TxRow) -> tuple[Log, ...]:
    """The logs of one mined transaction."""
    logs = enumerate(stored_receipt(row.receipt).logs, row.first_log)
    return tuple(Log(*content, row.number, row.position, row.hash, index) for index, content in logs)


def decode_receipt(receipt: bytes) -> ReceiptAPI:
    """A receipt from its consensus encoding."""
    return LondonReceiptBuilder.decode(receipt)


def postings(number: int, position: int, receipt: ReceiptAPI) -> Iterator[tuple[int, int, int]]:
    """(key, block, position) for all logs of a transaction, each key once."""
    keys = {posting_key(0, bytes(log.address)) for log in receipt.logs}
    for log in receipt.logs:
        keys.update(posting_key(place, topic.to_bytes(32)) for place, topic in enumerate(log.topics, 1))
    return ((key, number, position) for key in sorted(keys))


def _most_selective(wanted: LogFilter) -> tuple[int, ...] | None:
    """Keys to look under: the last topic asked for, as later ones name single records."""
    for place in range(len(wanted.topics), 0, -1):
        if wanted.topics[place - 1]:
            return tuple(posting_key(place, topic) for topic in wanted.topics[place - 1])
    return tuple(posting_key(0, address) for address in wanted.addresses) or None


def _candidates(database: ChainDatabase, wanted: LogFilter, first: int, last: int) -> Iterable[tuple[int, int]]:
    keys = _most_selective(wanted)
    if keys is None:
        return database.positions_with_logs(first, last)
    found = merge(*(database.positions(key, first, last) for key in keys))
    return (place for place, _ in groupby(found))


def find_logs(database: ChainDatabase, wanted: LogFilter, first: int, last: int) -> tuple[Log, ...]:
    """Logs of blocks ``first`` to ``last`` in chain order; TooManyLogs above ``MAX_LOGS``."""
    found: list[Log] = []
    for number, position in _candidates(database, wanted, first, last):
        row = database.transaction(number, position)
        if row is not None:
            found.extend(log for log in receipt_logs(row) if wanted.matches(log))
        if len(found) > MAX_LOGS:
            raise TooManyLogs(f"query returned more than {MAX_LOGS} results")
    return tuple(found)
