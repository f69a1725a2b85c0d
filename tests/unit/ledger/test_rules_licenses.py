"""Attacks on seals and licenses: another agency's seal, another case's license, proofs that do not hold."""

from typing import Any

from ledger import acts, merkle
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.records import Status
from ledger.rules.licenses import leaf_of
from tests.unit.ledger.rules_town import (
    AWAY,
    AWAY_CLERK,
    CLERK,
    HOME,
    LICENSED,
    OTHER,
    SEAL,
    Town,
    refuses,
)


def seal(town: Town, number: int, cls: type = acts.RegisterSeal, officer: int = CLERK, **fields: Any) -> Reason:
    digests = {name: keccak(name.encode()) for name in ("sm3", "sha256", "certificate")}
    defaults: dict[str, Any] = {
        "seal": scoped(HOME, number), "name": "公章", "valid_from": 0, "valid_until": FOREVER, **digests,
    }  # fmt: skip
    return town.do(cls, officer, **(defaults | fields))


def set_seal(town: Town, status: Status, number: int = 1) -> Reason:
    return town.do(acts.SetSealStatus, CLERK, seal=scoped(HOME, number), status=int(status), reason=0)


def issue(town: Town, officer: int = CLERK, proof: dict[str, Any] | None = None, **fields: Any) -> Reason:
    return town.do(acts.IssueLicense, officer, license=town.license(**fields), proof=proof)


def set_license(town: Town, leaf: bytes, status: Status, officer: int = CLERK, proof: Any = None) -> Reason:
    return town.do(acts.SetLicenseStatus, officer, license=leaf, status=int(status), reason=0, proof=proof)


def approve(town: Town, number: int) -> Reason:
    return town.step(town.reviewed(), Action.APPROVE, subject=number.to_bytes(32, "big"))


def print_out(town: Town, case: bytes, leaf: bytes) -> Reason:
    return town.step(case, Action.ISSUE, subject=leaf)


def leaf(town: Town, **fields: Any) -> bytes:
    return leaf_of(town.license(**fields))


# ---------------------------------------------------------------- seals


@refuses(Reason.SEAL_UNKNOWN)
def test_decision_under_a_seal_that_is_not_there(town: Town) -> Reason:
    return approve(town, scoped(HOME, 9))


@refuses(Reason.SEAL_EXISTS)
def test_seal_registered_over_another(town: Town) -> Reason:
    return seal(town, 1)


@refuses(Reason.SEAL_OF_ANOTHER)
def test_decision_under_another_agencys_seal(town: Town) -> Reason:
    assert seal(town, 1, officer=AWAY_CLERK, seal=scoped(AWAY, 1)) is Reason.OK
    return approve(town, scoped(AWAY, 1))


@refuses(Reason.SEAL_OF_ANOTHER)
def test_seal_id_with_bits_above_the_sixty_fourth(town: Town) -> Reason:
    return approve(town, 1 << 64 | SEAL)


@refuses(Reason.SEAL_NOT_YET_VALID)
def test_decision_before_the_seal_is_in_use(town: Town) -> Reason:
    assert seal(town, 2, valid_from=town.now + 60) is Reason.OK
    return approve(town, scoped(HOME, 2))


@refuses(Reason.SEAL_EXPIRED)
def test_decision_under_an_expired_seal(town: Town) -> Reason:
    assert seal(town, 2, valid_until=town.now + 60) is Reason.OK
    town.later(60)
    return approve(town, scoped(HOME, 2))


@refuses(Reason.SEAL_SUSPENDED)
def test_decision_under_a_suspended_seal(town: Town) -> Reason:
    assert set_seal(town, Status.SUSPENDED) is Reason.OK
    return approve(town, SEAL)


@refuses(Reason.SEAL_CANCELLED)
def test_decision_under_a_seal_cancelled_in_the_same_second(town: Town) -> Reason:
    assert set_seal(town, Status.REVOKED) is Reason.OK
    return approve(town, SEAL)


@refuses(Reason.BAD_STATUS_CHANGE)
def test_cancelled_seal_remade_under_its_number(town: Town) -> Reason:
    assert set_seal(town, Status.REVOKED) is Reason.OK
    return seal(town, 1, acts.ChangeSeal)


# ---------------------------------------------------------------- licenses


@refuses(Reason.ITEM_UNKNOWN)
def test_license_for_an_item_that_is_not_there(town: Town) -> Reason:
    return issue(town, item=scoped(HOME, 77))


@refuses(Reason.NOT_YOUR_AGENCY)
def test_license_for_another_agencys_item(town: Town) -> Reason:
    return issue(town, AWAY_CLERK)


@refuses(Reason.LICENSE_EXISTS)
def test_license_issued_twice(town: Town) -> Reason:
    assert issue(town) is Reason.OK
    return issue(town)


@refuses(Reason.LICENSE_UNKNOWN)
def test_printing_of_a_license_that_was_never_issued(town: Town) -> Reason:
    return print_out(town, town.approved(LICENSED), keccak(b"forged"))


@refuses(Reason.LICENSE_OF_ANOTHER)
def test_printing_of_a_license_of_another_case(town: Town) -> Reason:
    other, mine = town.approved(LICENSED), town.approved(LICENSED)
    assert issue(town, case_key=other) is Reason.OK
    return print_out(town, mine, leaf(town, case_key=other))


@refuses(Reason.LICENSE_NOT_PROVEN)
def test_cancellation_of_another_agencys_license(town: Town) -> Reason:
    assert issue(town) is Reason.OK
    return set_license(town, leaf(town), Status.REVOKED, AWAY_CLERK)


@refuses(Reason.LICENSE_NOT_PROVEN)
def test_another_agencys_license_superseded(town: Town) -> Reason:
    assert issue(town) is Reason.OK
    assert town.sent(town.scene.item(OTHER, 1)) is Reason.OK
    assert town.sent(town.scene.seal(OTHER, 1, scoped(OTHER, 2))) is Reason.OK
    return issue(town, scoped(OTHER, 2), item=scoped(OTHER, 1), seal=scoped(OTHER, 1), supersedes=leaf(town))


@refuses(Reason.LICENSE_SUSPENDED)
def test_printing_of_a_suspended_license(town: Town) -> Reason:
    case = town.approved(LICENSED)
    assert issue(town) is Reason.OK
    assert set_license(town, leaf(town), Status.SUSPENDED) is Reason.OK
    return print_out(town, case, leaf(town))


@refuses(Reason.LICENSE_CANCELLED)
def test_printing_of_a_license_cancelled_in_the_same_second(town: Town) -> Reason:
    case = town.approved(LICENSED)
    assert issue(town) is Reason.OK
    assert set_license(town, leaf(town), Status.REVOKED) is Reason.OK
    return print_out(town, case, leaf(town))


@refuses(Reason.LICENSE_SUPERSEDED)
def test_printing_of_the_old_version(town: Town) -> Reason:
    case, old = town.approved(LICENSED), leaf(town)
    assert issue(town) is Reason.OK
    assert issue(town, supersedes=old) is Reason.OK
    return print_out(town, case, old)


@refuses(Reason.LICENSE_SUPERSEDED)
def test_one_license_superseded_twice(town: Town) -> Reason:
    old = leaf(town)
    assert issue(town) is Reason.OK
    assert issue(town, supersedes=old) is Reason.OK
    return issue(town, supersedes=old, sm3=keccak(b"second"))


@refuses(Reason.BAD_STATUS_CHANGE)
def test_cancelled_license_brought_back(town: Town) -> Reason:
    assert issue(town) is Reason.OK
    assert set_license(town, leaf(town), Status.REVOKED) is Reason.OK
    return set_license(town, leaf(town), Status.ACTIVE)


@refuses(Reason.BAD_FIELD)
def test_license_without_a_digest(town: Town) -> Reason:
    return issue(town, sm3=bytes(32))


@refuses(Reason.BAD_INTERVAL)
def test_license_that_ends_before_it_begins(town: Town) -> Reason:
    return issue(town, valid_from=town.now, valid_until=town.now)


# ---------------------------------------------------------------- batches


def batch(town: Town, officer: int = CLERK, **fields: Any) -> tuple[merkle.MerkleTree, Reason]:
    tree = merkle.MerkleTree([leaf(town, sm3=keccak(bytes([n]))) for n in range(3)])
    defaults: dict[str, Any] = {"root": tree.root, "count": 3, "seal": SEAL}
    return tree, town.do(acts.IssueBatch, officer, **(defaults | fields))


@refuses(Reason.BATCH_EXISTS)
def test_batch_taken_over_by_issuing_it_again(town: Town) -> Reason:
    assert batch(town)[1] is Reason.OK
    return batch(town)[1]


@refuses(Reason.SEAL_OF_ANOTHER)
def test_batch_under_another_agencys_seal(town: Town) -> Reason:
    return batch(town, AWAY_CLERK)[1]


@refuses(Reason.LICENSE_NOT_PROVEN)
def test_license_of_a_batch_that_is_not_there(town: Town) -> Reason:
    proof = {"batch": keccak(b"none"), "proof": ()}
    return set_license(town, keccak(b"leaf"), Status.REVOKED, proof=proof)


@refuses(Reason.LICENSE_NOT_PROVEN)
def test_forged_license_slipped_into_a_batch(town: Town) -> Reason:
    tree, _ = batch(town)
    return set_license(town, keccak(b"forged"), Status.SUSPENDED, proof={"batch": tree.root, "proof": tree.proof(0)})


def test_one_license_of_a_batch_is_cancelled_alone(town: Town) -> None:
    tree, _ = batch(town)
    proof = {"batch": tree.root, "proof": tree.proof(1)}
    assert set_license(town, tree.leaf(1), Status.REVOKED, proof=proof) is Reason.OK
    assert list(town.world.licenses) == [(HOME, tree.leaf(1))]
