"""Prometheus metrics of the HTTP process, in a registry of their own; ``docs/operations.md`` lists them.

Label values come from our own code alone, so that nobody who sends requests can make series without end.
"""

import logging
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.http.durations import Durations
from api.logs import event
from api.store.outbox import Receipt
from ledger.errors import HuxinError

BEATS = ("relay", "index")
_LOGGER = logging.getLogger("huxin.acts")
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COMMITS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """What this process counts and measures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter("huxin_acts_accepted", "Acts taken into the outbox", ["type"], registry=self.registry)
        self.turned_away = Counter(
            "huxin_acts_turned_away", "Acts refused at the door", ["code"], registry=self.registry
        )
        self.outcomes = Counter("huxin_acts_judged", "Acts judged on chain", ["reason"], registry=self.registry)
        self.outbox_depth = self._gauge("huxin_outbox_depth", "Acts waiting for the chain")
        self.outbox_age = self._gauge("huxin_outbox_age_seconds", "Age of the oldest waiting act")
        self.index_lag = self._gauge("huxin_index_lag_blocks", "Blocks the index is behind; NaN: the chain is silent")
        self.chain_up = self._gauge("huxin_chain_up", "Whether the chain answers")
        self.heartbeat_age = Gauge(
            "huxin_heartbeat_age_seconds", "Age of a heartbeat; NaN: none", ["process"], registry=self.registry
        )
        self.commits = Histogram(
            "huxin_outbox_commit_entries", "Entries that shared a commit", buckets=_COMMITS, registry=self.registry
        )
        self.commit_seconds = Histogram(
            "huxin_outbox_commit_duration_seconds", "Time of a commit", buckets=_BUCKETS, registry=self.registry
        )
        self.requests = Durations("huxin_request_seconds", "Time to answer", _BUCKETS)
        self.registry.register(self.requests)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)

    def watch(self, answers: Sequence[Receipt | HuxinError], seconds: float) -> None:
        """Count a group commit, and at DEBUG log each act that was new in it; ``Outbox.watch``."""
        self.commits.observe(len(answers))
        self.commit_seconds.observe(seconds)
        if _LOGGER.isEnabledFor(logging.DEBUG):
            _tell(answers)

    def exposition(self) -> bytes:
        """The text format 0.0.4."""
        return generate_latest(self.registry)


def _tell(answers: Sequence[Receipt | HuxinError]) -> None:
    for answer in answers:
        if isinstance(answer, HuxinError):
            event(_LOGGER, logging.DEBUG, "ACT_TURNED_AWAY", code=answer.code)
        elif not answer.repeated:
            for act in answer.acts:
                case = act.subject if any(act.subject) else None
                event(_LOGGER, logging.DEBUG, "ACT_ACCEPTED", act=act.act_id, type=act.name, case=case)
