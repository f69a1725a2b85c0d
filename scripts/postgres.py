"""A PostgreSQL server of our own, for tests and experiments: a folder under /tmp, loopback, a password, fsync on.

The server ends with the thread that started it, whatever ends that.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL

from scripts.node_tools import ToolMissingError

OLDEST = 15
SERVICE_USER = "postgres"
ADMINISTRATOR = "huxin"
_INSTALLED = Path("/usr/lib/postgresql")
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_SETTINGS = (
    "listen_addresses=127.0.0.1", "fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=200",
    "log_min_messages=warning",
)  # fmt: skip


def postgres_binaries() -> Path:
    """Folder with ``initdb`` and ``postgres`` of the newest version there is, 15 at least."""
    versions = [path.name for path in _INSTALLED.glob("*") if (path / "bin" / "initdb").exists()]
    newest = max((int(name) for name in versions if name.isdigit()), default=0)
    if newest < OLDEST:
        message = f"没有 PostgreSQL / no PostgreSQL ≥ {OLDEST}: apt-get install postgresql"
        raise ToolMissingError(message)
    return _INSTALLED / str(newest) / "bin"


@dataclass(slots=True)
class PostgresServer:
    """One cluster; :meth:`start` again after :meth:`stop` or :meth:`kill` finds what was there."""

    binaries: Path
    folder: Path
    port: int
    password: str = field(repr=False)
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count, repr=False)

    def start(self) -> None:
        """Return when it takes connections; RuntimeError with the end of its log where it does not."""
        settings = [word for one in (*_SETTINGS, f"port={self.port}") for word in ("-c", one)]
        settings += ["-c", f"unix_socket_directories={self.folder}"]
        command = (str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *settings)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                _as_service(command), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                message = f"PostgreSQL did not start: {self._log.read_text(errors='replace')[-2000:]}"
                raise RuntimeError(message)
            time.sleep(0.05)

    def stop(self) -> None:
        """Roll back what is open, write everything, end."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End without writing anything, as in a crash; what was committed is in its log of changes."""
        self._end(signal.SIGQUIT)

    def create(self, template: str | None = None) -> str:
        """The SQLAlchemy URL of a new database, empty or a copy of the one at the URL ``template``."""
        name = f"t{next(self._numbers)}"
        copied = "" if template is None else f" TEMPLATE {template.rpartition('/')[2]}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
        return self.url(name)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database, with its password."""
        place = URL.create("postgresql+psycopg", ADMINISTRATOR, self.password, "127.0.0.1", self.port, name)
        return place.render_as_string(hide_password=False)

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

    def _address(self, name: str) -> str:
        return f"postgresql://{ADMINISTRATOR}:{self.password}@127.0.0.1:{self.port}/{name}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A new cluster, running; its files are gone afterwards. ToolMissingError where nothing is installed."""
    binaries = postgres_binaries()
    # not under pytest's folder, which is closed to others: PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="huxin-postgres-"))
    password = secrets.token_hex(16)
    try:
        secret = folder / "password"
        secret.write_text(password)
        if os.geteuid() == 0:
            for path in (folder, secret):
                shutil.chown(path, SERVICE_USER)
        server = PostgresServer(binaries, folder, _free_port(), password)
        _initialise(server, secret)
        try:
            server.start()
            yield server
        finally:
            # nobody needs what a checkpoint of all these databases would take a minute to write
            server.kill()
    finally:
        shutil.rmtree(folder)


def _initialise(server: PostgresServer, secret: Path) -> None:
    command = (
        str(server.binaries / "initdb"), "-D", str(server.folder / "data"), "-U", ADMINISTRATOR, "--encoding=UTF8",
        "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions",
    )  # fmt: skip
    done = subprocess.run(_as_service(command), cwd=server.folder, capture_output=True, text=True, check=False)
    secret.unlink()
    if done.returncode:
        message = f"initdb failed: {done.stderr[-2000:]}"
        raise RuntimeError(message)


def _as_service(command: Sequence[str]) -> tuple[str, ...]:
    """``setpriv``: as another user where we are root, and with an end when our thread ends."""
    if os.geteuid():
        return ("setpriv", "--pdeathsig", "INT", *command)
    user = pwd.getpwnam(SERVICE_USER)
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups")
    return ("setpriv", *ids, "--pdeathsig", "INT", *command)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
