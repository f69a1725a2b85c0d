"""Relays and gateways as processes on one database: started, killed, started again."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import func, select

from api.store.own_tables import leases, relay_batches
from ledger import acts
from ledger.crypto import keccak, sign
from ledger.eip712 import digest, message, struct_hash
from scripts.fault_chain_place import Place
from tests.unit.api.store.scenario import CLERK, GRANT, ITEM, NOTHING, key_of

LEASE_SECONDS = 2
_START_SECONDS = 90.0


@dataclass
class Crew:
    """Processes of one place; `relays` by the name under which each holds the lease."""

    place: Place
    mutant: str | None = None
    relays: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    gateways: list[tuple[subprocess.Popen[bytes], str]] = field(default_factory=list)

    def start_relay(self) -> None:
        """One more relay; it waits until the one before it is gone."""
        run: tuple[str, ...] = (sys.executable, "-m", "api.relay")
        if self.mutant:
            run = (sys.executable, "-m", "scripts.mutant", self.mutant, "api.relay")
        command, name = (*run, "--data", str(self.place.folder)), f"relay of the crew {next(self._numbers)}"
        process = self._start(command, "relay.log", subprocess.PIPE, HUXIN_LEASE_HOLDER=name)
        self.relays[name] = process
        if process.stdout is None or json.loads(process.stdout.readline()) != {"ready": True}:
            raise RuntimeError("the relay did not start")

    def start_gateway(self, **settings: str) -> str:
        """One more HTTP process; its URL."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        command = (sys.executable, "-m", "api.http", "--data", str(self.place.folder), "--port", str(port))
        process = self._start(command, "http.log", subprocess.DEVNULL, **settings)
        url = f"http://127.0.0.1:{port}"
        self.gateways.append((process, url))
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/v1/health/live", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return url
        last = (self.place.folder / "http.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"the gateway did not start ({process.poll()}): {last}")

    def _start(self, command: Sequence[str], log: str, output: int, **settings: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ, "HUXIN_RPC_URL": self.place.url, "HUXIN_DATABASE_URL": self.place.store.db.url,
            "HUXIN_LEASE_SECONDS": str(LEASE_SECONDS), "HUXIN_PUBLIC_RATE": "1000000", **settings,
        }  # fmt: skip
        with (self.place.folder / log).open("ab") as opened:
            return subprocess.Popen(command, env=environment, stdout=output, stderr=opened)

    def holder(self) -> str | None:
        """The relay of ours that has the lease; None where one that was killed still has it, or nobody."""
        with self.place.store.db.read() as connection:
            found = connection.execute(select(leases.c.holder)).scalar_one_or_none()
        return found if found in self.relays else None

    def kill_holder(self) -> bool:
        """SIGKILL to the relay that has the lease, and a new one waits behind the other; False where none has it."""
        if (name := self.holder()) is None:
            return False
        self._bury(self.relays.pop(name))
        self.start_relay()
        return True

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

    def contradicted(self) -> int:
        """Relays that ended by themselves, or stopped because somebody else wrote what they were about to write."""
        ended = sum(process.poll() is not None for process in self.relays.values())
        log = (self.place.folder / "relay.log").read_text(encoding="utf-8", errors="replace")
        return ended + log.count('"event":"INDEX_DIVERGED"')

    def stop_relays(self) -> None:
        """No relay any more."""
        for process in self.relays.values():
            self._bury(process)
        self.relays.clear()

    def stop(self) -> None:
        """Everybody ends."""
        self.stop_relays()
        for process, _ in self.gateways:
            self._bury(process)
        self.gateways.clear()


@contextmanager
def crew(place: Place, relays: int, mutant: str | None = None) -> Iterator[Crew]:
    """So many relays, one of which has the lease or will have it."""
    made = Crew(place, mutant)
    try:
        for _ in range(relays):
            made.start_relay()
        yield made
    finally:
        made.stop()


def open_batches(place: Place) -> int:
    """Transactions recorded and not seen in a block."""
    query = select(func.count()).select_from(relay_batches).where(relay_batches.c.state == "open")
    with place.store.db.read() as connection:
        return int(connection.execute(query).scalar_one())


def wait_drained(place: Place, seconds: float) -> bool:
    """Whether nothing waits any more within so many seconds."""
    deadline = time.monotonic() + seconds
    while place.store.outbox.pending_count():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def body_of(place: Place, name: bytes) -> dict[str, Any]:
    """The request that opens a case, signed by the clerk."""
    now = int(time.time()) - 1
    act = acts.Open(keccak(name), ITEM, 1, 2, NOTHING, CLERK, GRANT, keccak(b"evidence"), now, now + 3600)
    signature = sign(key_of(CLERK), digest(place.network.deployment.domain("trails"), struct_hash(act)))
    return {"type": "Open", "act": message(act), "signature": "0x" + signature.hex()}


def id_of(answer: httpx.Response) -> bytes:
    """The act's id in an answer of POST /v1/acts."""
    return bytes.fromhex(answer.json()["actId"][2:])
