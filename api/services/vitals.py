"""How fresh the index is, whether the chain moves, what waits, who is alive: for health and metrics."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select

from api.services.ports import Now
from api.services.verification import Freshness
from api.store.database import Database
from api.store.index_tables import outcomes as outcomes_table
from api.store.models import Heartbeat
from api.store.own_tables import outbox_entries
from api.store.reads import OutcomeReads
from ledger.errors import HuxinError

_HEAD_SECONDS, _SILENT_SECONDS = 0.25, 1.0
_MOST_LAG = 3
_WAITING = ("queued", "sent")
_WATCHED = ("index", "relay")


class HeadSource(Protocol):
    """Where the chain's height comes from; each raises HuxinError or OSError where it does not answer."""

    def head(self) -> int:
        """Height of the newest block."""

    def code(self, address: bytes) -> bytes:
        """A contract's code."""


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
        finality_depth: int,
    ) -> None:
        self._database, self._outcomes, self._connect = database, outcomes, connect
        self._now, self._monotonic = now, monotonic
        self._most_lag = _MOST_LAG + finality_depth
        self._lock = threading.Lock()
        self._source: HeadSource | None = None
        self._head: int | None = None
        self._asked = float("-inf")
        self._moved = monotonic()
        self._counted: int | None = None

    # --- freshness

    def chain_head(self) -> int | None:
        """Height of the chain, at most a quarter of a second old; None where it does not answer, for a second."""
        with self._lock:
            # a chain that is silent costs a time-out each time it is asked
            if self._monotonic() - self._asked > (_SILENT_SECONDS if self._head is None else _HEAD_SECONDS):
                found = self._read_head()
                if found is not None and found != self._head:
                    self._moved = self._monotonic()
                self._head, self._asked = found, self._monotonic()
            return self._head

    def still_for(self) -> float:
        """Seconds since this process saw the chain's height change, or began to look."""
        return self._monotonic() - self._moved

    def code_of(self, address: bytes) -> bytes:
        """A contract's code; raises HuxinError or OSError where the chain does not answer."""
        return self._connected().code(address)

    def forget(self) -> None:
        """Ask the chain anew the next time."""
        with self._lock:
            self._asked = float("-inf")

    def _read_head(self) -> int | None:
        try:
            return self._connected().head()
        except (HuxinError, OSError):
            return None

    def _connected(self) -> HeadSource:
        self._source = self._source or self._connect()
        return self._source

    def freshness(self) -> Freshness:
        """How far the index can be trusted to know the newest."""
        # in this order: the index is never ahead of a height that was asked for later
        (newest, beats), head = self._outcomes.standing(), self.chain_head()
        indexed = newest.number
        if any(one.name in _WATCHED and one.detail.get("diverged") for one in beats):
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
        """How much waits for the chain; by the entries, of which few are not done."""
        of = outbox_entries.c
        query = select(func.coalesce(func.sum(of.acts), 0), func.min(of.received_at)).where(of.state.in_(_WAITING))
        with self._database.read() as connection:
            row = connection.execute(query).one()
        return Waiting(int(row[0]), row[1])

    def waiting_age(self) -> int:
        """Seconds since the oldest act without a verdict was accepted; 0: none waits."""
        since = self.waiting().since
        return 0 if since is None else max(0, self._now() - since)

    def judged(self) -> tuple[tuple[int, int], ...]:
        """(reason, how many) of the acts indexed since this was last asked; at first: since the start."""
        with self._lock, self._database.read() as connection:
            of = outcomes_table.c
            newest = connection.execute(select(func.max(of.position))).scalar_one() or 0
            since, self._counted = self._counted, newest
            if since is None or newest <= since:
                return ()
            counted = select(of.reason, func.count()).where(of.position > since).group_by(of.reason)
            return tuple((int(row[0]), int(row[1])) for row in connection.execute(counted))

    def beat_of(self, name: str) -> tuple[Heartbeat | None, int | None]:
        """A process's heartbeat and its age in seconds; None: there is none."""
        beat = self._outcomes.heartbeat(name)
        return beat, None if beat is None else max(0, self._now() - beat.at)
