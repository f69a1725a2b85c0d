"""The relay's promise broken: nonce and signed bytes are on disk before they are sent."""

import time
from typing import Any

from api.relay.batching import Batch
from api.relay.journal import Journal, Sent
from api.relay.ports import RelayChain
from api.relay.relay import Relay
from node.gateway.account import SignedTransaction

_SLOW_DISK = 0.05  # seconds that a commit takes on a busy disk


def send_before_journal() -> None:
    """A transaction is sent first and recorded afterwards."""
    build = Relay.__init__

    def patched(self: Relay, journal: Journal, chain: RelayChain, *rest: Any, **named: Any) -> None:
        record = journal.record

        def send_first(batch: Batch, contract: str, signed: SignedTransaction, now: int) -> Sent:
            chain.send_raw(signed.raw)
            time.sleep(_SLOW_DISK)
            return record(batch, contract, signed, now)

        journal.record = send_first  # type: ignore[method-assign]
        build(self, journal, chain, *rest, **named)

    Relay.__init__ = patched  # type: ignore[method-assign]
