"""A ledger of three processes with officers who may work, for experiments to break."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from api.fleet import Ports
from api.settings import Settings
from api.store.database import Database
from api.store.outbox import pending_count
from api.supervisor import Supervisor
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load
from scripts.load.province import Officer, found
from scripts.trials.ending import in_order

PROCESSES = ("http", "relay", "chain")
_DRAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A running ledger; ``people`` sit at windows and act under grants."""

    supervisor: Supervisor
    settings: Settings
    network: LedgerNetwork
    people: tuple[Officer, ...]

    @property
    def domain(self) -> bytes:
        """The EIP-712 domain of steps."""
        return self.network.deployment.domain("trails")

    @property
    def address(self) -> tuple[str, int]:
        """Where HTTP answers."""
        return "127.0.0.1", self.supervisor.ports.http

    def gateway(self) -> Gateway:
        """A way to the chain."""
        return Gateway(self.supervisor.rpc_url, self.network.chain_id)

    def await_wall_clock(self) -> None:
        """Return once this machine's clock is past the last block, which ran ahead while blocks came fast.

        A grant begins with the block in which it was accepted; what is signed before that is refused.
        """
        head = self.gateway().block("latest")
        while head is not None and time.time() <= head.timestamp + 1:
            time.sleep(0.05)

    def drain(self, seconds: float = _DRAIN_SECONDS) -> int:
        """Wait until every act has its verdict or, for ``seconds``, none has got one; how many are left."""
        database = Database(self.settings.database)
        try:
            least, since = _waiting(database), time.monotonic()
            while (waiting := _waiting(database)) and time.monotonic() < since + seconds:
                if waiting < least:
                    least, since = waiting, time.monotonic()
                time.sleep(0.1)
            return waiting
        finally:
            database.close()


def _waiting(database: Database) -> int:
    with database.read() as connection:
        return pending_count(connection)


@contextmanager
def running(
    data: Path,
    count: int = 10,
    environment: Mapping[str, str] = MappingProxyType({}),
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[Trial]:
    """A ledger in the fresh folder ``data`` with ``count`` officers, ended when the block is left."""
    given = {**os.environ, "HUXIN_PUBLIC_RATE": "1000000", **environment}
    with in_order(), Supervisor(data, Ports(0, 0), given, os.urandom, lambda _zh, en: say(en)) as supervisor:
        people = found(supervisor.url, supervisor.folder, count)
        settings = Settings(data=supervisor.folder.path, rpc_url=supervisor.rpc_url)
        trial = Trial(supervisor, settings, load(settings.network_file), people)
        trial.await_wall_clock()
        yield trial
