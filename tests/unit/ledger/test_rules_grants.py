"""Attacks on grants: wider than what was given, sideways, past their end, resumed from below."""

from typing import Any

from ledger import acts
from ledger.ids import scoped
from ledger.procedure import Action, Right
from ledger.reasons import Reason
from ledger.records import GranteeKind, Status
from tests.scene import CITY, COUNTY, OTHER_CITY
from tests.unit.ledger.rules_town import (
    ADMIN,
    AWAY,
    AWAY_ADMIN,
    AWAY_CLERK,
    BELOW,
    GRANT,
    HOME,
    OTHER,
    OTHER_CLERK,
    Town,
    refuses,
)

BELOW_ADMIN, OTHER_ADMIN, BELOW_CLERK = scoped(BELOW, 1), scoped(OTHER, 1), scoped(BELOW, 2)
HANDED = scoped(AWAY, 1)


def hand_on(town: Town, grantee: int = BELOW, **fields: Any) -> Reason:
    """AWAY hands its grant on, unless told otherwise to the county below it."""
    defaults: dict[str, Any] = {"parent": GRANT, "officer": AWAY_ADMIN, "grant": HANDED}
    return town.offer(1, grantee, **(defaults | fields))


def accept(town: Town, grant: int, officer: int) -> Reason:
    return town.do(acts.AcceptGrant, officer, grant=grant)


def forward(town: Town, grant: int, officer: int = AWAY_CLERK, **fields: Any) -> Reason:
    """A step under the grant on a case of HOME."""
    return town.step(town.open(), Action.FORWARD, officer, grant=grant, **fields)


# ---------------------------------------------------------------- what is given


@refuses(Reason.GRANT_EXISTS)
def test_grant_offered_over_another(town: Town) -> Reason:
    return town.offer(1, OTHER)


@refuses(Reason.NOT_COMPETENT)
def test_grant_on_an_item_of_nobody(town: Town) -> Reason:
    return town.offer(2, AWAY, items=(77,))


@refuses(Reason.NOT_COMPETENT)
def test_handing_on_of_anothers_grant(town: Town) -> Reason:
    return hand_on(town, officer=OTHER_ADMIN, grant=scoped(OTHER, 1))


@refuses(Reason.RIGHT_NOT_GRANTABLE)
def test_grant_of_a_right_the_item_keeps_at_home(town: Town) -> Reason:
    assert town.sent(town.scene.item(HOME, 9, grantable=int(Right.COLLECT))) is Reason.OK
    return town.offer(2, AWAY, items=(9,))


@refuses(Reason.BAD_FIELD)
def test_items_of_a_grant_listed_twice(town: Town) -> Reason:
    return town.offer(2, AWAY, items=(1, 1))


@refuses(Reason.AGENCY_UNKNOWN)
def test_grant_to_an_agency_that_is_not_there(town: Town) -> Reason:
    return town.offer(2, 99)


@refuses(Reason.WINDOW_UNKNOWN)
def test_grant_to_a_window_that_is_not_there(town: Town) -> Reason:
    return town.offer(2, scoped(AWAY, 9), kind=GranteeKind.WINDOW)


@refuses(Reason.NOT_GRANTEE)
def test_grant_accepted_by_a_third(town: Town) -> Reason:
    assert town.offer(2, AWAY) is Reason.OK
    return accept(town, scoped(HOME, 2), OTHER_ADMIN)


@refuses(Reason.NOT_GRANTEE)
def test_regional_grant_accepted_by_another_regions_centre(town: Town) -> Reason:
    assert town.offer(2, CITY, kind=GranteeKind.REGION) is Reason.OK
    return accept(town, scoped(HOME, 2), OTHER_ADMIN)


@refuses(Reason.BAD_STATUS_CHANGE)
def test_declined_grant_accepted_after_all(town: Town) -> Reason:
    assert town.offer(2, AWAY) is Reason.OK
    town.must(acts.DeclineGrant, AWAY_ADMIN, grant=scoped(HOME, 2))
    return accept(town, scoped(HOME, 2), AWAY_ADMIN)


@refuses(Reason.BAD_STATUS_CHANGE)
def test_offer_taken_back_is_accepted(town: Town) -> Reason:
    assert town.offer(2, AWAY) is Reason.OK
    assert town.stop(scoped(HOME, 2), Status.REVOKED) is Reason.OK
    return accept(town, scoped(HOME, 2), AWAY_ADMIN)


@refuses(Reason.GRANT_EXPIRED)
def test_offer_accepted_after_its_end(town: Town) -> Reason:
    assert town.offer(2, AWAY, valid_until=town.now + 60) is Reason.OK
    town.later(60)
    return accept(town, scoped(HOME, 2), AWAY_ADMIN)


# ---------------------------------------------------------------- handed on


@refuses(Reason.NOT_NARROWER)
def test_grant_widened_in_time_when_handed_on(town: Town) -> Reason:
    town.granted(2, depth=1, valid_until=town.now + 900)
    return hand_on(town, parent=scoped(HOME, 2))


@refuses(Reason.NOT_NARROWER)
def test_grant_widened_in_rights_when_handed_on(town: Town) -> Reason:
    town.granted(2, depth=1, rights=int(Right.COLLECT))
    return hand_on(town, parent=scoped(HOME, 2))


@refuses(Reason.NOT_NARROWER)
def test_grant_widened_to_all_items_when_handed_on(town: Town) -> Reason:
    town.granted(2, depth=1, items=(1,))
    return hand_on(town, parent=scoped(HOME, 2))


@refuses(Reason.NOT_NARROWER)
def test_quota_shed_when_handed_on(town: Town) -> Reason:
    town.granted(2, depth=1, quota=3)
    return hand_on(town, parent=scoped(HOME, 2))


@refuses(Reason.TOO_DEEP)
def test_grant_handed_on_further_than_allowed(town: Town) -> Reason:
    town.granted(2)
    return hand_on(town, parent=scoped(HOME, 2))


@refuses(Reason.TOO_DEEP)
def test_depth_kept_when_handed_on(town: Town) -> Reason:
    return hand_on(town, depth=1)


@refuses(Reason.TOO_DEEP)
def test_grant_handed_on_sideways(town: Town) -> Reason:
    """To the own level: one's own region, where only windows may be given it."""
    return hand_on(town, CITY, kind=GranteeKind.REGION)


@refuses(Reason.REGION_OUTSIDE)
def test_grant_handed_on_to_another_city(town: Town) -> Reason:
    return hand_on(town, OTHER)


@refuses(Reason.REGION_OUTSIDE)
def test_grant_handed_on_upwards(town: Town) -> Reason:
    return hand_on(town, HOME)


@refuses(Reason.GRANT_UNKNOWN)
def test_handing_on_of_a_grant_that_is_not_there(town: Town) -> Reason:
    return hand_on(town, parent=scoped(HOME, 77))


@refuses(Reason.GRANT_REVOKED)
def test_handed_on_grant_accepted_after_its_source_was_revoked(town: Town) -> Reason:
    assert hand_on(town) is Reason.OK
    assert town.stop(GRANT, Status.REVOKED) is Reason.OK
    return accept(town, HANDED, BELOW_ADMIN)


# ---------------------------------------------------------------- stopped


def test_revocation_reaches_what_was_handed_on(town: Town) -> None:
    assert hand_on(town) is Reason.OK
    assert accept(town, HANDED, BELOW_ADMIN) is Reason.OK
    assert forward(town, HANDED, BELOW_CLERK) is Reason.OK
    assert town.stop(GRANT, Status.REVOKED) is Reason.OK
    assert forward(town, HANDED, BELOW_CLERK) is Reason.GRANT_REVOKED


@refuses(Reason.NOT_GRANTOR)
def test_grantee_touches_the_grant_it_has(town: Town) -> Reason:
    return town.stop(GRANT, Status.SUSPENDED, AWAY_ADMIN)


@refuses(Reason.STOPPED_HIGHER_UP)
def test_grantor_resumes_what_the_council_suspended(town: Town) -> Reason:
    assert town.decide("setGrantStatus", GRANT, int(Status.SUSPENDED), 0) is Reason.OK
    return town.stop(GRANT, Status.ACTIVE)


@refuses(Reason.STOPPED_HIGHER_UP)
def test_grantee_resumes_what_an_ancestor_suspended(town: Town) -> Reason:
    assert hand_on(town) is Reason.OK
    assert accept(town, HANDED, BELOW_ADMIN) is Reason.OK
    assert town.stop(HANDED) is Reason.OK
    return town.stop(HANDED, Status.ACTIVE, AWAY_ADMIN)


@refuses(Reason.STOPPED_HIGHER_UP)
def test_council_takes_over_a_suspension(town: Town) -> Reason:
    assert town.stop(GRANT) is Reason.OK
    assert town.decide("setGrantStatus", GRANT, int(Status.SUSPENDED), 0) is Reason.OK
    return town.stop(GRANT, Status.ACTIVE)


# ---------------------------------------------------------------- used


@refuses(Reason.GRANT_UNKNOWN)
def test_step_of_another_agency_without_a_grant(town: Town) -> Reason:
    return forward(town, 0)


@refuses(Reason.GRANT_NOT_ACTIVE)
def test_step_under_a_grant_that_was_only_offered(town: Town) -> Reason:
    assert town.offer(2, AWAY) is Reason.OK
    return forward(town, scoped(HOME, 2))


@refuses(Reason.GRANT_NOT_YET_VALID)
def test_step_before_the_grant_begins(town: Town) -> Reason:
    return forward(town, town.granted(2, valid_from=town.now + 60))


@refuses(Reason.GRANT_EXPIRED)
def test_step_after_the_grant_has_ended(town: Town) -> Reason:
    grant = town.granted(2, valid_until=town.now + 60)
    town.later(60)
    return forward(town, grant)


@refuses(Reason.GRANT_SUSPENDED)
def test_step_under_a_suspended_grant(town: Town) -> Reason:
    assert town.stop(GRANT) is Reason.OK
    return forward(town, GRANT)


@refuses(Reason.GRANT_REVOKED)
def test_step_under_a_grant_revoked_in_the_same_second(town: Town) -> Reason:
    assert town.stop(GRANT, Status.REVOKED) is Reason.OK
    return forward(town, GRANT)


@refuses(Reason.AGENCY_SUSPENDED)
def test_step_under_a_grant_of_a_suspended_agency(town: Town) -> Reason:
    case = town.open()
    assert town.decide("setAgencyStatus", HOME, 2, 0) is Reason.OK
    return town.step(case, Action.FORWARD, AWAY_CLERK, grant=GRANT)


@refuses(Reason.GRANT_NOT_FOR_YOU)
def test_step_under_a_grant_to_another_agency(town: Town) -> Reason:
    return forward(town, GRANT, OTHER_CLERK)


@refuses(Reason.WRONG_REGION)
def test_step_from_outside_the_grants_region(town: Town) -> Reason:
    assert town.offer(2, OTHER_CITY, kind=GranteeKind.REGION) is Reason.OK
    assert accept(town, scoped(HOME, 2), OTHER_ADMIN) is Reason.OK
    return forward(town, scoped(HOME, 2))


@refuses(Reason.RIGHT_NOT_GRANTED)
def test_step_beyond_the_granted_rights(town: Town) -> Reason:
    return forward(town, town.granted(2, rights=int(Right.COLLECT)))


@refuses(Reason.RIGHT_NOT_GRANTABLE)
def test_general_grant_used_for_a_right_the_item_keeps(town: Town) -> Reason:
    assert town.sent(town.scene.item(HOME, 9, originals=0, grantable=int(Right.COLLECT))) is Reason.OK
    return town.step(town.open(item=scoped(HOME, 9)), Action.FORWARD, AWAY_CLERK, grant=GRANT)


@refuses(Reason.ITEM_NOT_COVERED)
def test_grant_used_for_another_item(town: Town) -> Reason:
    return forward(town, town.granted(2, items=(2,)))


@refuses(Reason.WRONG_HOME)
def test_grant_of_one_home_agency_used_at_another(town: Town) -> Reason:
    assert town.offer(5, AWAY, officer=OTHER_ADMIN, grant=scoped(OTHER, 5)) is Reason.OK
    assert accept(town, scoped(OTHER, 5), AWAY_ADMIN) is Reason.OK
    return forward(town, scoped(OTHER, 5))


@refuses(Reason.QUOTA_EXHAUSTED)
def test_quota_used_up(town: Town) -> Reason:
    grant = town.granted(2, quota=1)
    assert forward(town, grant) is Reason.OK
    return forward(town, grant)


@refuses(Reason.QUOTA_EXHAUSTED)
def test_quota_of_an_ancestor_used_up_below(town: Town) -> Reason:
    grant = town.granted(2, quota=2, depth=1)
    assert hand_on(town, parent=grant, quota=2) is Reason.OK
    assert accept(town, HANDED, BELOW_ADMIN) is Reason.OK
    assert [forward(town, grant), forward(town, HANDED, BELOW_CLERK)] == [Reason.OK] * 2
    return forward(town, HANDED, BELOW_CLERK)


def test_refused_step_costs_no_quota(town: Town) -> None:
    grant = town.granted(2, quota=1)
    assert forward(town, grant, detail=1) is Reason.DETAIL_OUT_OF_RANGE
    assert town.world.grants[grant].used == 0


# ---------------------------------------------------------------- mutual agreements


def agreement(town: Town, number: int = 1) -> dict[str, Any]:
    given = town.terms(scoped(HOME, 20 + number), AWAY)
    received = town.terms(scoped(AWAY, 20 + number), HOME)
    return {"agreement": scoped(HOME, number), "given": (given,), "received": (received,)}


@refuses(Reason.AGREEMENT_UNKNOWN)
def test_acceptance_of_what_nobody_offered(town: Town) -> Reason:
    return town.do(acts.AcceptAgreement, AWAY_ADMIN, **agreement(town))


@refuses(Reason.AGREEMENT_UNKNOWN)
def test_acceptance_of_a_withdrawn_agreement(town: Town) -> Reason:
    town.must(acts.OfferAgreement, ADMIN, **agreement(town))
    town.must(acts.WithdrawAgreement, ADMIN, agreement=scoped(HOME, 1))
    return town.do(acts.AcceptAgreement, AWAY_ADMIN, **agreement(town))


@refuses(Reason.AGREEMENT_EXISTS)
def test_agreement_offered_over_another(town: Town) -> Reason:
    town.must(acts.OfferAgreement, ADMIN, **agreement(town))
    return town.do(acts.OfferAgreement, ADMIN, **agreement(town))


@refuses(Reason.AGREEMENT_DIFFERS)
def test_agreement_accepted_on_other_terms(town: Town) -> Reason:
    town.must(acts.OfferAgreement, ADMIN, **agreement(town))
    other = agreement(town) | {"given": (town.terms(scoped(HOME, 21), AWAY, depth=3),)}
    return town.do(acts.AcceptAgreement, AWAY_ADMIN, **other)


@refuses(Reason.NOT_GRANTEE)
def test_agreement_accepted_by_a_third(town: Town) -> Reason:
    town.must(acts.OfferAgreement, ADMIN, **agreement(town))
    return town.do(acts.AcceptAgreement, OTHER_ADMIN, **agreement(town))


def test_agreement_holds_in_both_directions_or_in_none(town: Town) -> None:
    made = agreement(town) | {"received": (town.terms(scoped(AWAY, 21), HOME, rights=0),)}
    town.must(acts.OfferAgreement, ADMIN, **made)
    assert town.do(acts.AcceptAgreement, AWAY_ADMIN, **made) is Reason.BAD_FIELD
    assert scoped(HOME, 21) not in town.world.grants


def test_grant_of_a_county_reaches_the_county_only(town: Town) -> None:
    assert town.offer(2, COUNTY, kind=GranteeKind.REGION) is Reason.OK
    assert accept(town, scoped(HOME, 2), BELOW_ADMIN) is Reason.OK
    assert forward(town, scoped(HOME, 2), BELOW_CLERK) is Reason.OK
    assert forward(town, scoped(HOME, 2), AWAY_CLERK) is Reason.WRONG_REGION
