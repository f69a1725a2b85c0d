"""What an agency says of a leaf or of a root is its own: attacks by another agency that issues licenses too.

Leaves and roots are opaque to the contract. Whoever has been shown a license knows its leaf, and whoever sees an act
before it is anchored knows its root.
"""

from typing import Any

import pytest

from ledger import acts
from ledger.ids import scoped
from ledger.merkle import MerkleTree
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.records import Status
from ledger.rules.licenses import leaf_of
from ledger.state import CaseState
from tests.contracts.acting import do, issue, license_, must
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_CLERK, AWAY_WINDOW, CLERK, HOME, SEAL
from tests.contracts.test_trails import opened, step, take
from tests.holder import DOCUMENT, authorization, proof_of

ONE = license_(holder=DOCUMENT.root)
LEAF = leaf_of(ONE)
TREE = MerkleTree([LEAF, b"\x07" * 32, b"\x08" * 32])
TRUE: dict[str, Any] = {"batch": TREE.root, "proof": TREE.proof(0)}
ALONE = MerkleTree([LEAF])
"""The other agency's batch: the leaf of HOME's license, and nothing else."""
FOREIGN: dict[str, Any] = {"batch": ALONE.root, "proof": ()}
AWAY_SEAL = scoped(AWAY, 1)


@pytest.fixture
def rival(pair: Pair) -> Pair:
    """AWAY has an item and a seal of its own, and has put HOME's leaf into a batch."""
    pair.applied(*pair.scene.item(AWAY, 1))
    pair.applied(*pair.scene.seal(AWAY, 1, AWAY_CLERK))
    must(pair, acts.IssueBatch, AWAY_CLERK, root=ALONE.root, count=1, seal=AWAY_SEAL)
    return pair


def status(pair: Pair, to: int, officer: int = CLERK, **proof: Any) -> Reason:
    return do(pair, acts.SetLicenseStatus, officer, license=LEAF, status=to, reason=1, proof=proof)


def replaced_by_the_rival(pair: Pair) -> Reason:
    own = {"item": scoped(AWAY, 1), "seal": AWAY_SEAL, "supersedes": LEAF}
    return issue(pair, AWAY_CLERK, **own, proof=FOREIGN)


def cancelled_by_the_rival(pair: Pair) -> Reason:
    return status(pair, 3, AWAY_CLERK, **FOREIGN)


ATTACKS = pytest.mark.parametrize("attack", [cancelled_by_the_rival, replaced_by_the_rival])


def used(pair: Pair, **batch: Any) -> Reason:
    terms = authorization(ONE, AWAY_WINDOW)
    carried = {"holder": proof_of(pair.scene, ONE, terms), **batch}
    return do(pair, acts.UseLicense, AWAY_CLERK, authorization=terms, case_key=bytes(32), proof=carried)


def stopped_on_chain(pair: Pair, issuer: int) -> Reason:
    return Reason(pair.ask("licenses", "whyStopped(uint32,bytes32,uint32)", issuer, LEAF, pair.scene.now))


@ATTACKS
def test_another_agency_cannot_cancel_a_license_by_putting_its_leaf_in_a_batch_of_its_own(
    rival: Pair, attack: Any
) -> None:
    must(rival, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL)
    assert attack(rival) is Reason.OK, "of a leaf of its own batch an agency may say what it likes"
    assert stopped_on_chain(rival, AWAY) in {Reason.LICENSE_CANCELLED, Reason.LICENSE_SUPERSEDED}
    assert stopped_on_chain(rival, HOME) is Reason.LICENSE_UNKNOWN, "HOME has said nothing of it yet"
    assert used(rival, **TRUE) is Reason.OK
    assert rival.world.licenses.keys() & {(HOME, LEAF)} == set()


@ATTACKS
def test_the_true_issuer_is_not_locked_out_of_a_license_that_another_agency_touched_first(
    rival: Pair, attack: Any
) -> None:
    must(rival, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL)
    assert attack(rival) is Reason.OK
    assert status(rival, 2, **TRUE) is Reason.OK
    assert status(rival, 1) is Reason.OK
    assert issue(rival, holder=b"\x55" * 32, supersedes=LEAF) is Reason.OK
    assert rival.world.licenses[HOME, LEAF].status is Status.SUPERSEDED


@ATTACKS
def test_another_agency_cannot_bar_the_issue_of_a_single_license(rival: Pair, attack: Any) -> None:
    assert attack(rival) is Reason.OK
    assert issue(rival, holder=DOCUMENT.root) is Reason.OK
    assert stopped_on_chain(rival, HOME) is Reason.OK
    assert used(rival) is Reason.OK


def test_a_copied_root_does_not_bar_its_issuer(rival: Pair) -> None:
    must(rival, acts.IssueBatch, AWAY_CLERK, root=TREE.root, count=3, seal=AWAY_SEAL)
    assert do(rival, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL) is Reason.OK
    assert status(rival, 2, **TRUE) is Reason.OK
    assert do(rival, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL) is Reason.BATCH_EXISTS, "twice by one"


def test_a_license_that_stands_only_in_a_batch_of_another_agency_is_not_used(rival: Pair) -> None:
    assert used(rival, **FOREIGN) is Reason.LICENSE_NOT_PROVEN
    assert status(rival, 2, AWAY_CLERK, **FOREIGN) is Reason.OK
    assert status(rival, 1, AWAY_CLERK) is Reason.OK
    assert used(rival, **FOREIGN) is Reason.LICENSE_NOT_PROVEN, "nor with a word of that agency's"


def approved(pair: Pair) -> tuple[bytes, CaseState]:
    case, state = opened(pair)
    for action in (Action.VERIFY, Action.ACCEPT, Action.FORWARD, Action.REVIEW, Action.APPROVE):
        subject = SEAL.to_bytes(32, "big") if action is Action.APPROVE else bytes(32)
        after = take(pair, step(pair, state, case, action, subject=subject)).state
        assert after is not None, action
        state = after
    return case, state


def test_a_word_of_another_agency_neither_makes_nor_stops_the_license_that_a_case_hands_out(rival: Pair) -> None:
    case, state = approved(rival)
    one = license_(holder=DOCUMENT.root, case_key=case)
    leaf = leaf_of(one)
    must(rival, acts.IssueBatch, AWAY_CLERK, root=leaf, count=1, seal=AWAY_SEAL)
    proof = {"batch": leaf, "proof": ()}
    must(rival, acts.SetLicenseStatus, AWAY_CLERK, license=leaf, status=2, reason=1, proof=proof)
    must(rival, acts.SetLicenseStatus, AWAY_CLERK, license=leaf, status=1, reason=1)
    assert take(rival, step(rival, state, case, Action.ISSUE, subject=leaf)).reason is Reason.LICENSE_UNKNOWN
    must(rival, acts.SetLicenseStatus, AWAY_CLERK, license=leaf, status=3, reason=1)
    must(rival, acts.IssueLicense, CLERK, license=one)
    rival.scene.now += 1
    assert take(rival, step(rival, state, case, Action.ISSUE, subject=leaf)).reason is Reason.OK


def test_a_license_of_another_case_is_not_handed_out(rival: Pair) -> None:
    case, state = approved(rival)
    must(rival, acts.IssueLicense, CLERK, license=ONE)
    assert take(rival, step(rival, state, case, Action.ISSUE, subject=LEAF)).reason is Reason.LICENSE_OF_ANOTHER
