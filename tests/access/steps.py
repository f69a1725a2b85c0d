"""Cells of the steps of a case: each signed alone, and again within one list of its actor's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ledger import acts
from ledger.calldata import Group
from ledger.crypto import keccak
from ledger.ids import scoped
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.state import NO_SUBJECT, Carried, CaseState, case_key
from tests.access import stage as at
from tests.access.admin import signing_key
from tests.access.cast import (
    ACTORS,
    CLERK,
    GRANT_CONDITIONS,
    HOME,
    IN_THE_BLOCK,
    KEY_CONDITIONS,
    Actor,
    Condition,
    Kind,
)
from tests.access.stage import Stage
from tests.access.table import StepRow
from tests.scene import MEMBERS

Move = acts.Open | Carried
BOSS = scoped(HOME, CLERK)
_NAMED = {
    Condition.GRANT_NONE: 0, Condition.GRANT_BEFORE: at.OFFERED, Condition.GRANT_REVOKED: at.REVOKED,
    Condition.GRANT_EXPIRED: at.EXPIRED, Condition.WRONG_REGION: at.ELSEWHERES, Condition.TOO_FAR: at.TOO_FAR,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepCell:
    """One step of one actor under one condition on case number ``case`` of its row; ``listed``: in a list."""

    row: StepRow
    actor: Actor
    condition: Condition
    case: int
    listed: bool

    @property
    def expected(self) -> Reason:
        """By the table."""
        return self.row.expected(self.actor, self.condition)

    @property
    def signer(self) -> tuple[str, str, bool]:
        """Cells that agree in this are signed in one list: the revoked are mined in a block of their own."""
        key = self.condition if self.condition in KEY_CONDITIONS else ""
        return self.actor.name, key, self.condition in IN_THE_BLOCK


def cells(row: StepRow) -> Iterator[StepCell]:
    """All cells of a row: case 0 is the one on which nothing must succeed."""
    case = 0
    for listed in (False, True):
        for actor, condition in _combinations():
            granted = row.expected(actor, condition) is Reason.OK
            case += granted
            yield StepCell(row, actor, condition, case if granted else 0, listed)


def _combinations() -> Iterator[tuple[Actor, Condition]]:
    for actor in ACTORS:
        yield actor, Condition.ACTIVE
        if actor.kind is Kind.OFFICER:
            for condition in (*KEY_CONDITIONS, *(GRANT_CONDITIONS if actor.side != HOME else ())):
                yield actor, condition


class Cases:
    """The cases of one row, brought to where its step is due."""

    def __init__(self, stage: Stage, row: StepRow, number: int) -> None:
        self.stage, self.row = stage, row
        self.keys: list[bytes] = []
        self.states: dict[bytes, CaseState] = {}
        if row.action is Action.COLLECT:
            return
        scene = stage.scene
        opens = [scene.open(BOSS, at.ITEM, mode=int(row.mode)) for _ in range(number)]
        self.keys += [case_key(BOSS, one.commitment) for one in opens]
        self._take(opens)
        for action, detail in row.path:
            self._take([self._step(key, BOSS, 0, action, detail) for key in self.keys])

    def _take(self, moves: Iterable[Move]) -> None:
        group = self.stage.scene.group(self.stage.scene.key_of(BOSS), *moves)
        for outcome in self.stage.must(self.stage.groups([group])):
            assert outcome.state is not None
            self.states[outcome.subject] = outcome.state

    def move(self, cell: StepCell) -> Move:
        """The cell's step, unsigned, at the time of the next block."""
        scene, actor = self.stage.scene, cell.actor
        officer = actor.officer(cell.condition)
        home = not actor.side or actor.side == HOME
        grant = 0 if home else _NAMED.get(cell.condition, at.ACTIVE)
        if cell.condition is Condition.WRONG_RIGHT and self.row.right:
            grant = at.without(self.row.right)
        if self.row.action is Action.COLLECT:
            return scene.open(officer, at.ITEM, grant, signed_at=scene.now + 1, mode=int(self.row.mode))
        return self._step(self.keys[cell.case], officer, grant, self.row.action, self.row.detail)

    def _step(self, case: bytes, officer: int, grant: int, action: Action, detail: int) -> Carried:
        state, now = self.states[case], self.stage.scene.now
        step = acts.Step(
            case_key=case, seq=state.seq + 1, action=action, officer=officer, grant=grant, detail=detail,
            subject=self._subject(action, case), evidence=keccak(b"evidence"), previous=state.trail,
            signed_at=now + 1, deadline=now + 3600,
        )  # fmt: skip
        return Carried(step, state)

    @staticmethod
    def _subject(action: Action, case: bytes) -> bytes:
        if action in (Action.APPROVE, Action.REJECT):
            return at.SEAL.to_bytes(32, "big")
        if action in (Action.LINK, Action.JOIN):
            return keccak(b"child" + case)
        return NO_SUBJECT


def groups(stage: Stage, cases: Cases, of: Sequence[StepCell]) -> list[tuple[Group, list[StepCell | None]]]:
    """Signed groups with the cells of their acts; None is a step on no case, which makes any group a list."""
    singles = [cell for cell in of if not cell.listed]
    lists = [cell for cell in of if cell.listed]
    made: list[tuple[Group, list[StepCell | None]]]
    made = [(_signed(stage, cell, [cases.move(cell)]), [cell]) for cell in singles]
    for _, several in groupby(sorted(lists, key=lambda cell: cell.signer), key=lambda cell: cell.signer):
        together = list(several)
        moves = [cases.move(cell) for cell in together]
        made.append((_signed(stage, together[0], [*moves, _nowhere(stage, together[0])]), [*together, None]))
    return made


def _nowhere(stage: Stage, cell: StepCell) -> Carried:
    officer, now = cell.actor.officer(cell.condition), stage.scene.now
    step = acts.Step(
        case_key=keccak(b"no case"), seq=1, action=Action.FORWARD, officer=officer, grant=0, detail=0,
        subject=NO_SUBJECT, evidence=bytes(32), previous=bytes(32), signed_at=now, deadline=now + 3600,
    )  # fmt: skip
    return Carried(step, CaseState.unpack(bytes(32), 0))


def _signed(stage: Stage, cell: StepCell, moves: list[Move]) -> Group:
    key = signing_key(stage, cell.actor, cell.condition)
    group = stage.scene.group(key or MEMBERS[0], *moves)
    return group if key else Group(group.opens, group.steps, bytes(64))
