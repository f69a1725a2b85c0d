"""Who has read an act before it is anchored cannot bar it: attacks with what the officer's signature does not cover.

An act's id is over what the officer signed, not over the signature nor over what is handed in beside it. So a verdict
that rests on either must not be final, or the true act could never be carried out any more.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger import acts, calldata
from ledger.calldata import SignedAct
from ledger.crypto import address_of
from ledger.ids import FOREVER, scoped
from ledger.merkle import MerkleTree
from ledger.procedure import Action
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.licenses import leaf_of
from tests.contracts.acting import license_, must
from tests.contracts.pair import Pair
from tests.contracts.province import (
    AWAY,
    AWAY_ADMIN,
    AWAY_CLERK,
    AWAY_WINDOW,
    CLERK,
    HOME,
    HOME_ADMIN,
    ITEM,
    SEAL,
    WINDOW,
)
from tests.contracts.test_trails import step, take
from tests.holder import DOCUMENT, authorization, proof_of
from tests.scene import Scene, secret

HELD = license_(holder=DOCUMENT.root)
LEAF = leaf_of(HELD)
TREE = MerkleTree([LEAF, b"\x07" * 32, b"\x08" * 32])
ALONE = MerkleTree([LEAF])
"""A batch of another agency: whoever has seen a license can put its leaf into one of his own."""
TRUE: dict[str, Any] = {"batch": TREE.root, "proof": TREE.proof(0)}
SPOILT: dict[str, dict[str, Any]] = {
    "stripped": {},
    "of a batch that is not there": {"batch": b"\x09" * 32, "proof": TREE.proof(0)},
    "of another leaf": {"batch": TREE.root, "proof": TREE.proof(1)},
    "cut short": {"batch": TREE.root, "proof": TREE.proof(0)[:-1]},
    "stretched beyond what is read": {"batch": TREE.root, "proof": (bytes(32),) * 65},
    "of a batch of another agency": {"batch": ALONE.root, "proof": ()},
}
REPLACEMENT = secret("replacement")


def judged(pair: Pair, act: Any, key: bytes, **proof: Any) -> Reason:
    signed = pair.scene.carry(act, key, **proof)
    return pair.reason(acts.contract_of(type(act)), calldata.admin_call([signed]))


def resting_on_a_proof(scene: Scene) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Acts on a license of a batch, and what travels with each beside the proof."""
    terms = authorization(HELD, AWAY_WINDOW)
    return {
        "suspend": (scene.make(acts.SetLicenseStatus, CLERK, license=LEAF, status=2, reason=1), {}),
        "supersede": (scene.make(acts.IssueLicense, CLERK, license=license_(supersedes=LEAF)), {}),
        "use": (
            scene.make(acts.UseLicense, AWAY_CLERK, authorization=terms, case_key=bytes(32)),
            {"holder": proof_of(scene, HELD, terms)},
        ),
    }


@pytest.fixture
def batched(pair: Pair) -> Pair:
    """HOME has issued a batch; AWAY one of its own in which a leaf of HOME's stands."""
    pair.applied(*pair.scene.seal(AWAY, 1, AWAY_CLERK))
    must(pair, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL)
    must(pair, acts.IssueBatch, AWAY_CLERK, root=ALONE.root, count=1, seal=scoped(AWAY, 1))
    return pair


def spoils() -> Iterator[tuple[str, str]]:
    for name in ("suspend", "supersede", "use"):
        for how in SPOILT:
            yield name, how


@pytest.mark.parametrize(("name", "how"), tuple(spoils()))
def test_a_stripped_proof_does_not_bar_the_true_act(batched: Pair, name: str, how: str) -> None:
    act, beside = resting_on_a_proof(batched.scene)[name]
    key = batched.scene.key_of(act.officer)
    assert judged(batched, act, key, **beside, **SPOILT[how]) is Reason.LICENSE_NOT_PROVEN
    assert judged(batched, act, key, **beside, **TRUE) is Reason.OK


def of_every_contract(scene: Scene) -> Iterator[Any]:
    yield scene.make(acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=2, reason=1)
    yield scene.make(acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=0)
    yield scene.make(acts.SetSealStatus, CLERK, seal=SEAL, status=2, reason=1)
    yield scene.make(acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=SEAL)
    yield scene.make(acts.WithdrawAgreement, HOME_ADMIN, agreement=scoped(HOME, 9))


@pytest.mark.parametrize("signer", [AWAY_ADMIN, CLERK, HOME_ADMIN])
def test_an_act_signed_by_another_under_the_same_id_does_not_bar_it(pair: Pair, signer: int) -> None:
    given, received = (one(scoped(HOME, 70), AWAY),), (one(scoped(AWAY, 70), HOME),)
    must(pair, acts.OfferAgreement, HOME_ADMIN, agreement=scoped(HOME, 9), given=given, received=received)
    for act in reversed(tuple(of_every_contract(pair.scene))):
        if act.officer != signer:
            assert judged(pair, act, pair.scene.key_of(signer)) is Reason.WRONG_ACTOR
        assert judged(pair, act, pair.scene.key_of(act.officer)) is Reason.OK


def one(grant: int, grantee: int) -> acts.GrantTerms:
    return acts.GrantTerms(
        grant=grant, parent=0, grantee_kind=2, grantee=grantee, rights=1, valid_from=0, valid_until=FOREVER, quota=0,
        depth=0, items=(),
    )  # fmt: skip


@pytest.fixture
def replaced(pair: Pair) -> Pair:
    """HOME's administrator and clerk have new keys; the old ones were found by somebody."""
    for officer in (CLERK, HOME_ADMIN):
        old, new = pair.scene.key_of(officer), secret(f"new {officer}")
        must(pair, acts.RotateKey, HOME_ADMIN, subject=officer, old_key=address_of(old), new_key=address_of(new),
             valid_until=FOREVER, since=0)  # fmt: skip
    return pair


def test_a_key_that_was_replaced_does_not_bar_the_act_under_the_present_one(replaced: Pair) -> None:
    for act in reversed(tuple(of_every_contract(replaced.scene))[:4]):
        old, new = replaced.scene.key_of(act.officer), secret(f"new {act.officer}")
        assert judged(replaced, act, old) is Reason.KEY_REPLACED
        assert judged(replaced, act, new) is Reason.OK


def test_a_key_that_was_suspended_and_then_replaced_is_no_evidence_either(pair: Pair) -> None:
    old = pair.scene.key_of(CLERK)
    must(pair, acts.SetOfficerStatus, HOME_ADMIN, subject=CLERK, status=2, reason=1, since=0)
    act = pair.scene.make(acts.SetSealStatus, CLERK, seal=SEAL, status=2, reason=1)
    must(pair, acts.RotateKey, HOME_ADMIN, subject=CLERK, old_key=address_of(old), new_key=address_of(REPLACEMENT),
         valid_until=FOREVER, since=0)  # fmt: skip
    assert judged(pair, act, old) is Reason.KEY_REPLACED
    assert judged(pair, act, REPLACEMENT) is Reason.OK


def test_the_officers_only_key_speaks_of_the_officer_once_it_is_revoked(pair: Pair) -> None:
    must(pair, acts.SetOfficerStatus, HOME_ADMIN, subject=CLERK, status=3, reason=1, since=0)
    act = pair.scene.make(acts.SetSealStatus, CLERK, seal=SEAL, status=2, reason=1)
    assert judged(pair, act, pair.scene.key_of(CLERK)) is Reason.KEY_REVOKED
    assert judged(pair, act, pair.scene.key_of(CLERK)) is Reason.ALREADY_JUDGED


def test_a_step_signed_by_another_or_by_a_replaced_key_is_discarded_and_no_refusal_on_record(replaced: Pair) -> None:
    old, new = replaced.scene.key_of(CLERK), secret(f"new {CLERK}")
    taken = take(replaced, replaced.scene.open(CLERK, ITEM), new)
    assert taken.state is not None
    move = step(replaced, taken.state, taken.subject, Action.VERIFY)
    for key, reason in ((replaced.scene.key_of(AWAY_CLERK), Reason.WRONG_ACTOR), (old, Reason.KEY_REPLACED)):
        assert take(replaced, move, key).reason is reason
        assert reason < ANYBODY_CAN_CAUSE
    assert take(replaced, move, new).reason is Reason.OK


def test_a_late_step_of_before_the_rotation_is_taken_and_one_of_after_is_not(pair: Pair) -> None:
    before, old = pair.scene.open(CLERK, ITEM, deadline=FOREVER), pair.scene.key_of(CLERK)
    pair.scene.now += 10
    must(pair, acts.RotateKey, CLERK, subject=CLERK, old_key=address_of(old), new_key=address_of(REPLACEMENT),
         valid_until=FOREVER, since=0)  # fmt: skip
    after = pair.scene.open(CLERK, ITEM, deadline=FOREVER)
    pair.scene.now += 1_000
    assert take(pair, before, old).reason is Reason.OK
    assert take(pair, after, old).reason is Reason.KEY_REPLACED
    assert take(pair, after, REPLACEMENT).reason is Reason.OK


def test_a_signature_with_other_bytes_is_of_the_act_it_is_under(pair: Pair) -> None:
    """What is signed cannot be exchanged under the id: the id is over it."""
    act = pair.scene.make(acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=2, reason=1)
    signed = pair.scene.carry(act, pair.scene.key_of(HOME_ADMIN))
    other = pair.scene.make(acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=3, reason=1)
    swapped = SignedAct(signed.kind, calldata.signed_body(other), signed.signature)
    assert pair.reason("registry", calldata.admin_call([swapped])) is Reason.SIGNER_UNKNOWN
    assert pair.reason("registry", calldata.admin_call([signed])) is Reason.OK
