"""Gateway, journal and indexer that also count and log what they do; what they do is not changed by it."""

import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from api.index.indexer import Indexer
from api.index.ports import BlockSource
from api.index.record import BlockRecord
from api.index.verdicts import IndexDiverged
from api.logs import event
from api.relay.batching import Batch
from api.relay.journal import Journal, Sent
from api.relay.metrics import RelayMetrics
from api.store.database import Database
from api.store.origin import Origin
from ledger.errors import HuxinError
from ledger.reasons import Reason
from node.gateway.account import SignedTransaction
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway
from node.gateway.port import ChainBlock

_RELAY, _INDEX, _CHAIN = (logging.getLogger(f"huxin.{name}") for name in ("relay", "index", "chain"))
_REMEMBERED = 1_000


class WatchedGateway(Gateway):
    """Counts requests, errors and what is sent again."""

    def __init__(self, metrics: RelayMetrics, url: str, chain_id: int, depth: int, timeout: float) -> None:
        self._metrics = metrics
        self._trouble = ""
        self._sent: dict[bytes, None] = {}
        """SHA-256 of what was sent of late: the bytes themselves would be tens of megabytes."""
        super().__init__(url, chain_id, depth, timeout)

    def _request(self, method: str, *params: Any) -> Any:
        started = time.perf_counter()
        try:
            answer = super()._request(method, *params)
        except HuxinError as error:
            self._metrics.errors.labels(method, error.code).inc()
            self._tell(method, error)
            raise
        finally:
            self._metrics.requests.labels(method).observe(time.perf_counter() - started)
        if self._trouble:
            event(_CHAIN, logging.INFO, "CHAIN_ANSWERS_AGAIN", after=self._trouble)
            self._trouble = ""
        return answer

    def _tell(self, method: str, error: HuxinError) -> None:
        """An outage is told when it begins, not at each of the requests it costs."""
        if not isinstance(error, ChainUnavailable):
            event(_CHAIN, logging.DEBUG, "CHAIN_REFUSED", method=method, code=error.code)
        elif error.code != self._trouble:
            self._trouble = error.code
            event(_CHAIN, logging.WARNING, "CHAIN_ERROR", method=method, code=error.code)

    def send_raw(self, raw: bytes) -> bytes:
        """As the gateway does."""
        digest = sha256(raw).digest()
        if digest in self._sent:
            self._metrics.resends.inc()
        self._sent[digest] = None
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return super().send_raw(raw)


class WatchedJournal(Journal):
    """Tells each transaction that is recorded or given up."""

    def __init__(self, db: Database, guard: Callable[[Connection], None], metrics: RelayMetrics) -> None:
        super().__init__(db, guard)
        self._metrics = metrics

    def record(self, batch: Batch, contract: str, signed: SignedTransaction, now: int) -> Sent:
        """As the journal does."""
        sent = super().record(batch, contract, signed, now)
        self._metrics.batches.labels(contract).inc()
        self._metrics.batch_acts.observe(batch.acts)
        self._metrics.batch_bytes.observe(len(signed.raw))
        self._metrics.batch_gas.observe(batch.gas)
        event(
            _RELAY, logging.INFO, "BATCH_RECORDED", tx=signed.hash, nonce=signed.nonce, contract=contract,
            acts=batch.acts, entries=len(batch.entries), bytes=len(signed.raw), gas=batch.gas,
        )  # fmt: skip
        return sent

    def give_up(self, lost: Sequence[Sent]) -> None:
        """As the journal does."""
        super().give_up(lost)
        self._metrics.given_up.inc(len(lost))
        for one in lost:
            event(_RELAY, logging.WARNING, "BATCH_GIVEN_UP", tx=one.tx_hash, nonce=one.nonce)

    def split_failed(self) -> int:
        """As the journal does."""
        entries = super().split_failed()
        if entries:
            self._metrics.split.inc(entries)
            event(_RELAY, logging.WARNING, "BATCH_FAILED_WHOLE", entries=entries)
        return entries


class WatchedIndexer(Indexer):
    """Tells each block with acts, and at DEBUG each act's verdict; a divergence is CRITICAL."""

    def __init__(
        self, db: Database, chain: BlockSource, origin: Origin, guard: Callable[[Connection], None],
        metrics: RelayMetrics,
    ) -> None:  # fmt: skip
        self._metrics = metrics
        super().__init__(db, chain, origin, guard)
        metrics.head.set(self.head.number)

    def _step(self, number: int) -> bool:
        try:
            return super()._step(number)
        except IndexDiverged as error:
            event(
                _INDEX, logging.CRITICAL, "INDEX_DIVERGED", block=error.block, tx=error.tx_hash, place=error.place
            )  # fmt: skip
            raise

    def _write(self, block: ChainBlock, record: BlockRecord) -> None:
        started = time.perf_counter()
        super()._write(block, record)
        seconds = time.perf_counter() - started
        self._metrics.blocks.inc()
        self._metrics.gas.inc(block.gas_used)
        self._metrics.head.set(block.number)
        self._metrics.block_seconds.observe(seconds)
        for row in record.outcomes:
            self._metrics.verdicts.labels(row["result"], Reason(row["reason"]).name).inc()
        if record.outcomes:
            event(
                _INDEX, logging.INFO, "BLOCK_INDEXED", block=block.number, hash=block.hash, gas=block.gas_used,
                acts=len(record.outcomes), seconds=seconds,
            )  # fmt: skip
        if _INDEX.isEnabledFor(logging.DEBUG):
            _tell_acts(record)


def _tell_acts(record: BlockRecord) -> None:
    for row in record.outcomes:
        event(
            _INDEX, logging.DEBUG, "ACT_JUDGED", act=row["act_id"], type=row["name"], case=_case(row),
            result=row["result"], reason=Reason(row["reason"]).name, tx=row["tx_hash"], block=row["block"],
        )  # fmt: skip


def _case(row: dict[str, Any]) -> bytes | None:
    subject: bytes = row["subject"]
    return subject if any(subject) else None
