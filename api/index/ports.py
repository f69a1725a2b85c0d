"""What the indexer asks of a chain; ``node.gateway.Gateway`` gives it."""

from typing import Protocol

from node.gateway.port import BlockTag, ChainBlock, ChainReceipt


class BlockSource(Protocol):
    """Final blocks with all their transactions and receipts; every method may raise ``ChainUnavailable``."""

    def final_head(self) -> int:
        """Height of the newest final block; -1 where there is none yet."""

    def block_hash(self, number: int) -> bytes | None:
        """The block's hash alone."""

    def blocks_with_receipts(self, first: int, last: int) -> tuple[tuple[ChainBlock, tuple[ChainReceipt, ...]], ...]:
        """Blocks ``first`` to ``last`` with their receipts; ends before the first that is not there."""

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        """A contract's code; empty where there is none."""
