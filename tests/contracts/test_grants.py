"""Grants.sol and the model, check by check."""

from typing import Any

import pytest

from ledger import acts
from ledger.acts import GrantTerms
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_RIGHTS, Right, Role
from ledger.reasons import Reason, Refusal
from ledger.records import Status
from ledger.rules.authority import grant_standing, root_of
from ledger.rules.grants import consume
from tests.contracts.acting import decide, do, must, terms
from tests.contracts.pair import Pair, call_data
from tests.contracts.province import (
    AWAY,
    AWAY_ADMIN,
    AWAY_WINDOW,
    BELOW,
    BELOW_ADMIN,
    CLERK,
    ELSEWHERE,
    HOME,
    HOME_ADMIN,
    WINDOW,
)
from tests.scene import CITY, COUNTY, OTHER_CITY, PROVINCE

TO_WINDOW, TO_AGENCY, TO_REGION = 1, 2, 3
ELSEWHERE_ADMIN = scoped(ELSEWHERE, 1)


def offer(pair: Pair, one: GrantTerms, by: int = HOME_ADMIN) -> Reason:
    return do(pair, acts.OfferGrant, by, terms=one)


def accept(pair: Pair, grant: int, by: int = AWAY_ADMIN) -> Reason:
    return do(pair, acts.AcceptGrant, by, grant=grant)


def active(pair: Pair, one: GrantTerms, by: int = HOME_ADMIN, to: int = AWAY_ADMIN) -> int:
    """Offer and accept."""
    assert offer(pair, one, by) is Reason.OK
    assert accept(pair, one.grant, to) is Reason.OK
    return one.grant


def change(pair: Pair, grant: int, status: int, by: int = HOME_ADMIN) -> Reason:
    return do(pair, acts.SetGrantStatus, by, grant=grant, status=status, reason=4)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"agency": AWAY}, Reason.NOT_YOUR_AGENCY),
        ({"number": 0}, Reason.BAD_FIELD),
        ({"rights": 0}, Reason.BAD_FIELD),
        ({"rights": ALL_RIGHTS + 1}, Reason.BAD_FIELD),
        ({"kind": 0}, Reason.BAD_FIELD),
        ({"kind": 4}, Reason.BAD_FIELD),
        ({"depth": 3}, Reason.OK),
        ({"depth": 4}, Reason.BAD_FIELD),
        ({"items": (1,)}, Reason.OK),
        ({"items": (0, 1)}, Reason.BAD_FIELD),
        ({"items": (1, 1)}, Reason.BAD_FIELD),
        ({"items": (2, 1)}, Reason.BAD_FIELD),
        ({"items": tuple(range(1, 66))}, Reason.BAD_FIELD),
        ({"items": (1, 2)}, Reason.NOT_COMPETENT),
        ({"valid_until": 7}, Reason.BAD_INTERVAL),
        ({"kind": TO_WINDOW, "grantee": AWAY_WINDOW}, Reason.OK),
        ({"kind": TO_WINDOW, "grantee": scoped(AWAY, 9)}, Reason.WINDOW_UNKNOWN),
        ({"grantee": 99}, Reason.AGENCY_UNKNOWN),
        ({"grantee": 1 << 32 | AWAY}, Reason.AGENCY_UNKNOWN),
        ({"kind": TO_REGION, "grantee": CITY}, Reason.OK),
        ({"kind": TO_REGION, "grantee": 0xA << 44}, Reason.BAD_FIELD),
        ({"kind": TO_REGION, "grantee": 1 << 48}, Reason.BAD_FIELD),
        ({"parent": scoped(HOME, 77)}, Reason.GRANT_UNKNOWN),
    ],
)
def test_offer_of_a_root_grant(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    merged = {"number": 1, "kind": TO_AGENCY, "grantee": AWAY} | fields
    assert offer(pair, terms(merged.pop("number"), merged.pop("kind"), merged.pop("grantee"), **merged)) is reason


def test_grant_number_is_used_once(pair: Pair) -> None:
    one = terms(1, TO_AGENCY, AWAY)
    assert offer(pair, one) is Reason.OK
    assert offer(pair, one) is Reason.GRANT_EXISTS


def test_rights_that_the_item_does_not_allow_are_not_granted(pair: Pair) -> None:
    pair.applied(*pair.scene.item(HOME, 2, grantable=int(Right.COLLECT)))
    assert offer(pair, terms(1, TO_AGENCY, AWAY, items=(1, 2))) is Reason.RIGHT_NOT_GRANTABLE
    assert offer(pair, terms(2, TO_AGENCY, AWAY, items=(1, 2), rights=int(Right.COLLECT))) is Reason.OK


def test_only_grantors_speak_of_grants(pair: Pair) -> None:
    fields = {"subject": CLERK, "window": WINDOW, "roles": int(Role.WINDOW), "valid_until": FOREVER}
    must(pair, acts.AssignOfficer, HOME_ADMIN, **fields)
    side = (terms(1, TO_AGENCY, AWAY),)
    assert offer(pair, side[0], CLERK) is Reason.ROLE_MISSING
    assert accept(pair, 1, CLERK) is Reason.ROLE_MISSING
    assert do(pair, acts.DeclineGrant, CLERK, grant=1) is Reason.ROLE_MISSING
    assert change(pair, 1, 2, CLERK) is Reason.ROLE_MISSING
    for cls in (acts.OfferAgreement, acts.AcceptAgreement):
        assert do(pair, cls, CLERK, agreement=1, given=side, received=side) is Reason.ROLE_MISSING
    assert do(pair, acts.WithdrawAgreement, CLERK, agreement=1) is Reason.ROLE_MISSING


def test_only_the_grantee_accepts_or_declines(pair: Pair) -> None:
    now = pair.scene.now
    for number, (kind, grantee) in enumerate(((1, AWAY_WINDOW), (2, AWAY), (3, CITY)), 1):
        one = terms(number, kind, grantee, valid_until=now + 50)
        assert offer(pair, one) is Reason.OK
        for by in (HOME_ADMIN, BELOW_ADMIN, ELSEWHERE_ADMIN):
            assert accept(pair, one.grant, by) is Reason.NOT_GRANTEE
        assert do(pair, acts.DeclineGrant, BELOW_ADMIN, grant=one.grant) is Reason.NOT_GRANTEE
        pair.scene.now = now + 50
        assert accept(pair, one.grant) is Reason.GRANT_EXPIRED
        pair.scene.now = now + 49
        assert accept(pair, one.grant) is Reason.OK
        assert accept(pair, one.grant) is Reason.BAD_STATUS_CHANGE
        pair.scene.now = now
    assert accept(pair, scoped(HOME, 99)) is Reason.GRANT_UNKNOWN


def test_region_is_accepted_by_its_centre_only(pair: Pair) -> None:
    one = terms(1, TO_REGION, PROVINCE)
    assert offer(pair, one) is Reason.OK
    assert accept(pair, one.grant, HOME_ADMIN) is Reason.NOT_GRANTEE
    assert accept(pair, one.grant, AWAY_ADMIN) is Reason.NOT_GRANTEE


def test_declined_offer_stays_declined(pair: Pair) -> None:
    one = terms(1, TO_AGENCY, AWAY)
    assert offer(pair, one) is Reason.OK
    must(pair, acts.DeclineGrant, AWAY_ADMIN, grant=one.grant)
    assert accept(pair, one.grant) is Reason.BAD_STATUS_CHANGE
    assert change(pair, one.grant, Status.ACTIVE) is Reason.BAD_STATUS_CHANGE


def test_offer_taken_back_is_declined(pair: Pair) -> None:
    one = terms(1, TO_AGENCY, AWAY)
    assert offer(pair, one) is Reason.OK
    assert change(pair, one.grant, Status.REVOKED) is Reason.OK
    assert pair.world.grants[one.grant].status is Status.DECLINED


def handed_on(pair: Pair) -> int:
    """A grant of HOME to AWAY with which everything below may be compared."""
    now = pair.scene.now
    fields: dict[str, Any] = {"quota": 10, "depth": 2, "items": (1,), "valid_from": now + 5, "valid_until": now + 1000}
    grant = active(pair, terms(1, TO_AGENCY, AWAY, rights=7, **fields))
    pair.scene.now += 10
    return grant


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"depth": 1}, Reason.OK),
        ({"depth": 2}, Reason.TOO_DEEP),
        ({"rights": 8}, Reason.NOT_NARROWER),
        ({"valid_until": FOREVER}, Reason.NOT_NARROWER),
        ({"quota": 0}, Reason.NOT_NARROWER),
        ({"quota": 11}, Reason.NOT_NARROWER),
        ({"items": ()}, Reason.NOT_NARROWER),
        ({"items": (1, 2)}, Reason.NOT_NARROWER),
        ({"kind": TO_WINDOW, "grantee": scoped(BELOW, 1)}, Reason.OK),
        ({"kind": TO_WINDOW, "grantee": AWAY_WINDOW}, Reason.OK),
        ({"kind": TO_REGION, "grantee": COUNTY}, Reason.OK),
        ({"kind": TO_REGION, "grantee": OTHER_CITY}, Reason.REGION_OUTSIDE),
        ({"grantee": HOME}, Reason.REGION_OUTSIDE),
        ({"kind": TO_REGION, "grantee": CITY}, Reason.TOO_DEEP),
        ({"grantee": AWAY}, Reason.TOO_DEEP),
    ],
)
def test_handing_on_only_narrower(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    parent = handed_on(pair)
    defaults: dict[str, Any] = {
        "kind": TO_AGENCY, "grantee": BELOW, "agency": AWAY, "parent": parent, "rights": 3, "quota": 5, "items": (1,),
        "valid_until": pair.scene.now + 500, "depth": 0,
    }  # fmt: skip
    merged = defaults | fields
    assert offer(pair, terms(1, merged.pop("kind"), merged.pop("grantee"), **merged), AWAY_ADMIN) is reason


def test_who_does_not_hold_a_grant_cannot_hand_it_on(pair: Pair) -> None:
    parent = handed_on(pair)
    one = terms(1, TO_AGENCY, BELOW, agency=ELSEWHERE, parent=parent)
    assert offer(pair, one, ELSEWHERE_ADMIN) is Reason.NOT_COMPETENT
    window = active(pair, terms(2, TO_WINDOW, AWAY_WINDOW, depth=2))
    from_window = terms(3, TO_AGENCY, BELOW, agency=AWAY, parent=window)
    assert offer(pair, from_window, AWAY_ADMIN) is Reason.NOT_COMPETENT


def test_all_below_a_region_may_hand_its_grant_on(pair: Pair) -> None:
    region = active(pair, terms(1, TO_REGION, CITY, depth=3))
    one = terms(1, TO_WINDOW, scoped(BELOW, 1), agency=BELOW, parent=region)
    assert offer(pair, one, BELOW_ADMIN) is Reason.OK
    other = terms(1, TO_AGENCY, BELOW, agency=ELSEWHERE, parent=region)
    assert offer(pair, other, ELSEWHERE_ADMIN) is Reason.NOT_COMPETENT


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.SUSPENDED, Reason.GRANT_SUSPENDED), (Status.REVOKED, Reason.GRANT_REVOKED)]
)
def test_nothing_is_handed_on_of_a_stopped_grant(pair: Pair, status: Status, reason: Reason) -> None:
    parent = active(pair, terms(1, TO_AGENCY, AWAY, depth=2))
    one = terms(1, TO_AGENCY, BELOW, agency=AWAY, parent=parent)
    assert offer(pair, one, AWAY_ADMIN) is Reason.OK
    assert change(pair, parent, status) is Reason.OK
    assert offer(pair, terms(2, TO_AGENCY, BELOW, agency=AWAY, parent=parent), AWAY_ADMIN) is reason
    assert accept(pair, one.grant, BELOW_ADMIN) is reason


def test_nothing_is_handed_on_of_an_offer(pair: Pair) -> None:
    parent = terms(1, TO_AGENCY, AWAY, depth=2)
    assert offer(pair, parent) is Reason.OK
    one = terms(1, TO_AGENCY, BELOW, agency=AWAY, parent=parent.grant)
    assert offer(pair, one, AWAY_ADMIN) is Reason.GRANT_NOT_ACTIVE


def test_nothing_is_handed_on_before_or_after_its_time_or_without_its_grantor(pair: Pair) -> None:
    now = pair.scene.now
    parent = active(pair, terms(1, TO_AGENCY, AWAY, depth=2, valid_from=now + 10, valid_until=now + 20))
    for number, (at, reason) in enumerate(
        ((now + 9, Reason.GRANT_NOT_YET_VALID), (now + 10, Reason.OK), (now + 20, Reason.GRANT_EXPIRED)), 1
    ):
        pair.scene.now = at
        until = {"valid_until": now + 20} if at < now + 20 else {}
        one = terms(number, TO_AGENCY, BELOW, agency=AWAY, parent=parent, **until)
        assert offer(pair, one, AWAY_ADMIN) is reason
    pair.scene.now = now + 11
    assert decide(pair, "setAgencyStatus", HOME, 2, 0) is Reason.OK
    one = terms(9, TO_AGENCY, BELOW, agency=AWAY, parent=parent, valid_until=now + 20)
    assert offer(pair, one, AWAY_ADMIN) is Reason.AGENCY_SUSPENDED


def cascade(pair: Pair) -> tuple[int, int]:
    """HOME → AWAY → BELOW."""
    parent = active(pair, terms(1, TO_AGENCY, AWAY, depth=2))
    child = active(pair, terms(1, TO_AGENCY, BELOW, agency=AWAY, parent=parent), AWAY_ADMIN, BELOW_ADMIN)
    return parent, child


def test_what_was_stopped_higher_up_is_resumed_there(pair: Pair) -> None:
    _, child = cascade(pair)
    assert change(pair, child, 2, BELOW_ADMIN) is Reason.NOT_GRANTOR
    assert change(pair, scoped(HOME, 99), 2) is Reason.GRANT_UNKNOWN
    assert change(pair, child, 1, AWAY_ADMIN) is Reason.BAD_STATUS_CHANGE
    assert change(pair, child, 2, AWAY_ADMIN) is Reason.OK
    assert change(pair, child, 2, AWAY_ADMIN) is Reason.BAD_STATUS_CHANGE
    pair.scene.now += 5
    assert change(pair, child, 2, HOME_ADMIN) is Reason.OK
    assert change(pair, child, 1, AWAY_ADMIN) is Reason.STOPPED_HIGHER_UP
    assert decide(pair, "setGrantStatus", child, 2, 0) is Reason.OK
    assert change(pair, child, 1, HOME_ADMIN) is Reason.STOPPED_HIGHER_UP
    assert change(pair, child, 2, HOME_ADMIN) is Reason.BAD_STATUS_CHANGE
    assert decide(pair, "setGrantStatus", child, 1, 0) is Reason.OK
    assert change(pair, child, 3, AWAY_ADMIN) is Reason.OK
    assert decide(pair, "setGrantStatus", child, 1, 0) is Reason.BAD_STATUS_CHANGE
    assert decide(pair, "setGrantStatus", scoped(HOME, 99), 1, 0) is Reason.GRANT_UNKNOWN


@pytest.mark.parametrize("first", [*Status, 77])
@pytest.mark.parametrize("second", [*Status, 255])
def test_every_status_change_by_every_place(pair: Pair, first: int, second: int) -> None:
    parent, child = cascade(pair)
    for status in (first, second):
        for grant, by in ((child, AWAY_ADMIN), (child, HOME_ADMIN), (parent, HOME_ADMIN)):
            change(pair, grant, int(status), by)
            pair.scene.now += 3
    pair.check_everything()


def test_mandate_says_the_same_as_the_model_at_every_edge(pair: Pair) -> None:
    now = pair.scene.now
    parent, child = cascade(pair)
    offered = terms(5, TO_WINDOW, AWAY_WINDOW, quota=3)
    assert offer(pair, offered) is Reason.OK
    declined = terms(6, TO_REGION, CITY, items=(1,))
    assert offer(pair, declined) is Reason.OK
    must(pair, acts.DeclineGrant, AWAY_ADMIN, grant=declined.grant)
    active(pair, terms(7, TO_REGION, CITY, valid_from=now + 4, valid_until=now + 44, items=(1,)))
    pair.scene.now = now + 10
    assert change(pair, parent, 2) is Reason.OK
    pair.scene.now = now + 20
    assert change(pair, parent, 1) is Reason.OK
    assert decide(pair, "setAgencyStatus", AWAY, 2, 0) is Reason.OK
    pair.scene.now = now + 30
    assert decide(pair, "setAgencyStatus", AWAY, 1, 0) is Reason.OK
    assert change(pair, child, 3) is Reason.OK
    moments = sorted({now + base + step for base in (0, 4, 10, 20, 30, 44) for step in (-1, 0, 1)} | {0, FOREVER})
    for grant, record in pair.world.grants.items():
        word = pair.ask("grants", "mandate(uint64)", grant)
        assert (word >> 64 & 255, word >> 72 & 255, word >> 120) == (record.rights, record.kind, record.grantee)
        assert word >> 88 & 0xFFFFFFFF == root_of(pair.world, grant)
        assert word >> 80 & 255 == (record.items is not None) + 2 * bool(record.quota)
        for at in moments:
            reason = grant_standing(pair.world, grant, at)
            assert pair.ask("grants", "whyNot(uint64,uint32)", grant, at) == reason
            assert ((word & 0xFFFFFFFF) <= at < (word >> 32 & 0xFFFFFFFF)) == (reason is Reason.OK)
    for unknown in (0, scoped(HOME, 99)):
        assert pair.ask("grants", "mandate(uint64)", unknown) == 0
        assert pair.ask("grants", "whyNot(uint64,uint32)", unknown, now) == Reason.GRANT_UNKNOWN
        assert pair.ask("grants", "covers(uint64,uint32)", unknown, 1) == 0


def test_quota_is_counted_at_every_level_or_at_none(pair: Pair) -> None:
    parent = active(pair, terms(1, TO_AGENCY, AWAY, depth=2, quota=3))
    fields = {"agency": AWAY, "parent": parent}
    one = active(pair, terms(1, TO_AGENCY, BELOW, quota=2, **fields), AWAY_ADMIN, BELOW_ADMIN)
    other = active(pair, terms(2, TO_AGENCY, BELOW, quota=3, **fields), AWAY_ADMIN, BELOW_ADMIN)
    trails, grants = (pair.deployment.addresses[name] for name in ("trails", "grants"))
    for grant in (one, other, one, one, other, parent):
        try:
            consume(pair.world, grant)
            expected = Reason.OK
        except Refusal as refusal:
            expected = refusal.reason
        call = call_data("consume(uint64)", (grant,))
        result = pair.evm.send(grants, call, pair.scene.now, sender=trails)
        assert int.from_bytes(result.output, "big") == expected
        pair.check_everything()


def test_nobody_but_trails_counts_steps(pair: Pair) -> None:
    grant = active(pair, terms(1, TO_AGENCY, AWAY, quota=3))
    for name, address in pair.deployment.addresses.items():
        result = pair.direct("grants", "consume(uint64)", grant, sender=address)
        assert result.succeeded == (name == "trails")
    assert not pair.direct("grants", "consume(uint64)", grant).succeeded
    assert not pair.direct("grants", "setGrantStatus(uint64,uint8,uint8)", grant, 2, 0).succeeded
