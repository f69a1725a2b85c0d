"""Trails.sol: may this step be taken now, by this officer, and what is the case's state after it?

Order of the checks, the same in Solidity: (1) the supplied state is the one on chain, (2) the
deadline, (3) the signature, (4) the officer named is the signer, (5) time, (6) the key, its window
and agency hold, (7) the procedure's row, (8) competence or grant, (9) role, (10) what the row
requires, (11) seal or license, (12) the effect, (13) the grant's quota.
"""

from ledger.acts import Open, Step
from ledger.ids import agency_of
from ledger.procedure import (
    ALL_MODES,
    RULES,
    Action,
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
from ledger.rules.effects import EFFECTS, FORWARDED, LICENSE, VERIFIED
from ledger.rules.grants import consume
from ledger.rules.licenses import printable_license
from ledger.rules.seals import usable_seal
from ledger.state import (
    NO_HEAD,
    NO_SUBJECT,
    Carried,
    CaseState,
    case_key,
    first_trail,
    initial_flags,
    next_trail,
)
from ledger.world import World

JOINED = bytes(31) + b"\x01"
LAST_SEQ = 2**16 - 1
_DETAILED = (Effect.NOTIFY, Effect.SUPPLEMENT, Effect.PROMISE, Effect.TOLERATE, Effect.RATE)
_COMPLETE, _VERIFIED, _FORWARDED, _CHILDREN_JOINED = map(int, Requires)


def judge_open(world: World, act: Open, key: Key | Refusal, now: int, hashed: bytes | None = None) -> CaseState:
    """Judge a case's first step and enter it; ``key`` is the signer or why there is none.

    ``hashed`` is the act's struct hash, where it is known already.
    """
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
        trail=first_trail(world.deployment.domain("trails"), act, hashed), last_at=act.signed_at, seq=1,
        status=int(rule.to), mode=act.mode,
        flags=initial_flags(version.originals, version.grantable, version.license),
        missing=0, children=0, version=act.version, item=act.item, verifier=0,
    )  # fmt: skip
    world.heads[identity] = state.head
    return state


def judge_step(
    world: World, carried: Carried, key: Key | Refusal, now: int, hashed: bytes | None = None
) -> CaseState:  # fmt: skip
    """Judge a later step and enter the state after it; ``hashed`` as above."""
    step, state = carried.step, carried.state
    head = world.heads.get(step.case_key, NO_HEAD)
    if head == NO_HEAD:
        raise Refusal(Reason.CASE_UNKNOWN)
    if head != state.head or step.previous != state.trail:
        raise Refusal(Reason.STALE_STATE)
    signer, moments = _begin(world, step, key, now, last_at=state.last_at)
    rule = RULES.get(step.action)
    if rule is None:
        raise Refusal(Reason.ACTION_UNKNOWN)
    if not rule.sources >> state.status & 1:
        raise Refusal(Reason.NOT_IN_THIS_STATUS)
    if state.seq >= LAST_SEQ:
        raise Refusal(Reason.SEQUENCE_EXHAUSTED)
    _check_authority(world, step, rule, signer, state.item, state.grantable, moments, state.mode)
    if not signer.roles & rule.roles:
        raise Refusal(Reason.ROLE_MISSING)
    _check_requirements(rule.requires, state)
    _check_subject(world, rule, step, state, moments)
    if step.detail and rule.effect not in _DETAILED:
        raise Refusal(Reason.DETAIL_OUT_OF_RANGE)
    effect = EFFECTS.get(rule.effect)
    changes = effect(world, carried, state) if effect else {}
    consume(world, step.grant)
    _write_link(world, rule.effect, step)
    after = state.but(
        trail=next_trail(step, hashed), seq=state.seq + 1, last_at=step.signed_at,
        status=int(rule.to) or state.status, **changes,
    )  # fmt: skip
    world.heads[step.case_key] = after.head
    return after


def _begin(world: World, act: Open | Step, key: Key | Refusal, now: int, last_at: int) -> tuple[Key, tuple[int, ...]]:
    """Checks 2 to 6; returns the signer and the moments at which all must hold."""
    signed_at, clock = act.signed_at, world.clock
    if now > act.deadline:
        raise Refusal(Reason.ACT_EXPIRED)
    if isinstance(key, Refusal):
        raise key
    if key.officer != act.officer:
        raise Refusal(Reason.WRONG_ACTOR)
    if signed_at > now + clock.skew:
        raise Refusal(Reason.TIME_IN_FUTURE)
    if signed_at < last_at:
        raise Refusal(Reason.TIME_BEFORE_LAST_STEP)
    if now > signed_at + clock.late_limit:
        raise Refusal(Reason.TOO_LATE)
    late = now > signed_at + clock.prompt
    moments = (signed_at,) if late else (signed_at, now)
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
    if home_only:
        raise Refusal(Reason.HOME_AGENCY_ONLY)
    if act.grant not in world.grants:
        raise Refusal(Reason.GRANT_UNKNOWN)
    if root_of(world, act.grant) != home:
        raise Refusal(Reason.WRONG_HOME)
    for at in moments:
        check(grant_standing(world, act.grant, at))
    check(allows(world, act.grant, key, rule.right, item, grantable))


def _check_requirements(requires: int, state: CaseState) -> None:
    if requires & _COMPLETE:
        require(not state.missing, Reason.STILL_MISSING)
    if requires & _VERIFIED:
        seen = not state.originals or state.flags & VERIFIED
        require(seen, Reason.ORIGINALS_NOT_VERIFIED)
    if requires & _FORWARDED:
        require(state.flags & FORWARDED, Reason.NOT_FORWARDED)
    if requires & _CHILDREN_JOINED:
        require(not state.children, Reason.CHILDREN_NOT_ENDED)


def _check_subject(world: World, rule: Rule, step: Step, state: CaseState, moments: tuple[int, ...]) -> None:
    if not rule.subject:
        if step.subject != NO_SUBJECT:
            raise Refusal(Reason.MALFORMED)
        return
    optional = rule.subject is Subject.LICENSE and not state.flags & LICENSE
    if step.subject == NO_SUBJECT and optional:
        return
    require(step.subject != NO_SUBJECT, Reason.SUBJECT_MISSING)
    if rule.subject is Subject.SEAL:
        seal = int.from_bytes(step.subject, "big")
        usable_seal(world, seal, state.home, moments)
    elif rule.subject is Subject.LICENSE:
        printable_license(world, step.subject, state.home, step.case_key, moments)


def _write_link(world: World, effect: Effect, step: Step) -> None:
    if effect is Effect.LINK:
        world.links[step.subject] = step.case_key
    elif effect is Effect.JOIN:
        world.links[step.subject] = JOINED
