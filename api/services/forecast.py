"""What the rules say of steps before they are on chain, one after the other as they will be judged."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from api.store.lazy import LazyMap
from ledger import acts
from ledger.procedure import RULES, Effect
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules.trail import judge_open, judge_step
from ledger.state import NO_SUBJECT, Carried, CaseState
from ledger.world import World

_BLANK = CaseState.unpack(bytes(32), 0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A world at ``now`` (Unix seconds) and each case's newest state, as far as it is known here."""

    states: LazyMap[bytes, CaseState]
    world: World
    now: int

    def begin(self, key: Key) -> "Run":
        """Judge the steps of one signature, by the key that made it."""
        return Run(self, key)


@dataclass(slots=True)
class Run:
    """Steps of one signature, judged in order."""

    forecast: Forecast
    key: Key
    reasons: list[Reason] = field(default_factory=list)
    after: list[CaseState | None] = field(default_factory=list)
    _before: dict[bytes, CaseState | None] = field(default_factory=dict)
    _links: dict[bytes, bytes | None] = field(default_factory=dict)

    def open(self, act: acts.Open, case: bytes, hashed: bytes) -> None:
        """Judge an opening; ``case`` is its key, ``hashed`` its struct hash."""
        self._judge(case, lambda: judge_open(self.forecast.world, act, self.key, self.forecast.now, hashed))

    def step(self, step: acts.Step, hashed: bytes) -> Carried:
        """Judge a later step of struct hash ``hashed``; what it will be carried with."""
        state = self.forecast.states.get(step.case_key)
        if state is None:
            self._judge(step.case_key, lambda: self._apply(Carried(step, _BLANK, self._child(step)), hashed))
            return unplaced(step)
        if (step.previous, step.seq) != (state.trail, state.seq + 1):
            self._note(Reason.STALE_STATE, None)
            return unplaced(step)
        self._remember_link(step)
        carried = Carried(step, state, self._child(step))
        self._judge(step.case_key, lambda: self._apply(carried, hashed))
        return carried

    def undo(self) -> None:
        """Forget what these steps would have done."""
        states, heads = self.forecast.states, self.forecast.world.heads
        for case, state in self._before.items():
            if state is None:
                del states[case], heads[case]
            else:
                states[case], heads[case] = state, state.head
        links = self.forecast.world.links
        for child, parent in self._links.items():
            if parent is not None:
                links[child] = parent
            elif child in links:
                del links[child]

    def _remember_link(self, step: acts.Step) -> None:
        rule = RULES.get(step.action)
        if rule is not None and rule.effect in (Effect.LINK, Effect.JOIN):
            self._links.setdefault(step.subject, self.forecast.world.links.get(step.subject))

    def _apply(self, carried: Carried, hashed: bytes) -> CaseState:
        return judge_step(self.forecast.world, carried, self.key, self.forecast.now, hashed)

    def _child(self, step: acts.Step) -> CaseState | None:
        rule = RULES.get(step.action)
        if rule is None or rule.effect is not Effect.JOIN or step.subject == NO_SUBJECT:
            return None
        child: CaseState | None = self.forecast.states.get(step.subject)
        return child

    def _judge(self, case: bytes, run: Callable[[], CaseState]) -> None:
        try:
            state = run()
        except Refusal as refusal:
            self._note(refusal.reason, None)
            return
        self._before.setdefault(case, self.forecast.states.get(case))
        self.forecast.states[case] = state
        self._note(Reason.OK, state)

    def _note(self, reason: Reason, state: CaseState | None) -> None:
        self.reasons.append(reason)
        self.after.append(state)


def unplaced(step: acts.Step) -> Carried:
    """A step whose starting state is not known here: its digest is right, and the chain will call it stale."""
    return Carried(step, replace(_BLANK, trail=step.previous, seq=max(step.seq - 1, 0)))
