"""How long those who write seldom wait for those who write often, on one SQLite file, with turns (ADR 10) and without.

Three processes with the rhythm of HTTP's commits, the relay's journal and the index's blocks; they start no chain and
hold the lock by sleeping, so that the figures depend on whose turn it is and little on how busy the machine is.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.store.database import Database
from scripts.report import Target, conclude, progress

GOAL = 0.5


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Who writes: holding the lock for ``held`` seconds, then away for about ``away``."""

    name: str
    held: float
    away: float


RHYTHMS = (Rhythm("http", 0.004, 0.001), Rhythm("relay", 0.01, 0.03), Rhythm("index", 0.03, 0.2))
Waits = dict[str, list[float]]


def _write(url: str, rhythm: Rhythm, seconds: float, seed: int, *, turns: bool) -> list[float]:
    database, waits, chance = Database(url), [], random.Random(f"{seed} {rhythm.name}")  # noqa: S311 - a load
    if not turns:
        database._turn = None  # noqa: SLF001 - as it was before
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        with database.write() as connection:
            waits.append(time.perf_counter() - began)
            connection.exec_driver_sql("INSERT INTO written VALUES (1)")
            time.sleep(rhythm.held)
        time.sleep(rhythm.away * chance.uniform(0.5, 1.5))
    database.close()
    return waits


def measure(folder: Path, seconds: float, seed: int, *, turns: bool) -> Waits:
    """Seconds that each waited for the lock, each time."""
    url = f"sqlite:///{folder / f'turns-{turns}.db'}"
    database = Database(url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE written (a)")
    database.close()
    with multiprocessing.get_context("spawn").Pool(len(RHYTHMS)) as pool:
        begun = [pool.apply_async(_write, (url, one, seconds, seed), {"turns": turns}) for one in RHYTHMS]
        return {one.name: sorted(waits.get()) for one, waits in zip(RHYTHMS, begun, strict=True)}


def _p90(waits: Sequence[float]) -> float:
    return waits[int(len(waits) * 0.9)] * 1_000


def main() -> int:
    """Exit code 1 where turns do not halve what a tenth of the seldom writers' transactions wait."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_turns", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    progress(f"seed {asked.seed}")
    seconds = 0.5 if asked.quick else 15.0
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for turns in (False, True):
            found[turns] = measure(Path(folder), seconds, asked.seed, turns=turns)
            told = ", ".join(f"{name} {len(waits)} x p90 {_p90(waits):.1f} ms" for name, waits in found[turns].items())
            progress(f"{'with' if turns else 'without'} turns: {told}")
    targets = [
        Target(
            f"turns.{name}", f"{name}: wait for the lock, p90; without turns", _p90(found[True][name]), GOAL, "ms",
            _p90(found[False][name]), at_most=True, of_ratio=True,
        )
        for name in ("relay", "index")
    ]  # fmt: skip
    return conclude(targets, as_json=asked.json, judged=not asked.quick)


if __name__ == "__main__":
    sys.exit(main())
