"""A chain in memory that judges with the reference rules, and fails in the ways chains do."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from ledger.crypto import keccak
from ledger.errors import InvalidInput
from ledger.events import Emitted
from ledger.rules.judge import judge
from ledger.world import World
from node.gateway.errors import ChainUnavailable, TransactionRejected
from node.gateway.port import BlockTag, ChainBlock, ChainLog, ChainReceipt, ChainTransaction


@dataclass
class Pooled:
    """A transaction that was taken."""

    hash: bytes
    sender: bytes
    to: bytes
    nonce: int
    data: bytes
    gas: int


def read_raw(raw: bytes) -> Pooled:
    fields: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    sender = bytes.fromhex(Account.recover_transaction(raw)[2:])
    return Pooled(keccak(raw), sender, bytes(fields["to"]), fields["nonce"], bytes(fields["data"]), fields["gas"])


def unavailable() -> ChainUnavailable:
    return ChainUnavailable("CHAIN_UNAVAILABLE", "no answer", "无应答")


@dataclass
class SimChain:
    """Implements ``RelayChain``. ``faults`` are consumed one a send, by name."""

    world: World
    time: int = 1_000_000
    blocks: list[ChainBlock] = field(default_factory=list)
    receipts: list[tuple[ChainReceipt, ...]] = field(default_factory=list)
    worlds: list[World] = field(default_factory=list)
    pool: dict[int, Pooled] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    is_down: bool = False
    fails: Callable[[Pooled], bool] = lambda _transaction: False
    tamper: Callable[[Emitted], Emitted] = lambda verdict: verdict
    sent: list[bytes] = field(default_factory=list)
    fork: int = 0

    def __post_init__(self) -> None:
        self.mine()

    def _check(self) -> None:
        if self.is_down:
            raise unavailable()

    def final_head(self) -> int:
        self._check()
        return len(self.blocks) - 1

    def block(self, number: BlockTag) -> ChainBlock | None:
        self._check()
        assert isinstance(number, int)
        return self.blocks[number] if 0 <= number < len(self.blocks) else None

    def block_hash(self, number: int) -> bytes | None:
        block = self.block(number)
        return None if block is None else block.hash

    def blocks_with_receipts(self, first: int, last: int) -> tuple[tuple[ChainBlock, tuple[ChainReceipt, ...]], ...]:
        self._check()
        found = range(first, min(last, len(self.blocks) - 1) + 1)
        return tuple((self.blocks[number], self.receipts[number]) for number in found)

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        del address, block
        return b"code"

    def transaction(self, tx_hash: bytes) -> ChainTransaction | None:
        self._check()
        every = (one for block in self.blocks for one in block.transactions)
        return next((one for one in every if one.hash == tx_hash), None)

    def nonce(self, address: bytes) -> int:
        self._check()
        return sum(one.sender == address for block in self.blocks for one in block.transactions)

    def pending_nonce(self, address: bytes) -> int:
        following = self.nonce(address)
        while following in self.pool:
            following += 1
        return following

    def send_raw(self, raw: bytes) -> bytes:
        self._check()
        fault = self.faults.pop(0) if self.faults else ""
        transaction = read_raw(raw)
        self.sent.append(transaction.hash)
        if fault == "time out":
            raise unavailable()
        if fault == "lie":
            raise TransactionRejected("TX_NONCE_TOO_LOW", -32000, "nonce too low")
        if transaction.nonce < self.nonce(transaction.sender):
            raise TransactionRejected("TX_NONCE_TOO_LOW", -32000, "nonce too low")
        standing = self.pool.get(transaction.nonce)
        if standing is not None and standing.hash != transaction.hash:
            raise TransactionRejected("TX_REPLACEMENT", -32000, "replacement transaction underpriced")
        if fault != "drop":
            self.pool[transaction.nonce] = transaction
        if fault == "time out after accepting":
            raise unavailable()
        if fault == "lie after accepting":
            raise TransactionRejected("TX_NONCE_TOO_LOW", -32000, "nonce too low")
        return transaction.hash

    def restart_empty(self) -> None:
        """The node comes back without its pool."""
        self.pool.clear()

    def reorganise(self, depth: int = 1) -> None:
        """Drop the last blocks; their transactions are gone."""
        del self.blocks[-depth:], self.receipts[-depth:]
        self.world = self.worlds[-depth]
        del self.worlds[-depth:]
        self.fork += 1

    def mine(self) -> None:
        """Seal one block with everything that can follow."""
        self.worlds.append(copy.deepcopy(self.world))
        self.time += 1
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else bytes(32)
        block_hash = keccak(b"%d %d" % (number, self.fork) + parent)
        taken: list[Pooled] = []
        while self.pool and (following := self._following(taken)) is not None:
            taken.append(self.pool.pop(following))
        mined = tuple(
            ChainTransaction(one.hash, one.sender, one.to, one.nonce, one.data, one.gas, number, place)
            for place, one in enumerate(taken)
        )
        self.receipts.append(tuple(self._run(one, number, block_hash, place) for place, one in enumerate(taken)))
        self.blocks.append(
            ChainBlock(number, block_hash, parent, self.time, 30_000_000, 0, bytes(32), b"", mined)
        )  # fmt: skip

    def _following(self, taken: list[Pooled]) -> int | None:
        senders = {one.sender for one in self.pool.values()}
        for sender in senders:
            nonce = self.nonce(sender) + sum(one.sender == sender for one in taken)
            if nonce in self.pool and self.pool[nonce].sender == sender:
                return nonce
        return None

    def _run(self, one: Pooled, number: int, block_hash: bytes, place: int) -> ChainReceipt:
        receipt = ChainReceipt(one.hash, number, block_hash, place, True, one.gas, None, ())
        contract = self.world.deployment.name_of(one.to)
        if contract is None:
            return receipt
        if self.fails(one):
            return replace(receipt, succeeded=False)
        try:
            outcomes = judge(self.world, contract, one.data, self.time)
        except InvalidInput:
            return replace(receipt, succeeded=False)
        verdicts = [self.tamper(Emitted.expected(outcome)) for outcome in outcomes]
        logs = tuple(
            ChainLog(one.to, verdict.topics, verdict.data, number, block_hash, one.hash, place, at)
            for at, verdict in enumerate(verdicts)
        )
        return replace(receipt, logs=logs)
