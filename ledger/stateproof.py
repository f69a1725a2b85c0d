"""Merkle-Patricia proofs (EIP-1186): what an account or a storage slot held at a block's state root.

Nothing here trusts the prover: every node is found by its own hash, starting from a root that a
sealed header vouches for. An absence is proven just as a value is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from ledger.crypto import keccak
from ledger.errors import InvalidInput

EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
EMPTY_CODE_HASH = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
_MAX_NODES = 65
_MAX_NODE_BYTES = 1024
_BRANCH_ITEMS = 17


class InvalidProof(InvalidInput):
    """The nodes do not prove anything about this key under this root."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as the state trie has it: nonce, balance (wei), storage root, code hash."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


def _refuse(code: str, en: str, zh: str) -> InvalidProof:
    return InvalidProof(code, "proof", en, zh)


def _nibbles(data: bytes) -> tuple[int, ...]:
    return tuple(half for byte in data for half in (byte >> 4, byte & 0x0F))


def _decode(node: bytes) -> Any:
    try:
        value = rlp.decode(node)
    except (rlp.exceptions.RLPException, TypeError, ValueError, RecursionError) as error:
        raise _malformed() from error
    return value


def _malformed() -> InvalidProof:
    return _refuse(
        "PROOF_NODE_MALFORMED",
        "a proof node is no Merkle-Patricia node; ask the chain for the proof again",
        "证明中有节点不是合法的 Merkle-Patricia 节点,请重新取证明",
    )


def _by_hash(proof: Iterable[bytes]) -> dict[bytes, bytes]:
    nodes = tuple(proof)
    if len(nodes) > _MAX_NODES or any(len(node) > _MAX_NODE_BYTES for node in nodes):
        raise _refuse("PROOF_TOO_LARGE", "no proof has so many or such long nodes", "证明过大")
    return {keccak(node): node for node in nodes}


def _resolve(reference: Any, nodes: Mapping[bytes, bytes]) -> Any:
    """The node behind a reference: a hash of 32 bytes, or the node itself where it is shorter."""
    if isinstance(reference, list):
        return reference
    if not isinstance(reference, bytes) or len(reference) != 32:
        raise _malformed()
    if reference not in nodes:
        raise _refuse(
            "PROOF_NODE_MISSING",
            f"node {reference.hex()} is missing: the proof is of another root, key or block",
            f"缺少节点 {reference.hex()}:证明属于另一状态根、键或区块",
        )
    return _decode(nodes[reference])


def _split_path(encoded: Any) -> tuple[tuple[int, ...], bool]:
    """Nibbles and whether they end in a leaf, from the hex-prefix encoding (yellow paper, C)."""
    if not isinstance(encoded, bytes) or not encoded or encoded[0] >> 4 > 3:
        raise _malformed()
    nibbles = _nibbles(encoded)
    odd = bool(nibbles[0] & 1)
    if not odd and nibbles[1] != 0:
        raise _malformed()
    return nibbles[1 if odd else 2 :], bool(nibbles[0] & 2)


def _bytes_or_none(value: Any) -> bytes | None:
    if not isinstance(value, bytes):
        raise _malformed()
    return value or None


def prove(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The value under ``key`` (already hashed where the trie is secure), or None: proven absent.

    Raises InvalidProof: ``PROOF_NODE_MISSING``, ``PROOF_NODE_MALFORMED``, ``PROOF_TOO_LARGE``.
    """
    nodes = _by_hash(proof)
    if root == EMPTY_ROOT:
        return None
    path, node = _nibbles(key), _resolve(root, nodes)
    for _ in range(2 * len(path) + 1):
        if not isinstance(node, list):
            raise _malformed()
        if len(node) == _BRANCH_ITEMS:
            if not path:
                return _bytes_or_none(node[16])
            reference, path = node[path[0]], path[1:]
        elif len(node) == 2:
            part, is_leaf = _split_path(node[0])
            if is_leaf:
                return _bytes_or_none(node[1]) if part == path else None
            if not part or path[: len(part)] != part:
                return None
            reference, path = node[1], path[len(part) :]
        else:
            raise _malformed()
        if reference == b"":
            return None
        node = _resolve(reference, nodes)
    raise _malformed()


def _integer(field: Any) -> int:
    if not isinstance(field, bytes) or len(field) > 32 or field.startswith(b"\0"):
        raise _malformed()
    return int.from_bytes(field)


def prove_account(state_root: bytes, address: bytes, proof: Sequence[bytes]) -> AccountState | None:
    """The account at ``address`` (20 bytes) under a header's state root; None: proven absent."""
    value = prove(state_root, keccak(address), proof)
    if value is None:
        return None
    fields = _decode(value)
    if not isinstance(fields, list) or len(fields) != 4:
        raise _malformed()
    nonce, balance, storage_root, code_hash = fields
    if any(not isinstance(item, bytes) or len(item) != 32 for item in (storage_root, code_hash)):
        raise _malformed()
    return AccountState(_integer(nonce), _integer(balance), storage_root, code_hash)


def prove_slot(storage_root: bytes, slot: int, proof: Sequence[bytes]) -> int:
    """The 256-bit word in a storage slot under an account's storage root; 0: proven empty."""
    value = prove(storage_root, keccak(slot.to_bytes(32)), proof)
    return 0 if value is None else _integer(_decode(value))
