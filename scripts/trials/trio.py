"""A ledger's three processes without their supervisor, forked anew in no time: to be ended hundreds of times."""

import http.client
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api import founding
from api.founding import DataFolder
from node.embedded.store import STORE_FILE
from scripts.trials.ledger import PROCESSES, Trial
from scripts.trials.zygote import Zygote

_START_SECONDS = 60.0
_LOG_PAGES = 1_000
"""Pages in the log beyond which SQLite's next commit copies them into the database (wal_autocheckpoint)."""


class Trio:
    """Processes by name; ``start`` returns once it is known that they answer."""

    def __init__(self, trial: Trial) -> None:
        """The ledger's supervisor has ended; its ports and its folder are taken over."""
        self.trial = trial
        self.folder = DataFolder(trial.settings.data)
        ports = trial.supervisor.ports
        environment = {
            **os.environ,
            "HUXIN_DATA": str(self.folder.path), "HUXIN_HTTP_PORT": str(ports.http), "HUXIN_HTTP_HOST": "127.0.0.1",
            "HUXIN_RPC_URL": trial.supervisor.rpc_url, "HUXIN_PUBLIC_RATE": "1000000",
            "HUXIN_LEASE_HOLDER": "the experiment's one relay", "HUXIN_RESEND_AFTER": "1",
        }  # fmt: skip
        sender = founding.relay_address(self.folder)
        chain = ("--data", str(self.folder.chain), "--port", str(ports.rpc), "--sender", sender)
        programs = {"chain": ("node.embedded", chain), "relay": ("api.relay", ()), "http": ("api.http", ())}
        self.processes = {
            name: Zygote(package, arguments, environment, self.folder.logs / f"{name}.trio.log")
            for name, (package, arguments) in programs.items()
        }

    @property
    def databases(self) -> dict[str, Path]:
        """The database that each process writes to."""
        ours = self.folder.path / "huxin.db"
        return {"http": ours, "relay": ours, "chain": self.folder.chain / STORE_FILE}

    def start(self, name: str, mutated: str | None = None) -> None:
        """Start one process."""
        self.processes[name].start(mutated)

    def restart(self, name: str, mutated: str | None = None) -> None:
        """SIGKILL and a new start."""
        self.processes[name].signal(signal.SIGKILL)
        self.start(name, mutated)

    def await_http(self) -> None:
        """Return once HTTP says that every part works."""
        until = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if time.monotonic() > until:
                raise RuntimeError(f"the ledger does not come back: {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> dict[str, str]:
        logs = {name: self.folder.logs / f"{name}.trio.log" for name in self.processes}
        return {name: log.read_text(encoding="utf-8", errors="replace")[-500:] for name, log in logs.items()}

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(*self.trial.address, timeout=5)
        try:
            connection.request("GET", "/v1/health/ready")
            answer = connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def fill_log(self, name: str) -> None:
        """Bring a database's log to where the next commit copies it back: rows are written as they are."""
        table = "block" if name == "chain" else "leases"
        column = "header" if name == "chain" else "until"
        connection = sqlite3.connect(self.databases[name], isolation_level=None, timeout=15)
        try:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            for _ in range(_LOG_PAGES):
                connection.execute(f"UPDATE {table} SET {column}={column} WHERE rowid=1")  # noqa: S608
        finally:
            connection.close()

    def close(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.close()


@contextmanager
def trio(trial: Trial) -> Iterator[Trio]:
    """All three running, ended when the block is left."""
    made = Trio(trial)
    try:
        for name in reversed(PROCESSES):
            made.start(name)
        made.await_http()
        yield made
    finally:
        made.close()
