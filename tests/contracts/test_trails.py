"""Trails.sol and the model: what an attacker, a careless relay or a confused officer might try."""

from dataclasses import replace
from typing import Any

import pytest

from ledger import acts, calldata
from ledger.calldata import Group
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action, Mode, Role
from ledger.reasons import Reason
from ledger.records import GranteeKind
from ledger.rules.judge import Outcome
from ledger.state import Carried, CaseState
from tests.contracts.acting import decide_late, must, terms
from tests.contracts.pair import Pair
from tests.contracts.province import (
    AWAY,
    AWAY_ADMIN,
    AWAY_CLERK,
    AWAY_WINDOW,
    BELOW,
    CLERK,
    HOME,
    HOME_ADMIN,
    ITEM,
    SEAL,
)
from tests.scene import CITY, secret

GRANT = scoped(HOME, 50)
SKEW, PROMPT, LATE = 30, 900, 259_200
NOTHING = bytes(32)


def submit(pair: Pair, *groups: Group) -> tuple[Outcome, ...]:
    outcomes = pair.run("trails", calldata.trails_call(groups))
    assert outcomes is not None
    return outcomes


def take(pair: Pair, move: acts.Open | Carried, key: bytes | None = None) -> Outcome:
    officer = move.officer if isinstance(move, acts.Open) else move.step.officer
    (outcome,) = submit(pair, pair.scene.group(key or pair.scene.key_of(officer), move))
    return outcome


def step(pair: Pair, state: CaseState, case: bytes, action: int, officer: int = CLERK, **fields: Any) -> Carried:
    child = fields.pop("child", None)
    defaults: dict[str, Any] = {
        "grant": 0, "detail": 0, "subject": NOTHING, "evidence": keccak(b"evidence"),
        "signed_at": pair.scene.now, "deadline": pair.scene.now + 3600,
    }  # fmt: skip
    made = acts.Step(
        case_key=case, seq=(state.seq + 1) % 2**16, action=action, officer=officer, previous=state.trail,
        **(defaults | fields),
    )  # fmt: skip
    return Carried(made, state, child)


def opened(pair: Pair, officer: int = CLERK, grant: int = 0, **fields: Any) -> tuple[bytes, CaseState]:
    outcome = take(pair, pair.scene.open(officer, ITEM, grant, **fields))
    assert outcome.state is not None, outcome.reason.name
    return outcome.subject, outcome.state


def granted(pair: Pair, kind: int = GranteeKind.WINDOW, grantee: int = AWAY_WINDOW, **fields: Any) -> int:
    must(pair, acts.OfferGrant, HOME_ADMIN, terms=terms(50, kind, grantee, **fields))
    must(pair, acts.AcceptGrant, AWAY_ADMIN, grant=GRANT)
    return GRANT


def test_a_grant_that_does_not_exist_is_not_competence(pair: Pair) -> None:
    """The home agency's own officer who names an unknown grant is refused, not let through on competence."""
    assert take(pair, pair.scene.open(CLERK, ITEM, scoped(HOME, 404))).reason is Reason.GRANT_UNKNOWN
    case, state = opened(pair)
    unknown = step(pair, state, case, Action.VERIFY, grant=scoped(HOME, 404))
    assert take(pair, unknown).reason is Reason.GRANT_UNKNOWN


def test_a_replayed_step_is_stale(pair: Pair) -> None:
    case, state = opened(pair)
    carried = step(pair, state, case, Action.VERIFY)
    assert take(pair, carried).reason is Reason.OK
    assert take(pair, carried).reason is Reason.STALE_STATE


def test_a_replayed_open_finds_its_case(pair: Pair) -> None:
    act = pair.scene.open(CLERK, ITEM)
    assert take(pair, act).reason is Reason.OK
    assert take(pair, act).reason is Reason.CASE_EXISTS


@pytest.mark.parametrize("field", ["seq", "status", "flags", "missing", "item", "last_at", "children", "verifier"])
def test_a_forged_state_is_stale(pair: Pair, field: str) -> None:
    """The carrier supplies the state; one bit of it changed is noticed before anything is judged."""
    case, state = opened(pair)
    forged = replace(state, **{field: getattr(state, field) ^ 1})
    assert take(pair, step(pair, forged, case, Action.VERIFY)).reason is Reason.STALE_STATE


def test_two_writers_of_one_case_in_one_batch(pair: Pair) -> None:
    """The first is taken, the second loses cleanly, a third case beside them goes through."""
    case, state = opened(pair)
    key = pair.scene.key_of(CLERK)
    first, second = (
        pair.scene.group(key, step(pair, state, case, action)) for action in (Action.VERIFY, Action.FORWARD)
    )
    other = pair.scene.group(key, pair.scene.open(CLERK, ITEM))
    reasons = [one.reason for one in submit(pair, first, second, other)]
    assert reasons == [Reason.OK, Reason.STALE_STATE, Reason.OK]


def test_another_officers_name_on_a_step(pair: Pair) -> None:
    case, state = opened(pair)
    carried = step(pair, state, case, Action.VERIFY, officer=HOME_ADMIN)
    assert take(pair, carried, pair.scene.key_of(CLERK)).reason is Reason.WRONG_ACTOR


def test_a_strangers_signature(pair: Pair) -> None:
    case, state = opened(pair)
    assert take(pair, step(pair, state, case, Action.VERIFY), secret("stranger")).reason is Reason.SIGNER_UNKNOWN


def test_a_broken_signature_does_not_inherit_the_last_signer(pair: Pair) -> None:
    """What was learnt of one group's signer must not serve the next group, whose signature is none."""
    case, state = opened(pair)
    other, beside = opened(pair)
    key = pair.scene.key_of(CLERK)
    good = pair.scene.group(key, step(pair, state, case, Action.VERIFY))
    bad = replace(pair.scene.group(key, step(pair, beside, other, Action.VERIFY)), signature=bytes(64))
    assert [one.reason for one in submit(pair, good, bad)] == [Reason.OK, Reason.BAD_SIGNATURE]


def test_a_grant_learnt_for_one_officer_does_not_serve_another(pair: Pair) -> None:
    granted(pair)
    case, state = opened(pair, AWAY_CLERK, GRANT)
    theirs = scoped(BELOW, 2)
    mine = pair.scene.group(
        pair.scene.key_of(AWAY_CLERK), step(pair, state, case, Action.VERIFY, AWAY_CLERK, grant=GRANT)
    )
    foreign = pair.scene.group(pair.scene.key_of(theirs), pair.scene.open(theirs, ITEM, GRANT))
    assert [one.reason for one in submit(pair, mine, foreign)] == [Reason.OK, Reason.GRANT_NOT_FOR_YOU]


def test_no_grant_after_a_step_under_one(pair: Pair) -> None:
    """The grant of the step before does not linger."""
    granted(pair)
    act = pair.scene.open(AWAY_CLERK, ITEM, GRANT)
    bare = replace(pair.scene.open(AWAY_CLERK, ITEM, GRANT), grant=0)
    key = pair.scene.key_of(AWAY_CLERK)
    outcomes = submit(pair, pair.scene.group(key, act), pair.scene.group(key, bare))
    assert [one.reason for one in outcomes] == [Reason.OK, Reason.GRANT_UNKNOWN]


@pytest.mark.parametrize(
    ("kind", "grantee"), [(GranteeKind.WINDOW, AWAY_WINDOW), (GranteeKind.AGENCY, AWAY), (GranteeKind.REGION, CITY)]
)
def test_each_kind_of_grantee(pair: Pair, kind: int, grantee: int) -> None:
    granted(pair, kind, grantee)
    case, state = opened(pair, AWAY_CLERK, GRANT)
    assert take(pair, step(pair, state, case, Action.VERIFY, AWAY_CLERK, grant=GRANT)).reason is Reason.OK
    inside = Reason.OK if kind == GranteeKind.REGION else Reason.GRANT_NOT_FOR_YOU
    assert take(pair, pair.scene.open(scoped(BELOW, 2), ITEM, GRANT)).reason is inside


def test_a_quota_is_counted_only_for_steps_that_are_taken(pair: Pair) -> None:
    granted(pair, quota=2)
    case, state = opened(pair, AWAY_CLERK, GRANT)
    refused = step(pair, state, case, Action.ACCEPT, AWAY_CLERK, grant=GRANT)
    assert take(pair, refused).reason is Reason.ORIGINALS_NOT_VERIFIED
    taken = take(pair, step(pair, state, case, Action.VERIFY, AWAY_CLERK, grant=GRANT))
    assert taken.state is not None
    last = step(pair, taken.state, case, Action.FORWARD, AWAY_CLERK, grant=GRANT)
    assert take(pair, last).reason is Reason.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    ("ago", "reason"),
    [
        (-SKEW, Reason.OK),
        (-SKEW - 1, Reason.TIME_IN_FUTURE),
        (PROMPT, Reason.OK),
        (PROMPT + 1, Reason.OK),
        (LATE, Reason.OK),
        (LATE + 1, Reason.TOO_LATE),
    ],
)
def test_edges_of_time(pair: Pair, ago: int, reason: Reason) -> None:
    pair.scene.now += LATE + 10
    act = pair.scene.open(CLERK, ITEM, signed_at=pair.scene.now - ago, deadline=FOREVER)
    assert take(pair, act).reason is reason


def test_the_deadlines_own_second_is_in_time(pair: Pair) -> None:
    assert take(pair, pair.scene.open(CLERK, ITEM, deadline=pair.scene.now)).reason is Reason.OK
    assert take(pair, pair.scene.open(CLERK, ITEM, deadline=pair.scene.now - 1)).reason is Reason.ACT_EXPIRED


def test_a_step_cannot_be_dated_back_before_the_last(pair: Pair) -> None:
    case, state = opened(pair)
    carried = step(pair, state, case, Action.VERIFY, signed_at=state.last_at - 1)
    assert take(pair, carried).reason is Reason.TIME_BEFORE_LAST_STEP


def test_a_late_step_needs_the_key_only_when_it_was_signed(pair: Pair) -> None:
    """A window that was cut off may record late; promptly, the same officer may no longer act."""
    signed_at = pair.scene.now
    pair.scene.now += PROMPT + 100
    must(pair, acts.SetOfficerStatus, HOME_ADMIN, subject=CLERK, status=3, reason=1, since=0)
    late = pair.scene.open(CLERK, ITEM, signed_at=signed_at)
    assert take(pair, late).reason is Reason.OK
    assert take(pair, pair.scene.open(CLERK, ITEM)).reason is Reason.KEY_REVOKED


def test_a_list_stands_and_falls_with_its_bytes(pair: Pair) -> None:
    """One act of a list exchanged after signing: the signature is of nobody we know, for all of it."""
    key = pair.scene.key_of(CLERK)
    first, second, other = (pair.scene.open(CLERK, ITEM) for _ in range(3))
    signed = pair.scene.group(key, first, second)
    forged = replace(signed, opens=(first, other))
    assert {one.reason for one in submit(pair, forged)} == {Reason.SIGNER_UNKNOWN}
    assert {one.reason for one in submit(pair, signed)} == {Reason.OK}


def test_a_list_isolates_its_failures(pair: Pair) -> None:
    good, bad = pair.scene.open(CLERK, ITEM), pair.scene.open(CLERK, ITEM, mode=7)
    last = pair.scene.open(CLERK, ITEM, mode=int(Mode.JOINT))
    reasons = [one.reason for one in submit(pair, pair.scene.group(pair.scene.key_of(CLERK), good, bad, last))]
    assert reasons == [Reason.OK, Reason.MODE_UNKNOWN, Reason.OK]


@pytest.mark.parametrize("action", [0, 24, 255])
def test_actions_that_do_not_exist(pair: Pair, action: int) -> None:
    case, state = opened(pair)
    assert take(pair, step(pair, state, case, action)).reason is Reason.ACTION_UNKNOWN


def test_a_child_cannot_be_adopted_or_joined_twice(pair: Pair) -> None:
    case, state = opened(pair)
    child = keccak(b"child")
    linked = take(pair, step(pair, state, case, Action.LINK, subject=child)).state
    assert linked is not None
    assert take(pair, step(pair, linked, case, Action.LINK, subject=child)).reason is Reason.ALREADY_LINKED
    joined = take(pair, step(pair, linked, case, Action.JOIN, subject=child)).state
    assert joined is not None
    assert take(pair, step(pair, joined, case, Action.JOIN, subject=child)).reason is Reason.NOT_LINKED


def test_a_child_that_is_still_open_holds_its_parent_up(pair: Pair) -> None:
    case, state = opened(pair)
    act = pair.scene.open(CLERK, ITEM, parent=case)
    child = case_of(act)
    linked = take(pair, step(pair, state, case, Action.LINK, subject=child)).state
    young = take(pair, act).state
    assert linked is not None
    assert young is not None
    unended = step(pair, linked, case, Action.JOIN, subject=child, child=young)
    assert take(pair, unended).reason is Reason.CHILD_NOT_ENDED
    hidden = step(pair, linked, case, Action.JOIN, subject=child)
    assert take(pair, hidden).reason is Reason.STALE_STATE
    gone = take(pair, step(pair, young, child, Action.WITHDRAW)).state
    ended = step(pair, linked, case, Action.JOIN, subject=child, child=gone)
    assert take(pair, ended).reason is Reason.OK


def case_of(act: acts.Open) -> bytes:
    return keccak(act.officer.to_bytes(32, "big") + act.commitment)


def test_decision_needs_the_home_agencys_living_seal(pair: Pair) -> None:
    case, state = opened(pair)
    for action in (Action.VERIFY, Action.ACCEPT, Action.FORWARD, Action.REVIEW):
        after = take(pair, step(pair, state, case, action)).state
        assert after is not None, action
        state = after
    approve = [
        (NOTHING, Reason.SUBJECT_MISSING),
        (scoped(AWAY, 1).to_bytes(32, "big"), Reason.SEAL_OF_ANOTHER),
        ((1 << 64 | SEAL).to_bytes(32, "big"), Reason.SEAL_OF_ANOTHER),
        (scoped(HOME, 9).to_bytes(32, "big"), Reason.SEAL_UNKNOWN),
    ]
    for subject, reason in approve:
        assert take(pair, step(pair, state, case, Action.APPROVE, subject=subject)).reason is reason
    sealed = SEAL.to_bytes(32, "big")
    must(pair, acts.SetSealStatus, CLERK, seal=SEAL, status=2, reason=1)
    assert take(pair, step(pair, state, case, Action.APPROVE, subject=sealed)).reason is Reason.SEAL_SUSPENDED
    must(pair, acts.SetSealStatus, CLERK, seal=SEAL, status=1, reason=1)
    assert take(pair, step(pair, state, case, Action.APPROVE, subject=sealed)).reason is Reason.OK


@pytest.mark.parametrize("cut", [1, 64, 200])
def test_a_batch_that_is_cut_short_reverts_whole(pair: Pair, cut: int) -> None:
    packed = b"".join(
        calldata.pack_group(pair.scene.group(pair.scene.key_of(CLERK), pair.scene.open(CLERK, ITEM))) for _ in range(2)
    )
    assert pair.run("trails", _call(packed[:-cut])) is None


def test_an_empty_group_reverts_whole(pair: Pair) -> None:
    group = calldata.pack_group(pair.scene.group(pair.scene.key_of(CLERK), pair.scene.open(CLERK, ITEM)))
    assert pair.run("trails", _call(group + bytes(66))) is None


def test_an_empty_batch_does_nothing(pair: Pair) -> None:
    assert pair.run("trails", _call(b"")) == ()


@pytest.mark.parametrize("tail", [b"\x01", bytes(32)])
def test_bytes_behind_the_batch_revert(pair: Pair, tail: bytes) -> None:
    """What a strict reader of the chain would not see the same way must not take effect."""
    data = calldata.trails_call([pair.scene.group(pair.scene.key_of(CLERK), pair.scene.open(CLERK, ITEM))])
    result = pair.evm.send(pair.deployment.addresses["trails"], data + tail, pair.scene.now)
    assert not result.succeeded
    dirty = data[:-1] + b"\x01"
    assert not pair.evm.send(pair.deployment.addresses["trails"], dirty, pair.scene.now).succeeded


def test_many_signers_forget_nothing_that_matters(pair: Pair) -> None:
    """More officers and grants in one batch than the memo has places for."""
    key = pair.scene.key_of(CLERK)
    opens = [replace(pair.scene.open(CLERK, ITEM, scoped(HOME, 1000 + number))) for number in range(300)]
    opens[150] = replace(opens[150], grant=0)
    outcomes = submit(pair, *(pair.scene.group(key, act) for act in opens))
    taken = [place for place, one in enumerate(outcomes) if one.reason is Reason.OK]
    assert taken == [150]


def test_the_clock_is_the_councils(pair: Pair) -> None:
    """`setClock` waits for the delay, keeps prompt within late, and holds from then on."""
    assert decide_late(pair, "setClock", 5, 10, 20) is Reason.OK
    early = pair.scene.open(CLERK, ITEM, signed_at=pair.scene.now + 6)
    assert take(pair, early).reason is Reason.TIME_IN_FUTURE
    old = pair.scene.open(CLERK, ITEM, signed_at=pair.scene.now - 21)
    assert take(pair, old).reason is Reason.TOO_LATE


def test_a_role_is_not_a_right(pair: Pair) -> None:
    pair.applied(*pair.scene.enrol(HOME, 7, 0, roles=Role.AUDITOR))
    pair.scene.now += 1
    assert take(pair, pair.scene.open(scoped(HOME, 7), ITEM)).reason is Reason.ROLE_MISSING


def _call(batch: bytes) -> bytes:
    padded = batch + bytes(-len(batch) % 32)
    head = (32).to_bytes(32, "big") + len(batch).to_bytes(32, "big")
    return calldata.selector(calldata.TRAILS_SUBMIT) + head + padded
