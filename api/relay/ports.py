"""What the relay asks of a chain; ``node.gateway.Gateway`` gives it."""

from typing import Protocol

from api.index.ports import BlockSource
from node.gateway.port import ChainTransaction


class RelayChain(BlockSource, Protocol):
    """Reading blocks and sending; every method may raise ``ChainUnavailable``."""

    def transaction(self, tx_hash: bytes) -> ChainTransaction | None:
        """A mined transaction; None: waiting or unknown."""

    def send_raw(self, raw: bytes) -> bytes:
        """Send a signed transaction; its hash. Sent is not mined. Raises ``TransactionRejected``."""

    def nonce(self, address: bytes) -> int:
        """The account's next nonce by mined transactions alone."""

    def pending_nonce(self, address: bytes) -> int:
        """The account's next nonce, waiting transactions counted."""
