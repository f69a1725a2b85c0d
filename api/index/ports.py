"""What the indexer asks of a chain; ``node.gateway.Gateway`` gives it."""

from typing import Protocol

from node.gateway.port import BlockTag, ChainBlock, ChainReceipt


class BlockSource(Protocol):
    """Blocks with all their transactions and receipts; every method may raise ``ChainUnavailable``."""

    def final_head(self) -> int:
        """Height of the newest final block; -1 where there is none yet."""

    def block(self, number: BlockTag) -> ChainBlock | None:
        """The block with all its transactions; None: there is none of this height."""

    def block_hash(self, number: int) -> bytes | None:
        """The block's hash alone."""

    def receipts_of_block(self, number: int) -> tuple[ChainReceipt, ...]:
        """All receipts of a block."""

    def code(self, address: bytes, block: BlockTag = "latest") -> bytes:
        """A contract's code; empty where there is none."""
