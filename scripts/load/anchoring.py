"""P2: steps a second from HTTP to a verdict in the index, beside the engine alone; and how long a step takes."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.engine_chain import measure
from scripts.load.clients import drive, paced
from scripts.load.processor import processor_seconds
from scripts.load.steps import USUAL, Pen, Signed, request
from scripts.report import Target, progress
from scripts.trials.ledger import Trial, running

CLIENTS = 32
PERIOD, ALLOWANCE = 1.0, 0.1
"""Block period, and what P3 allows beside it and the age of a batch (s)."""
_WAVE = 100
_LONGEST = 600.0
_BLOCK_STEPS = 400
"""About a second's work of the engine: what one block holds."""
_PACED_SECONDS = 20
_SETTINGS = {"HUXIN_PUBLIC_RATE": "1000000"}


def anchored(folder: Path, steps: int, seed: bytes) -> list[Target]:
    """Targets of P2, and the latency that P3 asks for."""
    with running(folder / "data", environment=_SETTINGS) as trial:
        before = folder / "before"
        # nothing is under way, so the copy is whole
        shutil.copytree(trial.settings.data / "chain", before)
        flood = _waves(trial, steps, seed + b"flood")
        ours = _flood(trial, flood)
        carried = _carried(trial.settings.data / "huxin.db")
        paced_steps = round(min(_PACED_SECONDS * ours / 2, steps))
        waits = _steady(trial, _waves(trial, paced_steps, seed + b"steady"), ours / 2)
    size = round(len(flood) / len(carried))
    alone = _engine(before, carried, size, len(flood))
    p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
    due = PERIOD + trial.settings.batch_age
    return [
        Target("P2.ratio", f"HTTP to anchored, batches of {size}", ours, 0.8, "/s", alone, of_ratio=True),
        Target("P2.rate", "HTTP to anchored", ours, 350, "/s", alone),
        Target("P3.anchored", f"anchored p99 at {ours / 2:.0f}/s", p99, due + ALLOWANCE, "s", due, at_most=True),
    ]


def _waves(trial: Trial, steps: int, seed: bytes) -> list[Signed]:
    """Cases begun in waves of a hundred; a wave's next step comes after a whole wave of others."""
    pen = Pen(trial.domain, trial.people, seed, int(time.time()))
    each = 1 + len(USUAL)
    cases = list(pen.cases(max(_WAVE, steps // each), USUAL))
    waves = [cases[at : at + _WAVE] for at in range(0, len(cases), _WAVE)]
    return [
        case[place]
        for turn in range(len(waves) + each - 1)
        for place in range(each)
        if 0 <= turn - place < len(waves)
        for case in waves[turn - place]
    ]


def _carried(database: Path) -> list[bytes]:
    """The transactions with steps that the relay sent, in order."""
    with sqlite3.connect(database) as connection:
        query = "SELECT raw FROM relay_batches WHERE contract = 'trails' AND state = 'mined' ORDER BY nonce"
        return [bytes(row[0]) for row in connection.execute(query)]


def _flood(trial: Trial, steps: Sequence[Signed]) -> float:
    """Steps a second while 32 clients hand in as fast as they are answered."""
    watch = Watch(trial)
    pids = trial.supervisor.pids()
    before = {name: processor_seconds(pid) for name, pid in pids.items()}
    started = time.perf_counter()
    accepted = drive(trial.address, [request(one) for one in steps], CLIENTS)
    if set(accepted.statuses) != {202}:
        raise SystemExit(f"not all were accepted: {dict(accepted.statuses)}")
    progress(f"accepted {accepted.per_second:.0f}/s while the chain works")
    ended = watch.until(len(steps))
    rate = len(steps) / (ended - started)
    used = {name: processor_seconds(pid) - before[name] for name, pid in pids.items()}
    per_step = ", ".join(f"{name} {each / len(steps) * 1e6:.0f}" for name, each in used.items())
    progress(f"{rate:.0f} steps/s to anchored; processor µs a step: {per_step}")
    watch.close()
    return rate


def _steady(trial: Trial, steps: Sequence[Signed], rate: float) -> list[float]:
    """Seconds from when each step was due to when the index had it, in order of length."""
    watch = Watch(trial)
    requests = [request(one) for one in steps]
    started = time.perf_counter()
    run = paced(trial.address, requests, rate, CLIENTS)
    if set(run.statuses) != {202}:
        raise SystemExit(f"not all were accepted: {dict(run.statuses)}")
    watch.until(len(steps))
    watch.close()
    due = {one.act_id: started + place / rate for place, one in enumerate(steps)}
    waits = sorted(at - due[act_id] for act_id, at in watch.seen.items())
    progress(f"at {rate:.0f}/s: p50 {waits[len(waits) // 2]:.2f} s, longest {waits[-1]:.2f} s")
    return waits


class Watch:
    """Reads the index beside everybody else and notes when each verdict came to be there."""

    def __init__(self, trial: Trial) -> None:
        self.seen: dict[bytes, float] = {}
        self._refused: list[int] = []
        self._path = trial.settings.data / "huxin.db"
        self._stop = threading.Event()
        self._after = self._newest()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def until(self, count: int) -> float:
        """When the last of ``count`` verdicts came."""
        deadline = time.monotonic() + _LONGEST
        while len(self.seen) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.seen)} of {count} anchored after {_LONGEST:g} s")
            time.sleep(0.02)
        if self._refused:
            raise SystemExit(f"{len(self._refused)} steps were not taken, first reason {self._refused[0]}")
        return max(self.seen.values())

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _newest(self) -> int:
        with sqlite3.connect(self._path) as connection:
            return int(connection.execute("SELECT coalesce(max(position), 0) FROM outcomes").fetchone()[0])

    def _run(self) -> None:
        with sqlite3.connect(self._path) as connection:
            while not self._stop.wait(0.005):
                for position, act_id, reason in self._new(connection):
                    self._after = position
                    self.seen[bytes(act_id)] = time.perf_counter()
                    if reason:
                        self._refused.append(reason)

    def _new(self, connection: sqlite3.Connection) -> Iterator[tuple[int, bytes, int]]:
        query = "SELECT position, act_id, reason FROM outcomes WHERE position > ? ORDER BY position"
        return iter(connection.execute(query, (self._after,)).fetchall())


def _engine(chain: Path, transactions: Sequence[bytes], size: int, steps: int) -> float:
    """Steps a second of the engine alone, on the chain as it was before, with the very same transactions."""
    run = measure(chain, transactions, max(1, _BLOCK_STEPS // size))
    if run.steps != steps:
        raise SystemExit(f"the engine alone took {run.steps} of {steps} steps: it would be no yardstick")
    progress(f"the engine alone: {run.per_second:.0f} steps/s, {run.blocks} blocks")
    return run.per_second
