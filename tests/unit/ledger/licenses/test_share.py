"""A holder's share opens the license for whom it is shown to, and no other license."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.acts import License
from ledger.crypto import file_digests
from ledger.eip712 import encode_body
from ledger.errors import InvalidInput
from ledger.ids import scoped
from ledger.licenses import LicenseMetadata, Salts, Sealed, Share, commit
from ledger.licenses.packing import fast_leaf, packed
from ledger.merkle import FlatTree, MerkleTree, lay_out
from ledger.rules.licenses import leaf_of
from ledger.verdict import Verdict
from tests.unit.ledger.licenses.examples import row

SALTS = Salts(b"\1" * 32, b"\2" * 32)
OTHERS = [bytes([number]) * 32 for number in range(10, 17)]


def share(**other: Any) -> Share:
    metadata = LicenseMetadata.read(row(**other))
    license_ = commit(metadata, file_digests((b"ofd",)), Sealed(scoped(2, 1), scoped(2, 1)), SALTS)
    leaf = leaf_of(license_)
    tree = FlatTree(lay_out(sorted([leaf, *OTHERS])))
    proof = tree.proof_of(leaf)
    assert proof is not None
    return Share(license_, str(metadata.identifier), metadata.holder_code.code, SALTS, tree.root, proof)


def test_share_survives_its_file_and_opens_everything() -> None:
    one = Share.from_json(share().to_json())
    assert one == share()
    assert [check.reason_code for check in one.check().checks] == ["OK", "OK", "OK"]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"identifier": "1.2.156.3005.2.X"}, "IDENTIFIER_DIFFERS"),
        ({"holder": "91350100M000100Y44"}, "HOLDER_DIFFERS"),
        ({"salts": Salts(SALTS.identifier, b"\3" * 32)}, "HOLDER_DIFFERS"),
        ({"batch": b"\4" * 32}, "BAD_PROOF"),
        ({"proof": ()}, "BAD_PROOF"),
    ],
)
def test_share_of_another_holder_license_or_batch_is_invalid(other: dict[str, Any], code: str) -> None:
    said = replace(share(), **other).check()
    assert said.overall is Verdict.INVALID
    assert [one.reason_code for one in said.failures] == [code]


def test_stolen_proof_does_not_carry_a_license_of_longer_validity() -> None:
    mine = share()
    longer = replace(mine, license=replace(mine.license, valid_until=mine.license.valid_until + 1))
    assert [one.reason_code for one in longer.check().failures] == ["BAD_PROOF"]


def test_repr_of_a_share_gives_nothing_away() -> None:
    shown = repr(share())
    assert share().holder not in shown
    assert share().identifier not in shown
    assert repr(SALTS.holder) not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"}, {"license": []}, {"license": None}, {"batch": 7}, {"proof": "ab"}, {"holder": None},
        {"proof": ["0x00"]}, {"identifierSalt": "zz"},
    ],
)  # fmt: skip
def test_broken_share_files_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="SHARE_MALFORMED"):
        Share.from_json(json.dumps(json.loads(share().to_json()) | change))


@pytest.mark.parametrize("field", ["item", "seal", "valid_from", "valid_until"])
@pytest.mark.parametrize("value", [True, "1", -1, 1 << 64, None, 1.5])
def test_numbers_out_of_range_in_a_share_are_refused(field: str, value: object) -> None:
    body = json.loads(share().to_json())
    body["license"][field] = value
    with pytest.raises(InvalidInput, match="SHARE_MALFORMED"):
        Share.from_json(json.dumps(body))


WORDS, IDS, TIMES = st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1)


@given(st.builds(License, IDS, IDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, TIMES, TIMES))
def test_fast_leaf_is_the_leaf_of_the_rules(license_: License) -> None:
    assert packed(license_) == encode_body(license_)
    assert fast_leaf(license_) == leaf_of(license_)


@pytest.mark.parametrize("other", [{"sm3": b"\1" * 33}, {"item": 1 << 64}, {"valid_from": -1}])
def test_what_does_not_fit_is_refused_and_never_cut(other: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="ACT_UNENCODABLE"):
        packed(replace(share().license, **other))


@given(st.lists(WORDS, min_size=1, max_size=70, unique=True))
def test_tree_read_where_it_lies_has_the_roots_and_proofs_of_the_tree(leaves: list[bytes]) -> None:
    tree, flat = MerkleTree(leaves), FlatTree(bytes(lay_out(sorted(leaves))))
    assert flat.root == tree.root
    assert [flat.proof_of(leaf) for leaf in leaves] == [tree.proof(index) for index in range(len(leaves))]
    assert flat.proof_of(b"\0" * 32) is None or b"\0" * 32 in leaves


@pytest.mark.parametrize("nodes", [b"", bytes(31), bytes(64), bytes(95)])
def test_cut_tree_file_is_refused(nodes: bytes) -> None:
    with pytest.raises(InvalidInput, match="MERKLE_SIZE"):
        FlatTree(nodes)
