"""Two engines behind one face: anvil, and the embedded chain. A block comes when we say so.

The embedded chain runs in this process with its store on disk, as `bench_engine` runs it; anvil takes JSON-RPC alone
and keeps everything in memory. Reading back is over JSON-RPC on both, from the embedded chain's folder by a node that
was started on it afterwards.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.crypto import address_of, keccak
from node.embedded.logs import decode_receipt, receipt_logs
from node.embedded.store import STORE_FILE
from node.engines import AnvilEngine, EmbeddedEngine
from node.gateway.account import RelayAccount
from scripts.compare.rpc import Rpc, log_of
from scripts.engine_chain import EngineChain
from scripts.gas_chain import GAS_LIMIT, Log, Mined
from scripts.gas_scene import CHAIN_ID, START
from scripts.load.processor import processor_seconds
from scripts.node_tools import anvil_binary

RELAY_KEY = keccak(b"gas relay")
_ROOM = 10**12
"""Gas that a block of anvil may hold: all calls of an arm."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of signed transactions: seconds from the first handed in to the last in a block."""

    seconds: float
    busy: float
    """Processor time of the engine in them, seconds."""
    mined: tuple[Mined, ...]
    stored: int | None
    """Bytes that the chain's files grew by; None: it has none."""


class ComparedChain(Protocol):
    """A `SceneChain` that takes transactions signed beforehand."""

    time: int

    @property
    def nonce(self) -> int:
        """Of the account's next transaction."""

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """Mine one transaction."""

    def sign(self, to: bytes | None, data: bytes) -> bytes:
        """The account's next transaction, raw."""

    def feed_all(self, transactions: Sequence[bytes]) -> Fed:
        """Mine transactions, a second of the chain's time for each."""

    def reading(self) -> AbstractContextManager[Rpc]:
        """JSON-RPC to what was mined; nothing is sent any more."""


class EmbeddedChain:
    """The embedded chain in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = EngineChain.new(folder, CHAIN_ID, START)

    @property
    def time(self) -> int:
        """The last block's time."""
        return self._engine.time

    @time.setter
    def time(self, now: int) -> None:
        self._engine.time = now

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""
        return self._engine.relay

    @property
    def nonce(self) -> int:
        """Of the account's next transaction."""
        return self._engine.nonce

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """See ComparedChain."""
        return self._engine.send(to, data)

    def sign(self, to: bytes | None, data: bytes) -> bytes:
        """See ComparedChain."""
        return self._engine.sign(to, data)

    def feed_all(self, transactions: Sequence[bytes]) -> Fed:
        """See ComparedChain."""
        before, numbers, times = _size(self._folder), [], []
        busy, began = time.process_time(), time.perf_counter()
        for raw in transactions:
            numbers.append(self._engine.mine((raw,)))
            times.append(self._engine.time)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        mined = tuple(map(self._mined, numbers, times))
        return Fed(seconds, busy, mined, _size(self._folder) - before)

    def _mined(self, number: int, at: int) -> Mined:
        (row,) = self._engine.chain.database.transactions(number)
        receipt = decode_receipt(row.receipt)
        logs = tuple(Log(log.address, log.topics, log.data) for log in receipt_logs(row))
        return Mined(row.raw, at, receipt.gas_used, receipt.state_root == b"\x01", logs)

    @contextmanager
    def reading(self) -> Iterator[Rpc]:
        """See ComparedChain: a node of its own over the folder."""
        self._engine.chain.database.close()
        with EmbeddedEngine().start(self._folder, CHAIN_ID) as node:
            rpc = Rpc(node.url)
            try:
                yield rpc
            finally:
                rpc.close()


class AnvilChain:
    """anvil, process `pid` at `url`, which mines when it is told to."""

    def __init__(self, url: str, pid: int) -> None:
        self._rpc, self._pid, self.time, self.nonce = Rpc(url), pid, START, 0
        self._account = RelayAccount(RELAY_KEY, CHAIN_ID)
        self._rpc.call("evm_setAutomine", False)
        self._rpc.call("evm_setBlockGasLimit", hex(_ROOM))

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""
        return address_of(RELAY_KEY)

    def sign(self, to: bytes | None, data: bytes) -> bytes:
        """See ComparedChain."""
        self.nonce += 1
        return self._account.sign_transaction(self.nonce - 1, to, data, GAS_LIMIT).raw

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """See ComparedChain."""
        return self.feed_all([self.sign(to, data)]).mined[0]

    def feed_all(self, transactions: Sequence[bytes]) -> Fed:
        """See ComparedChain: in one block, for anvil copies its state at each."""
        bodies = ["0x" + raw.hex() for raw in transactions]
        self.time += len(bodies)
        busy, began = processor_seconds(self._pid), time.perf_counter()
        hashes = [self._rpc.call("eth_sendRawTransaction", body) for body in bodies]
        self._rpc.call("evm_mine", {"timestamp": self.time})
        seconds, busy = time.perf_counter() - began, processor_seconds(self._pid) - busy
        return Fed(seconds, busy, tuple(map(self._mined, transactions, hashes)), None)

    def _mined(self, raw: bytes, tx_hash: str) -> Mined:
        receipt = self._rpc.call("eth_getTransactionReceipt", tx_hash)
        logs = tuple(map(log_of, receipt["logs"]))
        return Mined(raw, self.time, int(receipt["gasUsed"], 16), receipt["status"] == "0x1", logs)

    @contextmanager
    def reading(self) -> Iterator[Rpc]:
        """See ComparedChain."""
        yield self._rpc


@contextmanager
def embedded(folder: Path) -> Iterator[EmbeddedChain]:
    """A new embedded chain."""
    yield EmbeddedChain(folder)


@contextmanager
def anvil(folder: Path) -> Iterator[AnvilChain]:
    """A new anvil; ToolMissingError."""
    with AnvilEngine(anvil_binary()).start(folder, CHAIN_ID) as node:
        yield AnvilChain(node.url, node.process.pid)


def _size(folder: Path) -> int:
    """Bytes of the chain's database, once what waits in its log is in it."""
    with closing(sqlite3.connect(folder / STORE_FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / STORE_FILE).stat().st_size
