"""Carries the outbox to the chain: batch, sign, record, send, watch.

Exactly once: (1) nonce and signed bytes are on disk before they are sent; (2) what is not in the index
is sent again, the same bytes; (3) only a transaction whose nonce another one has used, or that the
chain will not take, is given up; (4) the contracts judge each act once, whatever we do.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.relay.batching import Batch, Limits, Plan, Queued, payloads, plan
from api.relay.journal import QUEUE_LOOK, Journal, Sent
from api.relay.ports import RelayChain
from api.store.entries import calldata_of
from ledger.world import Deployment
from node.gateway.account import RelayAccount
from node.gateway.errors import TransactionRejected

_LOGGER = logging.getLogger(__name__)
_STUBBORN = 5
"""Times that a chain may refuse the same bytes before they are given up."""
_TRUST = 4
"""Looks after which bytes are sent again although the node seems to have them."""
_BEHIND_SECONDS, _BEHIND_AGES = 2.5, 5.0
"""A chain is behind where the oldest transaction has been under way so long; a batch may then grow so much older."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds and counts of :class:`Relay`, as in ``Settings``.

    ``gas_in_flight`` bounds by gas limits what is sent ahead: some blocks' worth, so that the engine has
    the next one while the index reads the last.
    """

    batch_age: float = 0.05
    in_flight: int = 32
    resend_after: float = 5.0
    gas_in_flight: int = 96_000_000


class Relay:
    """One turn after another; the caller has the index up to date with the chain before each."""

    def __init__(
        self,
        journal: Journal,
        chain: RelayChain,
        account: RelayAccount,
        deployment: Deployment,
        limits: Limits,
        pace: Pace,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        """``clock`` is Unix seconds, ``monotonic`` measures how long something waits."""
        self._journal = journal
        self._chain = chain
        self._account = account
        self._deployment = deployment
        self._limits = limits
        self._pace = pace
        self._clock = clock
        self._monotonic = monotonic
        self._sent_at: dict[int, float] = {}
        self._first_seen: dict[int, float] = {}
        self._refusals: dict[int, int] = {}
        self._waiting_since: float | None = None
        self._gaps = 0
        self._asked: dict[int, int] = {}

    @property
    def is_carrying(self) -> bool:
        """Whether something waits to be sent, or was sent and is not in the index yet."""
        return bool(self._sent_at) or self._waiting_since is not None

    def turn(self) -> bool:
        """Do what there is to do; whether anything was done. Raises ChainUnavailable, LeaseLost."""
        seen = self._journal.look(self._limits.acts)
        under_way = seen.open
        split = self._journal.split_failed() if seen.has_failed else 0
        self._forget_settled(under_way)
        due = [one for one in under_way if self._is_due(one)]
        if due and not self._carry(due, under_way):
            return True
        sent = self._send_new(under_way, seen.waiting)
        return bool(split or due or sent)

    def _forget_settled(self, under_way: Sequence[Sent]) -> None:
        alive = {one.id for one in under_way}
        for one in alive:
            self._first_seen.setdefault(one, self._monotonic())
        for kept in (self._first_seen, self._sent_at, self._refusals, self._asked):
            for gone in [one for one in kept if one not in alive]:
                del kept[gone]

    def _is_due(self, one: Sent) -> bool:
        last = self._sent_at.get(one.id)
        return last is None or self._monotonic() - last >= self._pace.resend_after

    def _carry(self, due: Sequence[Sent], under_way: Sequence[Sent]) -> bool:
        """Send again what was recorded; False where something was given up."""
        following = self._chain.pending_nonce(self._account.address)
        if self._is_gap(under_way[0].nonce > following):
            _LOGGER.warning("nonces from %d on have a gap before them, signed again", under_way[0].nonce)
            self._journal.give_up(under_way)
            return False
        mined = self._chain.nonce(self._account.address)
        for one in due:
            if mined <= one.nonce < following and not self._is_doubted(one):
                self._sent_at[one.id] = self._monotonic()
            elif not self._send(one, self._journal.raw(one)):
                later = [other for other in under_way if other.nonce >= one.nonce]
                self._journal.give_up([one] if self._is_used(one) else later)
                return False
        return True

    def _is_gap(self, is_seen: bool) -> bool:  # noqa: FBT001 - what the node says just now
        """Nothing that waits can follow on what the chain has, and no resending closes that.

        A node that lags says the same for a moment, so it has to say so twice.
        """
        self._gaps = self._gaps + 1 if is_seen else 0
        return self._gaps > 1

    def _is_doubted(self, one: Sent) -> bool:
        """The node counts a transaction of this nonce as waiting; now and then we ask whether it is ours."""
        self._asked[one.id] = self._asked.get(one.id, -1) + 1
        return self._asked[one.id] % _TRUST == 0

    def _send(self, one: Sent, raw: bytes) -> bool:
        """Send recorded bytes; False where they can never be mined."""
        try:
            self._chain.send_raw(raw)
        except TransactionRejected as error:
            return not self._is_hopeless(one, error)
        finally:
            self._sent_at[one.id] = self._monotonic()
        return True

    def _is_hopeless(self, one: Sent, error: TransactionRejected) -> bool:
        _LOGGER.warning("the chain did not take nonce %d: %s", one.nonce, error.code)
        if self._chain.transaction(one.tx_hash) is not None:
            return False
        if self._is_used(one):
            return True
        if error.code == "TX_REJECTED":
            self._refusals[one.id] = self._refusals.get(one.id, 0) + 1
        return self._refusals.get(one.id, 0) >= _STUBBORN

    def _is_used(self, one: Sent) -> bool:
        """Whether the nonce is used up by the chain's own account, by another transaction than ours."""
        return self._chain.nonce(self._account.address) > one.nonce and self._chain.transaction(one.tx_hash) is None

    def _send_new(self, under_way: Sequence[Sent], waiting: int) -> int:
        room = self._room(under_way)
        if not waiting or not room:
            self._waiting_since = None if not waiting else self._waiting_since
            return 0
        if not self._is_time(waiting, under_way):
            return 0
        made = self._plan(room)
        if not made.batches:
            return 0
        nonce = self._next_nonce(under_way)
        for place, batch in enumerate(made.batches):
            self._sign_and_send(batch, nonce + place)
        self._waiting_since = None
        return len(made.batches)

    def _room(self, under_way: Sequence[Sent]) -> int:
        """How many more batches may be under way."""
        gas = self._pace.gas_in_flight - sum(one.gas for one in under_way)
        by_gas = -(-gas // self._limits.gas)
        return max(0, min(self._pace.in_flight - len(under_way), by_gas))

    def _plan(self, room: int) -> Plan:
        look = min(room * self._limits.acts, QUEUE_LOOK)
        queue = self._journal.queue(look)
        made = self._plan_of(queue, room)
        if made.is_held and len(queue) == look < QUEUE_LOOK:
            # those in front wait for their lanes: others behind them need not
            made = self._plan_of(self._journal.queue(), room)
        return made

    def _plan_of(self, queue: Sequence[Queued], room: int) -> Plan:
        lanes = set() if all(one.follows for one in queue) else self._journal.lanes_in_flight()
        return plan(queue, lanes, self._limits, room)

    def _is_time(self, waiting: int, under_way: Sequence[Sent]) -> bool:
        """At once while nothing is under way; else when a batch is full or its oldest waited enough."""
        now = self._monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        full = waiting >= self._limits.acts
        return full or not under_way or now - self._waiting_since >= self._age(now - self._first_seen[under_way[0].id])

    def _age(self, under_way_for: float) -> float:
        """How old a batch may become: to a chain that is behind, small ones cost more and are mined no earlier."""
        return self._pace.batch_age * (_BEHIND_AGES if under_way_for > _BEHIND_SECONDS else 1)

    def _next_nonce(self, under_way: Sequence[Sent]) -> int:
        # the last of ours, or a stranger's that came in between
        following = self._chain.pending_nonce(self._account.address)
        return max(under_way[-1].nonce + 1, following) if under_way else following

    def _sign_and_send(self, batch: Batch, nonce: int) -> None:
        contract = batch.entries[0].contract
        data = calldata_of(contract, payloads(batch.entries))
        to = self._deployment.addresses[contract]
        signed = self._account.sign_transaction(nonce, to, data, batch.gas)
        recorded = self._journal.record(batch, contract, signed, int(self._clock()))
        self._asked[recorded.id] = 0
        self._send(recorded, signed.raw)
