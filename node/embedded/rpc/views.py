"""Blocks, transactions, receipts and logs as JSON objects (execution-apis schemas)."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import rlp
from eth._utils.address import generate_contract_address
from eth.abc import SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.vm.forks.london.transactions import LondonTypedTransaction
from eth_typing import Address

from node.embedded.admission import decode_transaction
from node.embedded.database import BlockRow, TxRow
from node.embedded.logs import Log, receipt_logs, stored_receipt
from node.embedded.rpc.encoding import data, quantity
from node.embedded.sealing import decode_header, encode_header

_DYNAMIC_FEE = 2


def block_view(block: BlockRow, transactions: Sequence[TxRow], *, full: bool) -> dict[str, Any]:
    """A sealed block, its transactions in full or as hashes."""
    header = decode_header(block.header)
    view = _header_view(header)
    size = len(block.header) + sum(len(row.raw) for row in transactions)
    view |= {
        "hash": data(block.hash),
        "size": quantity(size),
        "transactions": [transaction_view(row, block.hash) if full else data(row.hash) for row in transactions],
    }
    return view


def _header_view(header: Any) -> dict[str, Any]:
    return {
        "number": quantity(header.block_number),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256)),
        "difficulty": quantity(header.difficulty),
        "totalDifficulty": quantity(header.block_number + 1),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "uncles": [],
    }


def pending_block_view(header: Any, transactions: Sequence[dict[str, Any] | str]) -> dict[str, Any]:
    """The block that is not sealed yet: no hash, no nonce."""
    view = _header_view(header)
    size = quantity(len(encode_header(header)))
    view |= {"hash": None, "nonce": None, "size": size, "transactions": list(transactions)}
    return view


def transaction_view(row: TxRow, block_hash: bytes) -> dict[str, Any]:
    """A mined transaction."""
    transaction = decode_transaction(row.raw)
    view = _transaction_fields(transaction, row.hash, row.sender)
    view |= {
        "blockHash": data(block_hash),
        "blockNumber": quantity(row.number),
        "transactionIndex": quantity(row.position),
    }
    return view


def waiting_view(transaction: SignedTransactionAPI, tx_hash: bytes, sender: bytes) -> dict[str, Any]:
    """A transaction that waits for a block."""
    view = _transaction_fields(transaction, tx_hash, sender)
    view |= {"blockHash": None, "blockNumber": None, "transactionIndex": None}
    return view


def _transaction_fields(transaction: SignedTransactionAPI, tx_hash: bytes, sender: bytes) -> dict[str, Any]:
    creates = transaction.to == CREATE_CONTRACT_ADDRESS
    view: dict[str, Any] = {
        "hash": data(tx_hash),
        "from": data(sender),
        "to": None if creates else data(transaction.to),
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(transaction.max_fee_per_gas),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "chainId": quantity(transaction.chain_id or 0),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    return view | _type_fields(transaction)


def _type_fields(transaction: SignedTransactionAPI) -> dict[str, Any]:
    if not isinstance(transaction, LondonTypedTransaction):
        return {"type": "0x0", "v": quantity(rlp_v(transaction))}
    parity = quantity(transaction.y_parity or 0)
    fields: dict[str, Any] = {
        "type": quantity(transaction.type_id or 0),
        "v": parity,
        "yParity": parity,
        "accessList": [
            {"address": data(address), "storageKeys": [data(slot.to_bytes(32)) for slot in slots]}
            for address, slots in transaction.access_list
        ],
    }
    if transaction.type_id == _DYNAMIC_FEE:
        price = min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas)
        fields |= {
            "gasPrice": quantity(price),
            "maxFeePerGas": quantity(transaction.max_fee_per_gas),
            "maxPriorityFeePerGas": quantity(transaction.max_priority_fee_per_gas),
        }
    return fields


def rlp_v(transaction: SignedTransactionAPI) -> int:
    """The ``v`` of a legacy transaction, chain id included (EIP-155)."""
    return int.from_bytes(rlp.decode(transaction.encode())[6])


def receipt_view(row: TxRow, block: BlockRow, gas_used_before: int) -> dict[str, Any]:
    """The receipt of a mined transaction; gas used before it in its block makes the difference."""
    receipt = stored_receipt(row.receipt)
    transaction = decode_transaction(row.raw)
    fields = _transaction_fields(transaction, row.hash, row.sender)
    return {
        "transactionHash": data(row.hash),
        "transactionIndex": quantity(row.position),
        "blockHash": data(block.hash),
        "blockNumber": quantity(row.number),
        "from": fields["from"],
        "to": fields["to"],
        "cumulativeGasUsed": quantity(receipt.cumulative_gas),
        "gasUsed": quantity(receipt.cumulative_gas - gas_used_before),
        "contractAddress": _created(row, transaction),
        "logs": log_views(receipt_logs(row), block.hash),
        "logsBloom": data(receipt.bloom),
        "status": "0x1" if receipt.succeeded else "0x0",
        "effectiveGasPrice": fields["gasPrice"],
        "type": fields["type"],
    }


def _created(row: TxRow, transaction: SignedTransactionAPI) -> str | None:
    if transaction.to != CREATE_CONTRACT_ADDRESS:
        return None
    return data(generate_contract_address(Address(row.sender), transaction.nonce))


def log_views(logs: Iterable[Log], block_hash: bytes) -> list[dict[str, Any]]:
    """Logs of one block; what they have in common is put into words once."""
    block, words = data(block_hash), cache(data)
    return [
        {
            "address": words(log.address),
            "topics": [data(topic) for topic in log.topics],
            "data": data(log.data),
            "blockNumber": quantity(log.number),
            "blockHash": block,
            "transactionHash": words(log.tx_hash),
            "transactionIndex": quantity(log.position),
            "logIndex": quantity(log.index),
            "removed": False,
        }
        for log in logs
    ]
