"""Issue 4, must-show 5: spoilt and hostile seals, signatures, OFD and PDF documents, a million of them.

Every input is made from documents and seals of our own by ``fault_documents_spoil`` and goes in by one of the arms of
``fault_documents_arms``: no crash, none that takes longer than its share of processor time, memory bounded, and nothing
found valid whose bytes are not those that were sealed. Then each mutant (``scripts/mutants/documents``) must be found.
"""

import argparse
import logging
import multiprocessing
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from ctypes import c_long
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from scripts import mutant
from scripts.documents_scene import Scene
from scripts.fault_documents_arms import SECONDS, Arms
from scripts.fault_inputs_tally import Tally
from scripts.report import Target, conclude, progress

INPUTS = 1_000_000
SHARES = {"package": 30, "content": 20, "forged": 6, "parsers": 35, "values": 7, "pdf": 2}
"""Inputs of a hundred by arm; what only the form sees is cheap, what signatures are verified for is not."""
MUTANTS = {
    "documents.reference_not_compared": "content",
    "documents.coverage_not_checked": "content",
    "documents.value_not_verified": "values",
    "documents.trailing_bytes_taken": "values",
    "documents.duplicate_names_taken": "content",
    "documents.renamed_parts_taken": "forged",
    "documents.strangers_trusted": "forged",
    "documents.list_of_signatures_ignored": "content",
    "documents.pdf_changes_passed_over": "pdf",
}
MOST_GROWTH = 100.0
"""MB by which a worker may grow after its first tenth."""
STUCK = 300.0
"""Seconds without one more input after which a worker hangs in something that no signal ends."""
FOUND_OUT = 3
NAMED = 7
"""Findings that the table names for each kind of input."""
_FORK = multiprocessing.get_context("fork")


def memory() -> float:
    """The most memory that this process ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True, slots=True)
class Shift:
    """What a worker is to do: with which seed, how many inputs, and where to keep those answered wrongly."""

    seed: int
    count: int
    keep: Path | None = None


def work(scene: Scene, shift: Shift, done: Any, answers: "Queue[tuple[Tally, float]]") -> None:
    """One worker's inputs; its tally and growth come back through the queue."""
    tally = Tally()
    arms = Arms(scene, shift.seed, tally, shift.keep)
    names, weights = list(SHARES), list(SHARES.values())
    held = 0.0
    for place in range(shift.count):
        if place == shift.count // 10:
            held = memory()
        getattr(arms, arms.chance.choices(names, weights)[0])()
        done.value = place + 1
    answers.put((tally, memory() - held))


def fuzz(scene: Scene, shift: Shift, workers: int) -> tuple[Tally, float]:
    """All inputs by all workers; what they came to, and the worst growth in MB."""
    tally = Tally()
    Arms(scene, shift.seed, tally).begin()
    answers: Queue[tuple[Tally, float]] = _FORK.Queue()
    each = -(-shift.count // workers)
    counters = [_FORK.Value(c_long, 0, lock=False) for _ in range(workers)]
    crew = [
        _FORK.Process(target=work, args=(scene, replace(shift, seed=shift.seed + place, count=each), counter, answers))
        for place, counter in enumerate(counters)
    ]
    for one in crew:
        one.start()
    growth = _gather(crew, counters, each * workers, answers, tally)
    for one in crew:
        one.join(10)
    return tally, growth


def _gather(
    crew: Sequence[BaseProcess],
    counters: Sequence[Any],
    count: int,
    answers: "Queue[tuple[Tally, float]]",
    tally: Tally,
) -> float:
    """Wait for every worker, with progress; one that stands still or dies is a fault."""
    growth, heard, before, moved, said = 0.0, 0, 0, time.monotonic(), time.monotonic()
    while heard < len(crew):
        while not answers.empty():
            theirs, grown = answers.get()
            _add(tally, theirs)
            growth, heard = max(growth, grown), heard + 1
        now, done = time.monotonic(), sum(counter.value for counter in counters)
        if done != before:
            before, moved = done, now
        if now - said > 10:
            said = now
            progress(f"  {done:,} of {count:,}")
        dead = [one for one in crew if not one.is_alive() and one.exitcode]
        if dead or now - moved > STUCK:
            tally.fault("worker: " + ("crash" if dead else "hang"), f"after {done:,} inputs")
            for one in crew:
                one.terminate()
            break
        time.sleep(0.05)
    return growth


def _add(tally: Tally, more: Tally) -> None:
    tally.counts.update(more.counts)
    tally.wrong.update(more.wrong)
    tally.samples += more.samples


def red(scene: Scene, name: str, seed: int, most: int) -> bool:
    """Whether a mutant is found out; in a copy of this process, for what it patches stays patched."""
    child = _FORK.Process(target=_until_red, args=(scene, name, seed, most))
    child.start()
    child.join()
    return child.exitcode == FOUND_OUT


def _until_red(scene: Scene, name: str, seed: int, most: int) -> None:
    mutant.patch_of(name)()
    tally = Tally()
    arms = Arms(scene, seed, tally)
    for _ in range(most):
        getattr(arms, MUTANTS[name])()
        if any("wrong valid" in what for what in tally.wrong):
            sys.exit(FOUND_OUT)
    sys.exit(0)


def by_place(tally: Tally) -> str:
    """Counts by place and kind, and how many codes answered them."""
    rows: dict[tuple[str, str], tuple[int, set[str], int]] = {}
    for (place, kind, code), count in tally.counts.items():
        total, codes, valid = rows.get((place, kind), (0, set(), 0))
        rows[place, kind] = (total + count, codes | {code}, valid + (count if code in {"VALID", "READ"} else 0))
    lines = [f"{'处 place':<8} {'种类 kind':<32} {'数 inputs':>10} {'码 codes':>9} {'不变 unharmed':>14}"]
    for (place, kind), (total, codes, valid) in sorted(rows.items()):
        lines.append(f"{place:<9} {kind:<34} {total:>10,} {len(codes):>9} {valid:>14,}")
    return "\n".join(lines)


def depths(tally: Tally) -> str:
    """How far the inputs of each place and kind came: the first finding that kept them out, most frequent first."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    for (place, kind, code), count in tally.counts.items():
        rows.setdefault((place, kind), Counter())[code] += count
    lines = ["首个结论的分布 first findings, of a hundred"]
    for (place, kind), codes in sorted(rows.items()):
        total = codes.total()
        most = [f"{code} {100 * count / total:.1f}" for code, count in codes.most_common(NAMED)]
        rest = total - sum(count for _, count in codes.most_common(NAMED))
        lines.append(f"{place:<4} {kind:<34} {', '.join(most)}{f', others {100 * rest / total:.1f}' if rest else ''}")
    return "\n".join(lines)


def main() -> int:
    """Exit code 1 where anything was answered wrongly or a mutant was not found out."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fault_documents", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="bounded: function, not figures")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="folder for inputs that were answered wrongly")
    asked = parser.parse_args()
    count, workers = (1_500, 1) if asked.quick else (asked.inputs, asked.workers)
    print(f"seed {asked.seed}, {workers} workers", flush=True)
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    # pyHanko tells its logger of everything that it finds odd, at length
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL + 1)
    scene, began = Scene.build(), time.monotonic()
    tally, growth = fuzz(scene, Shift(asked.seed, count, asked.keep), workers)
    taken = time.monotonic() - began
    found = {name: red(scene, name, asked.seed, 3_000 if asked.quick else 20_000) for name in MUTANTS}
    print(by_place(tally))
    print(f"\n{depths(tally)}")
    print(f"\nseed {asked.seed}; {tally.total:,} inputs in {taken:.0f} s; at most {SECONDS:g} s of processor time each")
    for name, caught in found.items():
        print(f"  mutant {name:<40} {'found out' if caught else 'NOT FOUND OUT'}")
    for sample in tally.samples[:20]:
        print(f"  WRONG {sample}")
    wrong = sum(tally.wrong.values())
    targets = [
        Target("I4-5", "answered wrongly, crashed or hung", wrong, 0, "inputs", at_most=True),
        Target("I4-5", "mutants found out", sum(found.values()), len(MUTANTS), "mutants"),
        Target("I4-5", "inputs", tally.total, 0 if asked.quick else INPUTS, "inputs"),
        Target("I4-5", "growth of a worker", growth, MOST_GROWTH, "MB", at_most=True),
    ]
    broken = wrong or not all(found.values())
    return max(conclude(targets, as_json=asked.json, judged=not asked.quick), int(bool(broken)))


if __name__ == "__main__":
    sys.exit(main())
