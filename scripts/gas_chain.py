"""An EVM in this process for measuring gas: py-evm, London, in memory, one transaction a block, no fees."""

from dataclasses import dataclass, field

from eth.abc import StateAPI
from eth.constants import BLANK_ROOT_HASH, ZERO_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.london.state import LondonState
from eth.vm.forks.london.transactions import LondonTransactionBuilder
from eth_typing import BlockNumber, Hash32

from ledger.crypto import address_of, keccak
from node.gateway.account import RelayAccount

GAS_LIMIT = 60_000_000
BLOCK_GAS_LIMIT = 100_000_000


@dataclass(frozen=True, slots=True)
class Log:
    """An event: the contract's address, its topics (32 bytes each) and data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction as mined: raw bytes, block time in seconds, gas of the whole transaction, its events."""

    raw: bytes
    time: int
    gas: int
    succeeded: bool
    logs: tuple[Log, ...]


@dataclass(slots=True)
class GasChain:
    """One account sends, each transaction has a block of its own; every mined one is kept."""

    chain_id: int
    time: int
    relay_key: bytes = keccak(b"gas relay")
    mined: list[Mined] = field(default_factory=list)
    _database: AtomicDB = field(default_factory=AtomicDB)
    _root: Hash32 = BLANK_ROOT_HASH

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""
        return address_of(self.relay_key)

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """Mine one transaction a second after the last; `to` None creates a contract."""
        self.time += 1
        account = RelayAccount(self.relay_key, self.chain_id, dynamic_fee=False)
        raw = account.sign_transaction(len(self.mined), to, data, GAS_LIMIT).raw
        mined = self._execute(raw)
        self.mined.append(mined)
        return mined

    def _execute(self, raw: bytes) -> Mined:
        transaction = LondonTransactionBuilder().decode(raw)
        state = self._state()
        computation = state.apply_transaction(transaction)
        used = transaction.intrinsic_gas + computation.get_gas_used()
        refund = min(computation.get_gas_refund(), used // 5)  # EIP-3529
        state.persist()
        self._root = Hash32(state.state_root)
        logs = tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), data)
            for address, topics, data in computation.get_log_entries()
        )
        return Mined(raw, self.time, used - refund, computation.is_success, logs)

    def _state(self) -> StateAPI:
        context = ExecutionContext(
            coinbase=ZERO_ADDRESS,
            timestamp=self.time,
            block_number=BlockNumber(len(self.mined) + 1),
            difficulty=1,
            mix_hash=ZERO_HASH32,
            gas_limit=BLOCK_GAS_LIMIT,
            prev_hashes=(),
            chain_id=self.chain_id,
            base_fee_per_gas=0,
        )
        return LondonState(self._database, context, self._root)
