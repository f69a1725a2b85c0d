"""London rules at base fee zero, and blocks executed and sealed as QBFT has them.

As on Besu with ``zeroBaseFee``: the base fee is always 0, no block reward, difficulty 1.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import rlp
from eth.abc import ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.constants import BLANK_ROOT_HASH
from eth.rlp.headers import BlockHeader
from eth.vm.chain_context import ChainContext
from eth.vm.forks.london import LondonVM
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth_bloom import BloomFilter
from eth_typing import Address, BlockNumber, Hash32
from eth_utils import ValidationError
from trie import HexaryTrie

from ledger import headers
from node.embedded.database import ChainDatabase, StateStore
from node.embedded.network import Network

_LOGGER = logging.getLogger(__name__)
_MOST_ANCESTORS = 256
VANITY = b"huxin/1".ljust(headers.VANITY_LENGTH, b"\0")


class ZeroFeeVM(LondonVM):
    """London, executed for a chain without fees: receipts are our own, so not checked twice."""

    @classmethod
    def validate_receipt(cls, receipt: ReceiptAPI) -> None:
        """The bloom was computed from these very logs a moment ago."""


class Encodable(Protocol):
    """A transaction or receipt."""

    def encode(self) -> bytes:
        """Its consensus encoding (EIP-2718)."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A block's outcome before it is sealed."""

    header: LondonBlockHeader
    transactions: tuple[SignedTransactionAPI, ...]
    receipts: tuple[ReceiptAPI, ...]


def decode_header(raw: bytes) -> LondonBlockHeader:
    """py-evm's header from stored RLP."""
    return cast("LondonBlockHeader", rlp.decode(raw, sedes=LondonBlockHeader))


def encode_header(header: LondonBlockHeader) -> bytes:
    """The RLP of py-evm's header."""
    return cast("bytes", rlp.encode(header))


def _extra_data(network: Network) -> bytes:
    return headers.encode_extra_data(headers.ExtraData(VANITY, (network.validator,)))


def genesis_header(network: Network) -> bytes:
    """The genesis block's header, RLP: an empty state, no seal."""
    header = LondonBlockHeader(
        difficulty=1,
        block_number=BlockNumber(0),
        gas_limit=network.gas_limit,
        timestamp=network.timestamp,
        extra_data=_extra_data(network),
        mix_hash=Hash32(headers.MIX_HASH),
        nonce=bytes(8),
        base_fee_per_gas=0,
    )
    return encode_header(header)


def next_header(network: Network, parent_rlp: bytes, timestamp: int) -> LondonBlockHeader:
    """An unsealed header after ``parent_rlp``, its time set before anything is executed."""
    parent = decode_header(parent_rlp)
    return LondonBlockHeader(
        difficulty=1,
        block_number=BlockNumber(parent.block_number + 1),
        gas_limit=network.gas_limit,
        timestamp=timestamp,
        coinbase=Address(network.validator),
        parent_hash=Hash32(headers.block_hash(parent_rlp)),
        state_root=parent.state_root,
        extra_data=_extra_data(network),
        mix_hash=Hash32(headers.MIX_HASH),
        nonce=bytes(8),
        base_fee_per_gas=0,
    )


def ancestors(database: ChainDatabase, number: int) -> Iterator[Hash32]:
    """Hashes of the blocks before ``number``, newest first, as BLOCKHASH wants them."""
    for height in range(number - 1, max(-1, number - 1 - _MOST_ANCESTORS), -1):
        row = database.block(height)
        if row is not None:
            yield Hash32(row.hash)


def build_state(
    network: Network, store: StateStore, header: LondonBlockHeader, ancestors: Iterable[Hash32]
) -> StateAPI:
    """The state under ``header.state_root``, executing in the header's context."""
    context = ChainContext(network.chain_id)
    return ZeroFeeVM.build_state(store, cast("BlockHeader", header), context, ancestors)


class BlockBuilder:
    """Executes transactions into one block; a refused one leaves no trace in it."""

    def __init__(self, state: StateAPI, header: LondonBlockHeader) -> None:
        """``header`` has its time, parent and gas limit set."""
        self._state = state
        self._header = header
        self._transactions: list[SignedTransactionAPI] = []
        self._receipts: list[ReceiptAPI] = []

    def has_room(self, transaction: SignedTransactionAPI) -> bool:
        """Whether the transaction's gas limit still fits into the block."""
        return bool(self._header.gas_used + transaction.gas <= self._header.gas_limit)

    def add(self, transaction: SignedTransactionAPI) -> ReceiptAPI | None:
        """Execute one transaction; its receipt, None where the rules forbid it."""
        snapshot = self._state.snapshot()
        self._state.lock_changes()
        try:
            computation = self._state.apply_transaction(transaction)
        except (ValidationError, RecursionError) as error:
            self._state.revert(snapshot)
            _LOGGER.warning("a transaction was refused in its block: %s: %s", type(error).__name__, error)
            return None
        receipt = ZeroFeeVM.make_receipt(self._header, transaction, computation, self._state)
        bloom = int(BloomFilter(self._header.bloom) | receipt.bloom)
        self._header = cast("LondonBlockHeader", self._header.copy(bloom=bloom, gas_used=receipt.gas_used))
        self._transactions.append(transaction)
        self._receipts.append(receipt)
        return receipt

    def settle(self) -> None:
        """Compute the roots of what was executed so far; :meth:`finish` then has only the rest to do."""
        self._state.lock_changes()
        self._state.make_state_root()

    def finish(self) -> Executed:
        """Persist the state into its store and put the roots into the header."""
        self._state.persist()
        header = self._header.copy(
            state_root=self._state.state_root,
            transaction_root=trie_root(self._transactions),
            receipt_root=trie_root(self._receipts),
        )
        return Executed(cast("LondonBlockHeader", header), tuple(self._transactions), tuple(self._receipts))


def trie_root(items: Sequence[Encodable]) -> Hash32:
    """Root of the trie of transactions or receipts; its nodes are not kept, the items are."""
    trie = HexaryTrie({}, BLANK_ROOT_HASH)
    with trie.squash_changes() as memory_trie:
        for index, item in enumerate(items):
            memory_trie[rlp.encode(index)] = item.encode()
    return Hash32(trie.root_hash)


def seal(header: LondonBlockHeader, validator_key: bytes) -> bytes:
    """The sealed header's RLP."""
    return headers.seal_header(encode_header(header), (validator_key,))
