"""The process that indexes and relays: one loop, one lease, a heartbeat for health."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from api.index.indexer import Indexer, beat
from api.relay.journal import Journal
from api.relay.lease import Lease, LeaseLost
from api.relay.ports import RelayChain
from api.relay.relay import Relay
from api.store.database import Database, StoreUnavailable
from ledger.errors import HuxinError, Unavailable

_LOGGER = logging.getLogger(__name__)
_BEAT_SECONDS = 1.0
_PAUSE_SECONDS = 0.5
_EAGER = 0.4
"""Of the usual pause between two looks, while something is under way."""


class Service:
    """Runs until told to stop; what it does not understand ends it, and it is started again."""

    def __init__(
        self,
        db: Database,
        chain: RelayChain,
        lease: Lease,
        make_indexer: Callable[[], Indexer],
        relay: Relay,
        journal: Journal,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        """``make_indexer`` is called each time the lease is taken, for another may have written."""
        self._db = db
        self._chain = chain
        self._lease = lease
        self._make_indexer = make_indexer
        self._relay = relay
        self._journal = journal
        self._clock = clock
        self._monotonic = monotonic
        self._indexer: Indexer | None = None
        self._beaten = float("-inf")
        self._trouble: HuxinError | None = None

    def run(self, stopping: threading.Event, poll_seconds: float) -> None:
        """Turn after turn; lets the lease go at the end."""
        try:
            while not stopping.is_set():
                if not self.turn():
                    stopping.wait(self._pause(poll_seconds))
        finally:
            self._lease.release()

    def _pause(self, poll_seconds: float) -> float:
        if self._trouble or self._indexer is None:
            return _PAUSE_SECONDS
        # somebody waits for a verdict: each look that comes late is added to his wait
        return poll_seconds * _EAGER if self._relay.is_carrying else poll_seconds

    def turn(self) -> bool:
        """Index, relay, beat; whether there was anything to do."""
        try:
            indexer = self._hold()
            if indexer is None:
                return False
            busy = self._work(indexer)
            self._trouble = None
            return busy
        except LeaseLost:
            self._indexer = None
        except StoreUnavailable:
            # what is in memory may be ahead of the database: a fresh process reads what is there
            raise
        except HuxinError as error:
            if self._trouble is None or self._trouble.code != error.code:
                _LOGGER.warning("%s", error)
            self._trouble = error
        return False

    def _hold(self) -> Indexer | None:
        """Have the lease, renewed and told once a second; None where another process has it."""
        if self._indexer is not None and self._monotonic() - self._beaten < _BEAT_SECONDS:
            return self._indexer
        if not self._lease.acquire():
            self._indexer = None
            return None
        self._beaten = self._monotonic()
        self._indexer = self._indexer or self._make_indexer()
        self._beat(self._indexer)
        self._indexer.check_chain()
        return self._indexer

    def _work(self, indexer: Indexer) -> bool:
        done = indexer.follow()
        if not indexer.is_current():
            return True
        return self._relay.turn() or bool(done)

    def _beat(self, indexer: Indexer) -> None:
        now, backlog = int(self._clock()), self._journal.backlog()
        age = 0 if backlog.oldest is None else max(0, now - backlog.oldest)
        trouble = None if self._trouble is None else self._trouble.code
        relay = {"queued": backlog.queued, "in_flight": backlog.sent, "oldest_age": age, "error": trouble}
        with self._db.write() as connection:
            self._lease.guard(connection)
            beat(connection, "relay", now, relay)
            beat(connection, "index", now, self._index_detail(indexer))

    def _index_detail(self, indexer: Indexer) -> dict[str, Any]:
        diverged = indexer.diverged
        try:
            chain_head: int | None = self._chain.final_head()
        except Unavailable:
            chain_head = None
        return {
            "head": indexer.head.number,
            "chain_head": chain_head,
            "diverged": None
            if diverged is None
            else {
                "block": diverged.block,
                "tx": "0x" + diverged.tx_hash.hex(),
                "act": diverged.place,
                "expected": diverged.expected,
                "found": diverged.found,
            },
        }
