"""What an operator does to a ledger at rest: rebuild the index."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, delete, func, select

from api.index.indexer import beat
from api.index.rebuild import rebuild
from api.relay.lease import Lease
from api.settings import Settings
from api.store import index_tables as t
from api.store.claim import claim
from api.store.origin import Origin
from api.store.own_tables import documents, heartbeats, license_records
from api.store.store import Store, open_store
from ledger.errors import Conflict
from node.engines import EmbeddedEngine
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load

_BEGUN = "rebuild"
"""A heartbeat that a rebuild leaves when it begins. Dropping the index removes the relay's heartbeat of it, which
comes back as soon as a relay indexes: while it is not there, everything in the index is this rebuild's."""
_RENEW_SECONDS = 1.0
_NOTHING = bytes(32)


class Machine(Protocol):
    """Clock and randomness."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix seconds."""

    @property
    def random_bytes(self) -> Callable[[int], bytes]:
        """The operating system's generator."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Blocks read, whether an interrupted rebuild was gone on with, and what only a backup could give back."""

    blocks: int
    resumed: bool
    documents_missing: int
    licenses_missing: int


def rebuild_index(settings: Settings, machine: Machine, progress: Callable[[int, int], None]) -> Rebuilt:
    """Replay the chain into a new index. Conflict ``RELAY_RUNNING`` where a relay runs."""
    network = load(settings.network_file)
    store = open_store(settings.database)
    claim(store.db, Origin.of(network))
    lease = Lease(store.db, machine.random_bytes(16).hex(), settings.lease_seconds, lambda: int(machine.clock() * 1000))
    if not lease.acquire():
        raise Conflict("RELAY_RUNNING", "the relay is running: stop huxin up first", "中继正在运行,请先停止 huxin up")
    renewed = machine.clock()

    def told(done: int, last: int) -> None:
        nonlocal renewed
        if not 0 <= machine.clock() - renewed < _RENEW_SECONDS:
            lease.acquire()
            renewed = machine.clock()
        progress(done, last)

    try:
        resumed = _is_begun(store)
        _begin(store, int(machine.clock()))
        replay = lambda chain: rebuild(store, chain, Origin.of(network), told, resume=resumed)  # noqa: E731
        blocks = _replay(settings, network, replay)
        with store.db.write() as connection:
            connection.execute(delete(heartbeats).where(heartbeats.c.name == _BEGUN))
        with store.db.read() as connection:
            return Rebuilt(blocks, resumed, _documents_missing(connection), _licenses_missing(connection))
    finally:
        lease.release()
        store.close()


def _is_begun(store: Store) -> bool:
    """Whether the index is what an interrupted rebuild has left."""
    return store.outcomes.heartbeat(_BEGUN) is not None and store.outcomes.heartbeat("index") is None


def _begin(store: Store, now: int) -> None:
    """The mark first: killed before the index is dropped, the relay's heartbeat is there still, and it begins anew."""
    with store.db.write() as connection:
        beat(connection, _BEGUN, now, {})


def _documents_missing(connection: Connection) -> int:
    """Evidence that steps rest on and that no document here has the root of."""
    evidence = select(t.steps.c.evidence).where(t.steps.c.evidence != _NOTHING).distinct().subquery()
    known = select(documents.c.root)
    return connection.execute(
        select(func.count()).select_from(evidence).where(evidence.c.evidence.not_in(known))
    ).scalar_one()


def _licenses_missing(connection: Connection) -> int:
    known = select(license_records.c.leaf)
    return connection.execute(
        select(func.count(t.licenses.c.leaf.distinct())).where(t.licenses.c.leaf.not_in(known))
    ).scalar_one()


def _replay(settings: Settings, network: LedgerNetwork, replay: Callable[[Gateway], int]) -> int:
    url = settings.rpc_url or network.rpc_url
    try:
        return replay(Gateway(url, network.chain_id, settings.finality_depth, settings.rpc_timeout))
    except ChainUnavailable:
        folder = settings.data / "chain"
        if not folder.exists():
            raise
    with EmbeddedEngine().start(folder, network.chain_id) as engine:
        return replay(Gateway(engine.url, network.chain_id))
