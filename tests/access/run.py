"""Drives every cell through the chain and the model, in as few blocks as the conditions allow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ledger import acts
from ledger.calldata import Group, SignedAct, admin_call
from ledger.crypto import address_of
from ledger.reasons import Reason
from ledger.rules.council import EXECUTION_WINDOW
from node.gateway.account import RelayAccount
from tests.access import admin, council, steps
from tests.access.cast import ACTORS, IN_THE_BLOCK, Actor, Condition, Kind
from tests.access.stage import Stage
from tests.access.table import COUNCIL_ROWS, EXECUTE, OWN_KEY, OWN_SINCE, STEP_ROWS
from tests.differential.embedded import CHAIN_ID, SENDER
from tests.scene import DELAY, THRESHOLD, Sent

AT_ONCE = 60
"""Acts in one transaction."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one cell: by the table, on the chain, in the model."""

    actor: str
    expected: Reason
    chain: Reason
    model: Reason

    @property
    def agreed(self) -> bool:
        """Whether all three say the same."""
        return self.expected is self.chain is self.model

    def __str__(self) -> str:
        """For a failed test."""
        return f"{self.actor}: {self.expected.name}, chain {self.chain.name}, model {self.model.name}"


@dataclass(slots=True)
class Matrix:
    """All cells by function and condition."""

    found: dict[tuple[str, str], list[Found]] = field(default_factory=dict)

    def enter(self, name: str, condition: Condition | str, actor: Actor | str, verdict: tuple[Any, ...]) -> None:
        """One cell; ``verdict`` is what was expected, then what chain and model said."""
        shown = actor if isinstance(actor, str) else actor.name
        self.found.setdefault((name, str(condition)), []).append(Found(shown, *verdict))

    def __len__(self) -> int:
        """How many cells."""
        return sum(map(len, self.found.values()))


def drive(stage: Stage) -> Matrix:
    """The whole matrix."""
    matrix = Matrix()
    _administration(stage, matrix)
    _steps(stage, matrix)
    _ballots(stage, matrix)
    _executions(stage, matrix)
    return matrix


def _chunks(of: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    for begin in range(0, len(of), size):
        yield of[begin : begin + size]


# ---------------------------------------------------------------- administration


def _administration(stage: Stage, matrix: Matrix) -> None:
    everything = list(admin.cells())
    admin.prepare(stage, everything)
    settled = [one for one in everything if one.condition not in IN_THE_BLOCK]
    own = {variant: [one for one in settled if one.row.variant == variant] for variant in (OWN_KEY, OWN_SINCE)}
    revoked = [one for one in everything if one.condition in IN_THE_BLOCK]
    for chunk in _by_contract([one for one in settled if one.row.variant not in own]):
        _admin_block(stage, matrix, [chunk])
    mark = stage.mark()
    _admin_block(stage, matrix, list(_by_contract(revoked)), stage.revocations())
    stage.back(mark)
    for cells in own.values():
        for chunk in _by_contract(cells):
            _admin_block(stage, matrix, [chunk])
        stage.back(mark)


def _by_contract(of: Iterable[admin.AdminCell]) -> Iterator[Sequence[admin.AdminCell]]:
    together: dict[str, list[admin.AdminCell]] = {}
    for cell in of:
        together.setdefault(acts.contract_of(cell.row.cls), []).append(cell)
    for several in together.values():
        yield from _chunks(several)


def _admin_block(
    stage: Stage, matrix: Matrix, chunks: Sequence[Sequence[admin.AdminCell]], before: Sequence[Sent] = ()
) -> None:
    sent = []
    for chunk in chunks:
        carried: list[SignedAct] = [admin.carried(stage, cell) for cell in chunk]
        sent.append((acts.contract_of(chunk[0].row.cls), admin_call(carried)))
    judged = stage.block(*before, *sent)
    _all_done(judged[: len(before)])
    for chunk, verdicts in zip(chunks, judged[len(before) :], strict=True):
        for cell, (chain, model, _) in zip(chunk, verdicts, strict=True):
            matrix.enter(cell.row.name, cell.condition, cell.actor, (cell.expected, chain, model))


def _all_done(judged: Sequence[Sequence[tuple[Reason, Reason, Any]]]) -> None:
    assert all(chain is model is Reason.OK for one in judged for chain, model, _ in one), judged


# ---------------------------------------------------------------- steps


def _steps(stage: Stage, matrix: Matrix) -> None:
    later = []
    for row in STEP_ROWS:
        several = list(steps.cells(row))
        cases = steps.Cases(stage, row, 1 + max(cell.case for cell in several))
        now = [cell for cell in several if cell.condition not in IN_THE_BLOCK]
        _step_block(stage, matrix, steps.groups(stage, cases, now))
        later.append((cases, [cell for cell in several if cell.condition in IN_THE_BLOCK]))
    mark = stage.mark()
    revocations = stage.revocations()
    made = [one for cases, several in later for one in steps.groups(stage, cases, several)]
    _step_block(stage, matrix, made, revocations)
    stage.back(mark)


def _step_block(
    stage: Stage, matrix: Matrix, made: Sequence[tuple[Group, list[steps.StepCell | None]]], before: Sequence[Sent] = ()
) -> None:
    chunks = list(_chunks(made))
    judged = stage.block(*before, *(stage.groups([group for group, _ in chunk]) for chunk in chunks))
    _all_done(judged[: len(before)])
    for chunk, verdicts in zip(chunks, judged[len(before) :], strict=True):
        of = [cell for _, several in chunk for cell in several]
        for cell, (chain, model, _) in zip(of, verdicts, strict=True):
            if cell is None:
                assert chain is model is Reason.CASE_UNKNOWN
                continue
            name = f"{cell.row.name}{', in a list' if cell.listed else ''}"
            matrix.enter(name, cell.condition, cell.actor, (cell.expected, chain, model))


# ---------------------------------------------------------------- the council


def _ballots(stage: Stage, matrix: Matrix) -> None:
    waiting = council.scheduled(stage, "setDelay")
    change = council.scheduled(stage, "setMembers", [stage.shown(m) for m in _kept()], THRESHOLD)
    stage.scene.now += DELAY
    mark = stage.mark()
    everything = list(council.cells())
    revoked = [cell for cell in everything if cell.condition is Condition.KEY_REVOKED]
    for chunk in _chunks([cell for cell in everything if cell not in revoked], 30):
        _ballot_block(stage, matrix, chunk, waiting)
    _ballot_block(stage, matrix, revoked, waiting, [council.executed(change)])
    stage.back(mark)


def _kept() -> tuple[bytes, ...]:
    return tuple(map(address_of, council.KEPT))


def _ballot_block(
    stage: Stage, matrix: Matrix, of: Sequence[council.BallotCell], waiting: acts.Proposal, before: Sequence[Sent] = ()
) -> None:
    made = [council.ballot(stage, cell, waiting) for cell in of]
    judged = stage.block(*before, council.ballots(made))
    _all_done(judged[: len(before)])
    for cell, (chain, model, _) in zip(of, judged[-1], strict=True):
        matrix.enter(cell.row.name, cell.condition, cell.actor, (cell.expected, chain, model))


def _executions(stage: Stage, matrix: Matrix) -> None:
    """By every actor from an account of its own, then of every call that waits."""
    early, cancelled, late, *due = (council.proposal(stage, "setDelay") for _ in range(3 + len(ACTORS)))
    unknown = council.proposal(stage, "setDelay")
    calls = [row.call for row in COUNCIL_ROWS if row.waits]
    of_calls = {name: council.proposal(stage, name) for name in calls}
    others = {name: council.proposal(stage, name) for name in calls}
    for chunk in _chunks([cancelled, late, *due, *of_calls.values(), *others.values()], 30):
        stage.must(council.ballots([council.decided(stage, one) for one in chunk]))
    stage.scene.now += DELAY
    stage.must(council.ballots([council.decided(stage, early)]))
    stop = council.proposal(stage, "cancel", council.identity(stage, cancelled))
    by_actor = {
        Condition.KEY_BEFORE: [early] * len(ACTORS), Condition.ACTIVE: due,
        Condition.KEY_REVOKED: [cancelled] * len(ACTORS),
        Condition.GRANT_NONE: [unknown] * len(ACTORS), Condition.KEY_EXPIRED: [late] * len(ACTORS),
    }  # fmt: skip
    for condition, proposals in by_actor.items():
        before = [council.ballots([council.decided(stage, stop)])] if condition is Condition.KEY_REVOKED else []
        if condition is Condition.KEY_EXPIRED:
            _of_each_call(stage, matrix, Condition.ACTIVE, of_calls)
            stage.scene.now += EXECUTION_WINDOW + DELAY
            _of_each_call(stage, matrix, Condition.KEY_EXPIRED, others)
        accounts = [SENDER] * len(before) + [RelayAccount(council.own_account(stage, a), CHAIN_ID) for a in ACTORS]
        judged = stage.block(*before, *map(council.executed, proposals), senders=accounts)
        _all_done(judged[: len(before)])
        for actor, ((chain, model, _),) in zip(ACTORS, judged[len(before) :], strict=True):
            matrix.enter("council.execute", condition, actor, (EXECUTE[condition], chain, model))


def _of_each_call(stage: Stage, matrix: Matrix, condition: Condition, of: dict[str, acts.Proposal]) -> None:
    for name, one in of.items():
        (((chain, model, _),),) = stage.block(council.executed(one))
        matrix.enter(f"council.execute: {name}", condition, str(Kind.QUORUM), (EXECUTE[condition], chain, model))
