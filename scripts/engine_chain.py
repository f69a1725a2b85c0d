"""The embedded chain without anything around it: no HTTP, no relay, no index; its own blocks, its own store on disk."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ledger.crypto import address_of, keccak
from ledger.events import STEPPED
from node.embedded import store
from node.embedded.chain import Chain
from node.embedded.logs import decode_receipt, receipt_logs
from node.embedded.network import DEFAULT_GAS_LIMIT, Network
from node.embedded.process import calm_collector
from node.embedded.sealing import decode_header
from node.gateway.account import RelayAccount
from scripts.gas_chain import GAS_LIMIT, Log, Mined

VALIDATOR = keccak(b"engine validator")


class EngineRefused(Exception):
    """The engine did not take a transaction, or not all of its steps."""


@dataclass(slots=True)
class BlockClock:
    """Stands at a second until told that the next block may come: no time is lost in waiting."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What the engine alone did: seconds from the first transaction handed in to the last block on disk."""

    steps: int
    transactions: int
    blocks: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Steps a second."""
        return self.steps / self.seconds


@dataclass(slots=True)
class EngineChain:
    """A chain folder opened in this process; sends for `gas_scene`, and takes signed batches as they are."""

    chain: Chain
    clock: BlockClock
    relay_key: bytes = keccak(b"gas relay")
    nonce: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.chain.database.close()

    @classmethod
    def new(cls, folder: Path, chain_id: int, start: int) -> "EngineChain":
        """A new chain whose genesis is at `start` (Unix seconds)."""
        network = Network(chain_id, address_of(VALIDATOR), start, gas_limit=DEFAULT_GAS_LIMIT)
        store.create(folder, network, VALIDATOR)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "EngineChain":
        """An existing chain, at the time of its head; no other process may have it open."""
        clock = BlockClock(0)
        chain = store.open_chain(folder, clock)
        clock.now = decode_header(chain.head.header).timestamp
        return cls(chain, clock)

    @property
    def time(self) -> int:
        """The time of the last block."""
        return int(self.clock.now)

    @time.setter
    def time(self, now: int) -> None:
        self.clock.now = now

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""
        return address_of(self.relay_key)

    def sign(self, to: bytes | None, data: bytes, gas: int = GAS_LIMIT) -> bytes:
        """The account's next transaction, raw."""
        self.nonce += 1
        account = RelayAccount(self.relay_key, self.chain.network.chain_id)
        return account.sign_transaction(self.nonce - 1, to, data, gas).raw

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """Mine one transaction in a block of its own."""
        raw = self.sign(to, data)
        number = self.mine((raw,))
        (row,) = self.chain.database.transactions(number)
        receipt = decode_receipt(row.receipt)
        logs = tuple(Log(log.address, log.topics, log.data) for log in receipt_logs(row))
        return Mined(raw, self.time, receipt.gas_used, receipt.state_root == b"\x01", logs)

    def mine(self, transactions: Sequence[bytes]) -> int:
        """Hand in transactions and seal one block of them, a second after the last; its height."""
        for raw in transactions:
            self.chain.submit(raw)
        self.clock.now += self.chain.network.block_period
        block = self.chain.seal_when_due(self._stopping)
        if block is None or self.chain.pending_transactions():
            raise EngineRefused("a block did not take all that was handed in")
        return block.number

    def feed(self, transactions: Sequence[bytes], per_block: int) -> EngineRun:
        """Put signed batches of steps on chain, `per_block` in each block; raises EngineRefused.

        What is counted are the steps that the contract took: a refused one is no figure.
        """
        calm_collector()
        first = self.chain.head.number + 1
        started = time.perf_counter()
        for place in range(0, len(transactions), per_block):
            self.mine(transactions[place : place + per_block])
        seconds = time.perf_counter() - started
        last = self.chain.head.number
        steps = sum(map(self._steps_of, range(first, last + 1)))
        return EngineRun(steps, len(transactions), last + 1 - first, seconds)

    def _steps_of(self, number: int) -> int:
        rows = self.chain.database.transactions(number)
        return sum(log.topics[0] == STEPPED for row in rows for log in receipt_logs(row))


def measure(folder: Path, transactions: Sequence[bytes], per_block: int) -> EngineRun:
    """What the engine alone does with signed transactions that continue the chain in `folder`.

    To compare with a run through everything: copy the chain's folder before the load, and afterwards feed the copy
    the raw transactions that the relay has recorded, in the order of their nonces.
    """
    with EngineChain.open(folder) as engine:
        return engine.feed(transactions, per_block)
