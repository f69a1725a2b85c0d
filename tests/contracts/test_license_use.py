"""A license is used by whom its holder has authorised, once: attacks on that, on the contract and on the model."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ledger import acts, calldata
from ledger.crypto import CURVE_ORDER, address_of
from ledger.holding import Holder, holder_document, holder_proof, key_opening
from ledger.ids import FOREVER, scoped
from ledger.merkle import MerkleTree
from ledger.procedure import Role
from ledger.reasons import Reason
from ledger.records import LicenseUse
from ledger.rules.licenses import authorization_id, leaf_of
from tests.contracts.acting import do, issue, license_, must
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_CLERK, AWAY_WINDOW, BELOW, CLERK, HOME, HOME_ADMIN
from tests.holder import DOCUMENT, authorization, proof_of
from tests.scene import secret

HELD = license_(holder=DOCUMENT.root)
OTHERS = license_(holder=b"\x44" * 32)
TREE = MerkleTree([leaf_of(HELD), leaf_of(OTHERS), b"\x07" * 32])


def use(
    pair: Pair, officer: int = AWAY_CLERK, *, terms: acts.UseAuthorization | None = None,
    proof: acts.HolderProof | None = None, batch: Any = None, case_key: bytes = bytes(32),
) -> Reason:  # fmt: skip
    terms = terms or authorization(HELD, AWAY_WINDOW)
    carried = {"holder": proof or proof_of(pair.scene, HELD, terms), **(batch or {})}
    return do(pair, acts.UseLicense, officer, authorization=terms, case_key=case_key, proof=carried)


@pytest.fixture
def held(pair: Pair) -> Pair:
    assert issue(pair, holder=DOCUMENT.root) is Reason.OK
    return pair


def test_a_holder_lets_a_window_of_another_agency_use_his_license(held: Pair) -> None:
    terms = authorization(HELD, AWAY_WINDOW)
    assert use(held, terms=terms, case_key=b"\x05" * 32) is Reason.OK
    assert held.world.uses == {authorization_id(held.world, terms): LicenseUse(AWAY_CLERK, held.scene.now)}
    used = held.last.logs[0]
    assert used.topics[1:] == (leaf_of(HELD), authorization_id(held.world, terms), b"\x05" * 32)
    assert used.data == AWAY_WINDOW.to_bytes(32, "big")


def test_an_authorization_is_used_twice(held: Pair) -> None:
    assert use(held) is Reason.OK
    held.scene.now += 5
    assert use(held) is Reason.AUTHORIZATION_USED
    assert use(held, terms=authorization(HELD, AWAY_WINDOW, purpose=b"\x0b" * 32)) is Reason.OK


def test_two_counters_of_a_window_at_once_exactly_one_wins(held: Pair) -> None:
    scene, terms = held.scene, authorization(HELD, AWAY_WINDOW)
    held.applied(*scene.enrol(AWAY, 9, AWAY_WINDOW, Role.WINDOW))
    scene.now += 1
    carried = [
        scene.carry(
            scene.make(acts.UseLicense, officer, authorization=terms, case_key=bytes(32)), scene.key_of(officer),
            holder=proof_of(scene, HELD, terms),
        )
        for officer in (AWAY_CLERK, scoped(AWAY, 9))
    ]  # fmt: skip
    outcomes = held.run("licenses", calldata.admin_call(carried))
    assert outcomes is not None
    assert [one.reason for one in outcomes] == [Reason.OK, Reason.AUTHORIZATION_USED]


@pytest.mark.parametrize("officer", [CLERK, scoped(BELOW, 2)])
def test_another_window_uses_what_was_authorised_elsewhere(held: Pair, officer: int) -> None:
    assert use(held, officer) is Reason.AUTHORIZATION_ELSEWHERE


def test_another_window_writes_itself_into_the_authorization(held: Pair) -> None:
    signed = proof_of(held.scene, HELD, authorization(HELD, AWAY_WINDOW))
    assert use(held, CLERK, terms=authorization(HELD, scoped(HOME, 1)), proof=signed) is Reason.HOLDER_NOT_PROVEN


@pytest.mark.parametrize("changed", [
    {"purpose": b"\x0b" * 32}, {"not_before": 1}, {"not_after": FOREVER - 1},
])  # fmt: skip
def test_a_window_stretches_what_the_holder_signed(held: Pair, changed: dict[str, Any]) -> None:
    signed = proof_of(held.scene, HELD, authorization(HELD, AWAY_WINDOW))
    assert use(held, terms=authorization(HELD, AWAY_WINDOW, **changed), proof=signed) is Reason.HOLDER_NOT_PROVEN


def test_an_authorization_holds_from_its_first_second_to_before_its_last(held: Pair) -> None:
    now = held.scene.now
    for not_before, not_after, reason in (
        (now + 1, FOREVER, Reason.AUTHORIZATION_NOT_YET_VALID), (now, now + 1, Reason.OK),
        (0, now, Reason.AUTHORIZATION_EXPIRED), (now + 9, now + 3, Reason.AUTHORIZATION_NOT_YET_VALID),
    ):  # fmt: skip
        terms = authorization(HELD, AWAY_WINDOW, not_before=not_before, not_after=not_after)
        assert use(held, terms=terms) is reason


def test_somebody_else_signs_for_the_holder(held: Pair) -> None:
    terms = authorization(HELD, AWAY_WINDOW)
    forged = proof_of(held.scene, HELD, terms, secret("thief"))
    assert use(held, terms=terms, proof=forged) is Reason.HOLDER_NOT_PROVEN


def test_a_holder_authorises_the_license_of_another(held: Pair) -> None:
    assert issue(held, holder=OTHERS.holder) is Reason.OK
    terms = authorization(OTHERS, AWAY_WINDOW)
    for shown in (OTHERS, HELD):
        assert use(held, terms=terms, proof=proof_of(held.scene, shown, terms)) is Reason.HOLDER_NOT_PROVEN


@pytest.mark.parametrize("change", [
    {"r": bytes(32)}, {"vs": bytes(32)}, {"r": CURVE_ORDER.to_bytes(32, "big")}, {"vs": b"\x7f" + b"\xff" * 31},
    {"salt": b"\x01" * 32}, {"path": ()}, {"path": (bytes(32),) * 65}, {"license": replace(HELD, valid_until=7)},
])  # fmt: skip
def test_a_carrier_who_breaks_the_proof_takes_nothing_from_the_officer(held: Pair, change: dict[str, Any]) -> None:
    """It is discarded, not refused: the act itself can still be carried with the right proof."""
    scene, terms = held.scene, authorization(HELD, AWAY_WINDOW)
    act = scene.make(acts.UseLicense, AWAY_CLERK, authorization=terms, case_key=bytes(32))
    good = proof_of(scene, HELD, terms)
    for proof, reason in ((replace(good, **change), Reason.HOLDER_NOT_PROVEN), (good, Reason.OK)):
        signed = scene.carry(act, scene.key_of(AWAY_CLERK), holder=proof)
        assert held.reason("licenses", calldata.admin_call([signed])) is reason


def test_the_zero_address_is_nobodys_key(pair: Pair) -> None:
    """`ecrecover` gives it for a signature of nobody; a license bound to it would be everybody's."""
    document = holder_document(Holder("111", "c", "n"), bytes(20), Random(2).randbytes)
    mine = license_(holder=document.root)
    assert issue(pair, holder=document.root) is Reason.OK
    terms = authorization(mine, AWAY_WINDOW)
    proof = holder_proof(mine, key_opening(document), bytes(64))
    assert use(pair, terms=terms, proof=proof) is Reason.HOLDER_NOT_PROVEN


@pytest.mark.parametrize(("to", "reason"), [(2, Reason.LICENSE_SUSPENDED), (3, Reason.LICENSE_CANCELLED)])
def test_a_stopped_license_is_used(held: Pair, to: int, reason: Reason) -> None:
    must(held, acts.SetLicenseStatus, CLERK, license=leaf_of(HELD), status=to, reason=1)
    assert use(held) is reason


def test_the_finder_of_a_lost_phone_uses_the_superseded_license(held: Pair) -> None:
    assert issue(held, holder=b"\x55" * 32, supersedes=leaf_of(HELD)) is Reason.OK
    assert use(held) is Reason.LICENSE_SUPERSEDED


def test_a_license_outside_its_own_period_is_used(pair: Pair) -> None:
    now = pair.scene.now
    for start, end, reason in (
        (now + 1, FOREVER, Reason.LICENSE_NOT_YET_VALID), (1, now, Reason.LICENSE_EXPIRED), (now, now + 1, Reason.OK),
    ):  # fmt: skip
        one = license_(holder=DOCUMENT.root, valid_from=start, valid_until=end)
        assert do(pair, acts.IssueLicense, CLERK, license=one) is Reason.OK
        terms = authorization(one, AWAY_WINDOW)
        assert use(pair, terms=terms, proof=proof_of(pair.scene, one, terms)) is reason


def test_a_license_of_a_batch_is_used_with_its_proof_and_no_other(pair: Pair) -> None:
    assert use(pair) is Reason.LICENSE_NOT_PROVEN
    good = {"batch": TREE.root, "proof": TREE.proof(0)}
    assert use(pair, batch=good) is Reason.LICENSE_NOT_PROVEN
    assert do(pair, acts.IssueBatch, CLERK, root=TREE.root, count=3, seal=HELD.seal) is Reason.OK
    assert use(pair, batch={"batch": TREE.root, "proof": TREE.proof(1)}) is Reason.LICENSE_NOT_PROVEN
    assert use(pair, batch=good) is Reason.OK
    assert pair.world.licenses == {}
    assert use(pair, batch=good) is Reason.AUTHORIZATION_USED


def test_an_expired_license_of_a_batch_is_used(pair: Pair) -> None:
    """The batch says nothing of its licenses' periods; the opened license does."""
    old = replace(HELD, valid_until=pair.scene.now)
    tree = MerkleTree([leaf_of(old)])
    assert do(pair, acts.IssueBatch, CLERK, root=tree.root, count=1, seal=HELD.seal) is Reason.OK
    terms = authorization(old, AWAY_WINDOW)
    proof = proof_of(pair.scene, old, terms)
    assert use(pair, terms=terms, proof=proof, batch={"batch": tree.root}) is Reason.LICENSE_EXPIRED
    stretched = replace(proof, license=replace(old, valid_until=FOREVER))
    assert use(pair, terms=terms, proof=stretched, batch={"batch": tree.root}) is Reason.HOLDER_NOT_PROVEN


def test_an_officer_without_a_window_role_uses_a_license(held: Pair) -> None:
    assert use(held, HOME_ADMIN) is Reason.ROLE_MISSING


def test_the_back_office_is_no_window(held: Pair) -> None:
    held.applied(*held.scene.enrol(HOME, 9, 0))
    held.scene.now += 1
    for window in (HOME << 32, scoped(HOME, 1)):
        terms = authorization(HELD, window)
        assert use(held, scoped(HOME, 9), terms=terms) is Reason.AUTHORIZATION_ELSEWHERE


def test_an_authorization_for_another_chain_or_contract_is_replayed(held: Pair) -> None:
    terms = authorization(HELD, AWAY_WINDOW)
    signed = held.scene.signed(terms, secret("holder"), contract="seals")
    proof = replace(proof_of(held.scene, HELD, terms), r=signed[:32], vs=signed[32:])
    assert use(held, terms=terms, proof=proof) is Reason.HOLDER_NOT_PROVEN


def test_the_officers_own_key_does_not_stand_in_for_the_holders(held: Pair) -> None:
    key = held.scene.key_of(AWAY_CLERK)
    assert address_of(key) in held.world.keys
    terms = authorization(HELD, AWAY_WINDOW)
    assert use(held, terms=terms, proof=proof_of(held.scene, HELD, terms, key)) is Reason.HOLDER_NOT_PROVEN
