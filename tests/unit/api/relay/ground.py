"""A store, a simulated chain, an indexer and a relay, with a clock that stands until it is moved."""

import copy
from dataclasses import dataclass, field
from pathlib import Path

from api.index.indexer import Indexer
from api.relay.batching import Limits
from api.relay.journal import Journal
from api.relay.lease import Lease
from api.relay.relay import Pace, Relay
from api.store.entries import Entry
from api.store.models import ActStatus
from api.store.origin import Origin
from api.store.store import Store, open_store
from api.store.worlds import Worlds
from ledger.crypto import address_of, keccak
from ledger.errors import Unavailable
from ledger.world import CONTRACTS, Deployment, World
from node.gateway.account import RelayAccount
from tests.unit.api.relay.simulator import SimChain
from tests.unit.api.store.scenario import MEMBERS, Scenario

CHAIN_ID = 77
KEY = keccak(b"relay")
DEPLOYMENT = Deployment(CHAIN_ID, {name: keccak(name.encode())[:20] for name in CONTRACTS})


@dataclass
class Ground:
    store: Store
    chain: SimChain
    origin: Origin
    scenario: Scenario
    worlds: Worlds
    indexer: Indexer
    relay: Relay
    limits: Limits
    pace: Pace
    monotonic: list[float] = field(default_factory=lambda: [0.0])

    def restart(self) -> None:
        """As after a crash: only the database and the chain are what they were."""
        lease = Lease(self.store.db, "one", 1e9, lambda: self.chain.time * 1000)
        assert lease.acquire()
        self.indexer = Indexer(self.store.db, self.chain, self.origin, lease.guard)
        self.relay = Relay(
            Journal(self.store.db, lease.guard), self.chain, RelayAccount(KEY, CHAIN_ID), DEPLOYMENT,
            self.limits, self.pace, lambda: self.chain.time, lambda: self.monotonic[0],
        )  # fmt: skip

    def turn(self) -> None:
        """One turn of the loop; an unreachable chain is tried again in the next."""
        try:
            while self.indexer.follow():
                pass
            self.relay.turn()
        except Unavailable:
            pass

    def rounds(self, count: int) -> None:
        """Turns, blocks and seconds."""
        for _ in range(count):
            self.turn()
            self.chain.mine()
            self.monotonic[0] += 3.0
            self.turn()

    def accept(self, *entries: Entry) -> list[bytes]:
        for entry in entries:
            self.store.outbox.accept_blocking(entry)
        return [act.act_id for entry in entries for act in entry.acts]

    def statuses(self, ids: list[bytes]) -> list[str]:
        found = self.store.outbox.statuses(ids)
        return [found[one].status for one in ids]

    def status(self, act_id: bytes) -> ActStatus:
        return self.store.outbox.statuses([act_id])[act_id]

    def found(self) -> None:
        """Everything up to the first case, anchored."""
        ids = self.accept(*self.scenario.founding())
        self.rounds(12)
        assert set(self.statuses(ids)) == {"applied"}

    def opened(self, *numbers: int) -> list[bytes]:
        """Accept the opening of cases."""
        return self.accept(*(self.scenario.open(self.worlds.scratch(), number) for number in numbers))

    def times_on_chain(self, act_id: bytes) -> int:
        """How often an act took effect."""
        every = self.store.outcomes.since(-1, 100_000)
        return sum(one.act_id == act_id and one.result == "applied" for one in every)


def make(
    folder: Path, limits: Limits | None = None, pace: Pace | None = None, database_url: str | None = None
) -> Ground:
    """A fresh ground, on SQLite where no database is named; the caller closes the store."""
    origin = Origin(DEPLOYMENT, frozenset(map(address_of, MEMBERS)), 2, 60)
    chain = SimChain(World(DEPLOYMENT, copy.deepcopy(origin.council())))
    store = open_store(database_url or f"sqlite:///{folder / 'huxin.db'}")
    store.start_writer()
    ground = Ground(
        store, chain, origin, Scenario(DEPLOYMENT, lambda: chain.time), store.worlds(origin),
        None, None, limits or Limits(), pace or Pace(0.0, 4, 5.0),  # type: ignore[arg-type]  # made by restart
    )  # fmt: skip
    ground.restart()
    return ground
