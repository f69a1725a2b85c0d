"""Prometheus metrics in a registry of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from api.http.durations import Durations

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What this process counts and measures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter("huxin_acts_accepted", "Acts taken into the outbox", ["type"], registry=self.registry)
        self.turned_away = Counter(
            "huxin_acts_turned_away", "Acts refused at the door", ["code"], registry=self.registry
        )
        self.outcomes = Counter("huxin_acts_judged", "Acts judged on chain", ["reason"], registry=self.registry)
        self.outbox_depth = Gauge("huxin_outbox_depth", "Acts waiting for the chain", registry=self.registry)
        self.outbox_age = Gauge("huxin_outbox_age_seconds", "Age of the oldest waiting act", registry=self.registry)
        self.index_lag = Gauge("huxin_index_lag_blocks", "Blocks the index is behind", registry=self.registry)
        self.requests = Durations("huxin_request_seconds", "Time to answer", _BUCKETS)
        self.registry.register(self.requests)

    def exposition(self) -> bytes:
        """The text format 0.0.4."""
        return generate_latest(self.registry)
