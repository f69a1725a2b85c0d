"""Which queued entries share a transaction: bounded by gas, bytes and acts, in order in each lane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from api.store.entries import BASE_GAS, kind_of_payload


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one transaction; an entry that is beyond them by itself goes alone."""

    acts: int = 200
    bytes: int = 100_000
    gas: int = 12_000_000


@dataclass(frozen=True, slots=True)
class Queued:
    """An entry waiting in the outbox; ``most`` bounds how many entries it may travel with."""

    id: int
    contract: str
    payload: bytes
    lanes: tuple[str, ...]
    gas: int
    acts: int
    most: int | None = None

    @property
    def kind(self) -> str:
        """Entries of one kind can share a transaction."""
        return kind_of_payload(self.contract, self.payload)


@dataclass(slots=True)
class Batch:
    """Entries of one transaction, in order."""

    entries: list[Queued] = field(default_factory=list)
    lanes: set[str] = field(default_factory=set)
    size: int = 0
    acts: int = 0
    gas: int = BASE_GAS

    def takes(self, entry: Queued, limits: Limits) -> bool:
        """Whether the entry still fits."""
        if not self.entries:
            return True
        most = min(one.most or limits.acts for one in (*self.entries, entry))
        return (
            len(self.entries) < most
            and self.acts + entry.acts <= limits.acts
            and self.size + len(entry.payload) <= limits.bytes
            and self.gas + entry.gas <= limits.gas
        )

    def add(self, entry: Queued) -> None:
        """Append an entry."""
        self.entries.append(entry)
        self.lanes.update(entry.lanes)
        self.size += len(entry.payload)
        self.acts += entry.acts
        self.gas += entry.gas


@dataclass(frozen=True, slots=True)
class Plan:
    """Batches to be sent, in order; ``is_full`` where there is more than fits."""

    batches: tuple[Batch, ...]
    is_full: bool


def plan(queue: Iterable[Queued], in_flight: Iterable[str], limits: Limits, room: int) -> Plan:
    """At most ``room`` batches out of the queue (oldest first).

    A lane that is in another transaction not yet confirmed waits, and everything behind it in the
    lane: should that transaction fail as a whole, nothing has overtaken what was in it.
    """
    blocked = set(in_flight)
    batches: list[Batch] = []
    latest: dict[str, Batch] = {}
    is_full = False
    for entry in queue:
        batch = latest.get(entry.kind)
        elsewhere = any(one.lanes.intersection(entry.lanes) for one in batches if one is not batch)
        if elsewhere or blocked.intersection(entry.lanes):
            blocked.update(entry.lanes)
            continue
        if batch is None or not batch.takes(entry, limits):
            is_full = is_full or batch is not None
            if len(batches) >= room or (batch is not None and batch.lanes.intersection(entry.lanes)):
                blocked.update(entry.lanes)
                continue
            batch = latest[entry.kind] = Batch()
            batches.append(batch)
        batch.add(entry)
    return Plan(tuple(batches), is_full)


def halves(count: int) -> int:
    """How many entries may travel together after a batch of ``count`` failed as a whole."""
    return max(1, count // 2)


def payloads(batch: Sequence[Queued]) -> list[bytes]:
    """The payloads in order."""
    return [entry.payload for entry in batch]
