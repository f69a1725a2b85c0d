"""What an operator does to a ledger at rest: rebuild the index."""

from collections.abc import Callable
from typing import Protocol

from api.index.rebuild import rebuild
from api.relay.lease import Lease
from api.settings import Settings
from api.store.origin import Origin
from api.store.store import open_store
from ledger.errors import Conflict
from node.engines import EmbeddedEngine
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load


class Machine(Protocol):
    """Clock and randomness."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix seconds."""

    @property
    def random_bytes(self) -> Callable[[int], bytes]:
        """The operating system's generator."""


def rebuild_index(settings: Settings, machine: Machine, progress: Callable[[int, int], None]) -> int:
    """Replay the chain into a new index; how many blocks. Conflict ``RELAY_RUNNING`` where a relay runs."""
    network = load(settings.network_file)
    store = open_store(settings.database)
    lease = Lease(store.db, machine.random_bytes(16).hex(), settings.lease_seconds, lambda: int(machine.clock() * 1000))
    if not lease.acquire():
        raise Conflict("RELAY_RUNNING", "the relay is running: stop huxin up first", "中继正在运行,请先停止 huxin up")

    def told(done: int, last: int) -> None:
        lease.acquire()
        progress(done, last)

    try:
        return _replay(settings, network, lambda chain: rebuild(store, chain, Origin.of(network), told))
    finally:
        lease.release()
        store.close()


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
