"""Where a ledger starts from: the state of the contracts right after their deployment."""

from dataclasses import dataclass

from ledger.world import CouncilRecord, Deployment
from node.network import LedgerNetwork


@dataclass(frozen=True, slots=True)
class Origin:
    """The deployment, the founding council, and the first block that can concern us."""

    deployment: Deployment
    members: frozenset[bytes]
    threshold: int
    delay: int
    first_block: int = 0
    genesis_hash: bytes = b""

    @classmethod
    def of(cls, network: LedgerNetwork) -> "Origin":
        """As ``network.json`` has it."""
        council = network.council
        return cls(
            network.deployment,
            frozenset(council.members),
            council.threshold,
            council.delay,
            network.first_block,
            network.genesis_hash,
        )

    def council(self) -> CouncilRecord:
        """The council as it was founded."""
        return CouncilRecord(self.members, self.threshold, self.delay)
