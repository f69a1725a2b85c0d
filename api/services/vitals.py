"""Health by the operation it vouches for; how fresh the index is; what waits."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select

from api.index.indexer import beat
from api.services.ports import Now, RandomBytes
from api.services.verification import Freshness
from api.store.database import Database
from api.store.models import OutcomeView
from api.store.own_tables import outbox_acts, outbox_entries
from api.store.reads import OutcomeReads
from api.wire.sessions import HealthCheck
from ledger.errors import HuxinError

_HEAD_SECONDS = 0.25
_MOST_LAG = 3
_CLOCK_SKEW = 30
_WAITING = ("queued", "sent")


class HeadSource(Protocol):
    """Where the chain's height comes from; raises HuxinError where it does not answer."""

    def head(self) -> int:
        """Height of the newest block."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Acts accepted and without a verdict; ``since`` is when the oldest came, None: none waits."""

    acts: int
    since: int | None


class Vitals:
    """``connect`` makes the chain's gateway at the first need, so that an outage does not stop a start."""

    def __init__(
        self,
        database: Database,
        outcomes: OutcomeReads,
        connect: Callable[[], HeadSource],
        now: Now,
        monotonic: Callable[[], float],
        random_bytes: RandomBytes,
        stale_after: float,
        finality_depth: int,
    ) -> None:
        self._database, self._outcomes, self._connect = database, outcomes, connect
        self._now, self._monotonic, self._random_bytes = now, monotonic, random_bytes
        self._stale_after, self._most_lag = stale_after, _MOST_LAG + finality_depth
        self._lock = threading.Lock()
        self._source: HeadSource | None = None
        self._head: int | None = None
        self._asked = float("-inf")
        self._counted: int | None = None

    # --- freshness

    def chain_head(self) -> int | None:
        """Height of the chain, at most a quarter of a second old; None where it does not answer."""
        with self._lock:
            if self._monotonic() - self._asked > _HEAD_SECONDS:
                self._head = self._read_head()
                self._asked = self._monotonic()
            return self._head

    def forget(self) -> None:
        """Ask the chain anew the next time."""
        with self._lock:
            self._asked = float("-inf")

    def _read_head(self) -> int | None:
        try:
            self._source = self._source or self._connect()
            return self._source.head()
        except (HuxinError, OSError):
            return None

    def freshness(self) -> Freshness:
        """How far the index can be trusted to know the newest."""
        indexed, head = self._outcomes.head().number, self.chain_head()
        diverged = self._diverged()
        if diverged:
            return Freshness(indexed, head, "INDEX_DIVERGED", "索引与链不一致", "index and chain contradict each other")
        if head is None:
            return Freshness(indexed, head, "CHAIN_UNREACHABLE", "链没有应答", "the chain does not answer")
        if head - indexed > self._most_lag:
            return Freshness(indexed, head, "INDEX_BEHIND", "索引落后于链", "the index is behind the chain")
        return Freshness(indexed, head)

    def lag(self) -> int | None:
        """Blocks that the index is behind; None where the chain does not answer."""
        head = self.chain_head()
        return None if head is None else max(0, head - self._outcomes.head().number)

    def waiting(self) -> Waiting:
        """How much waits for the chain."""
        acts, entries = outbox_acts.c, outbox_entries.c
        with self._database.read() as connection:
            count = connection.execute(select(func.count()).where(acts.status.in_(_WAITING))).scalar_one()
            since = connection.execute(select(func.min(entries.received_at)).where(entries.state.in_(_WAITING)))
            return Waiting(int(count), since.scalar_one())

    def new_outcomes(self) -> tuple[OutcomeView, ...]:
        """Outcomes since this was last asked (at first: since the start), at most 50,000 at once."""
        with self._lock:
            if self._counted is None:
                self._counted = self._outcomes.last_position()
            found = self._outcomes.since(self._counted, 50_000)
            if found:
                self._counted = found[-1].position
            return found

    def _diverged(self) -> bool:
        beats = map(self._outcomes.heartbeat, ("index", "relay"))
        return any(one is not None and bool(one.detail.get("diverged")) for one in beats)

    # --- health

    def checks(self) -> tuple[HealthCheck, ...]:
        """Each part by what it is needed for."""
        return tuple(self._checks())

    def _checks(self) -> Iterator[HealthCheck]:
        yield self._store()
        head = self.chain_head()
        yield _check("chain", head is not None, "链可读取", "the chain's head can be read", block=head)
        beat_at = self._outcomes.heartbeat("relay")
        age = None if beat_at is None else max(0, self._now() - beat_at.at)
        alive = age is not None and age <= self._stale_after
        yield _check("relay", alive, "中继在运行", "the relay is running", ageSeconds=age)
        fresh = self.freshness()
        lag = None if head is None else head - fresh.indexed
        facts = {"lagBlocks": lag, "code": fresh.code}
        yield _check("index", not fresh.code, "索引已跟上链", "the index keeps up with the chain", **facts)
        ahead = self._outcomes.head().timestamp - self._now()
        in_time = ahead <= _CLOCK_SKEW
        yield _check("clock", in_time, "时钟不早于链", "the clock is not behind the chain", aheadSeconds=ahead)

    def _store(self) -> HealthCheck:
        """Writes a row and reads it back."""
        mark = self._random_bytes(8).hex()
        try:
            with self._database.write() as connection:
                beat(connection, "http", self._now(), {"mark": mark})
            found = self._outcomes.heartbeat("http")
            same = found is not None and found.detail.get("mark") == mark
        except Exception:  # noqa: BLE001 - whatever fails, the store is not in order
            same = False
        return _check("store", same, "数据库可写可读", "the store takes a row and gives it back")


def _check(name: str, ok: bool, zh: str, en: str, **facts: object) -> HealthCheck:  # noqa: FBT001 - what was found
    shown = {key: str(value) for key, value in facts.items() if value not in (None, "")}
    return HealthCheck(name=name, ok=ok, zh=zh if ok else f"否:{zh}", en=en if ok else f"not so: {en}", facts=shown)
