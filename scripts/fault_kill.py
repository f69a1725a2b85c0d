"""R1: the API, the relay and the chain are killed (SIGKILL), singly and together, while clients hand in steps.

What is counted are the moments at which something was killed, however many processes a blow hit.

Four clients insist on each step until it is acknowledged. At the end each acknowledged step must stand on the chain
exactly once, by the contract's events and by the calldata of mined transactions, and the index must equal a rebuild
from the chain. Each mutant (``scripts/mutants``) then runs on the same ledger and must be found out.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.child import RUNNER
from api.index.check import compare_index
from api.supervisor import STANDBY
from scripts import mutant
from scripts.load.steps import USUAL, Pen, Signed
from scripts.report import Target, conclude, progress
from scripts.trials.chainbook import book_of
from scripts.trials.insisting import Client, Progressing, Told, thinking
from scripts.trials.killing import Killer, quantile
from scripts.trials.ledger import PROCESSES, Trial, running

CLIENTS = 4
RESTART_SECONDS = 5.0
MUTANTS = {"outbox.acknowledge_before_commit": "http", "relay.send_without_journal": "relay",
           "index.block_before_its_rows": "relay"}  # fmt: skip
"""Which process each mutant lives in; the last one leaves an index that nothing can follow."""
_TOGETHER = (("http",), ("relay",), ("chain",), ("http", "relay"), ("http", "chain"), ("relay", "chain"), PROCESSES)
_WEIGHTS = (4, 4, 4, 2, 2, 2, 3)


@dataclass(frozen=True, slots=True)
class Plan:
    """``kills`` blows and ``steps`` acknowledged steps at least; ``think`` seconds between a client's steps."""

    seed: int
    kills: int
    steps: int
    think: float
    only: tuple[str, ...] = ()
    """Kill nothing else."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the experiment came to."""

    acknowledged: int
    kills: int
    signals: int
    lost: int
    doubled: int
    refused: int
    waiting: int
    differences: int
    restarts: dict[str, list[float]]
    answers: dict[int, int]
    seconds: float

    @property
    def faults(self) -> int:
        """Everything that must not be."""
        broken = self.answers.get(500, 0)
        return self.lost + self.doubled + self.refused + abs(self.waiting) + self.differences + broken


def experiment(trial: Trial, plan: Plan) -> Outcome:
    """Load and kills at once, then the reckoning."""
    began, told, stopping = time.monotonic(), Told(), threading.Event()
    clients = [
        Client(trial.address, _cases(trial, plan, place), told, stopping, thinking(f"{plan.seed} {place}", plan.think))
        for place in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    killer = Killer(trial)
    chance = random.Random(plan.seed)  # noqa: S311 - a seed makes a run repeatable
    progressing = Progressing(lambda: len(told.acknowledged))
    while killer.blows < plan.kills or len(told.acknowledged) < plan.steps:
        _round(killer, plan, chance)
        if killer.blows >= plan.kills and not progressing:
            raise SystemExit(f"nothing was acknowledged any more: {dict(told.answers)}")
        progress(f"  {killer.blows} kills, {len(told.acknowledged)} steps acknowledged, {told.again} asked again")
    back = killer.await_all()
    stopping.set()
    for client in clients:
        client.join()
    waiting = trial.drain() if back else -1
    return _reckon(trial, told, killer, waiting, began)


def _round(killer: Killer, plan: Plan, chance: random.Random) -> None:
    names = plan.only or chance.choices(_TOGETHER, _WEIGHTS)[0]
    time.sleep(chance.uniform(0, 1.0))
    # a relay is hit at random and, every other time, while a block enters the index
    if "relay" in names and killer.blows % 2 == 0:
        killer.await_block()
    if killer.blows < plan.kills:
        killer.strike(names)
    # now and then the next blow falls while the last one is still being recovered from
    hasty, until = chance.random() < 0.2, time.monotonic() + chance.uniform(0, 3.0)
    if not hasty:
        killer.await_all()
    while hasty and time.monotonic() < until:
        killer.look()
        time.sleep(0.02)


def _cases(trial: Trial, plan: Plan, place: int) -> Iterator[Sequence[Signed]]:
    pen = Pen(trial.domain, trial.people, f"kill {plan.seed}".encode(), int(time.time()) - 1)
    number = place
    while True:
        yield pen.case(number, USUAL)
        number += CLIENTS


def _reckon(trial: Trial, told: Told, killer: Killer, waiting: int, began: float) -> Outcome:
    progress("  reading the chain")
    book = book_of(trial)
    times = [book.times(signed) for signed in told.acknowledged]
    lost = sum(applied == 0 for _carried, applied in times)
    doubled = sum(carried > 1 or applied > 1 for carried, applied in times)
    progress("  rebuilding the index")
    differences, _rows = compare_index(trial.settings, trial.gateway(), trial.network, lambda *_: None)
    for one in differences[:3]:
        progress(f"  {one.where}: {one.en}")
    for code in list(told.refused.values())[:3]:
        progress(f"  refused: {code}")
    return Outcome(
        len(told.acknowledged), killer.blows, killer.signals, lost, doubled, len(told.refused), waiting,
        len(differences), killer.restarts, dict(told.answers), time.monotonic() - began,
    )  # fmt: skip


def show(name: str, outcome: Outcome) -> None:
    """What came of a run, for people."""
    counted = ("kills", "signals", "acknowledged", "lost", "doubled", "refused", "waiting", "differences")
    counts = ", ".join(f"{what} {getattr(outcome, what)}" for what in counted)
    progress(f"{name}: {counts}; {outcome.seconds:.0f} s; answers {outcome.answers}")
    for process, seconds in outcome.restarts.items():
        at = ", ".join(f"p{share * 100:.0f} {quantile(seconds, share):.2f} s" for share in (0.5, 0.99, 1))
        progress(f"  {process}: {len(seconds)} restarts, {at}")


def targets(plan: Plan, sound: Outcome, found: dict[str, int]) -> list[Target]:
    """R1, each count by itself."""
    restarts = [second for seconds in sound.restarts.values() for second in seconds]
    rows = [
        Target("R1", f"kills, {sound.signals} SIGKILLs in them", sound.kills, plan.kills),
        Target("R1", "acknowledged steps", sound.acknowledged, plan.steps),
        Target("R1", "acknowledged and not on chain", sound.lost, 0, at_most=True),
        Target("R1", "on chain twice", sound.doubled, 0, at_most=True),
        Target(
            "R1",
            "refused, unsettled, or answered 500",
            sound.refused + abs(sound.waiting) + sound.answers.get(500, 0),
            0,
            at_most=True,
        ),
        Target("R1", "index against rebuild, differences", sound.differences, 0, at_most=True),
        Target("R1", "restart p99", quantile(restarts, 0.99), RESTART_SECONDS, "s", at_most=True),
    ]
    return rows + [Target("R1", f"mutant {name}: faults found", faults, 1) for name, faults in found.items()]


def mutated(trial: Trial, name: str, plan: Plan) -> Outcome:
    """Run with one protection off from the process's next start on."""
    process = MUTANTS[name]
    trial.supervisor.run_with(process, mutant.runner(name))
    _restart(trial, process)
    outcome = experiment(trial, plan)
    show(f"mutant {name}", outcome)
    trial.supervisor.run_with(process, RUNNER)
    return outcome


def _restart(trial: Trial, *processes: str) -> None:
    killer = Killer(trial)
    killer.strike(processes)
    killer.await_all()


def main() -> int:
    """The sound ledger, then the mutants; 1 where something was lost or a mutant was not found out."""
    given = _arguments()
    progress(f"seed {given.seed}")
    plan = Plan(given.seed, given.kills, given.steps, given.think)
    chosen = [given.mutant] if given.mutant else list(MUTANTS)
    if given.quick:
        plan, chosen = Plan(given.seed, 3, 100, 0.02), [given.mutant or "outbox.acknowledge_before_commit"]
    found = {}
    with (
        tempfile.TemporaryDirectory(prefix="huxin-kill-") as folder,
        running(Path(folder) / "data", environment={STANDBY: "1"}) as trial,
    ):
        sound = experiment(trial, plan)
        show("sound", sound)
        for place, name in enumerate(chosen, 1):
            few = Plan(given.seed + place, 3 if given.quick else 6, 0, plan.think / 2, (MUTANTS[name],))
            found[name] = mutated(trial, name, few).faults
            if place < len(chosen):
                _restart(trial, MUTANTS[name])
    rows = targets(plan, sound, found)
    code = conclude(rows, as_json=given.json, judged=not given.quick)
    return code or int(not all(row.met for row in rows if row.unit != "s"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="R1:随机强杀进程 / kill processes at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200, help="times that one or more processes are killed")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--think", type=float, default=0.04, help="a client's pause between steps, seconds on average")
    parser.add_argument("--mutant", choices=MUTANTS, help="run this mutant alone after the sound ledger")
    parser.add_argument("--quick", action="store_true", help="a few kills, one mutant; times are not judged")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
