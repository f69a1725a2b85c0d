"""Merkle trees against vectors of @openzeppelin/merkle-tree, and what an attacker may hand in."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.crypto import keccak
from ledger.errors import InvalidInput
from ledger.merkle import MerkleTree, leaf_of, node_of, root_from, standard_leaf, verify

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "merkle.json").read_text("utf-8"))
TREES: list[dict[str, Any]] = VECTORS["trees"]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _value(kind: str, text: str) -> object:
    if kind.startswith("uint"):
        return int(text)
    return _bytes(text) if kind == "bytes32" else text


def _leaf(tree: dict[str, Any], row: Any) -> bytes:
    if tree["kind"] == "simple":
        return _bytes(row)
    kinds = tree["encoding"]
    return standard_leaf(kinds, [_value(k, v) for k, v in zip(kinds, row, strict=True)])


@pytest.mark.parametrize("vector", TREES, ids=lambda t: f"{t['kind']}-{len(t['rows'])}")
def test_same_root_leaves_and_proofs_as_openzeppelin(vector: dict[str, Any]) -> None:
    """Root, leaves and proofs equal those that the npm package made."""
    tree = MerkleTree([_leaf(vector, row) for row in vector["rows"]], sort_leaves=vector["sort_leaves"])
    assert tree.root == _bytes(vector["root"])
    assert vector["proofs"]
    for index, proof in vector["proofs"].items():
        assert tree.leaf(int(index)) == _bytes(vector["leaves"][index])
        assert tree.proof(int(index)) == tuple(map(_bytes, proof))
        assert verify(tree.root, tree.leaf(int(index)), tree.proof(int(index)))


def test_leaf_of_is_the_standard_leaf_of_one_bytes32() -> None:
    """The short cut and the ABI encoding agree."""
    value = keccak(b"x")
    assert leaf_of(value) == standard_leaf(["bytes32"], [value]) == keccak(keccak(value))


def _tree(count: int) -> MerkleTree:
    return MerkleTree(leaf_of(i.to_bytes(32)) for i in range(count))


def test_attack_inner_node_as_a_record() -> None:
    """A stranger who hashes the record himself cannot be shown an inner node as one."""
    tree = _tree(4)
    inner = node_of(tree.leaf(0), tree.proof(0)[0])
    assert verify(tree.root, inner, tree.proof(0)[1:])  # as a hash it is in the tree
    assert not verify(tree.root, leaf_of(inner), tree.proof(0)[1:])  # as a record it is not


def test_attack_node_halves_of_other_lengths() -> None:
    """Moving the border between two siblings gives the same bytes to hash, and is refused."""
    tree = _tree(2)
    small, large = sorted((tree.leaf(0), tree.leaf(1)))
    joined = small + large
    cuts = [(joined[:cut], joined[cut:]) for cut in range(65) if cut != 32]
    same_hash = [(one, other) for one, other in cuts if root_from(one, [other]) == tree.root]
    assert same_hash
    assert not any(verify(tree.root, one, (other,)) for one, other in same_hash)
    assert verify(tree.root, small, (large,))


def test_attack_endless_proof() -> None:
    """A proof longer than any tree can have is refused before it is hashed."""
    tree = _tree(1)
    assert verify(tree.root, tree.root, ())
    assert not verify(tree.root, tree.root, (bytes(32),) * 65)


@pytest.mark.parametrize("index", [-1, 3])
def test_index_outside_the_tree(index: int) -> None:
    """Negative indices do not count from the end."""
    with pytest.raises(InvalidInput) as caught:
        _tree(3).proof(index)
    assert caught.value.code == "MERKLE_INDEX"


@pytest.mark.parametrize(
    ("leaves", "code"),
    [
        ([], "MERKLE_EMPTY"),
        ([bytes(31)], "MERKLE_LEAF_LENGTH"),
        ([bytes(33)], "MERKLE_LEAF_LENGTH"),
    ],
)
def test_bad_leaves(leaves: list[bytes], code: str) -> None:
    """No tree over nothing, none over leaves of another length."""
    with pytest.raises(InvalidInput) as caught:
        MerkleTree(leaves)
    assert caught.value.code == code
    with pytest.raises(InvalidInput):
        leaf_of(bytes(31))
