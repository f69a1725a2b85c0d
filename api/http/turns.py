"""Turns: how many requests are worked on at once, shared evenly between those who ask.

A rate bounds what a client may ask in a second; it does not help the others while a burst is being worked off.
Here whoever asks much waits behind the own requests: the next turn goes to the waiting clients one after another,
none of whom holds more than an even share while others wait.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from ledger.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Ticket:
    """A turn that was given."""

    client: str
    since: float


class Turns:
    """At most ``most`` turns at once, half of them for one client; ``longest`` may wait, a quarter for one client.

    A turn older than ``patience`` seconds no longer counts: who waits for a verdict or streams does no work.
    """

    def __init__(self, monotonic: Callable[[], float], most: int, patience: float = 0.25, longest: int = 2_000) -> None:
        self._monotonic, self._most, self._patience, self._longest = monotonic, most, patience, longest
        self._given: dict[int, Ticket] = {}
        self._held: dict[str, int] = {}
        self._queues: OrderedDict[str, deque[asyncio.Future[Ticket]]] = OrderedDict()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, client: str) -> Ticket | None:
        """A turn at once, or None: :meth:`wait` for it."""
        if self._waiting or len(self._given) >= self._most or self._held.get(client, 0) >= self._share():
            return None
        return self._give(client)

    async def wait(self, client: str) -> Ticket:
        """A turn when it comes; Unavailable ``BUSY`` where too many wait already."""
        if self._waiting >= self._longest or len(self._queues.get(client, ())) >= max(1, self._longest // 4):
            raise Unavailable("BUSY", "too many requests wait; send it again", "等待处理的请求过多,请稍后重试", 1)
        future: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client, deque()).append(future)
        self._waiting += 1
        self._hand_out()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave(future.result())
            raise

    def leave(self, ticket: Ticket) -> None:
        """The request is answered."""
        self._take_back(id(ticket))
        if self._waiting:
            self._hand_out()

    def _share(self) -> int:
        """How many turns one client may hold: half of them alone, an even share among several."""
        return max(1, self._most // max(2, len(self._held), len(self._queues)))

    def _give(self, client: str) -> Ticket:
        ticket = Ticket(client, self._monotonic())
        self._given[id(ticket)] = ticket
        self._held[client] = self._held.get(client, 0) + 1
        return ticket

    def _take_back(self, number: int) -> None:
        ticket = self._given.pop(number, None)
        if ticket is None:
            return
        left = self._held[ticket.client] - 1
        if left:
            self._held[ticket.client] = left
        else:
            del self._held[ticket.client]

    def _forget_old(self) -> None:
        oldest = self._monotonic() - self._patience
        while self._given:
            number, ticket = next(iter(self._given.items()))
            if ticket.since > oldest:
                return
            self._take_back(number)

    def _hand_out(self) -> None:
        """Give the free turns to those who wait, one client after another."""
        self._forget_old()
        passed_over = 0
        while self._waiting and len(self._given) < self._most and passed_over < len(self._queues):
            client, queue = self._queues.popitem(last=False)
            if self._held.get(client, 0) >= self._share():
                self._queues[client] = queue
                passed_over += 1
                continue
            passed_over = 0
            future = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[client] = queue
            if not future.done():
                future.set_result(self._give(client))
        self._watch()

    def _watch(self) -> None:
        """While somebody waits, look again: turns may grow old without anybody leaving."""
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        if self._waiting:
            self._hand_out()
