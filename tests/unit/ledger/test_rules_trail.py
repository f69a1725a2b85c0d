"""Attacks on the trail of a case: out of order, backdated, beyond the one list, under a foreign parent."""

from dataclasses import replace
from typing import Any

from ledger import acts
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action, Mode
from ledger.reasons import Reason
from ledger.records import Status
from ledger.rules.trail import LAST_SEQ
from ledger.state import case_key
from tests.scene import secret
from tests.unit.ledger.rules_town import (
    ADMIN,
    AWAY_CLERK,
    CLERK,
    GRANT,
    HOME,
    ITEM,
    LICENSED,
    SECOND,
    TWO_PERSONS,
    Town,
    refuses,
)


def opened(town: Town, officer: int = CLERK, item: int = ITEM, **fields: Any) -> Reason:
    return town.carry(officer, town.scene.open(officer, item, **fields))


# ---------------------------------------------------------------- the state, the signer, the time


@refuses(Reason.CASE_EXISTS)
def test_case_opened_twice(town: Town) -> Reason:
    act = town.scene.open(CLERK, ITEM)
    assert town.carry(CLERK, act) is Reason.OK
    return town.carry(CLERK, act)


@refuses(Reason.CASE_UNKNOWN)
def test_step_on_a_case_that_is_not_there(town: Town) -> Reason:
    move = town.move(town.open(), Action.FORWARD)
    return town.carry(CLERK, replace(move, step=replace(move.step, case_key=keccak(b"none"))))


@refuses(Reason.STALE_STATE)
def test_replay_of_a_step(town: Town) -> Reason:
    move = town.move(town.open(), Action.FORWARD)
    assert town.carry(CLERK, move) is Reason.OK
    return town.carry(CLERK, move)


@refuses(Reason.STALE_STATE)
def test_step_carried_with_a_state_made_up(town: Town) -> Reason:
    move = town.move(town.open(), Action.REVIEW)
    return town.carry(CLERK, replace(move, state=replace(move.state, status=2, flags=4)))


@refuses(Reason.SIGNER_UNKNOWN)
def test_step_by_a_stranger(town: Town) -> Reason:
    return town.carry(CLERK, town.move(town.open(), Action.FORWARD), key=secret("stranger"))


@refuses(Reason.WRONG_ACTOR)
def test_step_in_a_colleagues_name(town: Town) -> Reason:
    return town.carry(SECOND, town.move(town.open(), Action.FORWARD, CLERK))


@refuses(Reason.ACT_EXPIRED)
def test_step_held_back_beyond_its_deadline(town: Town) -> Reason:
    return town.step(town.open(), Action.FORWARD, deadline=town.now - 1)


@refuses(Reason.TIME_IN_FUTURE)
def test_step_dated_ahead(town: Town) -> Reason:
    return town.step(town.open(), Action.FORWARD, signed_at=town.now + 31)


@refuses(Reason.TIME_BEFORE_LAST_STEP)
def test_step_dated_before_the_last(town: Town) -> Reason:
    return town.step(town.open(), Action.FORWARD, signed_at=town.now - 1)


@refuses(Reason.TOO_LATE)
def test_step_recorded_days_later(town: Town) -> Reason:
    move = town.move(town.open(), Action.FORWARD, deadline=FOREVER)
    town.later(259_201)
    return town.carry(CLERK, move)


def test_late_step_counts_where_all_held_when_it_was_signed(town: Town) -> None:
    move = town.move(town.open(), Action.FORWARD, AWAY_CLERK, grant=GRANT)
    town.later(1_000)
    assert town.stop(GRANT, Status.REVOKED) is Reason.OK
    assert town.carry(AWAY_CLERK, move) is Reason.OK


@refuses(Reason.KEY_REVOKED)
def test_late_step_backdated_under_a_revoked_key(town: Town) -> Reason:
    """The key was stolen before: the revocation reaches back, so what is dated after the theft does not count."""
    case, stolen = town.open(), town.now
    town.later(1_000)
    town.must(acts.SetOfficerStatus, ADMIN, subject=CLERK, status=int(Status.REVOKED), reason=0, since=stolen)
    return town.step(case, Action.FORWARD, signed_at=stolen)


@refuses(Reason.KEY_NOT_YET_VALID)
def test_step_signed_before_a_suspension_and_carried_after_the_resumption(town: Town) -> Reason:
    move = town.move(town.open(), Action.FORWARD)
    for status in (Status.SUSPENDED, Status.ACTIVE):
        town.later(10)
        town.must(acts.SetOfficerStatus, ADMIN, subject=CLERK, status=int(status), reason=0, since=0)
    return town.carry(CLERK, move)


# ---------------------------------------------------------------- opening


@refuses(Reason.ITEM_UNKNOWN)
def test_case_under_a_version_never_published(town: Town) -> Reason:
    return opened(town, version=2)


@refuses(Reason.ITEM_NOT_IN_FORCE)
def test_case_under_a_retired_item(town: Town) -> Reason:
    town.must(acts.RetireItem, ADMIN, item=ITEM, retired_from=0)
    return opened(town)


@refuses(Reason.ITEM_NOT_IN_FORCE)
def test_case_under_a_superseded_version(town: Town) -> Reason:
    assert town.sent(town.scene.item(HOME, 1, version=2)) is Reason.OK
    return opened(town)


@refuses(Reason.MODE_UNKNOWN)
def test_case_in_a_mode_the_item_does_not_offer(town: Town) -> Reason:
    return opened(town, mode=7)


@refuses(Reason.NOT_LINKED)
def test_child_opened_under_a_foreign_parent(town: Town) -> Reason:
    return opened(town, parent=town.open())


@refuses(Reason.NOT_LINKED)
def test_child_opened_under_the_mark_of_a_joined_link(town: Town) -> Reason:
    return opened(town, parent=bytes(31) + b"\x01")


@refuses(Reason.ROLE_MISSING)
def test_administrator_takes_a_case_in(town: Town) -> Reason:
    return opened(town, ADMIN)


# ---------------------------------------------------------------- the procedure


@refuses(Reason.ACTION_UNKNOWN)
def test_action_that_does_not_exist(town: Town) -> Reason:
    return town.step(town.open(), 24)


@refuses(Reason.NOT_IN_THIS_STATUS)
def test_delivery_before_the_decision(town: Town) -> Reason:
    return town.step(town.open(), Action.DELIVER)


@refuses(Reason.NOT_IN_THIS_STATUS)
def test_step_on_a_withdrawn_case(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.WITHDRAW), Action.FORWARD)


@refuses(Reason.HOME_AGENCY_ONLY)
def test_window_accepts_where_it_may_only_collect(town: Town) -> Reason:
    case = town.open(mode=int(Mode.REMOTE_INTAKE))
    return town.step(case, Action.ACCEPT, AWAY_CLERK, grant=GRANT)


@refuses(Reason.HOME_AGENCY_ONLY)
def test_window_decides_under_its_grant(town: Town) -> Reason:
    return town.step(town.reviewed(), Action.APPROVE, AWAY_CLERK, grant=GRANT)


@refuses(Reason.ALREADY_NOTIFIED)
def test_second_notification(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.NOTIFY), Action.NOTIFY, detail=2)


@refuses(Reason.NOT_IN_THE_LIST)
def test_extra_demand_outside_the_one_list(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.NOTIFY), Action.SUPPLEMENT, detail=2)


@refuses(Reason.NOT_IN_THE_LIST)
def test_gap_tolerated_that_was_never_notified(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.NOTIFY), Action.TOLERATE, detail=3)


@refuses(Reason.NOT_IN_THE_LIST)
def test_promise_in_place_of_what_cannot_be_promised(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.NOTIFY), Action.PROMISE, detail=1)


@refuses(Reason.STILL_MISSING)
def test_acceptance_while_something_is_missing(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.NOTIFY), Action.ACCEPT)


@refuses(Reason.NOTHING_MISSING)
def test_supplement_where_nothing_is_missing(town: Town) -> Reason:
    return town.step(town.open(), Action.SUPPLEMENT)


@refuses(Reason.ORIGINALS_NOT_VERIFIED)
def test_acceptance_without_seeing_the_originals(town: Town) -> Reason:
    return town.step(town.open(item=TWO_PERSONS), Action.ACCEPT)


@refuses(Reason.SAME_OFFICER_TWICE)
def test_same_officer_sees_the_originals_twice(town: Town) -> Reason:
    return town.step(town.bring(town.open(item=TWO_PERSONS), Action.VERIFY), Action.VERIFY)


@refuses(Reason.ORIGINALS_NOT_VERIFIED)
def test_materials_changed_after_they_were_verified(town: Town) -> Reason:
    case = town.bring(town.open(item=TWO_PERSONS), Action.NOTIFY, Action.VERIFY)
    assert town.step(case, Action.VERIFY, SECOND) is Reason.OK
    return town.step(town.bring(case, Action.SUPPLEMENT), Action.ACCEPT)


@refuses(Reason.NOT_FORWARDED)
def test_review_of_what_was_never_forwarded(town: Town) -> Reason:
    return town.step(town.bring(town.open(), Action.ACCEPT), Action.REVIEW)


@refuses(Reason.ALREADY_EXTENDED)
def test_time_limit_extended_twice(town: Town) -> Reason:
    return town.step(town.bring(town.reviewed(), Action.EXTEND), Action.EXTEND)


@refuses(Reason.ALREADY_RATED)
def test_bad_rating_overwritten(town: Town) -> Reason:
    return town.step(town.bring(town.approved(), Action.DELIVER, Action.RATE), Action.RATE, detail=1)


@refuses(Reason.NOT_RATED_BAD)
def test_mending_where_nothing_was_rated_bad(town: Town) -> Reason:
    return town.step(town.bring(town.approved(), Action.DELIVER), Action.MEND)


@refuses(Reason.DETAIL_OUT_OF_RANGE)
def test_notification_of_materials_that_are_not_on_the_list(town: Town) -> Reason:
    return town.step(town.open(), Action.NOTIFY, detail=32)


@refuses(Reason.DETAIL_OUT_OF_RANGE)
def test_rating_off_the_scale(town: Town) -> Reason:
    return town.step(town.bring(town.approved(), Action.DELIVER), Action.RATE, detail=6)


@refuses(Reason.SUBJECT_MISSING)
def test_decision_without_a_seal(town: Town) -> Reason:
    return town.step(town.reviewed(), Action.APPROVE)


@refuses(Reason.LICENSE_REQUIRED)
def test_delivery_of_a_license_that_was_never_issued(town: Town) -> Reason:
    return town.step(town.approved(LICENSED), Action.DELIVER)


@refuses(Reason.SEQUENCE_EXHAUSTED)
def test_case_grown_past_its_last_number(town: Town) -> Reason:
    case = town.open()
    full = replace(town.states[case], seq=LAST_SEQ)
    town.states[case], town.world.heads[case] = full, full.head
    move = town.move(case, Action.FORWARD, seq=0)
    return town.carry(CLERK, move)


# ---------------------------------------------------------------- families of cases


def family(town: Town) -> tuple[bytes, bytes, acts.Open]:
    """A parent, the key of its linked child, and the act that opens the child."""
    parent = town.open()
    act = town.scene.open(CLERK, ITEM, parent=parent)
    child = case_key(CLERK, act.commitment)
    assert town.step(parent, Action.LINK, subject=child) is Reason.OK
    return parent, child, act


@refuses(Reason.ALREADY_LINKED)
def test_child_of_two_parents(town: Town) -> Reason:
    _, child, _ = family(town)
    return town.step(town.open(), Action.LINK, subject=child)


@refuses(Reason.ALREADY_LINKED)
def test_case_of_its_own_made_a_child(town: Town) -> Reason:
    return town.step(town.open(), Action.LINK, subject=town.open())


@refuses(Reason.NOT_LINKED)
def test_join_of_anothers_child(town: Town) -> Reason:
    _, child, _ = family(town)
    return town.step(town.open(), Action.JOIN, subject=child)


@refuses(Reason.NOT_LINKED)
def test_child_joined_twice(town: Town) -> Reason:
    parent, child, _ = family(town)
    assert town.step(parent, Action.JOIN, subject=child) is Reason.OK
    return town.step(parent, Action.JOIN, subject=child)


@refuses(Reason.CHILD_NOT_ENDED)
def test_join_of_a_child_that_is_still_open(town: Town) -> Reason:
    parent, child, act = family(town)
    assert town.carry(CLERK, act) is Reason.OK
    return town.step(parent, Action.JOIN, subject=child, child=town.states[child])


@refuses(Reason.STALE_STATE)
def test_join_with_a_childs_state_made_up(town: Town) -> Reason:
    parent, child, act = family(town)
    assert town.carry(CLERK, act) is Reason.OK
    ended = replace(town.states[child], status=8)
    return town.step(parent, Action.JOIN, subject=child, child=ended)


@refuses(Reason.CHILDREN_NOT_ENDED)
def test_approval_while_a_child_is_open(town: Town) -> Reason:
    parent, _, _ = family(town)
    town.bring(parent, Action.FORWARD, Action.ACCEPT, Action.REVIEW)
    return town.step(parent, Action.APPROVE, subject=scoped(HOME, 1).to_bytes(32, "big"))


# ---------------------------------------------------------------- lists


def test_list_with_one_bad_step_isolates_it(town: Town) -> None:
    cases = [town.open(), town.bring(town.open(), Action.WITHDRAW), town.open()]
    moves = [town.move(case, Action.FORWARD) for case in cases]
    assert town.carry(CLERK, *moves) is Reason.OK
    assert [town.states[case].seq for case in cases] == [2, 2, 2]


def test_list_of_one_open_and_one_step_is_a_list(town: Town) -> None:
    step = town.move(town.open(), Action.FORWARD)
    assert town.carry(CLERK, town.scene.open(CLERK, ITEM), step) is Reason.OK


def test_step_taken_out_of_a_list_is_not_signed(town: Town) -> None:
    moves = [town.move(town.open(), Action.FORWARD) for _ in range(2)]
    group = town.scene.group(town.scene.key_of(CLERK), *moves)
    alone = replace(group, steps=group.steps[:1])
    (reason,) = town.send(town.trails(alone))
    assert reason is Reason.SIGNER_UNKNOWN
