"""Pre-flight: may this officer take this step now, and if not, what is missing and who could help?

The answer comes from the reference rules themselves, run on a world that is thrown away; what a
question leaves open (which entries, which seal) is not held against the officer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ledger import acts
from ledger.ids import agency_of
from ledger.procedure import RULES, Action, Effect, Right, Rule
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules.authority import allows, grant_standing, key_standing, root_of
from ledger.rules.trail import judge_open, judge_step
from ledger.state import NO_SUBJECT, Carried, CaseState
from ledger.world import World

EXPIRED = frozenset(
    {
        Reason.GRANT_EXPIRED,
        Reason.GRANT_REVOKED,
        Reason.GRANT_SUSPENDED,
        Reason.GRANT_NOT_YET_VALID,
        Reason.QUOTA_EXHAUSTED,
        Reason.AGENCY_SUSPENDED,
        Reason.AGENCY_REVOKED,
    }
)
"""Why a grant that was once given does not help now."""
_OPEN_SUBJECT = frozenset({Reason.SUBJECT_MISSING})
_OPEN_DETAIL = frozenset({Reason.DETAIL_OUT_OF_RANGE, Reason.NOT_IN_THE_LIST})
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Question:
    """A step that somebody would like to take; ``detail`` and ``subject`` None: not asked about."""

    officer: int
    action: int
    item: int
    version: int
    mode: int
    case_key: bytes = NO_SUBJECT
    state: CaseState | None = None
    grant: int | None = None
    detail: int | None = None
    subject: bytes | None = None

    @property
    def rule(self) -> Rule:
        """The procedure's row."""
        return RULES[self.action]


@dataclass(frozen=True, slots=True)
class Judged:
    """A grant and what it is worth for the question (OK: usable)."""

    grant: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """``missing`` is the right that no usable grant gives, 0 where that is not what stands in the way."""

    reason: Reason
    grants: tuple[Judged, ...] = ()
    missing: int = 0

    @property
    def usable(self) -> tuple[int, ...]:
        """Grants with which it may be done."""
        return tuple(one.grant for one in self.grants if one.reason is Reason.OK)


def key_of(world: World, officer: int) -> Key | Reason:
    """The officer's present key, or why there is none."""
    address = world.current_key.get(officer)
    key = world.keys.get(address) if address else None
    return Reason.OFFICER_UNKNOWN if key is None else key


def ask(new_world: Callable[[], World], question: Question, candidates: Iterable[int], now: int) -> Answer:
    """Answer with the rules; ``new_world`` gives a world that may be changed and is then dropped."""
    world = new_world()
    key = key_of(world, question.officer)
    if isinstance(key, Reason):
        return Answer(key)
    if (reason := key_standing(world, key, now)) is not Reason.OK:
        return Answer(reason)
    home = agency_of(question.item)
    away = agency_of(question.officer) != home
    judged = tuple(_judge_grant(world, key, question, one, now) for one in candidates) if away else ()
    usable = [one.grant for one in judged if one.reason is Reason.OK]
    chosen = question.grant if question.grant is not None else (usable[0] if usable else 0)
    reason = _try(new_world(), key, question, chosen, now)
    lacking = away and not usable and not question.rule.home_only(question.mode)
    if lacking and reason is Reason.GRANT_UNKNOWN:
        reason = next((one.reason for one in judged), reason)
    return Answer(reason, judged, question.rule.right if lacking else 0)


def _judge_grant(world: World, key: Key, question: Question, grant: int, now: int) -> Judged:
    if root_of(world, grant) != agency_of(question.item):
        return Judged(grant, Reason.WRONG_HOME)
    if (reason := grant_standing(world, grant, now)) is not Reason.OK:
        return Judged(grant, reason)
    if _used_up(world, grant):
        return Judged(grant, Reason.QUOTA_EXHAUSTED)
    return Judged(grant, allows(world, grant, key, question.rule.right, question.item, _grantable(world, question)))


def _grantable(world: World, question: Question) -> int:
    if question.state is not None:
        return question.state.grantable
    item = world.items.get(question.item)
    known = item is not None and 1 <= question.version <= len(item.versions)
    return item.versions[question.version - 1].grantable if item is not None and known else 0


def _used_up(world: World, grant_id: int) -> bool:
    while grant_id:
        grant = world.grants[grant_id]
        if grant.quota and grant.used >= grant.quota:
            return True
        grant_id = grant.parent
    return False


def _try(world: World, key: Key, question: Question, grant: int, now: int) -> Reason:
    try:
        if question.action == Action.COLLECT:
            judge_open(world, _opening(question, grant, now), key, now)
        else:
            judge_step(world, _step(question, grant, now), key, now)
    except Refusal as refusal:
        left_open = (refusal.reason in _OPEN_SUBJECT and question.subject is None) or (
            refusal.reason in _OPEN_DETAIL and question.detail is None
        )
        return Reason.OK if left_open else refusal.reason
    return Reason.OK


def _opening(question: Question, grant: int, now: int) -> acts.Open:
    # a commitment that no case has: the case would be new
    return acts.Open(
        commitment=b"\xff" * 32, item=question.item, version=question.version, mode=question.mode,
        parent=NO_SUBJECT, officer=question.officer, grant=grant, evidence=NO_SUBJECT, signed_at=now,
        deadline=now + SECONDS,
    )  # fmt: skip


def _step(question: Question, grant: int, now: int) -> Carried:
    state = question.state
    if state is None:
        raise Refusal(Reason.CASE_UNKNOWN)
    step = acts.Step(
        case_key=question.case_key, seq=state.seq + 1, action=question.action, officer=question.officer,
        grant=grant, detail=_detail(question, state), subject=question.subject or NO_SUBJECT,
        evidence=NO_SUBJECT, previous=state.trail, signed_at=max(now, state.last_at), deadline=now + SECONDS,
    )  # fmt: skip
    return Carried(step, state)


def _detail(question: Question, state: CaseState) -> int:
    """What the officer asks about, else a value with which nothing but the detail could be wrong."""
    if question.detail is not None:
        return question.detail
    if question.rule.effect is Effect.TOLERATE:
        return state.missing
    return 1 if question.rule.effect in (Effect.NOTIFY, Effect.PROMISE, Effect.RATE) else 0


def right_name(right: int) -> str | None:
    """The right's name, None for 0."""
    return Right(right).name if right else None
