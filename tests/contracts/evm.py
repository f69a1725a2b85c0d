"""A bare EVM (py-evm's London state machine): no blocks, no signatures, any sender, any timestamp."""

from dataclasses import dataclass
from typing import cast

from eth._utils.address import generate_contract_address
from eth.abc import ComputationAPI, SignedTransactionAPI, StateAPI
from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.london.state import LondonState
from eth.vm.forks.london.transactions import LondonUnsignedLegacyTransaction
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32

GAS = 30_000_000
"""Gas of a transaction unless told otherwise."""
SENDER = bytes.fromhex("5e" * 20)


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract emitted: its 20-byte address, 32-byte topics, data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a transaction; ``output`` is what it returned, or its revert data."""

    succeeded: bool
    output: bytes
    logs: tuple[Log, ...]
    gas: int


class Evm:
    """Accounts and contracts at one chain id; ``send`` keeps what it does, ``call`` does not."""

    def __init__(self, chain_id: int = 31_337) -> None:
        self._chain_id = chain_id
        self._database = AtomicDB()
        self._state: StateAPI = self._state_at(BLANK_ROOT_HASH, 0)

    def _context(self, now: int, chain_id: int) -> ExecutionContext:
        zero = Hash32(bytes(32))
        return ExecutionContext(
            Address(bytes(20)), now, BlockNumber(1), 0, zero, 2 * GAS, (), chain_id, base_fee_per_gas=0
        )

    def _state_at(self, root: Hash32, now: int) -> StateAPI:
        return LondonState(self._database, self._context(now, self._chain_id), root)

    def send(self, to: bytes | None, data: bytes, now: int, *, sender: bytes = SENDER, gas: int = GAS) -> Result:
        """Execute a transaction at the timestamp ``now``; ``to`` None creates a contract."""
        result = self._execute(to, data, now, sender, gas)
        self._state.lock_changes()
        return result

    def _execute(self, to: bytes | None, data: bytes, now: int, sender: bytes, gas: int) -> Result:
        self._state.execution_context = self._context(now, self._chain_id)
        nonce = self._state.get_nonce(Address(sender))
        address = CREATE_CONTRACT_ADDRESS if to is None else Address(to)
        unsigned = LondonUnsignedLegacyTransaction(nonce=nonce, gas_price=0, gas=gas, to=address, value=0, data=data)
        spoofed = cast("SignedTransactionAPI", SpoofTransaction(unsigned, from_=sender, s=1))
        computation = self._state.apply_transaction(spoofed)
        used = unsigned.intrinsic_gas + computation.get_gas_used()
        used -= min(computation.get_gas_refund(), used // 5)
        return Result(computation.is_success, bytes(computation.output), _logs(computation), used)

    def deploy(self, code: bytes, now: int, *, sender: bytes = SENDER) -> bytes:
        """Create a contract; its 20-byte address. A creation that reverts is an AssertionError."""
        nonce = self._state.get_nonce(Address(sender))
        result = self.send(None, code, now, sender=sender)
        assert result.succeeded, f"the creation reverted: {result.output.hex()}"
        return created_address(sender, nonce)

    def call(
        self, to: bytes, data: bytes, now: int = 1, *, sender: bytes = SENDER, chain_id: int | None = None
    ) -> Result:
        """Execute and undo, on another chain id if given."""
        snapshot, mine = self._state.snapshot(), self._chain_id
        self._chain_id = mine if chain_id is None else chain_id
        try:
            return self._execute(to, data, now, sender, GAS)
        finally:
            self._chain_id = mine
            self._state.revert(snapshot)
            self._state.lock_changes()

    def has_code(self, address: bytes) -> bool:
        """Whether there is a contract at the address."""
        return bool(self._state.get_code(Address(address)))

    def mark(self) -> Hash32:
        """Remember this state; O(what has changed since the last mark)."""
        self._state.persist()
        return self._state.state_root

    def back(self, mark: Hash32) -> None:
        """Return to a remembered state."""
        self._state = self._state_at(mark, 0)


def created_address(sender: bytes, nonce: int) -> bytes:
    """Where a contract created with this nonce comes to lie (Yellow Paper, section 7)."""
    return bytes(generate_contract_address(Address(sender), nonce))


def _logs(computation: ComputationAPI) -> tuple[Log, ...]:
    if not computation.is_success:
        return ()
    return tuple(
        Log(bytes(address), tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
        for address, topics, data in computation.get_log_entries()
    )
