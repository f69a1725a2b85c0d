"""Methods about the state: accounts, code, storage, proofs, calls, estimates."""

from collections.abc import Callable
from typing import Any

import rlp
from eth.rlp.accounts import Account
from eth_typing import Address
from trie import HexaryTrie

from ledger.crypto import keccak
from node.embedded.database import StateStore
from node.embedded.execution import (
    ExecutionFailed,
    ExecutionReverted,
    call_contract,
    estimate_gas,
)
from node.embedded.rpc.encoding import data, parse_address, parse_word, quantity
from node.embedded.rpc.errors import EXECUTION_REVERTED, SERVER_ERROR, RpcError, invalid_params
from node.embedded.rpc.reading import LATEST, PENDING, Reader
from node.embedded.rpc.requests import parse_call
from node.embedded.sealing import decode_header

_MOST_PROOF_KEYS = 1_024
_HASH_BYTES = 32
_PANIC = bytes.fromhex("4e487b71")
_ERROR = bytes.fromhex("08c379a0")


class StateMethods:
    """Each method takes execution-apis parameters and gives its result."""

    def __init__(self, reader: Reader) -> None:
        """Over one chain."""
        self._reader = reader
        self._chain = reader.chain

    def table(self) -> dict[str, Callable[..., Any]]:
        """JSON-RPC names and what answers them."""
        return {
            "eth_getBalance": self.balance,
            "eth_getTransactionCount": self.transaction_count,
            "eth_getCode": self.code,
            "eth_getStorageAt": self.storage_at,
            "eth_getProof": self.proof,
            "eth_call": self.call,
            "eth_estimateGas": self.estimate,
        }

    def balance(self, address: Any, tag: Any = "latest") -> str:
        """An account's balance in wei."""
        account = Address(parse_address(address))
        return quantity(self._reader.state(tag).get_balance(account))

    def transaction_count(self, address: Any, tag: Any = "latest") -> str:
        """An account's next nonce; pending counts the transactions that wait."""
        account = parse_address(address)
        if tag == PENDING:
            return quantity(self._chain.pending_nonce(account))
        if tag == LATEST:
            return quantity(self._chain.mined_nonce(account))
        return quantity(self._reader.state(tag).get_nonce(Address(account)))

    def code(self, address: Any, tag: Any = "latest") -> str:
        """A contract's code."""
        account = Address(parse_address(address))
        return data(self._reader.state(tag).get_code(account))

    def storage_at(self, address: Any, slot: Any, tag: Any = "latest") -> str:
        """The 32-byte word in a storage slot."""
        account, place = Address(parse_address(address)), parse_word(slot, "slot")
        return data(self._reader.state(tag).get_storage(account, place).to_bytes(32))

    def proof(self, address: Any, slots: Any, tag: Any = "latest") -> dict[str, Any]:
        """An account and slots with their Merkle-Patricia proofs (EIP-1186)."""
        account = parse_address(address)
        if not isinstance(slots, list) or len(slots) > _MOST_PROOF_KEYS:
            raise invalid_params(f"storage keys: want a list of at most {_MOST_PROOF_KEYS}")
        places = [parse_word(slot, "storage key") for slot in slots]
        block = self._reader.block("latest" if tag == PENDING else tag)
        store = StateStore(self._chain.database)
        trie = HexaryTrie(store, decode_header(block.header).state_root)
        encoded = trie.get(keccak(account))
        found = rlp.decode(encoded, sedes=Account) if encoded else Account()
        storage = HexaryTrie(store, found.storage_root)
        return {
            "address": data(account),
            "accountProof": _proof(trie, keccak(account)),
            "balance": quantity(found.balance),
            "codeHash": data(found.code_hash),
            "nonce": quantity(found.nonce),
            "storageHash": data(found.storage_root),
            "storageProof": [_slot_proof(storage, place) for place in places],
        }

    def call(self, fields: Any, tag: Any = "latest", overrides: Any = None, block: Any = None) -> str:
        """What a call returns; a revert is error 3 with the contract's reason as data."""
        if overrides or block:
            raise invalid_params("state and block overrides are not supported")
        call = parse_call(fields, self._chain.network.gas_limit)
        try:
            return data(call_contract(self._reader.state(tag), call))
        except (ExecutionReverted, ExecutionFailed) as error:
            raise _call_error(error) from error

    def estimate(self, fields: Any, tag: Any = PENDING, overrides: Any = None) -> str:
        """A sufficient gas limit; by default in the block that would be sealed now."""
        if overrides:
            raise invalid_params("state overrides are not supported")
        call = parse_call(fields, self._chain.network.gas_limit)
        try:
            return quantity(estimate_gas(self._reader.state(tag), call))
        except (ExecutionReverted, ExecutionFailed) as error:
            raise _call_error(error) from error


def _proof(trie: HexaryTrie, key: bytes) -> list[str]:
    nodes = [rlp.encode(node) for node in trie.get_proof(key)]
    # a node shorter than a hash stands inside its parent already; only the root is always listed
    return [data(node) for index, node in enumerate(nodes) if index == 0 or len(node) >= _HASH_BYTES]


def _slot_proof(storage: HexaryTrie, place: int) -> dict[str, Any]:
    key = keccak(place.to_bytes(32))
    encoded = storage.get(key)
    value = int.from_bytes(rlp.decode(encoded)) if encoded else 0
    return {"key": data(place.to_bytes(32)), "value": quantity(value), "proof": _proof(storage, key)}


def _call_error(error: ExecutionReverted | ExecutionFailed) -> RpcError:
    if isinstance(error, ExecutionFailed):
        return RpcError(SERVER_ERROR, str(error))
    reason = _reason(error.data)
    message = f"execution reverted: {reason}" if reason else "execution reverted"
    return RpcError(EXECUTION_REVERTED, message, data(error.data))


def _reason(revert: bytes) -> str:
    """The text of ``Error(string)``, or the number of ``Panic(uint256)``; empty for others."""
    if revert[:4] == _ERROR and len(revert) >= 68:
        length = int.from_bytes(revert[36:68])
        return revert[68 : 68 + min(length, 1_024)].decode("utf-8", "replace")
    if revert[:4] == _PANIC and len(revert) == 36:
        return f"panic code {int.from_bytes(revert[4:]):#x}"
    return ""
