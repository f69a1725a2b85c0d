"""Mutual grants 互授 in Grants.sol and in the model."""

from typing import Any

import pytest

from ledger import acts
from ledger.ids import scoped
from ledger.reasons import Reason
from tests.contracts.acting import decide, do, must, terms
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_ADMIN, AWAY_WINDOW, BELOW, BELOW_ADMIN, HOME, HOME_ADMIN, WINDOW

AGREEMENT = scoped(HOME, 1)
GIVEN = (terms(1, 2, AWAY), terms(2, 1, AWAY_WINDOW))
RECEIVED = (terms(1, 2, HOME, agency=AWAY),)


def offer(pair: Pair, by: int = HOME_ADMIN, **fields: Any) -> Reason:
    defaults = {"agreement": AGREEMENT, "given": GIVEN, "received": RECEIVED}
    return do(pair, acts.OfferAgreement, by, **(defaults | fields))


def accept(pair: Pair, by: int = AWAY_ADMIN, **fields: Any) -> Reason:
    defaults = {"agreement": AGREEMENT, "given": GIVEN, "received": RECEIVED}
    return do(pair, acts.AcceptAgreement, by, **(defaults | fields))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"agreement": scoped(AWAY, 1)}, Reason.NOT_YOUR_AGENCY),
        ({"agreement": HOME << 32}, Reason.BAD_FIELD),
        ({"given": ()}, Reason.BAD_FIELD),
        ({"received": ()}, Reason.BAD_FIELD),
        ({"given": GIVEN * 8}, Reason.BAD_FIELD),
        ({"given": tuple(terms(number, 2, AWAY) for number in range(1, 16))}, Reason.OK),
        ({"given": RECEIVED}, Reason.NOT_YOUR_AGENCY),
        ({"received": GIVEN}, Reason.BAD_FIELD),
        ({"received": (*RECEIVED, terms(1, 2, HOME, agency=BELOW))}, Reason.BAD_FIELD),
    ],
)
def test_offer_of_an_agreement(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert offer(pair, **fields) is reason


def test_both_directions_become_active_together(pair: Pair) -> None:
    assert offer(pair) is Reason.OK
    assert offer(pair) is Reason.AGREEMENT_EXISTS
    assert accept(pair) is Reason.OK
    assert accept(pair) is Reason.AGREEMENT_UNKNOWN
    assert offer(pair) is Reason.AGREEMENT_EXISTS
    assert len(pair.world.grants) == 3


def test_what_is_accepted_is_what_was_offered(pair: Pair) -> None:
    assert accept(pair) is Reason.AGREEMENT_UNKNOWN
    assert offer(pair) is Reason.OK
    for given in (GIVEN[:1], GIVEN[::-1], (terms(1, 2, AWAY, rights=1), GIVEN[1])):
        assert accept(pair, given=given) is Reason.AGREEMENT_DIFFERS
    assert accept(pair, received=GIVEN, given=RECEIVED) is Reason.AGREEMENT_DIFFERS
    assert accept(pair, BELOW_ADMIN) is Reason.NOT_GRANTEE
    assert accept(pair, HOME_ADMIN) is Reason.NOT_GRANTEE


def test_agreement_of_an_agency_that_does_not_hold_is_not_accepted(pair: Pair) -> None:
    assert offer(pair) is Reason.OK
    assert decide(pair, "setAgencyStatus", HOME, 2, 0) is Reason.OK
    assert accept(pair) is Reason.AGENCY_SUSPENDED


def test_agreement_that_fails_in_its_last_term_enters_none(pair: Pair) -> None:
    received = (*RECEIVED, terms(2, 2, BELOW, agency=AWAY))
    assert offer(pair, received=received) is Reason.OK
    assert accept(pair, received=received) is Reason.NOT_GRANTEE
    assert not pair.world.grants
    for number in (1, 2):
        assert pair.ask("grants", "grantWord(uint64)", scoped(HOME, number)) == 0
        assert pair.ask("grants", "grantWord(uint64)", scoped(AWAY, number)) == 0


def test_term_for_somebody_else_is_no_part_of_an_agreement(pair: Pair) -> None:
    given = (terms(1, 1, scoped(BELOW, 1)),)
    assert offer(pair, given=given) is Reason.OK
    assert accept(pair, given=given) is Reason.NOT_GRANTEE
    wrong = (terms(1, 1, WINDOW),)
    other = scoped(HOME, 2)
    assert offer(pair, agreement=other, given=wrong) is Reason.OK
    assert accept(pair, agreement=other, given=wrong) is Reason.NOT_GRANTEE


def test_withdrawn_agreement_is_closed(pair: Pair) -> None:
    withdraw = {"agreement": AGREEMENT}
    assert do(pair, acts.WithdrawAgreement, HOME_ADMIN, **withdraw) is Reason.AGREEMENT_UNKNOWN
    assert offer(pair) is Reason.OK
    assert do(pair, acts.WithdrawAgreement, AWAY_ADMIN, **withdraw) is Reason.NOT_YOUR_AGENCY
    assert do(pair, acts.WithdrawAgreement, HOME_ADMIN, agreement=HOME << 32) is Reason.BAD_FIELD
    must(pair, acts.WithdrawAgreement, HOME_ADMIN, **withdraw)
    assert do(pair, acts.WithdrawAgreement, HOME_ADMIN, **withdraw) is Reason.AGREEMENT_UNKNOWN
    assert accept(pair) is Reason.AGREEMENT_UNKNOWN
