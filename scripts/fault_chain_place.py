"""A ledger on a real engine with a store beside it, and steps signed beforehand: what relay experiments run on."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.index.indexer import Indexer
from api.relay.batching import Limits
from api.relay.journal import Journal
from api.relay.lease import Lease
from api.relay.ports import RelayChain
from api.relay.relay import Pace, Relay
from api.relay.service import Service
from api.signers import KeySigner
from api.store.entries import Entry
from api.store.origin import Origin
from api.store.store import Store, open_store
from api.store.worlds import Worlds
from ledger.crypto import address_of, checksum, keccak
from ledger.procedure import Action
from node.deployment import deploy
from node.engines import EmbeddedEngine, Engine, RunningEngine, discover
from node.gateway.account import RelayAccount
from node.gateway.gateway import Gateway
from node.network import Council, LedgerNetwork
from scripts.node_tools import ROOT
from scripts.trials.ending import in_order
from tests.unit.api.store.scenario import MEMBERS, Scenario

CHAIN_ID = 860_555
RELAY_KEY = keccak(b"experiment relay")
LEASE_SECONDS = 3.0
SECONDS = 60.0
"""How long anything may take to be anchored once nothing is in the way."""


@dataclass
class Place:
    """A ledger that was founded; `url` is where relays reach its chain."""

    folder: Path
    engine: RunningEngine
    url: str
    network: LedgerNetwork
    store: Store
    scenario: Scenario
    worlds: Worlds
    cases: int = 0
    carriers: list["Carrier"] = field(default_factory=list)

    def carrier(self, holder: str = "one", pace: Pace | None = None, limits: Limits | None = None) -> "Carrier":
        """A relay with its index over this place's database, as a process of its own would make them."""
        made = Carrier(self, holder, pace or Pace(), limits or Limits())
        self.carriers.append(made)
        return made

    def accept(self, entries: Sequence[Entry]) -> list[bytes]:
        """Hand entries in; the ids of their acts."""
        for one in [self.store.outbox.writer.put(entry) for entry in entries]:
            one.result()
        return [act.act_id for entry in entries for act in entry.acts]

    def reopen(self) -> None:
        """The store as a new process has it."""
        self.store.close()
        self.store = open_store(self.store.db.url, migrate=False)
        self.store.start_writer()
        self.worlds = self.store.worlds(Origin.of(self.network))

    def openings(self, count: int) -> list[Entry]:
        """So many new cases, each opening signed by itself."""
        world = self.worlds.scratch()
        first, self.cases = self.cases, self.cases + count
        return [self.scenario.open(world, number) for number in range(first, first + count)]

    def steps(self, numbers: Sequence[int], action: Action) -> list[Entry]:
        """A further step of each of these cases."""
        world = self.worlds.scratch()
        return [self.scenario.step(world, number, action) for number in numbers]

    def tale(self, count: int) -> list[Entry]:
        """Three steps of each of so many new cases, all first, all second, all third ones."""
        first = self.cases
        world = self.worlds.scratch()
        self.cases += count
        numbers = range(first, first + count)
        entries = [self.scenario.open(world, number) for number in numbers]
        for action in (Action.VERIFY, Action.ACCEPT):
            entries += [self.scenario.step(world, number, action) for number in numbers]
        return entries

    def standing(self, ids: Sequence[bytes]) -> dict[bytes, str]:
        """How acts stand, by id."""
        return {key: one.status for key, one in self.store.outbox.statuses(ids).items()}

    def times_applied(self, ids: Sequence[bytes]) -> list[int]:
        """How often each act took effect on the chain, by the index."""
        counted = dict.fromkeys(ids, 0)
        position = -1
        while page := self.store.outcomes.since(position, 1_000):
            for one in page:
                if one.act_id in counted and one.result == "applied":
                    counted[one.act_id] += 1
            position = page[-1].position
        return [counted[one] for one in ids]


class Carrier:
    """A relay with its index; nothing of it outlives `restart` but the database and the chain."""

    def __init__(self, place: Place, holder: str, pace: Pace, limits: Limits) -> None:
        self._place, self._holder, self._pace, self._limits = place, holder, pace, limits
        self._lives = 0
        self.restart()

    def restart(self) -> None:
        """As after a crash of the process; the lease of the life before is given up as the supervisor's lock allows."""
        place = self._place
        self._lives += 1
        lease = Lease(place.store.db, f"{self._holder} {self._lives}", LEASE_SECONDS, lambda: int(time.time() * 1000))
        self.journal = Journal(place.store.db, lease.guard)
        self.chain: RelayChain = Gateway(place.url, CHAIN_ID, timeout=2.0)
        origin = Origin.of(place.network)
        account = RelayAccount(RELAY_KEY, CHAIN_ID)
        self.relay = Relay(
            self.journal, self.chain, account, origin.deployment, self._limits, self._pace, time.time, time.monotonic
        )
        self.service = Service(
            place.store.db, self.chain, lease, lambda: Indexer(place.store.db, self.chain, origin, lease.guard),
            self.relay, self.journal, time.time, time.monotonic,
        )  # fmt: skip
        self.lease = lease

    def until(self, holds: Callable[[], bool], seconds: float = SECONDS) -> bool:
        """Turn until something holds; False where it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                return False
            if not self.service.turn():
                time.sleep(0.05)
        return True

    def drain(self, seconds: float = SECONDS) -> bool:
        """Turn until nothing waits."""
        return self.until(lambda: self._place.store.outbox.pending_count() == 0, seconds)


def engine_of(name: str) -> Engine:
    """The engine by name, for our sender alone where it can be restricted."""
    return EmbeddedEngine(senders=(checksum(address_of(RELAY_KEY)),)) if name == "embedded" else discover(ROOT)[name]


@contextmanager
def founded(
    engine: str = "embedded",
    database: str | None = None,
    way: Callable[[str], str] = lambda url: url,
    limit: int = 50_000,
) -> Iterator[Place]:
    """A founded place in a folder of its own. `way` gives the URL that relays use for that of the engine."""
    with in_order(), tempfile.TemporaryDirectory(prefix="huxin-experiment-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with engine_of(engine).start(folder / "chain", CHAIN_ID) as running:
            network = _deploy(running)
            network.at(way(running.url)).save(folder / "network.json")
            _write_keys(folder)
            store = open_store(database or f"sqlite:///{folder / 'huxin.db'}", limit=limit)
            store.start_writer()
            scenario = Scenario(network.deployment, lambda: int(time.time()) - 1)
            worlds = store.worlds(Origin.of(network))
            place = Place(folder, running, way(running.url), network, store, scenario, worlds)
            try:
                _found(place)
                yield place
            finally:
                place.store.close()


def _deploy(running: RunningEngine) -> LedgerNetwork:
    council = Council(tuple(address_of(member) for member in MEMBERS), 2, 60)
    signers = [KeySigner(member) for member in MEMBERS]
    return deploy(Gateway(running.url, CHAIN_ID), RelayAccount(RELAY_KEY, CHAIN_ID), council, signers, running.url)


def _write_keys(folder: Path) -> None:
    (folder / "relay.key").write_text(RELAY_KEY.hex())
    (folder / "master.key").write_text(os.urandom(32).hex())


def _found(place: Place) -> None:
    carrier = place.carrier()
    ids = place.accept(place.scenario.founding())
    if not carrier.drain() or set(place.standing(ids).values()) != {"applied"}:
        raise RuntimeError(f"founding failed: {set(place.standing(ids).values())}")
    carrier.lease.release()
    head = Gateway(place.engine.url, CHAIN_ID).block("latest")
    # steps are signed as of the second before, when everybody must have been enrolled already
    while head is not None and time.time() - 1 <= head.timestamp + 1:
        time.sleep(0.05)
