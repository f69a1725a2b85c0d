"""Proofs against tries built by another implementation, and proofs that prove nothing."""

import random

import pytest
import rlp
from trie import HexaryTrie

from ledger.crypto import keccak
from ledger.stateproof import (
    EMPTY_CODE_HASH,
    EMPTY_ROOT,
    AccountState,
    InvalidProof,
    prove,
    prove_account,
    prove_slot,
)


def _encoded(trie: HexaryTrie, key: bytes) -> tuple[bytes, ...]:
    nodes = [bytes(rlp.encode(node)) for node in trie.get_proof(key)]
    return tuple(node for index, node in enumerate(nodes) if index == 0 or len(node) >= 32)


def _trie(entries: dict[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[key] = value
    return trie


@pytest.mark.parametrize("size", [1, 2, 17, 300])
def test_every_value_and_every_absence_is_proven(size: int) -> None:
    source = random.Random(size)
    entries = {keccak(bytes((index >> 8, index & 255))): source.randbytes(1 + index % 70) for index in range(size)}
    trie = _trie(entries)
    for key, value in entries.items():
        assert prove(trie.root_hash, key, _encoded(trie, key)) == value
    for _ in range(50):
        stranger = source.randbytes(32)
        assert prove(trie.root_hash, stranger, _encoded(trie, stranger)) is None


def test_short_keys_meet_branches_with_values_and_nodes_inside_nodes() -> None:
    entries = {b"\x01": b"a", b"\x01\x02": b"b", b"\x01\x02\x03": b"c", b"\x11": b"d"}
    trie = _trie(entries)
    for key, value in entries.items():
        assert prove(trie.root_hash, key, _encoded(trie, key)) == value
    assert prove(trie.root_hash, b"\x01\x03", _encoded(trie, b"\x01\x03")) is None


def test_an_empty_trie_holds_nothing() -> None:
    assert prove(EMPTY_ROOT, bytes(32), ()) is None
    assert prove_slot(EMPTY_ROOT, 5, ()) == 0
    assert prove_account(EMPTY_ROOT, bytes(20), ()) is None


def test_an_account_and_its_slots() -> None:
    storage = _trie({keccak((3).to_bytes(32)): rlp.encode(2**255), keccak((4).to_bytes(32)): rlp.encode(7)})
    address = b"\xaa" * 20
    fields = [5, 10**18, storage.root_hash, EMPTY_CODE_HASH]
    state = _trie({keccak(address): rlp.encode(fields), keccak(b"\xbb" * 20): rlp.encode(fields)})
    account = prove_account(state.root_hash, address, _encoded(state, keccak(address)))
    assert account == AccountState(5, 10**18, storage.root_hash, EMPTY_CODE_HASH)
    for slot, value in ((3, 2**255), (4, 7), (5, 0)):
        key = keccak(slot.to_bytes(32))
        assert prove_slot(storage.root_hash, slot, _encoded(storage, key)) == value


def _large() -> tuple[HexaryTrie, bytes]:
    trie = _trie({keccak(bytes((index,))): bytes((index,)) * 40 for index in range(200)})
    return trie, keccak(b"\x07")


def test_attack_a_node_left_out() -> None:
    trie, key = _large()
    proof = _encoded(trie, key)
    for index in range(len(proof)):
        with pytest.raises(InvalidProof) as caught:
            prove(trie.root_hash, key, proof[:index] + proof[index + 1 :])
        assert caught.value.code == "PROOF_NODE_MISSING"


def test_attack_any_byte_changed() -> None:
    trie, key = _large()
    proof = _encoded(trie, key)
    for index, node in enumerate(proof):
        for place in range(0, len(node), 7):
            changed = node[:place] + bytes((node[place] ^ 1,)) + node[place + 1 :]
            with pytest.raises(InvalidProof):
                prove(trie.root_hash, key, (*proof[:index], changed, *proof[index + 1 :]))


def test_attack_a_value_shown_as_absent_by_another_keys_proof() -> None:
    trie, key = _large()
    other = keccak(b"\x08")
    with pytest.raises(InvalidProof):
        prove(trie.root_hash, key, _encoded(trie, other))


def test_attack_an_empty_proof_of_a_full_trie() -> None:
    trie, key = _large()
    with pytest.raises(InvalidProof):
        prove(trie.root_hash, key, ())


@pytest.mark.parametrize(
    "node",
    [
        rlp.encode([b"\x20"]),
        rlp.encode([b"", b"x" * 40]),
        rlp.encode([b"\x40", b"x" * 40]),
        rlp.encode([b"\x01", b"x" * 40]),
        rlp.encode([b"x"] * 16),
        rlp.encode([b"\x20", [b"x"]]),
        rlp.encode([[], b"x"]),
        b"\xf8",
        b"",
    ],
)
def test_attack_a_root_that_is_no_node(node: bytes) -> None:
    with pytest.raises(InvalidProof):
        prove(keccak(node), b"", (node,))


def test_attack_a_proof_without_end() -> None:
    with pytest.raises(InvalidProof) as caught:
        prove(bytes(32), bytes(32), (b"\x80",) * 10_000)
    assert caught.value.code == "PROOF_TOO_LARGE"
    with pytest.raises(InvalidProof):
        prove(bytes(32), bytes(32), (bytes(100_000),))


@pytest.mark.parametrize(
    "value",
    [
        rlp.encode([1, 2, bytes(32)]),
        rlp.encode([1, 2, bytes(31), bytes(32)]),
        b"\x05",
        rlp.encode([[], 2, bytes(32), bytes(32)]),
    ],
)
def test_attack_an_account_of_another_shape(value: bytes) -> None:
    address = b"\xaa" * 20
    trie = _trie({keccak(address): value})
    with pytest.raises(InvalidProof):
        prove_account(trie.root_hash, address, _encoded(trie, keccak(address)))
