"""Methods about the chain: blocks, transactions, receipts, fees, sending."""

from collections.abc import Callable
from typing import Any

from ledger.crypto import keccak
from ledger.errors import HuxinError
from node.embedded.database import BlockRow, TxRow
from node.embedded.rpc.encoding import (
    data,
    parse_data,
    parse_flag,
    parse_hash,
    parse_quantity,
    quantity,
)
from node.embedded.rpc.errors import SERVER_ERROR, RpcError, invalid_params
from node.embedded.rpc.reading import PENDING, Reader
from node.embedded.rpc.views import (
    block_view,
    pending_block_view,
    receipt_view,
    transaction_view,
    waiting_view,
)
from node.embedded.sealing import decode_header

CLIENT_VERSION = "huxin-embedded/v0.1.0/py-evm"
_MOST_FEE_BLOCKS = 1_024


class ChainMethods:
    """Each method takes execution-apis parameters and gives its result."""

    def __init__(self, reader: Reader) -> None:
        """Over one chain."""
        self._reader = reader
        self._chain = reader.chain
        self._database = reader.chain.database

    def table(self) -> dict[str, Callable[..., Any]]:
        """JSON-RPC names and what answers them."""
        return {
            "web3_clientVersion": lambda: CLIENT_VERSION,
            "web3_sha3": lambda value: data(keccak(parse_data(value, "data"))),
            "net_version": lambda: str(self._chain.network.chain_id),
            "net_listening": lambda: True,
            "net_peerCount": lambda: quantity(0),
            "eth_chainId": lambda: quantity(self._chain.network.chain_id),
            "eth_syncing": lambda: False,
            "eth_accounts": list,
            "eth_blockNumber": lambda: quantity(self._chain.head.number),
            "eth_gasPrice": lambda: quantity(0),
            "eth_maxPriorityFeePerGas": lambda: quantity(0),
            "eth_feeHistory": self.fee_history,
            "eth_getBlockByNumber": self.block_by_number,
            "eth_getBlockByHash": self.block_by_hash,
            "eth_getBlockTransactionCountByNumber": self.count_by_number,
            "eth_getBlockTransactionCountByHash": self.count_by_hash,
            "eth_getUncleCountByBlockNumber": self.ommers_by_number,
            "eth_getUncleCountByBlockHash": self.ommers_by_hash,
            "eth_getTransactionByHash": self.transaction_by_hash,
            "eth_getTransactionByBlockNumberAndIndex": self.transaction_by_number,
            "eth_getTransactionByBlockHashAndIndex": self.transaction_by_block_hash,
            "eth_getRawTransactionByHash": self.raw_transaction,
            "eth_getTransactionReceipt": self.receipt,
            "eth_getBlockReceipts": self.block_receipts,
            "eth_sendRawTransaction": self.send_raw,
        }

    def fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        """Fees of the past blocks: all of them 0."""
        last = min(self._reader.height(newest), self._chain.head.number)
        asked = parse_quantity(count, "blockCount")
        blocks = range(max(0, last - min(asked, _MOST_FEE_BLOCKS) + 1), last + 1)
        headers = [decode_header(self._reader.block(quantity(n)).header) for n in blocks]
        history: dict[str, Any] = {
            "oldestBlock": quantity(blocks.start),
            "baseFeePerGas": [quantity(0)] * (len(headers) + 1),
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        }
        if isinstance(percentiles, list) and percentiles:
            history["reward"] = [[quantity(0)] * len(percentiles) for _ in headers]
        return history

    def block_by_number(self, tag: Any, full: Any = None) -> dict[str, Any] | None:
        """The block of a height or tag, with transactions or their hashes; None: no such block."""
        with_transactions = parse_flag(full, "full transactions")
        if tag == PENDING:
            return self._pending_block(full=with_transactions)
        return self._view(self._reader.find_block(tag), full=with_transactions)

    def block_by_hash(self, block_hash: Any, full: Any = None) -> dict[str, Any] | None:
        """The block of a hash; None: no such block."""
        wanted = parse_hash(block_hash)
        found = self._database.block_by_hash(wanted)
        return self._view(found, full=parse_flag(full, "full transactions"))

    def _view(self, block: BlockRow | None, *, full: bool) -> dict[str, Any] | None:
        if block is None:
            return None
        return block_view(block, self._database.transactions(block.number), full=full)

    def _pending_block(self, *, full: bool) -> dict[str, Any]:
        waiting = self._chain.pending_transactions()
        items = [
            waiting_view(each.transaction, each.hash, each.sender) if full else data(each.hash) for each in waiting
        ]
        return pending_block_view(self._chain.pending_header(), items)

    def _count(self, block: BlockRow | None) -> str | None:
        return None if block is None else quantity(len(self._database.transactions(block.number)))

    def count_by_number(self, tag: Any) -> str | None:
        """How many transactions the block holds."""
        if tag == PENDING:
            return quantity(len(self._chain.pending_transactions()))
        return self._count(self._reader.find_block(tag))

    def count_by_hash(self, block_hash: Any) -> str | None:
        """How many transactions the block holds."""
        return self._count(self._database.block_by_hash(parse_hash(block_hash)))

    def ommers_by_number(self, tag: Any) -> str | None:
        """A sealed block has no ommers."""
        return None if self._reader.find_block(tag) is None else quantity(0)

    def ommers_by_hash(self, block_hash: Any) -> str | None:
        """A sealed block has no ommers."""
        found = self._database.block_by_hash(parse_hash(block_hash))
        return None if found is None else quantity(0)

    def _mined_view(self, row: TxRow | None) -> dict[str, Any] | None:
        block = None if row is None else self._database.block(row.number)
        return None if row is None or block is None else transaction_view(row, block.hash)

    def transaction_by_hash(self, tx_hash: Any) -> dict[str, Any] | None:
        """A mined or waiting transaction; None: unknown here."""
        wanted = parse_hash(tx_hash)
        waiting = self._chain.waiting(wanted)
        row = self._database.transaction_by_hash(wanted)
        if row is None and waiting is not None:
            return waiting_view(waiting.transaction, waiting.hash, waiting.sender)
        return self._mined_view(row)

    def _at(self, block: BlockRow | None, index: Any) -> dict[str, Any] | None:
        position = parse_quantity(index, "index")
        if block is None or position >= 2**31:
            return None
        return self._mined_view(self._database.transaction(block.number, position))

    def transaction_by_number(self, tag: Any, index: Any) -> dict[str, Any] | None:
        """The transaction at a place in the block of a height or tag."""
        return self._at(self._reader.find_block(tag), index)

    def transaction_by_block_hash(self, block_hash: Any, index: Any) -> dict[str, Any] | None:
        """The transaction at a place in the block of a hash."""
        return self._at(self._database.block_by_hash(parse_hash(block_hash)), index)

    def raw_transaction(self, tx_hash: Any) -> str | None:
        """A mined or waiting transaction in its signed encoding."""
        wanted = parse_hash(tx_hash)
        found = self._database.transaction_by_hash(wanted) or self._chain.waiting(wanted)
        return None if found is None else data(found.raw)

    def receipt(self, tx_hash: Any) -> dict[str, Any] | None:
        """The receipt of a mined transaction; None while it waits or is unknown."""
        row = self._database.transaction_by_hash(parse_hash(tx_hash))
        block = None if row is None else self._database.block(row.number)
        if row is None or block is None:
            return None
        return receipt_view(row, block, self._reader.gas_used_before(row))

    def block_receipts(self, tag: Any) -> list[dict[str, Any]] | None:
        """All receipts of a block (a height, tag or hash)."""
        is_hash = isinstance(tag, str) and len(tag) == 66
        block = self._reader.find_block({"blockHash": tag} if is_hash else tag)
        if block is None:
            return None
        views, before = [], 0
        for row in self._database.transactions(block.number):
            view = receipt_view(row, block, before)
            before = int(view["cumulativeGasUsed"], 16)
            views.append(view)
        return views

    def send_raw(self, raw: Any) -> str:
        """Take a signed transaction; its hash. Mined or not is told by its receipt."""
        signed = parse_data(raw, "transaction")
        if not signed:
            raise invalid_params("the transaction is empty")
        try:
            return data(self._chain.submit(signed))
        except HuxinError as error:
            raise RpcError(SERVER_ERROR, error.en, {"code": error.code, "zh": error.zh}) from error
