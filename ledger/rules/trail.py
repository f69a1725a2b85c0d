"""Trails.sol: may this step be taken now, by this officer, and what is the case's state after it?

Order of the checks, the same in Solidity: (1) the supplied state is the one on chain, (2) the
deadline, (3) the signature, (4) the officer named is the signer, (5) time, (6) the key, its window
and agency hold, (7) the procedure's row, (8) competence or grant, (9) role, (10) what the row
requires, (11) seal or license, (12) the effect, (13) the grant's quota.
"""

from dataclasses import replace

from ledger.acts import Open, Step
from ledger.ids import agency_of
from ledger.procedure import (
    ALL_MODES,
    BAD_RATING,
    RULES,
    TERMINAL,
    Action,
    CaseStatus,
    Effect,
    Requires,
    Rule,
    Subject,
)
from ledger.reasons import Reason, Refusal
from ledger.records import ItemVersion, Key
from ledger.rules.authority import (
    allows,
    check,
    grant_standing,
    key_standing,
    require,
    root_of,
)
from ledger.rules.grants import consume
from ledger.rules.licenses import printable_license
from ledger.rules.seals import usable_seal
from ledger.state import (
    NO_HEAD,
    NO_SUBJECT,
    Carried,
    CaseState,
    Flag,
    case_key,
    first_trail,
    initial_flags,
    next_trail,
)
from ledger.world import World

JOINED = bytes(31) + b"\x01"
LAST_SEQ = 2**16 - 1
MOST_CHILDREN = 255
TWO_PERSONS = 2
_DETAILED = (Effect.NOTIFY, Effect.SUPPLEMENT, Effect.PROMISE, Effect.TOLERATE, Effect.RATE)


def judge_open(world: World, act: Open, key: Key | Refusal, now: int) -> CaseState:
    """Judge a case's first step and enter it; ``key`` is the signer or why there is none."""
    identity = case_key(act.officer, act.commitment)
    require(identity not in world.heads, Reason.CASE_EXISTS)
    signer, moments = _begin(world, act, key, now, last_at=0)
    version = _item_version(world, act)
    rule = RULES[Action.COLLECT]
    _check_authority(world, act, rule, signer, act.item, version.grantable, moments, act.mode)
    require(signer.roles & rule.roles, Reason.ROLE_MISSING)
    named = act.parent not in (NO_SUBJECT, JOINED)
    linked = act.parent == NO_SUBJECT or (named and world.links.get(identity) == act.parent)
    require(linked, Reason.NOT_LINKED)
    consume(world, act.grant)
    state = CaseState(
        trail=first_trail(world.deployment.domain("trails"), act), last_at=act.signed_at, seq=1,
        status=CaseStatus.COLLECTED, mode=act.mode,
        flags=initial_flags(version.originals, version.grantable, version.license),
        missing=0, children=0, version=act.version, item=act.item, verifier=0,
    )  # fmt: skip
    world.heads[identity] = state.head
    return state


def judge_step(world: World, carried: Carried, key: Key | Refusal, now: int) -> CaseState:
    """Judge a later step and enter the state after it."""
    step, state = carried.step, carried.state
    head = world.heads.get(step.case_key, NO_HEAD)
    require(head != NO_HEAD, Reason.CASE_UNKNOWN)
    require(head == state.head and step.previous == state.trail, Reason.STALE_STATE)
    signer, moments = _begin(world, step, key, now, last_at=state.last_at)
    rule = RULES.get(step.action)
    if rule is None:
        raise Refusal(Reason.ACTION_UNKNOWN)
    require(rule.sources >> state.status & 1, Reason.NOT_IN_THIS_STATUS)
    require(state.seq < LAST_SEQ, Reason.SEQUENCE_EXHAUSTED)
    _check_authority(world, step, rule, signer, state.item, state.grantable, moments, state.mode)
    require(signer.roles & rule.roles, Reason.ROLE_MISSING)
    _check_requirements(rule.requires, state)
    _check_subject(world, rule, step, state, moments)
    require(rule.effect in _DETAILED or step.detail == 0, Reason.DETAIL_OUT_OF_RANGE)
    after = _effect(world, rule.effect, carried, state)
    consume(world, step.grant)
    _write_link(world, rule.effect, step)
    after = replace(
        after, trail=next_trail(step), seq=state.seq + 1, last_at=step.signed_at,
        status=rule.to or state.status,
    )  # fmt: skip
    world.heads[step.case_key] = after.head
    return after


def _begin(world: World, act: Open | Step, key: Key | Refusal, now: int, last_at: int) -> tuple[Key, tuple[int, ...]]:
    """Checks 2 to 6; returns the signer and the moments at which all must hold."""
    require(now <= act.deadline, Reason.ACT_EXPIRED)
    if isinstance(key, Refusal):
        raise key
    require(key.officer == act.officer, Reason.WRONG_ACTOR)
    require(act.signed_at <= now + world.clock.skew, Reason.TIME_IN_FUTURE)
    require(act.signed_at >= last_at, Reason.TIME_BEFORE_LAST_STEP)
    require(now <= act.signed_at + world.clock.late_limit, Reason.TOO_LATE)
    late = now > act.signed_at + world.clock.prompt
    moments = (act.signed_at,) if late else (act.signed_at, now)
    for at in moments:
        check(key_standing(world, key, at))
    return key, moments


def _item_version(world: World, act: Open) -> ItemVersion:
    item = world.items.get(act.item)
    if item is None:
        raise Refusal(Reason.ITEM_UNKNOWN)
    check(item.in_force(act.version, act.signed_at))
    version = item.versions[act.version - 1]
    known = 0 < act.mode <= ALL_MODES.bit_length() and version.modes >> (act.mode - 1) & 1
    require(known, Reason.MODE_UNKNOWN)
    return version


def _check_authority(
    world: World, act: Open | Step, rule: Rule, key: Key, item: int, grantable: int,
    moments: tuple[int, ...], mode: int,
) -> None:  # fmt: skip
    home, home_only = agency_of(item), rule.home_only(mode)
    if act.grant == 0:
        if agency_of(key.officer) == home:
            return
        raise Refusal(Reason.HOME_AGENCY_ONLY if home_only else Reason.GRANT_UNKNOWN)
    require(not home_only, Reason.HOME_AGENCY_ONLY)
    require(act.grant in world.grants, Reason.GRANT_UNKNOWN)
    require(root_of(world, act.grant) == home, Reason.WRONG_HOME)
    for at in moments:
        check(grant_standing(world, act.grant, at))
    check(allows(world, act.grant, key, rule.right, item, grantable))


def _check_requirements(requires: int, state: CaseState) -> None:
    if requires & Requires.COMPLETE:
        require(not state.missing, Reason.STILL_MISSING)
    if requires & Requires.VERIFIED:
        seen = not state.originals or state.flags & Flag.VERIFIED
        require(seen, Reason.ORIGINALS_NOT_VERIFIED)
    if requires & Requires.FORWARDED:
        require(state.flags & Flag.FORWARDED, Reason.NOT_FORWARDED)
    if requires & Requires.CHILDREN_JOINED:
        require(not state.children, Reason.CHILDREN_NOT_ENDED)


def _check_subject(world: World, rule: Rule, step: Step, state: CaseState, moments: tuple[int, ...]) -> None:
    if rule.subject is Subject.NONE:
        require(step.subject == NO_SUBJECT, Reason.MALFORMED)
        return
    optional = rule.subject is Subject.LICENSE and not state.flags & Flag.LICENSE
    if step.subject == NO_SUBJECT and optional:
        return
    require(step.subject != NO_SUBJECT, Reason.SUBJECT_MISSING)
    if rule.subject is Subject.SEAL:
        seal = int.from_bytes(step.subject, "big")
        usable_seal(world, seal, state.home, moments)
    elif rule.subject is Subject.LICENSE:
        printable_license(world, step.subject, state.home, step.case_key, moments)


def _effect(world: World, effect: Effect, carried: Carried, state: CaseState) -> CaseState:
    if effect in (Effect.LINK, Effect.JOIN):
        return _family(world, effect, carried, state)
    if effect in (Effect.NOTIFY, Effect.PROMISE, Effect.TOLERATE):
        return _list_effect(world, effect, carried.step, state)
    if effect is Effect.SUPPLEMENT:
        require(state.missing, Reason.NOTHING_MISSING)
        require(not carried.step.detail & ~state.missing, Reason.NOT_IN_THE_LIST)
        flags = state.flags & ~int(Flag.VERIFIED)
        return replace(state, missing=carried.step.detail, flags=flags, verifier=0)
    if effect is Effect.VERIFY:
        return _verify(state, carried.step.officer)
    return _flag_effect(effect, carried.step, state)


def _list_effect(world: World, effect: Effect, step: Step, state: CaseState) -> CaseState:
    """NOTIFY, PROMISE and TOLERATE speak of entries of the item's standard list."""
    detail, missing = step.detail, state.missing
    notified = state.flags & Flag.NOTIFIED
    if effect is Effect.NOTIFY:
        require(not notified, Reason.ALREADY_NOTIFIED)
    version = world.items[state.item].versions[state.version - 1]
    require(detail and not detail >> version.entries, Reason.DETAIL_OUT_OF_RANGE)
    if effect is Effect.NOTIFY:
        return replace(state, missing=detail, flags=state.flags | Flag.NOTIFIED)
    if effect is Effect.PROMISE:
        require(not detail & ~version.promisable, Reason.NOT_IN_THE_LIST)
        return replace(state, missing=missing & ~detail)
    require(not detail & ~version.tolerable, Reason.NOT_IN_THE_LIST)
    require(not notified or not detail & ~missing, Reason.NOT_IN_THE_LIST)
    require(not missing & ~detail, Reason.STILL_MISSING)
    return replace(state, missing=detail)


def _verify(state: CaseState, officer: int) -> CaseState:
    """One officer suffices unless the item asks for two different ones."""
    if state.originals < TWO_PERSONS:
        return replace(state, flags=state.flags | Flag.VERIFIED, verifier=officer)
    if state.flags & Flag.VERIFIED:
        return state
    if not state.verifier:
        return replace(state, verifier=officer)
    require(state.verifier != officer, Reason.SAME_OFFICER_TWICE)
    return replace(state, flags=state.flags | Flag.VERIFIED)


def _flag_effect(effect: Effect, step: Step, state: CaseState) -> CaseState:
    flags = state.flags
    if effect is Effect.FORWARD:
        flags |= Flag.FORWARDED
    elif effect is Effect.EXTEND:
        require(not flags & Flag.EXTENDED, Reason.ALREADY_EXTENDED)
        flags |= Flag.EXTENDED
    elif effect is Effect.DELIVER:
        unissued = state.status == CaseStatus.APPROVED and flags & Flag.LICENSE
        require(not unissued, Reason.LICENSE_REQUIRED)
    elif effect is Effect.RATE:
        require(not flags & Flag.RATED, Reason.ALREADY_RATED)
        require(1 <= step.detail <= 5, Reason.DETAIL_OUT_OF_RANGE)
        flags |= Flag.RATED | (Flag.MEND_DUE if step.detail >= BAD_RATING else 0)
    elif effect is Effect.MEND:
        require(flags & Flag.MEND_DUE, Reason.NOT_RATED_BAD)
        flags &= ~int(Flag.MEND_DUE)
    return replace(state, flags=flags)


def _family(world: World, effect: Effect, carried: Carried, state: CaseState) -> CaseState:
    child = carried.step.subject
    head = world.heads.get(child, NO_HEAD)
    if effect is Effect.LINK:
        require(state.children < MOST_CHILDREN, Reason.SEQUENCE_EXHAUSTED)
        require(child not in world.links and head == NO_HEAD, Reason.ALREADY_LINKED)
        return replace(state, children=state.children + 1)
    require(world.links.get(child) == carried.step.case_key, Reason.NOT_LINKED)
    if head == NO_HEAD:
        require(carried.child is None, Reason.STALE_STATE)
    else:
        current = carried.child is not None and carried.child.head == head
        require(current, Reason.STALE_STATE)
        ended = carried.child is not None and carried.child.status in TERMINAL
        require(ended, Reason.CHILD_NOT_ENDED)
    return replace(state, children=state.children - 1)


def _write_link(world: World, effect: Effect, step: Step) -> None:
    if effect is Effect.LINK:
        world.links[step.subject] = step.case_key
    elif effect is Effect.JOIN:
        world.links[step.subject] = JOINED
