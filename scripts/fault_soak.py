"""R8: steady load. Memory stays flat, the queue does not grow, nothing fails.

Looked at once a second. The second half of the time is judged: by then every bounded cache is as large as it gets.
Growth is the median of the slopes between any two samples (Theil and Sen), so that a peak here and there says nothing.
The mutant keeps what it has answered, and must be found out in a run of its own.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import mutant
from scripts.fault_soak_plot import draw
from scripts.load.clients import drive
from scripts.load.steps import Pen, request
from scripts.report import Target, conclude, progress
from scripts.trials.killing import Killer
from scripts.trials.ledger import PROCESSES, Trial, running
from scripts.trials.soaking import CLIENTS, Sample, Soak, trend

LEAK = "memory.keep_what_was_answered"
GROWTH_SHARE = 0.05
"""Of a process's memory, within the judged half."""
SHORT_GROWTH_SHARE = 0.2
"""The same in runs of seconds, in which caches are still being filled."""
QUEUE_SECONDS = 2.0
"""The queue may hold what comes in this long; the oldest may be a few times as old."""
LOG_MIB = 64.0
_SHARE_OF_LIMIT = 0.8
_BURST = 1_500
_MUTANT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Soaked:
    """The samples of a run and what came at its end."""

    samples: list[Sample]
    per_second: float
    waiting: int
    restarted: bool
    errors: int

    @property
    def judged(self) -> list[Sample]:
        """The second half of the time; how many samples fall into a minute depends on the load."""
        middle = self.samples[-1].at / 2
        return [one for one in self.samples if one.at >= middle]

    def growth(self, process: str) -> float:
        """Share of its memory by which a process grew in the judged half."""
        values: list[float] = sorted(getattr(one, process) for one in self.judged)
        return trend(self.judged, lambda one: float(getattr(one, process))) / max(1.0, values[len(values) // 2])


def limit_of(trial: Trial) -> float:
    """Steps a second from accepted to anchored, by one burst."""
    pen = Pen(trial.domain, trial.people, b"burst", int(time.time()) - 1)
    requests = [request(step) for case in pen.cases(_BURST) for step in case]
    began = time.monotonic()
    statuses = drive(trial.address, requests, CLIENTS).statuses
    if trial.drain() or set(statuses) != {202}:
        raise SystemExit(f"the burst was not carried: {dict(statuses)}")
    return len(requests) / (time.monotonic() - began)


def soak(trial: Trial, per_second: float, seconds: float, seed: str) -> Soaked:
    """Load, look, drain."""
    running_soak, samples = Soak(trial, per_second, seed), []
    told = 0.0
    for sample in running_soak.run(seconds):
        samples.append(sample)
        if sample.at - told >= min(30.0, seconds / 4):
            told = sample.at
            progress(
                f"  {sample.at:4.0f} s: MiB {sample.http:.0f}, {sample.relay:.0f}, {sample.chain:.0f}; "
                f"{sample.anchored} anchored, {sample.waiting} waiting, p99 {sample.p99 * 1000:.0f} ms, "
                f"{sample.errors} errors"
            )
    waiting = trial.drain()
    return Soaked(samples, per_second, waiting, running_soak.restarted, samples[-1].errors)


def targets(soaked: Soaked, share: float) -> list[Target]:
    """R8, each count by itself."""
    judged = soaked.judged
    most = soaked.per_second * QUEUE_SECONDS
    achieved = soaked.samples[-1].acknowledged / soaked.samples[-1].at
    return [
        Target("R8", "acknowledged a second", achieved, 0.95, "/s", soaked.per_second, of_ratio=True),
        *(
            Target("R8", f"growth of memory, {name}", soaked.growth(name), share, "of its size", at_most=True)
            for name in PROCESSES
        ),
        Target("R8", "growth of the queue", trend(judged, lambda one: one.waiting), most, "acts", at_most=True),
        Target("R8", "age of the oldest act in the queue", max(one.oldest for one in judged), 10, "s", at_most=True),
        Target("R8", "left in the queue at the end", soaked.waiting, 0, at_most=True),
        Target("R8", "errors, and processes that ended", soaked.errors + soaked.restarted, 0, at_most=True),
        Target("R8", "database log", max(one.log for one in judged), LOG_MIB, "MiB", at_most=True),
        Target("R8", "chain's log", max(one.chain_log for one in judged), LOG_MIB, "MiB", at_most=True),
    ]


def leaking(trial: Trial, per_second: float) -> Target:
    """A short run with the leak in the HTTP process."""
    trial.supervisor.run_with("http", mutant.runner(LEAK))
    killer = Killer(trial)
    killer.strike(("http",))
    killer.await_all()
    found = soak(trial, per_second, _MUTANT_SECONDS, "leak")
    return Target("R8", f"mutant {LEAK}: growth, http", found.growth("http"), SHORT_GROWTH_SHARE, "of its size")


def write_samples(samples: Sequence[Sample], path: Path) -> None:
    """CSV, a row a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(samples[0].as_row()))
        writer.writeheader()
        writer.writerows({name: round(value, 4) for name, value in one.as_row().items()} for one in samples)


def main() -> int:
    """Soak, judge, and see whether the leak would have been found out."""
    given = _arguments()
    progress(f"seed {given.seed}")
    seconds = 8.0 if given.quick else given.minutes * 60
    with tempfile.TemporaryDirectory(prefix="huxin-soak-") as folder, running(Path(folder) / "data") as trial:
        rate = given.rate or (40.0 if given.quick else _SHARE_OF_LIMIT * (given.limit or limit_of(trial)))
        progress(f"{rate:.0f} steps a second for {seconds:.0f} s")
        soaked = soak(trial, rate, seconds, f"soak {given.seed}")
        rows = targets(soaked, SHORT_GROWTH_SHARE if given.quick else GROWTH_SHARE)
        rows.append(leaking(trial, min(rate, 40.0)))
    if given.samples:
        write_samples(soaked.samples, given.samples)
    if given.plot:
        draw(soaked.samples, rate, given.plot)
    code = conclude(rows, as_json=given.json, judged=not given.quick)
    return code or int(not all(row.met for row in rows if row.unit not in ("/s", "s", "acts")))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="R8:稳定负载 / steady load")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, help="steps a second; by default 0.8 of what the ledger can do")
    parser.add_argument("--limit", type=float, help="what it can do (P2); by default measured by a burst")
    parser.add_argument("--samples", type=Path, help="write the samples here, as CSV")
    parser.add_argument("--plot", type=Path, help="draw them here, as SVG")
    parser.add_argument("--quick", action="store_true", help="seconds; rates, ages and the queue are not judged")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
