"""Merkle trees whose proofs OpenZeppelin's ``MerkleProof.sol`` and ``@openzeppelin/merkle-tree`` check.

A leaf is keccak(keccak(abi.encode(...))), a node keccak(smaller child ‖ larger child). The double
hash keeps the two apart: what is hashed for a leaf is 32 bytes long, for a node 64, so no node can
pass for a leaf. The tree is the flat, complete binary tree of the OpenZeppelin package: the root at
0, the children of ``i`` at ``2i + 1`` and ``2i + 2``, the leaves at the end in reverse order.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from mmap import mmap
from struct import iter_unpack

from eth_abi.abi import encode

from ledger.crypto import keccak
from ledger.errors import InvalidInput

MAX_PROOF_LENGTH = 64
_RUN = 4096
"""Parents hashed at once: their children stay in the processor's cache."""


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


def double_hash(row: bytes) -> bytes:
    """The standard leaf of a row that is ABI-encoded already."""
    return keccak(keccak(row))


def lay_out(leaves: Sequence[bytes]) -> bytearray:
    """The flat tree's nodes, 32 bytes each, over leaves in their final order; at least one.

    Parents are hashed in runs whose children are all there: nearly as fast as the bare hashes.
    """
    count = len(leaves)
    nodes = bytearray(32 * (2 * count - 1))
    nodes[32 * (count - 1) :] = b"".join(reversed(leaves))
    last = count - 2
    while last >= 0:
        first = max((last + 1) // 2, last - _RUN + 1)
        children = iter_unpack("32s32s", bytes(nodes[64 * first + 32 : 64 * last + 96]))
        nodes[32 * first : 32 * last + 32] = b"".join(
            [keccak(one + other if one < other else other + one) for one, other in children]
        )
        last = first - 1
    return nodes


class FlatTree:
    """A tree as ``lay_out`` makes it, read where it lies: in memory or in a mapped file."""

    __slots__ = ("_nodes", "count")

    def __init__(self, nodes: bytes | bytearray | mmap) -> None:
        """InvalidInput ``MERKLE_SIZE`` where the length is that of no tree."""
        places, rest = divmod(len(nodes), 32)
        if rest or not places % 2:
            raise InvalidInput("MERKLE_SIZE", "nodes", "this is no Merkle tree", "不是默克尔树")
        self._nodes, self.count = nodes, (places + 1) // 2

    def node(self, place: int) -> bytes:
        """The node at a place of the flat tree, the root's being 0."""
        return bytes(self._nodes[32 * place : 32 * place + 32])

    @property
    def root(self) -> bytes:
        """The 32 bytes that stand for every leaf."""
        return self.node(0)

    def ranked(self, rank: int) -> bytes:
        """The leaf that came at ``rank``."""
        return self.node(2 * self.count - 2 - rank)

    def proof_at(self, place: int) -> tuple[bytes, ...]:
        """The siblings from a place up to the root, each 32 bytes."""
        siblings = []
        while place:
            siblings.append(self.node(place + 1 if place % 2 else place - 1))
            place = (place - 1) // 2
        return tuple(siblings)

    def proof_of(self, leaf: bytes) -> tuple[bytes, ...] | None:
        """A leaf's siblings, found by halving in a tree of sorted leaves; None: it is not in it."""
        rank = bisect_left(range(self.count), leaf, key=self.ranked)
        if rank == self.count or self.ranked(rank) != leaf:
            return None
        return self.proof_at(2 * self.count - 2 - rank)


class MerkleTree:
    """An immutable tree over 32-byte leaves, 72 bytes of memory a leaf.

    ``leaves`` are hashes already (``standard_leaf``, ``leaf_of``). With ``sort_leaves`` (the default
    of the OpenZeppelin package) the root does not depend on their order. ``proof`` takes the index
    in the order given here either way.
    """

    __slots__ = ("_position", "_tree")

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
        order: Sequence[int] = range(len(given))
        if sort_leaves:
            order = sorted(order, key=given.__getitem__)
        self._tree = FlatTree(lay_out([given[index] for index in order]))
        self._position = array("Q", bytes(8 * len(given)))
        for rank, index in enumerate(order):
            self._position[index] = 2 * len(given) - 2 - rank

    def __len__(self) -> int:
        return self._tree.count

    @property
    def root(self) -> bytes:
        """The 32 bytes that stand for every leaf."""
        return self._tree.root

    def leaf(self, index: int) -> bytes:
        """The leaf at ``index`` of the order given at the start."""
        return self._tree.node(self._place(index))

    def proof(self, index: int) -> tuple[bytes, ...]:
        """The siblings from the leaf at ``index`` up to the root, each 32 bytes."""
        return self._tree.proof_at(self._place(index))

    def _place(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise InvalidInput(
                "MERKLE_INDEX",
                "index",
                f"there is no leaf {index}; the tree has {len(self)}",
                f"没有第 {index} 个叶子,该树共有 {len(self)} 个",
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
