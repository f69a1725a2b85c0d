"""Every place where the way from outbox to index can break, each way of breaking, each thing that may come next."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from api.index.indexer import Indexer
from api.store.entries import Entry
from ledger.errors import HuxinError, Unavailable
from ledger.procedure import Action
from scripts.fault_chain_place import LEASE_SECONDS, SECONDS, Carrier, Place
from scripts.fault_chain_proxy import Proxy

POINTS = ("outbox commit", "nonce reserved", "signed", "sent", "receipt", "marked")
KINDS = ("failed", "failed but applied")
NEXT = ("same again", "restart", "other next")
_CASES = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """What happened: `carried` is how often each act came onto the chain, with or without effect."""

    name: str
    is_drained: bool
    seconds: float
    applied: tuple[int, ...]
    carried: tuple[int, ...]
    is_in_order: bool

    @property
    def lost(self) -> int:
        """Acts that never took effect."""
        return sum(not one for one in self.applied)

    @property
    def doubled(self) -> int:
        """Acts that came onto the chain more than once."""
        return sum(one > 1 for one in self.carried)

    @property
    def is_good(self) -> bool:
        """Each act exactly once, in order, in time."""
        return self.is_drained and self.is_in_order and not self.lost and not self.doubled


def cells() -> tuple[tuple[str, str, str], ...]:
    """All of them."""
    return tuple(product(POINTS, KINDS, NEXT))


def run_cell(place: Place, point: str, kind: str, following: str) -> Cell:
    """Break once at `point` while two cases take two steps each, then go on as `following` says."""
    first = place.cases
    entries = place.openings(_CASES)
    entries += place.steps(range(first, first + _CASES), Action.VERIFY)
    if point == "outbox commit":
        ids = _hand_in(place, entries, kind, following)
        carrier = place.carrier(f"{point} {kind} {following}")
    else:
        carrier = place.carrier(f"{point} {kind} {following}")
        ids = place.accept(entries)
        _strike(carrier, point, kind)
        if following == "restart":
            carrier.restart()
        elif following == "other next":
            ids += place.accept(place.openings(1))
    return _ended(place, carrier, f"{point} / {kind} / {following}", ids, first)


def crash_while_waiting(place: Place, proxy: Proxy) -> Cell:
    """The relay dies right after sending, and what it sent still waits in the node's pool when it is back."""
    first = place.cases
    entries = place.openings(_CASES)
    entries += place.steps(range(first, first + _CASES), Action.VERIFY)
    proxy.faults.set("stuck")
    carrier = place.carrier("waiting")
    ids = place.accept(entries)
    _strike(carrier, "sent", "failed but applied")
    carrier.restart()
    before = proxy.faults.counts["stuck"]
    carrier.until(lambda: proxy.faults.counts["stuck"] > before, 2 * LEASE_SECONDS)
    proxy.faults.set("")
    return _ended(place, carrier, "sent / failed but applied / restart, still waiting", ids, first)


def _ended(place: Place, carrier: Carrier, name: str, ids: Sequence[bytes], first: int) -> Cell:
    started = time.monotonic()
    is_drained = carrier.drain(SECONDS)
    # a second transaction with the same acts would be in a later block
    carrier.until(lambda: not carrier.journal.look(1).open, 5.0)
    seconds = time.monotonic() - started
    carrier.lease.release()
    wanted = [list(ids[number : 2 * _CASES : _CASES]) for number in range(_CASES)]
    numbers = range(first, first + _CASES)
    steps = [[step.act_id for step in place.store.cases.steps(place.scenario.key(number))] for number in numbers]
    return Cell(
        name, is_drained, seconds, tuple(place.times_applied(ids)), tuple(times_carried(place, ids)), steps == wanted
    )


def times_carried(place: Place, ids: Sequence[bytes]) -> list[int]:
    """How often acts came onto the chain, whatever became of them."""
    counted = dict.fromkeys(ids, 0)
    position = -1
    while page := place.store.outcomes.since(position, 1_000):
        for one in page:
            counted[one.act_id] = counted.get(one.act_id, 0) + 1
        position = page[-1].position
    return [counted[one] for one in ids]


def _hand_in(place: Place, entries: Sequence[Entry], kind: str, following: str) -> list[bytes]:
    """The commit of the first breaks: whoever is not told that it was taken hands it in again."""
    others: list[bytes] = []
    with broken(place.store.outbox.writer, "_commit", kind):
        if not _is_refused(place, entries[0]):
            raise RuntimeError("the commit was not broken")
    if following == "restart":
        place.reopen()
    elif following == "other next":
        others = place.accept(place.openings(1))
    return [*place.accept(entries), *others]


def _strike(carrier: Carrier, point: str, kind: str) -> None:
    target, name = _target(carrier, point)
    with broken(target, name, kind) as struck:
        deadline = time.monotonic() + SECONDS
        while not struck and time.monotonic() < deadline:
            carrier.service.turn()
            time.sleep(0.02)
    if not struck:
        raise RuntimeError(f"{point} was never reached")


def _target(carrier: Carrier, point: str) -> tuple[Any, str]:
    return {
        "nonce reserved": (carrier.chain, "pending_nonce"),
        "signed": (carrier.journal, "record"),
        "sent": (carrier.chain, "send_raw"),
        "receipt": (carrier.chain, "blocks_with_receipts"),
        "marked": (Indexer, "_write"),
    }[point]


def _is_refused(place: Place, entry: Entry) -> bool:
    try:
        place.store.outbox.accept_blocking(entry)
    except HuxinError:
        return True
    return False


@contextmanager
def broken(target: Any, name: str, kind: str) -> Iterator[list[str]]:
    """One call of a method fails, before it does anything or after it has done everything."""
    original, is_own = getattr(target, name), name in vars(target)
    struck: list[str] = []

    def breaking(*arguments: Any, **named: Any) -> Any:
        if struck:
            return original(*arguments, **named)
        struck.append(name)
        if kind == "failed but applied":
            original(*arguments, **named)
        raise Unavailable("INJECTED", "broken for the experiment", "为试验而中断")

    setattr(target, name, breaking)
    try:
        yield struck
    finally:
        if is_own:
            setattr(target, name, original)
        else:
            delattr(target, name)
