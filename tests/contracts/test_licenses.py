"""Licenses.sol and the model: single licenses, Merkle batches, a status for each leaf."""

from typing import Any

import pytest

from ledger import acts
from ledger.ids import FOREVER, scoped
from ledger.merkle import MerkleTree, node_of
from ledger.reasons import Reason
from ledger.records import Status
from ledger.rules.licenses import leaf_of, stopped
from tests.contracts.acting import do, issue, license_, must
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_CLERK, CLERK, HOME, HOME_ADMIN, SEAL

LEAVES = tuple(leaf_of(license_(holder=bytes([number]) * 32)) for number in range(1, 8))
TREE = MerkleTree(LEAVES)


def batch(pair: Pair, officer: int = CLERK, **fields: Any) -> Reason:
    defaults = {"root": TREE.root, "count": 7, "seal": SEAL}
    return do(pair, acts.IssueBatch, officer, **(defaults | fields))


def status(pair: Pair, leaf: bytes, to: int, officer: int = CLERK, **proof: Any) -> Reason:
    return do(pair, acts.SetLicenseStatus, officer, license=leaf, status=to, reason=1, proof=proof)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"item": scoped(AWAY, 1)}, Reason.NOT_YOUR_AGENCY),
        ({"item": scoped(HOME, 9)}, Reason.ITEM_UNKNOWN),
        ({"seal": scoped(AWAY, 1)}, Reason.SEAL_OF_ANOTHER),
        ({"seal": scoped(HOME, 9)}, Reason.SEAL_UNKNOWN),
        ({"sm3": bytes(32)}, Reason.BAD_FIELD),
        ({"sha256": bytes(32)}, Reason.BAD_FIELD),
        ({"valid_until": 0}, Reason.BAD_INTERVAL),
        ({"valid_from": 5, "valid_until": 6}, Reason.OK),
        ({"case_key": b"\xff" * 32}, Reason.OK),
        ({"supersedes": b"\x09" * 32}, Reason.LICENSE_NOT_PROVEN),
        ({"officer": HOME_ADMIN}, Reason.ROLE_MISSING),
    ],
)
def test_issue_license(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert issue(pair, **fields) is reason


@pytest.mark.parametrize(("to", "reason"), [(2, Reason.SEAL_SUSPENDED), (3, Reason.SEAL_CANCELLED)])
def test_nothing_is_issued_under_a_stopped_seal(pair: Pair, to: int, reason: Reason) -> None:
    must(pair, acts.SetSealStatus, CLERK, seal=SEAL, status=to, reason=0)
    assert issue(pair) is reason
    assert batch(pair) is reason


def test_nothing_is_issued_before_or_after_the_seals_time(pair: Pair) -> None:
    now = pair.scene.now
    digests = {"sm3": b"\x01" * 32, "sha256": b"\x01" * 32, "certificate": b"\x01" * 32}
    period = {"valid_from": now + 5, "valid_until": now + 9}
    must(pair, acts.ChangeSeal, CLERK, seal=SEAL, name="n", **digests, **period)
    assert issue(pair) is Reason.SEAL_NOT_YET_VALID
    pair.scene.now = now + 9
    assert issue(pair) is Reason.SEAL_EXPIRED


def test_license_is_issued_once(pair: Pair) -> None:
    assert issue(pair) is Reason.OK
    assert issue(pair) is Reason.LICENSE_EXISTS


def test_superseded_license_cannot_be_superseded_again(pair: Pair) -> None:
    old = leaf_of(license_())
    assert issue(pair) is Reason.OK
    pair.scene.now += 5
    assert issue(pair, holder=b"\x10" * 32, supersedes=old) is Reason.OK
    assert issue(pair, holder=b"\x11" * 32, supersedes=old) is Reason.LICENSE_SUPERSEDED
    assert status(pair, old, 3) is Reason.BAD_STATUS_CHANGE


@pytest.mark.parametrize(("to", "reason"), [(2, Reason.LICENSE_SUSPENDED), (3, Reason.LICENSE_CANCELLED)])
def test_stopped_license_is_not_superseded(pair: Pair, to: int, reason: Reason) -> None:
    assert issue(pair) is Reason.OK
    assert status(pair, leaf_of(license_()), to) is Reason.OK
    assert issue(pair, holder=b"\x10" * 32, supersedes=leaf_of(license_())) is reason


def other_issuer(pair: Pair) -> None:
    """AWAY gets an item and a seal, to issue licenses of its own."""
    pair.applied(*pair.scene.item(AWAY, 1))
    pair.applied(*pair.scene.seal(AWAY, 1, AWAY_CLERK))


def test_license_of_another_agency_is_left_alone(pair: Pair) -> None:
    other_issuer(pair)
    assert issue(pair) is Reason.OK
    leaf = leaf_of(license_())
    assert status(pair, leaf, 2, AWAY_CLERK) is Reason.LICENSE_NOT_PROVEN
    own = {"item": scoped(AWAY, 1), "seal": scoped(AWAY, 1), "supersedes": leaf}
    assert issue(pair, AWAY_CLERK, **own) is Reason.LICENSE_NOT_PROVEN


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"root": bytes(32)}, Reason.BAD_FIELD),
        ({"count": 0}, Reason.BAD_FIELD),
        ({"seal": scoped(AWAY, 1)}, Reason.SEAL_OF_ANOTHER),
        ({"seal": scoped(HOME, 9)}, Reason.SEAL_UNKNOWN),
        ({"officer": HOME_ADMIN}, Reason.ROLE_MISSING),
    ],
)
def test_issue_batch(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert batch(pair, **fields) is reason


def test_root_is_issued_once(pair: Pair) -> None:
    assert batch(pair) is Reason.OK
    assert batch(pair) is Reason.BATCH_EXISTS


@pytest.mark.parametrize("index", range(7))
def test_every_leaf_of_a_batch_has_its_own_status(pair: Pair, index: int) -> None:
    assert batch(pair) is Reason.OK
    proof: dict[str, Any] = {"batch": TREE.root, "proof": TREE.proof(index)}
    assert status(pair, LEAVES[index], 2, **proof) is Reason.OK
    pair.scene.now += 3
    assert status(pair, LEAVES[index], 1) is Reason.OK
    assert status(pair, LEAVES[index], 3) is Reason.OK
    assert issue(pair, supersedes=LEAVES[index]) is Reason.LICENSE_CANCELLED


def test_license_of_a_batch_is_superseded_with_its_proof(pair: Pair) -> None:
    assert batch(pair) is Reason.OK
    proof = {"batch": TREE.root, "proof": TREE.proof(3)}
    assert issue(pair, supersedes=LEAVES[3]) is Reason.LICENSE_NOT_PROVEN
    assert issue(pair, supersedes=LEAVES[2], proof=proof) is Reason.LICENSE_NOT_PROVEN
    assert issue(pair, supersedes=LEAVES[3], proof=proof) is Reason.OK
    assert pair.world.licenses[HOME, LEAVES[3]].status is Status.SUPERSEDED


def test_forged_membership_of_a_batch_is_refused(pair: Pair) -> None:
    assert status(pair, LEAVES[0], 2) is Reason.LICENSE_NOT_PROVEN
    good = TREE.proof(0)
    assert status(pair, LEAVES[0], 2, batch=TREE.root, proof=good) is Reason.LICENSE_NOT_PROVEN
    assert batch(pair) is Reason.OK
    for forged in ((), good[:-1], (*good, bytes(32)), good[::-1], (bytes(32),) * 65):
        assert status(pair, LEAVES[0], 2, batch=TREE.root, proof=forged) is Reason.LICENSE_NOT_PROVEN
    assert status(pair, LEAVES[0], 2, AWAY_CLERK, batch=TREE.root, proof=good) is Reason.LICENSE_NOT_PROVEN


def test_no_license_is_found_behind_an_inner_node(pair: Pair) -> None:
    """Its issuer can stop a node's hash, but the leaf's double hash keeps it from being any license's leaf."""
    assert batch(pair) is Reason.OK
    good = TREE.proof(0)
    inner = node_of(LEAVES[0], good[0])
    assert status(pair, inner, 2, batch=TREE.root, proof=good[1:]) is Reason.OK
    assert all(pair.ask("licenses", "standing(uint32,bytes32)", HOME, leaf) == 0 for leaf in LEAVES)


def test_only_issuers_change_licenses(pair: Pair) -> None:
    assert status(pair, LEAVES[0], 2, HOME_ADMIN) is Reason.ROLE_MISSING


def test_why_stopped_says_the_same_as_the_model_at_every_edge(pair: Pair) -> None:
    now, why = pair.scene.now, "whyStopped(uint32,bytes32,uint32)"
    leaves = []
    for number, to in enumerate((0, 2, 3, 6), 20):
        fields: dict[str, Any] = {"holder": bytes([number]) * 32}
        pair.scene.now = now
        assert issue(pair, **fields) is Reason.OK
        leaves.append(leaf_of(license_(**fields)))
        pair.scene.now = now + 10
        if to == Status.SUPERSEDED:
            assert issue(pair, holder=b"\x77" * 32, supersedes=leaves[-1]) is Reason.OK
        elif to:
            assert status(pair, leaves[-1], to) is Reason.OK
    for leaf in leaves:
        for at in (0, now, now + 9, now + 10, now + 11, FOREVER):
            expected = stopped(pair.world.licenses[HOME, leaf], at)
            assert pair.ask("licenses", why, HOME, leaf, at) == expected
        word = pair.ask("licenses", "standing(uint32,bytes32)", HOME, leaf)
        assert word == pair.ask("licenses", "licenseWord(uint32,bytes32)", HOME, leaf) != 0
        assert pair.ask("licenses", why, AWAY, leaf, now) == Reason.LICENSE_UNKNOWN
    assert pair.ask("licenses", why, HOME, bytes(32), now) == Reason.LICENSE_UNKNOWN
