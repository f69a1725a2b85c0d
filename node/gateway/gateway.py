"""A chain behind any standard JSON-RPC endpoint."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from web3 import Web3

from ledger.crypto import keccak
from node.gateway.account import RelayAccount
from node.gateway.connection import Connection, as_params
from node.gateway.errors import (
    BatchRefused,
    ChainMismatch,
    ReceiptsMissing,
    RpcFailure,
    TransactionFailed,
    TransactionRejected,
)
from node.gateway.port import (
    AccountProof,
    BlockTag,
    ChainBlock,
    ChainLog,
    ChainReceipt,
    ChainTransaction,
)
from node.gateway.reading import (
    hex_data,
    hex_quantity,
    read_block,
    read_bytes,
    read_int,
    read_log,
    read_proof,
    read_receipt,
    read_transaction,
)

T = TypeVar("T")

_NO_SUCH_METHOD = frozenset({-32601, -32004})  # JSON-RPC 2.0; EIP-1474
_TOO_MANY = -32005
_POLL_SECONDS = 0.05
_REJECTIONS = {
    "nonce too low": "TX_NONCE_TOO_LOW",
    "nonce is too low": "TX_NONCE_TOO_LOW",
    "expected nonce to be": "TX_NONCE_TOO_LOW",
    "underpriced": "TX_REPLACEMENT",
    "pool is full": "TX_POOL_FULL",
}


def _tag(block: BlockTag) -> str:
    return hex_quantity(block) if isinstance(block, int) else block


def _hash_of(fields: Any) -> bytes:
    return read_bytes(fields["hash"])


def _mined(fields: Any) -> ChainTransaction | None:
    return read_transaction(fields) if fields.get("blockNumber") is not None else None


def _receipts(found: Any) -> tuple[ChainReceipt, ...]:
    return tuple(read_receipt(fields) for fields in found or ())


def _logs(found: Any) -> tuple[ChainLog, ...]:
    return tuple(read_log(fields) for fields in found)


class Gateway:
    """Implements ``node.gateway.port.ChainPort``; safe under threads."""

    def __init__(
        self,
        url: str,
        chain_id: int | None = None,
        finality_depth: int = 0,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect to ``url``; ``timeout`` bounds each request in seconds.

        Raises ChainMismatch ``CHAIN_ID_MISMATCH`` where the endpoint is not ``chain_id``,
        ChainUnavailable where it does not answer.
        """
        self._connection = Connection(url, timeout)
        self._sleep = sleep
        self._monotonic = monotonic
        self._depth = finality_depth
        self._chain_id = self._check_chain_id(chain_id)
        self._has_block_receipts = True
        self._has_batches = True

    def _request(self, method: str, *params: Any) -> Any:
        return self._connection.request(method, *params)

    def _batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return self._connection.batch(calls)

    def _ask(self, reader: Callable[[Any], T], method: str, *params: Any) -> T:
        return self._connection.read(reader, method, self._request(method, *params))

    def _ask_maybe(self, reader: Callable[[Any], T], method: str, *params: Any) -> T | None:
        found = self._request(method, *params)
        return None if found is None else self._connection.read(reader, method, found)

    def _check_chain_id(self, expected: int | None) -> int:
        found = self._ask(read_int, "eth_chainId")
        if expected is not None and found != expected:
            raise ChainMismatch(
                "CHAIN_ID_MISMATCH",
                f"{self.url} is chain {found}, not {expected}",
                f"{self.url} 的链标识为 {found},应为 {expected}",
            )
        return found

    @property
    def url(self) -> str:
        """Where the chain is."""
        return self._connection.url

    @property
    def chain_id(self) -> int:
        """The chain's id, checked when connecting."""
        return self._chain_id

    @property
    def finality_depth(self) -> int:
        """How many blocks must follow one before it counts as final."""
        return self._depth

    def client_version(self) -> str:
        """What the engine says it is."""
        return str(self._request("web3_clientVersion"))

    # --- blocks

    def head(self) -> int:
        """Height of the newest block."""
        return self._ask(read_int, "eth_blockNumber")

    def final_head(self) -> int:
        """Height of the newest final block; -1 where there is none yet."""
        return max(self.head() - self._depth, -1)

    def block(self, number: BlockTag) -> ChainBlock | None:
        """The block with all its transactions; None: there is none of this height."""
        return self._ask_maybe(read_block, "eth_getBlockByNumber", _tag(number), True)

    def block_by_hash(self, block_hash: bytes) -> ChainBlock | None:
        """The block with all its transactions; None: unknown here."""
        return self._ask_maybe(read_block, "eth_getBlockByHash", hex_data(block_hash), True)

    def block_hash(self, number: int) -> bytes | None:
        """The block's hash alone."""
        return self._ask_maybe(_hash_of, "eth_getBlockByNumber", hex_quantity(number), False)

    def blocks_with_receipts(self, first: int, last: int) -> tuple[tuple[ChainBlock, tuple[ChainReceipt, ...]], ...]:
        """Blocks ``first`` to ``last`` with their receipts, in one round trip where the engine can.

        Ends before the first block that the chain does not give.
        """
        if self._has_block_receipts and self._has_batches:
            try:
                return self._blocks_at_once(first, last)
            except BatchRefused:
                self._has_batches = False
            except RpcFailure as error:
                if error.rpc_code not in _NO_SUCH_METHOD:
                    raise
                self._has_block_receipts = False
        found: list[tuple[ChainBlock, tuple[ChainReceipt, ...]]] = []
        for number in range(first, last + 1):
            block = self.block(number)
            if block is None:
                break
            found.append((block, self.receipts_of_block(number) if block.transactions else ()))
        return tuple(found)

    def _blocks_at_once(self, first: int, last: int) -> tuple[tuple[ChainBlock, tuple[ChainReceipt, ...]], ...]:
        numbers = [hex_quantity(number) for number in range(first, last + 1)]
        calls: list[tuple[str, Sequence[Any]]] = [("eth_getBlockByNumber", (one, True)) for one in numbers]
        answers = self._batch([*calls, *(("eth_getBlockReceipts", (one,)) for one in numbers)])
        found: list[tuple[ChainBlock, tuple[ChainReceipt, ...]]] = []
        for block, receipts in zip(answers[: len(numbers)], answers[len(numbers) :], strict=True):
            if block is None:
                break
            read = self._connection.read(read_block, "eth_getBlockByNumber", block)
            found.append((read, self._connection.read(_receipts, "eth_getBlockReceipts", receipts)))
        return tuple(found)

    def logs(
        self,
        first: int,
        last: int,
        addresses: Sequence[bytes] = (),
        topics: Sequence[Sequence[bytes]] = (),
    ) -> tuple[ChainLog, ...]:
        """Logs of blocks ``first`` to ``last``, in as many requests as the engine's limits ask."""
        wanted: dict[str, Any] = {"fromBlock": hex_quantity(first), "toBlock": hex_quantity(last)}
        if addresses:
            wanted["address"] = as_params(addresses)
        if topics:
            wanted["topics"] = [as_params(options) or None for options in topics]
        try:
            found = self._request("eth_getLogs", wanted)
        except RpcFailure as error:
            if error.rpc_code != _TOO_MANY or first >= last:
                raise
            middle = (first + last) // 2
            before = self.logs(first, middle, addresses, topics)
            return before + self.logs(middle + 1, last, addresses, topics)
        return self._connection.read(_logs, "eth_getLogs", found)

    # --- transactions

    def receipt(self, tx_hash: bytes) -> ChainReceipt | None:
        """The receipt of a mined transaction; None: waiting or unknown."""
        return self._ask_maybe(read_receipt, "eth_getTransactionReceipt", hex_data(tx_hash))

    def receipts_of_block(self, number: int) -> tuple[ChainReceipt, ...]:
        """All receipts of a block, in one request where the engine can."""
        if self._has_block_receipts:
            try:
                return self._ask(_receipts, "eth_getBlockReceipts", hex_quantity(number))
            except RpcFailure as error:
                if error.rpc_code not in _NO_SUCH_METHOD:
                    raise
                self._has_block_receipts = False
        block = self.block(number)
        hashes = () if block is None else tuple(each.hash for each in block.transactions)
        receipts = (self.receipt(tx_hash) for tx_hash in hashes)
        return tuple(receipt for receipt in receipts if receipt is not None)

    def wait_for_receipts(self, tx_hashes: Sequence[bytes], seconds: float) -> dict[bytes, ChainReceipt]:
        """Receipts of all these transactions, asked for block by block.

        Raises ReceiptsMissing after ``seconds``.
        """
        deadline = self._monotonic() + seconds
        height = self.head()
        found = {receipt.tx_hash: receipt for receipt in map(self.receipt, tx_hashes) if receipt}
        while missing := tuple(each for each in tx_hashes if each not in found):
            head = self.head()
            for number in range(height + 1, head + 1):
                mined = self.receipts_of_block(number)
                found |= {each.tx_hash: each for each in mined if each.tx_hash in missing}
            if height == head:
                if self._monotonic() >= deadline:
                    raise ReceiptsMissing(missing, seconds)
                self._sleep(_POLL_SECONDS)
            height = max(head, height)
        return found

    def _transaction_fields(self, tx_hash: bytes) -> Any:
        return self._request("eth_getTransactionByHash", hex_data(tx_hash))

    def transaction(self, tx_hash: bytes) -> ChainTransaction | None:
        """A mined transaction; None: waiting or unknown."""
        return self._ask_maybe(_mined, "eth_getTransactionByHash", hex_data(tx_hash))

    def is_waiting(self, tx_hash: bytes) -> bool:
        """Whether the chain knows the transaction but has not mined it."""
        fields = self._transaction_fields(tx_hash)
        return fields is not None and self._connection.read(_mined, "eth_getTransactionByHash", fields) is None

    def send_raw(self, raw: bytes) -> bytes:
        """Send a signed transaction; its hash, also where the chain has it already.

        Raises TransactionRejected; ChainUnavailable says nothing of whether it was taken.
        """
        tx_hash = keccak(raw)
        try:
            self._request("eth_sendRawTransaction", hex_data(raw))
        except RpcFailure as error:
            # engines word "already known" differently, and Hardhat answers a mined transaction that
            # reverted with an error: whether it was taken is a fact to be looked up
            if self._transaction_fields(tx_hash) is None:
                raise _rejected(error) from error
        return tx_hash

    def nonce(self, address: bytes) -> int:
        """The account's next nonce by mined transactions alone."""
        return self._ask(read_int, "eth_getTransactionCount", hex_data(address), "latest")

    def pending_nonce(self, address: bytes) -> int:
        """The account's next nonce, waiting transactions counted."""
        return self._ask(read_int, "eth_getTransactionCount", hex_data(address), "pending")

    # --- state

    def call(self, to: bytes, data: bytes, block: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """What a call returns; raises CallReverted."""
        fields = {"to": hex_data(to), "data": hex_data(data)}
        if sender is not None:
            fields["from"] = hex_data(sender)
        return self._ask(read_bytes, "eth_call", fields, _tag(block))

    def estimate_gas(self, to: bytes | None, data: bytes, sender: bytes | None = None) -> int:
        """A sufficient gas limit in the coming block; raises CallReverted."""
        fields = {"data": hex_data(data)}
        if to is not None:
            fields["to"] = hex_data(to)
        if sender is not None:
            fields["from"] = hex_data(sender)
        return self._ask(read_int, "eth_estimateGas", fields)

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        """A contract's code; empty where there is none."""
        return self._ask(read_bytes, "eth_getCode", hex_data(address), _tag(block))

    def code_hash(self, address: bytes, block: BlockTag = "latest") -> bytes:
        """Keccak of a contract's code."""
        return keccak(self.code(address, block))

    def storage(self, address: bytes, slot: int, block: BlockTag = "latest") -> int:
        """The 256-bit word in a storage slot."""
        where = hex_data(slot.to_bytes(32))
        return self._ask(read_int, "eth_getStorageAt", hex_data(address), where, _tag(block))

    def proof(self, address: bytes, slots: Sequence[int], block: int) -> AccountProof:
        """An account and slots with their proofs at a block."""
        places = [hex_data(slot.to_bytes(32)) for slot in slots]
        fields = self._request("eth_getProof", hex_data(address), places, hex_quantity(block))
        return read_proof(fields, block)

    # --- deployment

    def deploy(
        self,
        account: RelayAccount,
        artifact: Mapping[str, Any],
        arguments: Sequence[Any] = (),
        seconds: float = 30.0,
    ) -> ChainReceipt:
        """Deploy an artifact (``abi``, ``bytecode``) and wait; the receipt names the address.

        Raises TransactionFailed ``DEPLOYMENT_FAILED``.
        """
        creation = creation_data(artifact, arguments)
        gas = self.estimate_gas(None, creation, account.address)
        nonce = self.pending_nonce(account.address)
        signed = account.sign_transaction(nonce, None, creation, gas)
        self.send_raw(signed.raw)
        receipt = self.wait_for_receipts((signed.hash,), seconds)[signed.hash]
        if not receipt.succeeded:
            raise TransactionFailed("DEPLOYMENT_FAILED", "the contract's creation failed", "合约部署失败")
        return receipt


def creation_data(artifact: Mapping[str, Any], arguments: Sequence[Any]) -> bytes:
    """Creation code with ABI-encoded constructor arguments; bytecode is hex, 0x or not."""
    contract = Web3().eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    return bytes.fromhex(contract.constructor(*arguments).data_in_transaction[2:])


def _rejected(error: RpcFailure) -> TransactionRejected:
    message = error.message.lower()
    code = next((code for words, code in _REJECTIONS.items() if words in message), "TX_REJECTED")
    return TransactionRejected(code, error.rpc_code, error.message, error.rpc_data)
