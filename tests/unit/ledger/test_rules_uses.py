"""Attacks on the use of a license: what its holder did not sign, signed for others, or has signed for once."""

from typing import Any

from ledger import acts
from ledger.ids import FOREVER, scoped
from ledger.reasons import Reason
from ledger.rules.licenses import leaf_of
from tests.holder import DOCUMENT, authorization, proof_of
from tests.scene import secret
from tests.unit.ledger.rules_town import AWAY, AWAY_CLERK, CLERK, OTHER_CLERK, Town, refuses

WINDOW = scoped(AWAY, 1)


def held(town: Town, **fields: Any) -> acts.License:
    """A license that its holder has the key of."""
    one = town.license(holder=DOCUMENT.root, **fields)
    town.must(acts.IssueLicense, CLERK, license=one)
    return one


def use(
    town: Town, one: acts.License, officer: int = AWAY_CLERK, key: bytes = secret("holder"), **terms: Any
) -> Reason:  # fmt: skip
    signed = authorization(one, WINDOW, **terms)
    proof = {"holder": proof_of(town.scene, one, signed, key)}
    return town.do(acts.UseLicense, officer, authorization=signed, case_key=bytes(32), proof=proof)


@refuses(Reason.AUTHORIZATION_USED)
def test_authorization_used_twice(town: Town) -> Reason:
    one = held(town)
    assert use(town, one) is Reason.OK
    return use(town, one)


@refuses(Reason.AUTHORIZATION_ELSEWHERE)
def test_authorization_used_at_another_window(town: Town) -> Reason:
    return use(town, held(town), OTHER_CLERK)


@refuses(Reason.AUTHORIZATION_NOT_YET_VALID)
def test_authorization_used_before_its_time(town: Town) -> Reason:
    return use(town, held(town), not_before=town.now + 1)


@refuses(Reason.AUTHORIZATION_EXPIRED)
def test_authorization_used_after_its_time(town: Town) -> Reason:
    return use(town, held(town), not_after=town.now)


@refuses(Reason.HOLDER_NOT_PROVEN)
def test_authorization_signed_by_who_does_not_hold_the_license(town: Town) -> Reason:
    return use(town, held(town), key=secret("thief"))


@refuses(Reason.LICENSE_NOT_YET_VALID)
def test_license_used_before_its_period(town: Town) -> Reason:
    return use(town, held(town, valid_from=town.now + 1))


@refuses(Reason.LICENSE_EXPIRED)
def test_license_used_after_its_period(town: Town) -> Reason:
    return use(town, held(town, valid_until=town.now))


@refuses(Reason.LICENSE_SUPERSEDED)
def test_license_superseded_after_a_loss_used_with_the_lost_key(town: Town) -> Reason:
    one = held(town)
    town.must(acts.IssueLicense, CLERK, license=town.license(supersedes=leaf_of(one), valid_until=FOREVER - 1))
    return use(town, one)
