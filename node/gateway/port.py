"""The chain as programs above the gateway see it; ``Gateway`` implements ``ChainPort``.

Hashes have 32 bytes, addresses 20, all raw; times are Unix seconds; amounts are wei.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

BlockTag = int | Literal["latest", "pending", "earliest"]


@dataclass(frozen=True, slots=True)
class ChainLog:
    """One event and its place; ``log_index`` counts within the block."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class ChainTransaction:
    """A mined transaction; ``to`` is None where it created a contract."""

    hash: bytes
    sender: bytes
    to: bytes | None
    nonce: int
    data: bytes
    gas: int
    block_number: int
    tx_index: int


@dataclass(frozen=True, slots=True)
class ChainReceipt:
    """What a mined transaction did."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    tx_index: int
    succeeded: bool
    gas_used: int
    contract_address: bytes | None
    logs: tuple[ChainLog, ...]


@dataclass(frozen=True, slots=True)
class ChainBlock:
    """A mined block with its transactions; ``header_rlp`` is the header its hash was taken of."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    gas_limit: int
    gas_used: int
    state_root: bytes
    header_rlp: bytes
    transactions: tuple[ChainTransaction, ...]


@dataclass(frozen=True, slots=True)
class SlotProof:
    """A storage slot, the word in it and the nodes that prove it."""

    slot: int
    value: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """EIP-1186: an account and slots at one block, to be checked with ``ledger.stateproof``."""

    address: bytes
    block_number: int
    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes
    nodes: tuple[bytes, ...]
    slots: tuple[SlotProof, ...]


class ChainPort(Protocol):
    """Reading a chain and sending to it; every method may raise ``ChainUnavailable``."""

    @property
    def chain_id(self) -> int:
        """The chain's id, checked when connecting."""

    @property
    def finality_depth(self) -> int:
        """How many blocks must follow one before it counts as final; 0 on BFT engines."""

    def head(self) -> int:
        """Height of the newest block."""

    def final_head(self) -> int:
        """Height of the newest final block; -1 where there is none yet."""

    def block(self, number: BlockTag) -> ChainBlock | None:
        """The block with all its transactions; None: there is none of this height."""

    def block_hash(self, number: int) -> bytes | None:
        """The block's hash alone."""

    def logs(
        self,
        first: int,
        last: int,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes]] = (),
    ) -> tuple[ChainLog, ...]:
        """Logs of blocks ``first`` to ``last``; an empty entry of ``topics`` matches anything."""

    def receipt(self, tx_hash: bytes) -> ChainReceipt | None:
        """The receipt of a mined transaction; None: waiting or unknown."""

    def receipts_of_block(self, number: int) -> tuple[ChainReceipt, ...]:
        """All receipts of a block."""

    def wait_for_receipts(self, tx_hashes: Sequence[bytes], seconds: float) -> dict[bytes, ChainReceipt]:
        """Receipts of all these transactions; raises ``ReceiptsMissing`` after ``seconds``."""

    def transaction(self, tx_hash: bytes) -> ChainTransaction | None:
        """A mined transaction; None: waiting or unknown."""

    def is_waiting(self, tx_hash: bytes) -> bool:
        """Whether the chain knows the transaction but has not mined it."""

    def send_raw(self, raw: bytes) -> bytes:
        """Send a signed transaction; its hash. Sent is not mined. Raises ``TransactionRejected``."""

    def nonce(self, address: bytes) -> int:
        """The account's next nonce by mined transactions alone."""

    def pending_nonce(self, address: bytes) -> int:
        """The account's next nonce, waiting transactions counted."""

    def call(self, to: bytes, data: bytes, block: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """What a call returns; raises ``CallReverted``."""

    def estimate_gas(self, to: bytes | None, data: bytes, sender: bytes | None = None) -> int:
        """A sufficient gas limit; raises ``CallReverted``."""

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        """A contract's code; empty where there is none."""

    def storage(self, address: bytes, slot: int, block: BlockTag = "latest") -> int:
        """The 256-bit word in a storage slot."""

    def proof(self, address: bytes, slots: Sequence[int], block: int) -> AccountProof:
        """An account and slots with their proofs at a block."""
