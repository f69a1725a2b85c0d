"""JSON-RPC objects as our own types; what does not fit its schema is a contradiction."""

from typing import Any

import rlp

from ledger import headers
from ledger.crypto import keccak
from ledger.errors import InvalidInput
from node.gateway.errors import ChainMismatch
from node.gateway.port import (
    AccountProof,
    ChainBlock,
    ChainLog,
    ChainReceipt,
    ChainTransaction,
    SlotProof,
)

_HEADER_DATA = ("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom")
_HEADER_QUANTITIES = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
# what each fork appended to the header, in this order; d for data, q for quantity
_HEADER_SINCE = (
    ("baseFeePerGas", "q"),
    ("withdrawalsRoot", "d"),
    ("blobGasUsed", "q"),
    ("excessBlobGas", "q"),
    ("parentBeaconBlockRoot", "d"),
    ("requestsHash", "d"),
)


def read_bytes(value: Any) -> bytes:
    """Bytes from their hex."""
    return bytes.fromhex(value[2:])


def read_int(value: Any) -> int:
    """An integer from its hex."""
    return int(value, 16)


def hex_quantity(value: int) -> str:
    """An integer as hex."""
    return hex(value)


def hex_data(value: bytes) -> str:
    """Bytes as hex."""
    return "0x" + value.hex()


def read_log(fields: Any) -> ChainLog:
    """A log."""
    return ChainLog(
        address=read_bytes(fields["address"]),
        topics=tuple(read_bytes(topic) for topic in fields["topics"]),
        data=read_bytes(fields["data"]),
        block_number=read_int(fields["blockNumber"]),
        block_hash=read_bytes(fields["blockHash"]),
        tx_hash=read_bytes(fields["transactionHash"]),
        tx_index=read_int(fields["transactionIndex"]),
        log_index=read_int(fields["logIndex"]),
    )


def read_receipt(fields: Any) -> ChainReceipt:
    """A receipt."""
    created = fields.get("contractAddress")
    return ChainReceipt(
        tx_hash=read_bytes(fields["transactionHash"]),
        block_number=read_int(fields["blockNumber"]),
        block_hash=read_bytes(fields["blockHash"]),
        tx_index=read_int(fields["transactionIndex"]),
        succeeded=read_int(fields["status"]) == 1,
        gas_used=read_int(fields["gasUsed"]),
        contract_address=None if created is None else read_bytes(created),
        logs=tuple(read_log(log) for log in fields["logs"]),
    )


def read_transaction(fields: Any) -> ChainTransaction:
    """A mined transaction."""
    return ChainTransaction(
        hash=read_bytes(fields["hash"]),
        sender=read_bytes(fields["from"]),
        to=None if fields.get("to") is None else read_bytes(fields["to"]),
        nonce=read_int(fields["nonce"]),
        data=read_bytes(fields["input"]),
        gas=read_int(fields["gas"]),
        block_number=read_int(fields["blockNumber"]),
        tx_index=read_int(fields["transactionIndex"]),
    )


def _scalar(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def read_header(fields: Any) -> bytes:
    """The header's RLP, put together again from the block's fields (London and later forks)."""
    items = [read_bytes(fields[name]) for name in _HEADER_DATA]
    items += [_scalar(read_int(fields[name])) for name in _HEADER_QUANTITIES]
    items += [read_bytes(fields[name]) for name in ("extraData", "mixHash", "nonce")]
    for name, kind in _HEADER_SINCE:
        if fields.get(name) is None:
            continue  # anvil's first block of an older fork names a later field without those before it
        value = fields[name]
        items.append(read_bytes(value) if kind == "d" else _scalar(read_int(value)))
    return bytes(rlp.encode(items))


def _check_hash(header_rlp: bytes, claimed: bytes) -> None:
    """A block's hash must be that of its header, by QBFT's rule or by Ethereum's own."""
    if keccak(header_rlp) == claimed:
        return
    try:
        if headers.block_hash(header_rlp) == claimed:
            return
    except InvalidInput:
        pass
    raise ChainMismatch(
        "BLOCK_HASH_MISMATCH",
        f"block {claimed.hex()} has another hash than its header",
        f"区块 {claimed.hex()} 的哈希与其区块头不符",
    )


def read_block(fields: Any) -> ChainBlock:
    """A mined block; raises ChainMismatch where its hash is not that of its header."""
    header_rlp, claimed = read_header(fields), read_bytes(fields["hash"])
    _check_hash(header_rlp, claimed)
    return ChainBlock(
        number=read_int(fields["number"]),
        hash=claimed,
        parent_hash=read_bytes(fields["parentHash"]),
        timestamp=read_int(fields["timestamp"]),
        gas_limit=read_int(fields["gasLimit"]),
        gas_used=read_int(fields["gasUsed"]),
        state_root=read_bytes(fields["stateRoot"]),
        header_rlp=header_rlp,
        transactions=tuple(read_transaction(each) for each in fields["transactions"]),
    )


def _read_slot(fields: Any) -> SlotProof:
    return SlotProof(
        slot=read_int(fields["key"]),
        value=read_int(fields["value"]),
        nodes=tuple(read_bytes(node) for node in fields["proof"]),
    )


def read_proof(fields: Any, block_number: int) -> AccountProof:
    """An EIP-1186 answer."""
    return AccountProof(
        address=read_bytes(fields["address"]),
        block_number=block_number,
        nonce=read_int(fields["nonce"]),
        balance=read_int(fields["balance"]),
        storage_root=read_bytes(fields["storageHash"]),
        code_hash=read_bytes(fields["codeHash"]),
        nodes=tuple(read_bytes(node) for node in fields["accountProof"]),
        slots=tuple(_read_slot(slot) for slot in fields["storageProof"]),
    )
