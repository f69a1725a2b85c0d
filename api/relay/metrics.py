"""What the relay's process counts and measures; told on a port of its own, for it has no other."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from api.logs import event

_LOGGER = logging.getLogger("huxin.relay")
HOST = "127.0.0.1"
_ACTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_BYTES = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
_GAS = (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000)
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


class RelayMetrics:
    """Labels take values from our own code alone: contracts, reasons, JSON-RPC methods we call, error codes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.batches = Counter(
            "huxin_relay_batches", "Transactions signed and recorded", ["contract"], registry=self.registry
        )
        self.batch_acts = self._histogram("huxin_relay_batch_acts", "Acts in a transaction", _ACTS)
        self.batch_bytes = self._histogram("huxin_relay_batch_bytes", "Bytes of a signed transaction", _BYTES)
        self.batch_gas = self._histogram("huxin_relay_batch_gas", "Gas limit of a transaction", _GAS)
        self.resends = self._counter("huxin_relay_resends", "Times that recorded bytes were sent again")
        self.given_up = self._counter("huxin_relay_given_up", "Transactions given up, their acts queued again")
        self.split = self._counter("huxin_relay_split_entries", "Entries queued again after their batch failed whole")
        self.requests = Histogram(
            "huxin_chain_request_duration_seconds", "Time of a JSON-RPC request", ["method"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.errors = Counter(
            "huxin_chain_errors", "JSON-RPC requests that failed", ["method", "code"], registry=self.registry
        )
        self.blocks = self._counter("huxin_index_blocks", "Blocks written to the index")
        self.verdicts = Counter(
            "huxin_index_verdicts", "Acts found judged on chain", ["result", "reason"], registry=self.registry
        )
        self.gas = self._counter("huxin_index_gas", "Gas used by the blocks written to the index")
        self.block_seconds = self._histogram(
            "huxin_index_block_duration_seconds", "Time to write a block to the index", _SECONDS
        )
        self.head = Gauge("huxin_index_head_block", "Newest block in the index", registry=self.registry)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(name, text, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, buckets=buckets, registry=self.registry)


@contextmanager
def told(metrics: RelayMetrics, port: int | None) -> Iterator[int | None]:
    """Tell the metrics on loopback meanwhile; gives the port, None where it is not told.

    A port that another process has is logged, no more: a ledger without metrics is better than none.
    """
    started: tuple[WSGIServer, Thread] | None = None
    try:
        started = None if port is None else start_http_server(port, HOST, metrics.registry)
    except OSError:
        event(_LOGGER, logging.WARNING, "METRICS_PORT_TAKEN", port=port)
    try:
        yield None if started is None else started[0].server_port
    finally:
        if started is not None:
            server, thread = started
            server.shutdown()
            server.server_close()
            thread.join()
