"""What the rules say of steps before they are on chain, one after the other as they will be judged."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from api.store.heads import Heads
from ledger import acts
from ledger.procedure import RULES, Effect
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules.trail import judge_open, judge_step
from ledger.state import NO_SUBJECT, Carried, CaseState, case_key
from ledger.world import World

_BLANK = CaseState.unpack(bytes(32), 0)


@dataclass(slots=True)
class Forecast:
    """Judges steps of one signature in order; ``states`` holds each case's newest state, if known."""

    heads: Heads
    world: World
    key: Key
    now: int
    states: dict[bytes, CaseState | None] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    after: list[CaseState | None] = field(default_factory=list)

    def open(self, act: acts.Open) -> None:
        """Judge an opening."""
        identity = case_key(act.officer, act.commitment)
        self._newest(identity)
        self.states[identity] = self._judge(lambda: judge_open(self.world, act, self.key, self.now))

    def step(self, step: acts.Step) -> Carried:
        """Judge a later step; what it will be carried with."""
        state = self._newest(step.case_key)
        carried = Carried(step, state or _BLANK, self._child(step))
        if state is not None and (step.previous, step.seq) != (state.trail, state.seq + 1):
            self._note(Reason.STALE_STATE, None)
            return unplaced(step)
        after = self._judge(lambda: judge_step(self.world, carried, self.key, self.now))
        if after is not None:
            self.states[step.case_key] = after
        return carried if state is not None else unplaced(step)

    def _newest(self, case: bytes) -> CaseState | None:
        if case not in self.states:
            self.states[case] = self.heads.latest(case)
        return self.states[case]

    def _child(self, step: acts.Step) -> CaseState | None:
        rule = RULES.get(step.action)
        if rule is None or rule.effect is not Effect.JOIN or step.subject == NO_SUBJECT:
            return None
        return self._newest(step.subject)

    def _judge(self, run: Callable[[], CaseState]) -> CaseState | None:
        try:
            state = run()
        except Refusal as refusal:
            return self._note(refusal.reason, None)
        return self._note(Reason.OK, state)

    def _note(self, reason: Reason, state: CaseState | None) -> CaseState | None:
        self.reasons.append(reason)
        self.after.append(state)
        return state


def unplaced(step: acts.Step) -> Carried:
    """A step whose starting state is not known here: its digest is right, and the chain will call it stale."""
    return Carried(step, replace(_BLANK, trail=step.previous, seq=max(step.seq - 1, 0)))
