"""Everything the contracts keep, in memory: what the reference rules read and change."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.eip712 import domain_separator
from ledger.records import (
    Agency,
    Batch,
    Grant,
    Item,
    Key,
    LicenseRecord,
    LicenseUse,
    Seal,
    Window,
)

CONTRACTS = (
    "council", "directory", "registry", "catalogue", "grants", "seals", "licenses", "trails",
)  # fmt: skip
"""The contracts, in the order in which they are deployed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the ledger lives: chain id and the 20-byte address of each contract."""

    chain_id: int
    addresses: dict[str, bytes]

    def domain(self, contract: str) -> bytes:
        """EIP-712 domain separator of a contract."""
        return domain_separator(self.chain_id, self.addresses[contract])

    def name_of(self, address: bytes) -> str | None:
        """Which contract an address is, None if it is none of ours."""
        return next((name for name, at in self.addresses.items() if at == address), None)


@dataclass(slots=True)
class Clock:
    """Tolerances in seconds: how far ahead, until when prompt, until when late."""

    skew: int = 30
    prompt: int = 900
    late_limit: int = 259_200


@dataclass(slots=True)
class CouncilRecord:
    """Members (20-byte addresses), how many must sign, and the delay of dangerous acts (s)."""

    members: frozenset[bytes]
    threshold: int
    delay: int
    scheduled: dict[bytes, int] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """The state of all contracts of one deployment.

    Licenses are by (issuing agency, leaf), batches by (issuing agency, root).
    """

    deployment: Deployment
    council: CouncilRecord
    has_code: Callable[[bytes], bool] = lambda _address: True
    directory: dict[bytes, list[bytes]] = field(default_factory=dict)
    agencies: dict[int, Agency] = field(default_factory=dict)
    windows: dict[int, Window] = field(default_factory=dict)
    keys: dict[bytes, Key] = field(default_factory=dict)
    current_key: dict[int, bytes] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    agreements: dict[int, bytes | None] = field(default_factory=dict)
    seals: dict[int, Seal] = field(default_factory=dict)
    licenses: dict[tuple[int, bytes], LicenseRecord] = field(default_factory=dict)
    batches: dict[tuple[int, bytes], Batch] = field(default_factory=dict)
    uses: dict[bytes, LicenseUse] = field(default_factory=dict)
    heads: dict[bytes, bytes] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)
    judged: set[bytes] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
