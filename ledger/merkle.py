"""Merkle trees whose proofs OpenZeppelin's ``MerkleProof.sol`` and ``@openzeppelin/merkle-tree`` check.

A leaf is keccak(keccak(abi.encode(...))), a node keccak(smaller child ‖ larger child). The double
hash keeps the two apart: what is hashed for a leaf is 32 bytes long, for a node 64, so no node can
pass for a leaf. The tree is the flat, complete binary tree of the OpenZeppelin package: the root at
0, the children of ``i`` at ``2i + 1`` and ``2i + 2``, the leaves at the end in reverse order.
"""

from array import array
from collections.abc import Iterable, Sequence

from eth_abi.abi import encode

from ledger.crypto import keccak
from ledger.errors import InvalidInput

MAX_PROOF_LENGTH = 64


def standard_leaf(types: Sequence[str], values: Sequence[object]) -> bytes:
    """The leaf of OpenZeppelin's StandardMerkleTree for one row of ABI values: 32 bytes."""
    return keccak(keccak(encode(types, values)))


def leaf_of(value: bytes) -> bytes:
    """The standard leaf of one ``bytes32`` (whose ABI encoding is itself)."""
    if len(value) != 32:
        raise _wrong_length("value", len(value))
    return keccak(keccak(value))


def node_of(one: bytes, other: bytes) -> bytes:
    """The parent of two nodes; their order does not matter."""
    return keccak(one + other if one < other else other + one)


class MerkleTree:
    """An immutable tree over 32-byte leaves, 64 bytes of memory a leaf.

    ``leaves`` are hashes already (``standard_leaf``, ``leaf_of``). With ``sort_leaves`` (the default
    of the OpenZeppelin package) the root does not depend on their order. ``proof`` takes the index
    in the order given here either way.
    """

    __slots__ = ("_count", "_nodes", "_position")

    def __init__(self, leaves: Iterable[bytes], *, sort_leaves: bool = True) -> None:
        given = list(leaves)
        if not given:
            raise InvalidInput(
                "MERKLE_EMPTY",
                "leaves",
                "a Merkle tree needs at least one leaf",
                "默克尔树至少需要一个叶子",
            )
        for index, leaf in enumerate(given):
            if len(leaf) != 32:
                raise _wrong_length(f"leaves[{index}]", len(leaf))
        order = range(len(given))
        self._count = len(given)
        self._lay_out(given, sorted(order, key=given.__getitem__) if sort_leaves else order)

    def _lay_out(self, given: Sequence[bytes], order: Sequence[int]) -> None:
        size = 2 * self._count - 1
        nodes = bytearray(32 * size)
        position = array("Q", bytes(8 * self._count))
        for rank, index in enumerate(order):
            place = size - 1 - rank
            position[index] = place
            nodes[32 * place : 32 * place + 32] = given[index]
        for place in range(self._count - 2, -1, -1):
            first = 64 * place + 32
            one, other = nodes[first : first + 32], nodes[first + 32 : first + 64]
            pair = one + other if one < other else other + one
            nodes[32 * place : 32 * place + 32] = keccak(bytes(pair))
        self._nodes = bytes(nodes)
        self._position = position

    def __len__(self) -> int:
        return self._count

    def _node(self, place: int) -> bytes:
        return self._nodes[32 * place : 32 * place + 32]

    @property
    def root(self) -> bytes:
        """The 32 bytes that stand for every leaf."""
        return self._node(0)

    def leaf(self, index: int) -> bytes:
        """The leaf at ``index`` of the order given at the start."""
        return self._node(self._place(index))

    def proof(self, index: int) -> tuple[bytes, ...]:
        """The siblings from the leaf at ``index`` up to the root, each 32 bytes."""
        place = self._place(index)
        siblings = []
        while place:
            siblings.append(self._node(place + 1 if place % 2 else place - 1))
            place = (place - 1) // 2
        return tuple(siblings)

    def _place(self, index: int) -> int:
        if not 0 <= index < self._count:
            raise InvalidInput(
                "MERKLE_INDEX",
                "index",
                f"there is no leaf {index}; the tree has {self._count}",
                f"没有第 {index} 个叶子,该树共有 {self._count} 个",
            )
        return self._position[index]


def root_from(leaf: bytes, proof: Iterable[bytes]) -> bytes:
    """The root that a leaf and its siblings lead to; the caller must have hashed the leaf itself."""
    node = leaf
    for sibling in proof:
        node = node_of(node, sibling)
    return node


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the leaf is under the root; a part that is not 32 bytes long proves nothing."""
    if len(proof) > MAX_PROOF_LENGTH or any(len(part) != 32 for part in (root, leaf, *proof)):
        return False
    return root_from(leaf, proof) == root


def _wrong_length(where: str, length: int) -> InvalidInput:
    return InvalidInput(
        "MERKLE_LEAF_LENGTH",
        where,
        f"{where} must have 32 bytes, not {length}",
        f"{where} 须为 32 字节,实为 {length} 字节",
    )
