"""The clocks of a case, derived from its steps as the chain has them; nothing here is ever written to the chain.

行政许可法 art. 32 (five days to accept or to say everything that is missing, else deemed accepted from receipt), 42
(twenty days to decide, once ten more), 44 (ten days to deliver a license), 45 (special procedures do not count), 82
(these are working days); mending of a bad rating within ten working days. A shorter promise of the item counts.

A clock begins when the step that starts it was signed and is kept by a step whose *block* is in time: an officer cannot
date it back. Signed in time but anchored too late is said as such, for nobody but the signer vouches for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.procedure import BAD_RATING, Action
from ledger.workdays import day_of, end_of, workday_after

ACCEPT_DAYS, DECIDE_DAYS, EXTENSION_DAYS, DELIVER_DAYS, MEND_DAYS = 5, 20, 10, 10, 10

_ANSWERS = frozenset({Action.NOTIFY, Action.ACCEPT, Action.TOLERATE, Action.REFUSE})
_ACCEPTS = frozenset({Action.ACCEPT, Action.TOLERATE})
_DECISIONS = frozenset({Action.APPROVE, Action.REJECT})
_ENDS = frozenset({Action.REFUSE, Action.WITHDRAW, Action.TERMINATE})


class Limit(StrEnum):
    """Which clock 期限."""

    ACCEPTANCE = "acceptance"
    DECISION = "decision"
    DELIVERY = "delivery"
    MENDING = "mending"


class Standing(StrEnum):
    """How it stands: ``claimed`` kept by the signer's word alone, ``unknown`` for want of a holiday arrangement."""

    RUNNING = "running"
    STOPPED = "stopped"
    KEPT = "kept"
    CLAIMED = "claimed"
    MISSED = "missed"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of the case: when it was signed and its block's time (Unix seconds)."""

    action: int
    signed_at: int
    at: int
    detail: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock. ``due`` is the first second after its last day; None while it is stopped or not known.

    ``deemed``: it began because an application that nobody answered in time counts as accepted.
    """

    limit: Limit
    began: int
    days: int
    due: int | None
    done: int | None
    standing: Standing
    deemed: bool = False


def clocks(steps: Sequence[Taken], accept_days: int, decide_days: int, now: int) -> tuple[Clock, ...]:
    """Every clock of a case, in the order in which they began; ``steps`` in theirs, the opening first.

    ``accept_days`` and ``decide_days`` are the item version's promises in working days, 0: none.
    """
    return tuple(_clocks(_Case(steps, now), _promised(accept_days, ACCEPT_DAYS), _promised(decide_days, DECIDE_DAYS)))


def _promised(days: int, statutory: int) -> int:
    return min(days or statutory, statutory)


@dataclass(frozen=True, slots=True)
class _Case:
    steps: Sequence[Taken]
    now: int

    def first(self, actions: frozenset[Action] | set[Action], start: int = 0) -> int | None:
        """The place of the first of these from ``start`` on."""
        return next((place for place in range(start, len(self.steps)) if self.steps[place].action in actions), None)

    def clock(
        self, limit: Limit, start: Taken, days: int, done: Taken | None, end: Taken | None,
        stops: tuple[tuple[int, int | None], ...] = (), *, deemed: bool = False,
    ) -> Clock:  # fmt: skip
        """One clock: kept by ``done``, or of no interest after ``end``."""
        due, closing = None, done or end
        stopped = bool(stops) and stops[-1][1] is None
        if not stopped:
            days_without = tuple((day_of(first), day_of(last)) for first, last in stops if last is not None)
            last_day = workday_after(day_of(start.signed_at), days, days_without)
            due = None if last_day is None else end_of(last_day)
        standing = self._standing(due, done, closing, stopped=stopped)
        return Clock(limit, start.signed_at, days, due, closing.at if closing else None, standing, deemed)

    def _standing(self, due: int | None, done: Taken | None, closing: Taken | None, *, stopped: bool) -> Standing:
        if due is None:
            open_standing = Standing.STOPPED if stopped else Standing.UNKNOWN
            return Standing.ENDED if closing and not done else open_standing
        moment = closing.at if closing else self.now
        if moment < due:
            open_standing = Standing.ENDED if closing else Standing.RUNNING
            return Standing.KEPT if done else open_standing
        if closing and closing.signed_at < due:
            return Standing.CLAIMED if done else Standing.ENDED
        return Standing.MISSED


def _clocks(case: _Case, accept_days: int, decide_days: int) -> Iterator[Clock]:
    if not case.steps:
        return
    found = list(_acceptances(case, accept_days))
    yield from found
    yield from _decision(case, found, decide_days)
    yield from _delivery(case)
    yield from _mending(case)


def _acceptances(case: _Case, days: int) -> Iterator[Clock]:
    """From receipt, and again from the supplement that leaves nothing missing."""
    start: int | None = 0
    while start is not None:
        answer, end = case.first(_ANSWERS, start + 1), case.first(_ENDS, start + 1)
        if end is not None and answer is not None and end < answer:
            answer = None
        done = None if answer is None else case.steps[answer]
        over = None if end is None else case.steps[end]
        clock = case.clock(Limit.ACCEPTANCE, case.steps[start], days, done, None if done else over)
        yield clock
        waits = done is not None and done.action == Action.NOTIFY and clock.standing is not Standing.MISSED
        start = _completed(case, answer + 1) if waits and answer is not None else None


def _completed(case: _Case, start: int) -> int | None:
    """The supplement after which nothing is missing, unless the application was answered before."""
    answered = case.first(_ACCEPTS | _ENDS, start)
    for place in range(start, len(case.steps) if answered is None else answered):
        step = case.steps[place]
        if step.action == Action.SUPPLEMENT and not step.detail:
            return place
    return None


def _decision(case: _Case, acceptances: Sequence[Clock], days: int) -> Iterator[Clock]:
    accepted = case.first(_ACCEPTS)
    missed = next((clock for clock in acceptances if clock.standing is Standing.MISSED), None)
    if missed is None and accepted is None:
        return
    deemed = missed is not None
    start = Taken(Action.ACCEPT, missed.began, missed.began) if missed else case.steps[accepted or 0]
    decided, end = case.first(_DECISIONS), case.first(_ENDS)
    days += EXTENSION_DAYS if case.first({Action.EXTEND}) is not None else 0
    done = None if decided is None else case.steps[decided]
    over = None if end is None else case.steps[end]
    yield case.clock(Limit.DECISION, start, days, done, over, tuple(_stops(case)), deemed=deemed)


def _stops(case: _Case) -> Iterator[tuple[int, int | None]]:
    """Special procedures: from, until (None: still)."""
    since = None
    for step in case.steps:
        if step.action == Action.PAUSE:
            since = step.signed_at
        elif step.action == Action.RESUME and since is not None:
            yield since, step.signed_at
            since = None
    if since is not None:
        end = case.first(_ENDS)
        yield since, None if end is None else case.steps[end].signed_at


def _delivery(case: _Case) -> Iterator[Clock]:
    approved = case.first({Action.APPROVE})
    if approved is not None:
        delivered = case.first({Action.DELIVER}, approved)
        done = None if delivered is None else case.steps[delivered]
        yield case.clock(Limit.DELIVERY, case.steps[approved], DELIVER_DAYS, done, None)


def _mending(case: _Case) -> Iterator[Clock]:
    rated = case.first({Action.RATE})
    if rated is not None and case.steps[rated].detail >= BAD_RATING:
        mended = case.first({Action.MEND}, rated)
        done = None if mended is None else case.steps[mended]
        yield case.clock(Limit.MENDING, case.steps[rated], MEND_DAYS, done, None)
