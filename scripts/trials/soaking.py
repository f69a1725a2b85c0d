"""Steady load on a ledger, looked at once a second."""

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from scripts.load.clients import Run, paced
from scripts.load.steps import USUAL, Pen, Signed, request
from scripts.trials.ledger import PROCESSES, Trial

CLIENTS = 32
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of it.

    MiB of memory by process and of files, acts waiting and the age of the oldest (s), blocks that the index is behind,
    acts acknowledged and anchored so far, latencies (s) of the second, all answers so far other than 2xx.
    """

    at: float
    http: float
    relay: float
    chain: float
    waiting: int
    oldest: int
    lag: int
    database: float
    log: float
    chain_database: float
    chain_log: float
    acknowledged: int
    anchored: int
    p50: float
    p99: float
    errors: int

    def as_row(self) -> dict[str, float]:
        """For CSV."""
        return asdict(self)


class Soak:
    """``run`` yields a sample a second; ``statuses`` counts all answers."""

    def __init__(self, trial: Trial, per_second: float, seed: str) -> None:
        self._trial, self._rate = trial, per_second
        self.statuses: Counter[int] = Counter()
        self._pids = trial.supervisor.pids()
        self._steps = _interleaved(trial, seed, max(1, round(per_second)))
        self._database = trial.settings.data / "huxin.db"

    @property
    def restarted(self) -> bool:
        """Whether a process has ended since the beginning."""
        return self._trial.supervisor.pids() != self._pids

    def run(self, seconds: float) -> Iterator[Sample]:
        """Load and look; a second in which answers were late is made up for in the next."""
        began, sent = time.monotonic(), 0
        while (at := time.monotonic() - began) < seconds:
            due = max(1, round((at + 1) * self._rate) - sent)
            signed = [next(self._steps) for _ in range(due)]
            answers = paced(self._trial.address, [request(one) for one in signed], self._rate, CLIENTS)
            sent += due
            self.statuses.update(answers.statuses)
            yield self._look(time.monotonic() - began, answers)

    def _look(self, at: float, answers: Run) -> Sample:
        memory = {name: _memory(self._pids[name]) for name in PROCESSES}
        acknowledged = sum(times for status, times in self.statuses.items() if status < 300)
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=5)
        try:
            waiting, oldest = _waiting(connection)
            lag = _lag(connection)
        finally:
            connection.close()
        chain = self._trial.settings.data / "chain" / "chain.sqlite"
        return Sample(
            at, memory["http"], memory["relay"], memory["chain"], waiting, oldest, lag,
            _size(self._database), _size(Path(f"{self._database}-wal")), _size(chain), _size(Path(f"{chain}-wal")),
            acknowledged, acknowledged - waiting, answers.quantile(0.5), answers.quantile(0.99),
            sum(self.statuses.values()) - acknowledged,
        )  # fmt: skip


def _interleaved(trial: Trial, seed: str, width: int) -> Iterator[Signed]:
    """Steps of many cases at once: a case's next step comes when some seconds of others lie in between."""
    size = 1 + len(USUAL)
    for block in count():
        pen = Pen(trial.domain, trial.people, seed.encode(), int(time.time()) - 1)
        cases = [pen.case(block * width + place, USUAL) for place in range(width)]
        for turn in range(size):
            for case in cases:
                yield case[turn]


def _memory(pid: int) -> float:
    """MiB resident; 0 where the process has ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0.0
    return int(pages) * _PAGE / 2**20


def _size(path: Path) -> float:
    return path.stat().st_size / 2**20 if path.exists() else 0.0


def _waiting(connection: sqlite3.Connection) -> tuple[int, int]:
    query = "SELECT coalesce(sum(acts), 0), min(received_at) FROM outbox_entries WHERE state IN ('queued', 'sent')"
    waiting, oldest = connection.execute(query).fetchone()
    return waiting, 0 if oldest is None else max(0, int(time.time()) - oldest)


def _lag(connection: sqlite3.Connection) -> int:
    behind = "json_extract(detail, '$.chain_head') - json_extract(detail, '$.head')"
    query = f"SELECT {behind} FROM heartbeats WHERE name='index'"  # noqa: S608 - no input of anybody's
    row = connection.execute(query).fetchone()
    return 0 if row is None or row[0] is None else max(0, int(row[0]))


def trend(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    """Growth over the samples' whole time by the median of all slopes between two of them (Theil and Sen)."""
    points = [(one.at, of(one)) for one in samples[:: max(1, len(samples) // 200)]]
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for place, earlier in enumerate(points)
        for later in points[place + 1 :]
    )
    return slopes[len(slopes) // 2] * (points[-1][0] - points[0][0]) if slopes else 0.0
