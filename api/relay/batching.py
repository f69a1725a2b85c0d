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
    """An entry waiting in the outbox; ``most`` bounds how many entries it may travel with.

    ``follows``: it may be sent while what is before it in its lanes is under way (see :func:`plan`).
    """

    id: int
    contract: str
    payload: bytes
    lanes: tuple[str, ...]
    gas: int
    acts: int
    most: int | None = None
    follows: bool = False

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
    """Batches to be sent, in order; ``is_full`` where there is more than fits, ``is_held`` where lanes wait."""

    batches: tuple[Batch, ...]
    is_full: bool
    is_held: bool


def plan(queue: Iterable[Queued], in_flight: Iterable[str], limits: Limits, room: int) -> Plan:
    """At most ``room`` batches out of the queue (oldest first), to be sent in this order.

    Nonces put transactions of one account in order, so no entry goes into a batch before that of an
    earlier one in its lanes. That leaves the transaction that fails as a whole, for whose acts the next
    ones do not wait on chain:

    - A step that ``follows`` then meets a case that has not come so far. The contract looks at that
      before anything else and discards the step, which changes nothing and says nothing of its signer;
      the index sees that an earlier step still waits and queues it again (``api.index.overtaken``).
    - Anything else would be refused, and that is final. So it waits until nothing of its lanes is
      under way, and so does everything behind it in them.
    """
    builder = _Builder(frozenset(in_flight), limits, room)
    for entry in queue:
        builder.place(entry)
    return Plan(tuple(builder.batches), builder.is_full, builder.is_held)


class _Builder:
    def __init__(self, in_flight: frozenset[str], limits: Limits, room: int) -> None:
        self.batches: list[Batch] = []
        self.is_full = self.is_held = False
        self._in_flight, self._limits, self._room = in_flight, limits, room
        self._blocked: set[str] = set()
        self._newest: dict[str, int] = {}
        """The last batch of each kind."""
        self._carried: dict[str, int] = {}
        """The last batch of each lane."""

    def place(self, entry: Queued) -> None:
        """Into the newest batch of its kind or a new one; or it waits, and its lanes with it."""
        at = self._newest.get(entry.kind)
        earliest = max((self._carried[lane] for lane in entry.lanes if lane in self._carried), default=-1)
        fits = at is not None and at >= earliest and self.batches[at].takes(entry, self._limits)
        if self._must_wait(entry, at if fits else None):
            self.is_held = True
            self._blocked.update(entry.lanes)
            return
        if not fits:
            self.is_full = self.is_full or (at is not None and at >= earliest)
            if len(self.batches) >= self._room:
                self._blocked.update(entry.lanes)
                return
            self.batches.append(Batch())
        place = at if fits and at is not None else len(self.batches) - 1
        self.batches[place].add(entry)
        self._newest[entry.kind] = place
        self._carried.update(dict.fromkeys(entry.lanes, place))

    def _must_wait(self, entry: Queued, at: int | None) -> bool:
        if not self._blocked.isdisjoint(entry.lanes):
            return True
        if entry.follows:
            return False
        elsewhere = any(self._carried.get(lane, at) != at for lane in entry.lanes)
        return elsewhere or not self._in_flight.isdisjoint(entry.lanes)


def halves(count: int) -> int:
    """How many entries may travel together after a batch of ``count`` failed as a whole."""
    return max(1, count // 2)


def payloads(batch: Sequence[Queued]) -> list[bytes]:
    """The payloads in order."""
    return [entry.payload for entry in batch]
