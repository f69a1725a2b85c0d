"""Who is connected, and who makes room when no place is left.

Places are bounded, for one address and for all. Where a bound is reached it is not the newcomer who is turned away, but
the address that holds the most which gives up what it makes the least use of: so nobody keeps others out by holding
many connections for nothing, or by feeding them slowly.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

MOST_LEAVING = 256
"""Connections turned away that are still seen off; those beyond are closed without ceremony."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a head, a body, a reader that does not read, the end behind a last answer; most connections.

    A body that is less than ``spared`` seconds behind its pace makes no room for others of its address.
    """

    head: float = 10.0
    body: float = 20.0
    reader: float = 30.0
    farewell: float = 10.0
    of_address: int = 256
    of_all: int = 2_000
    look_every: float = 1.0
    spared: float = 1.0


class Use(IntEnum):
    """What a connection that could make room is there for; the largest goes first."""

    SLOW = 0
    """A body comes, or an answer is taken, more slowly than it should: who gives it up breaks off a request."""
    LEAVING = 1
    """Its last answer is written."""
    IDLE = 2
    """It has asked for nothing yet, or for nothing more."""


class Guest(Protocol):
    """A connection, as the doorkeeper sees it."""

    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    counted_for: str | None

    def could_go(self, now: float) -> tuple[Use, float] | None:
        """For what it is there, and for how many seconds too long; None: a request is being worked on."""

    def make_room(self) -> None:
        """End, and say why where a request is broken off."""

    def end_if_late(self, now: float, patience: Patience) -> None:
        """End where its time is over."""


@dataclass(slots=True)
class Doorkeeper:
    """``address_of(peer)`` is None for a trusted proxy, whose connections are many people's.

    A request that is being worked on is never given up.
    """

    patience: Patience
    address_of: Callable[[str], str | None]
    connected: set[Guest] = field(default_factory=set)
    leaving: set[Guest] = field(default_factory=set)
    held: dict[str, set[Guest]] = field(default_factory=dict)
    _timer: asyncio.TimerHandle | None = None

    def admit(self, one: Guest) -> bool:
        """Enter a connection; False where there are too many, each of which is worked on."""
        address = self.address_of(one.client[0]) if one.client else None
        theirs = self.held.get(address, set()) if address is not None else set()
        now = one.loop.time()
        if len(theirs) >= self.patience.of_address and not self._one_goes(theirs, now, self.patience.spared):
            return False
        if len(self.connected) >= self.patience.of_all and not self._somebody_goes(theirs, now):
            return False
        if address is not None:
            self.held.setdefault(address, theirs).add(one)
        one.counted_for = address
        self.connected.add(one)
        self._look_after(one)
        return True

    def _somebody_goes(self, newcomers: set[Guest], now: float) -> bool:
        """One of the address that holds the most, and more than the newcomer's own; beyond its share none is spared."""
        share = max(1.0, self.patience.of_all / (len(self.held) + 1))
        for theirs in sorted(self.held.values(), key=len, reverse=True):
            if theirs is newcomers:
                spared = self.patience.spared
            elif len(theirs) > len(newcomers):
                spared = 0.0 if len(theirs) > share else self.patience.spared
            else:
                return False
            if self._one_goes(theirs, now, spared):
                return True
        return False

    def _one_goes(self, theirs: set[Guest], now: float, spared: float) -> bool:
        """The one of ``theirs`` that has been of the least use for the longest."""
        found = [(*could, id(one), one) for one in theirs if (could := one.could_go(now)) is not None]
        use, seconds, _, one = max(found, default=(Use.SLOW, 0.0, 0, None))
        if one is None or (use is Use.SLOW and seconds <= spared):
            return False
        self.dismiss(one)
        one.make_room()
        return True

    def see_off(self, one: Guest) -> bool:
        """Look after a connection that was turned away until its client has gone; False where there are too many."""
        if one not in self.connected:
            if len(self.leaving) >= MOST_LEAVING:
                return False
            self.leaving.add(one)
            self._look_after(one)
        return True

    def _look_after(self, one: Guest) -> None:
        if self._timer is None:
            self._timer = one.loop.call_later(self.patience.look_every, self._sweep, one.loop)

    def dismiss(self, one: Guest) -> None:
        """A connection has ended, or no longer takes a place."""
        self.leaving.discard(one)
        if one not in self.connected:
            return
        self.connected.discard(one)
        if one.counted_for is not None:
            theirs = self.held[one.counted_for]
            theirs.discard(one)
            if not theirs:
                del self.held[one.counted_for]

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for one in (*self.connected, *self.leaving):
            one.end_if_late(now, self.patience)
        again = self.patience.look_every
        self._timer = loop.call_later(again, self._sweep, loop) if self.connected or self.leaving else None
