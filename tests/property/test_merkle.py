"""Every leaf has a proof, and no other proof holds."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import MerkleTree, leaf_of, verify

WORDS = st.binary(min_size=32, max_size=32)


@given(st.lists(WORDS, min_size=1, max_size=70), st.data())
def test_each_leaf_is_proven_and_a_changed_one_is_not(values: list[bytes], data: st.DataObject) -> None:
    """One flipped bit anywhere in leaf, proof or root breaks the proof."""
    tree = MerkleTree(map(leaf_of, values), sort_leaves=data.draw(st.booleans()))
    index = data.draw(st.integers(0, len(values) - 1))
    proof = tree.proof(index)
    assert tree.leaf(index) == leaf_of(values[index])
    assert verify(tree.root, tree.leaf(index), proof)
    parts = [tree.root, tree.leaf(index), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    flipped = bytearray(parts[which])
    flipped[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = bytes(flipped)
    assert not verify(parts[0], parts[1], parts[2:])


@given(st.lists(WORDS, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_sorted_root_does_not_depend_on_the_order(values: list[bytes], random: Random) -> None:
    """Sorted trees over one set of leaves have one root; a set with one more leaf has another."""
    leaves = [leaf_of(value) for value in values]
    shuffled = leaves.copy()
    random.shuffle(shuffled)
    assert MerkleTree(leaves).root == MerkleTree(shuffled).root
    assert MerkleTree([*leaves, leaf_of(bytes(32))]).root != MerkleTree(leaves).root
