"""P8: what a step costs as the ledger grows from a thousand to a million steps, and how long opening takes.

`python -m scripts.bench_growth [--json] [--quick] [--seed N] [--rounds N]`. One ledger a size, filled with history
that was never executed (`growth_fill` says what that means); on top of it real batches of 200 steps go all the way:
accepted, carried, executed, indexed. The sizes take turns, round by round, so that a slow minute of the machine
hits all of them. A quarter of the steps opens cases, the rest are second steps of cases spread over the whole history.

Growth is per tenfold: the mean over all tenfolds from the smallest to the largest ledger (the geometric one), the last
tenfold by itself, and in the table each. Database work is counted, not timed: statements, rows written in all stores,
bytes written by system calls; node counts are those of state tries, which grow by a level for every sixteenfold
whatever anybody does.

Bytes are judged like the rest, and are what grows: a batch changes some thousand entries of B-trees under random keys
(act ids, cases, trie nodes). In a small ledger many of them share a page of 4 KiB, in a large one each has its own, and
then it is a page an entry, in the log and once more in the file, whatever the size. A page holds some hundred of the
entries, so 200 keys meet 14 pages of an index of a thousand, 108 of ten thousand, 187 of a hundred thousand, 199 of a
million.
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from statistics import median

from ledger.calldata import Group
from ledger.procedure import Action
from scripts.gas_scene import Case, Officer, Scene, ten_officers
from scripts.growth_count import Counter, Work
from scripts.growth_fill import Template, fill
from scripts.growth_place import BATCH, Place
from scripts.report import Target, conclude, progress

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OPENINGS = BATCH // 4
FOLLOWING = BATCH - OPENINGS
WARM = 1
"""Rounds before those that count."""
MOST_GROWTH = 1.10
STAGES = ("accept", "carry", "execute", "index")
_STARTS = 3


@dataclass(slots=True)
class Ledger:
    """One size of ledger and what was measured on it."""

    size: int
    place: Place
    running: list[tuple[Officer, Case]]
    rounds: list[dict[str, Work]] = field(default_factory=list)
    openings: list[dict[str, float]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def cost(self, stage: str, what: str) -> float:
        """Of a step: the median over rounds for times, for counts the mean."""
        values: list[float] = [getattr(one[stage], what) / BATCH for one in self.rounds]
        return median(values) if what in ("seconds", "processor") else sum(values) / len(values)

    def total(self, what: str) -> float:
        """Of a step, all stages."""
        return sum(self.cost(stage, what) for stage in STAGES)


def _round(ledger: Ledger, counter: Counter) -> dict[str, Work]:
    """One batch all the way."""
    place = ledger.place
    groups = _groups(place.scene, ten_officers(OPENINGS), [ledger.running.pop() for _ in range(FOLLOWING)])
    works = {stage: Work() for stage in STAGES}
    chain = place.engine.chain
    head = place.indexer.head.number
    with counter.adding_to(works["accept"], chain):
        place.accept(groups)
    with counter.adding_to(works["carry"], chain):
        place.carry()
    with counter.adding_to(works["execute"], chain):
        place.execute()
    with counter.adding_to(works["index"], chain):
        place.index()
    waiting = place.store.outbox.pending_count()
    if waiting or place.indexer.head.number != head + 1:
        raise SystemExit(f"{waiting} steps were not anchored in one block")
    return works


def _groups(scene: Scene, openers: Sequence[Officer], running: Sequence[tuple[Officer, Case]]) -> list[Group]:
    opens = [scene.group(by, (scene.open(by),)) for by in openers]
    return opens + [scene.group(by, steps=(scene.step(case, by, Action.VERIFY),)) for by, case in running]


def _templates(place: Place) -> list[Template]:
    """Ten officers open a case each; what they leave is the pattern for the history's cases."""
    officers = ten_officers(10)
    place.accept(_groups(place.scene, officers, ()))
    place.carry()
    place.execute()
    place.index()
    with place.store.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT officer, case_key FROM cases").all()
    opened = {int.from_bytes(officer): key for officer, key in rows}
    states = {by.officer: place.store.heads.latest(opened[by.officer]) for by in officers}
    return [Template(by, state) for by in officers if (state := states[by.officer]) is not None]


def _start_seconds(folder: Path) -> float:
    """Until the chain's process says that it is ready."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "node.embedded", "--data", str(folder / "chain")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None or b"ready" not in process.stdout.readline():
            raise SystemExit("the node did not start")
        seconds = time.perf_counter() - started
        process.kill()
    return seconds


def prepare(folder: Path, sizes: Sequence[int], rounds: int, seed: int) -> list[Ledger]:
    """A ledger for each size, closed until measured."""
    progress("deploy the contracts, enter agencies, officers, grants ...")
    base = folder / "base"
    scene = Place.found(base)
    place = Place.open(base, scene)
    templates = _templates(place)
    trails = scene.world.deployment.addresses["trails"]
    place.close()
    ledgers = []
    for size in sizes:
        started = time.perf_counter()
        own = folder / str(size)
        place.copy(own)
        wanted = (rounds + WARM) * FOLLOWING
        filled = fill(own, size, templates, trails, seed + size, wanted)
        progress(f"{size:>9,} steps of history in {time.perf_counter() - started:.0f} s")
        running = list(filled.running)
        # they are taken in another order than that in which they were written
        running.sort(key=lambda one: one[1].key)
        opened = Place.open(own, place.scene)
        ledgers.append(Ledger(size, opened, running))
    return ledgers


def measure(ledgers: Sequence[Ledger], rounds: int, starts: int = _STARTS) -> None:
    """Rounds in turn, then openings and starts in turn."""
    counter = Counter()
    for number in range(rounds + WARM):
        for ledger in ledgers:
            works = _round(ledger, counter)
            if number >= WARM:
                ledger.rounds.append(works)
        progress(f"round {number + 1} of {rounds + WARM}")
    counter.close()
    for ledger in ledgers:
        ledger.place.close()
    for _ in range(starts):
        for ledger in ledgers:
            ledger.place = Place.open(ledger.place.folder, ledger.place.scene)
            ledger.openings.append(ledger.place.opening)
            ledger.place.close()
            ledger.starts.append(_start_seconds(ledger.place.folder))


def growth(ledgers: Sequence[Ledger], values: Sequence[float]) -> float:
    """The factor per tenfold from the smallest to the largest ledger."""
    tenfolds = math.log10(ledgers[-1].size / ledgers[0].size)
    return math.pow(values[-1] / values[0], 1 / tenfolds) if values[0] and tenfolds else 1.0


def show(ledgers: Sequence[Ledger]) -> None:
    """Everything that was measured, for people."""
    sizes = "".join(f"{ledger.size:>14,}" for ledger in ledgers)
    units = {"seconds": ("ms", 1e3), "processor": ("ms", 1e3), "read": ("kB", 1e-3), "written": ("kB", 1e-3)}
    progress(f"{'每步成本 cost of a step':<32}{sizes}   每十倍 per tenfold (逐级 from size to size)")
    for one in fields(Work):
        unit, factor = units.get(one.name, ("", 1.0))
        for stage in (*STAGES, "total"):
            values = [
                factor * (ledger.total(one.name) if stage == "total" else ledger.cost(stage, one.name))
                for ledger in ledgers
            ]
            cells = "".join(f"{value:>14.3f}" for value in values)
            progress(f"{one.name + ' ' + unit:<16}{stage:<16}{cells}   {_shown(ledgers, values)}")
    for name in ledgers[0].openings[0]:
        values = [1e3 * median(one[name] for one in ledger.openings) for ledger in ledgers]
        cells = "".join(f"{value:>14.3f}" for value in values)
        progress(f"{'opening ms':<16}{name:<16}{cells}   {_shown(ledgers, values)}")


def _shown(ledgers: Sequence[Ledger], values: Sequence[float]) -> str:
    """The growth over all, and from each size to the next."""
    pairs = range(len(ledgers) - 1)
    each = [f"×{growth(ledgers[one : one + 2], values[one : one + 2]):.2f}" for one in pairs]
    return f"×{growth(ledgers, values):.3f} ({' '.join(each)})"


def targets(ledgers: Sequence[Ledger]) -> list[Target]:
    """P8, each figure beside that of the smallest ledger."""
    judged = [
        ("time", "seconds", "time of a step, accepted to indexed", "ms", 1e3),
        ("statements", "statements", "SQL statements a step", "", 1.0),
        ("rows", "rows", "rows written a step, all stores", "", 1.0),
        ("bytes", "written", "bytes written a step, all stores", "kB", 1e-3),
    ]
    made = []
    for name, what, text, unit, factor in judged:
        values = [ledger.total(what) * factor for ledger in ledgers]
        said = f"{text}: {values[0]:.3f} -> {values[-1]:.3f} {unit}"
        made.append(Target(f"P8 {name}", said, growth(ledgers, values), MOST_GROWTH, "× per tenfold", at_most=True))
        if len(last := ledgers[-2:]) < len(ledgers):
            said = f"the same from {last[0].size:,} to {last[1].size:,} steps alone"
            made.append(
                Target(f"P8 {name}", said, growth(last, values[-2:]), MOST_GROWTH, "× per tenfold", at_most=True)
            )
    starts = [median(ledger.starts) for ledger in ledgers]
    opens = [median(sum(one.values()) for one in ledger.openings) for ledger in ledgers]
    said = f"start of the chain's process, opening of every store: {starts[-1] + opens[-1]:.2f} s"
    slower = (starts[-1] + opens[-1]) / (starts[0] + opens[0])
    made.append(Target("P8 start", said, slower, 1.15, "× largest to smallest", at_most=True))
    return made


def main() -> int:
    """Exit code 1 where a cost grows faster than P8 allows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a thousand and ten thousand steps: function, not figures")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5, help="of 200 steps on each size, at most 5")
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES)
    options = parser.parse_args()
    sizes, rounds = (SIZES[:2], 1) if options.quick else (options.sizes, min(options.rounds, 5))
    progress(f"seed {options.seed}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huxin-growth-")))
        ledgers = prepare(folder, sizes, rounds, options.seed)
        measure(ledgers, rounds, 1 if options.quick else _STARTS)
        show(ledgers)
        return conclude(targets(ledgers), as_json=options.json, judged=not options.quick)


if __name__ == "__main__":
    sys.exit(main())
