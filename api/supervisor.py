"""``huxin up``: one data folder, its processes (chain, relays, HTTP gateways), each restarted when it dies.

Everything listens on loopback. The processes hold nothing that their own files do not hold too, so
killing any of them, or all, at any moment loses nothing.
"""

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Self

import httpx

from api import founding
from api.child import RUNNER, Child
from api.fleet import DATABASE_URL, HOST, ONE_OF_EACH, RPC_URL, Fleet, Ports, names, shown
from api.forked import Zygote
from api.founding import DataFolder, Report
from ledger.errors import Conflict, Unavailable
from node.durable import write_durably

START_SECONDS = 90.0
LEASE_SECONDS = 3
_POLL_SECONDS = 0.05
STATE_FILE = "supervisor.json"
STANDBY = "HUXIN_STANDBY"
"""``1`` in the environment: one of each kind stands by that has done the imports, and processes are forked from it."""


class Supervisor:
    """Starts and keeps the processes of one data folder.

    Where the environment names a chain (``HUXIN_RPC_URL``) none is started, and the ledger is founded on that one;
    where it names a database (``HUXIN_DATABASE_URL``) all processes use that one.
    """

    def __init__(
        self,
        data: Path,
        ports: Ports,
        environment: Mapping[str, str],
        random_bytes: Callable[[int], bytes],
        report: Report = lambda _zh, _en: None,
        runners: Mapping[str, Sequence[str]] = MappingProxyType({}),
        fleet: Fleet = ONE_OF_EACH,
    ) -> None:
        """``environment`` is handed on to the processes with the folder's settings added.

        Raises InvalidInput ``DATABASE_URL``.
        ``runners`` names, by process, what takes the place of ``python -m api.supervised`` before its arguments.
        """
        self.folder = DataFolder(data.resolve())
        gateways = ports.of_gateways(fleet.gateways)
        self.ports = Ports(gateways[0], ports.rpc).chosen()
        self._gateway_ports = gateways
        self._fleet = fleet
        self._external_chain = environment.get(RPC_URL)
        # a relay that was killed is replaced at once: we start none before the one before has ended
        lease = environment.get("HUXIN_LEASE_SECONDS") or (None if DATABASE_URL in environment else str(LEASE_SECONDS))
        self._environment = {
            **environment,
            "HUXIN_DATA": str(self.folder.path),
            "HUXIN_HTTP_HOST": HOST,
            RPC_URL: self.rpc_url,
            **({} if lease is None else {"HUXIN_LEASE_SECONDS": lease}),
            "PYTHONUNBUFFERED": "1",
        }
        if DATABASE_URL in environment:
            # the database's library takes a while to import: only where its address has to be looked at
            from api.store.database import read_address  # noqa: PLC0415

            read_address(environment[DATABASE_URL])
        self._random_bytes = random_bytes
        self._report = report
        self._runners = runners
        self._children: list[Child] = []
        self._has_standbys = environment.get(STANDBY) == "1"
        self._zygotes: dict[str, Zygote] = {}
        self._lock: IO[str] | None = None
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where the HTTP API answers; of several gateways the first."""
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where each gateway answers."""
        return tuple(f"http://{HOST}:{port}" for port in self._gateway_ports)

    @property
    def rpc_url(self) -> str:
        """Where the chain answers; may hold a password (:func:`api.fleet.shown`)."""
        return self._external_chain or f"http://{HOST}:{self.ports.rpc}"

    # --- life

    def start(self) -> None:
        """Start everything and return when it is ready.

        Raises Conflict ``DATA_IN_USE``, Unavailable ``START_FAILED``.
        """
        self.folder.path.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.folder.path)
        try:
            founding.prepare(self.folder, self._random_bytes)
            self._start_all()
        except BaseException:
            self.stop()
            raise

    def _start_all(self) -> None:
        chain = self._start_chain()
        # these two import while the chain starts, and begin when there is a ledger
        relays = [self._start_relay(name) for name in names("relay", self._fleet.relays)]
        gateways = names("http", self._fleet.gateways)
        servers = [self._start_gateway(*each) for each in zip(gateways, self._gateway_ports, strict=True)]
        # web3 takes a second to import: it does so while the chain is starting, and not for `huxin --help`
        from api.ledgers import found_or_check  # noqa: PLC0415

        self._await(self._chain_answers, *chain)
        place = shown(self.rpc_url)
        self._report(f"链已就绪 {place}", f"chain ready at {place}")
        found_or_check(self.folder, self.rpc_url, self._report)
        self._await(self._http_answers, *chain, *relays, *servers)
        state = {"pid": os.getpid(), "url": self.url, "urls": self.urls, "rpcUrl": place}
        write_durably(self.folder.path / STATE_FILE, json.dumps(state) + "\n")

    def _start_chain(self) -> list[Child]:
        if self._external_chain is not None:
            return []
        return [self._child("chain", self.folder.relay_key_file, "node.embedded", *self._chain_arguments())]

    def _start_relay(self, name: str) -> Child:
        holder = {"HUXIN_LEASE_HOLDER": self._random_bytes(16).hex()}
        return self._child(name, self.folder.network_file, "api.relay", variables=holder)

    def _start_gateway(self, name: str, port: int) -> Child:
        return self._child(name, self.folder.network_file, "api.http", variables={"HUXIN_HTTP_PORT": str(port)})

    def _chain_arguments(self) -> Sequence[str]:
        sender = founding.relay_address(self.folder)
        return ("--data", str(self.folder.chain), "--port", str(self.ports.rpc), "--sender", sender)

    def watch(self) -> None:
        """Start again what dies, until ``stop_soon``."""
        while not self._stopping.wait(_POLL_SECONDS):
            now = time.monotonic()
            for child in self._children:
                self._tend(child, now)
            for zygote in self._zygotes.values():
                zygote.keep()

    def _tend(self, child: Child, now: float) -> None:
        if child.running:
            return
        if child.due <= child.started:
            code = child.process.returncode if child.process else None
            child.postpone(now)
            self._report(
                f"进程 {child.name} 已退出({code}),{child.pause:.1f} 秒后重启:{child.last_words()}",
                f"process {child.name} ended ({code}), starts again in {child.pause:.1f} s",
            )
        elif now >= child.due:
            child.start(now)

    def stop_soon(self) -> None:
        """Let ``watch`` return; may be called from a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop the processes, last started first, and free the folder."""
        self._stopping.set()
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        (self.folder.path / STATE_FILE).unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        self._watcher = threading.Thread(target=self.watch, name="supervisor", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_soon()
        self._watcher.join()
        self.stop()

    def run_with(self, name: str, runner: Sequence[str]) -> None:
        """From its next start on, the process is run by another runner; KeyError where there is no such process."""
        {child.name: child for child in self._children}[name].runner = runner

    def pids(self) -> dict[str, int]:
        """The processes that run now, by name."""
        running = [(each.name, each.process) for each in self._children if each.process and each.running]
        return {name: process.pid for name, process in running if process.pid}

    def standbys(self) -> dict[str, int]:
        """The processes that others are forked from, by package."""
        return {package: zygote.pid for package, zygote in self._zygotes.items()}

    # --- parts

    def _child(
        self, name: str, begins_with: Path, package: str, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> Child:
        command = (package, *arguments)
        log = self.folder.logs / f"{name}.log"
        environment = {**self._environment, **(variables or {})}
        runner = self._runners.get(name, RUNNER)
        child = Child(name, begins_with, command, log, environment, runner, self._zygote(package, log))
        child.start(time.monotonic())
        self._children.append(child)
        return child

    def _zygote(self, package: str, log: Path) -> Zygote | None:
        if self._has_standbys and package not in self._zygotes:
            self._zygotes[package] = Zygote(package, self._environment, log)
        return self._zygotes.get(package)

    def _await(self, answers: Callable[[], bool], *children: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            now = time.monotonic()
            for child in children:
                # a predecessor that was killed may still be letting go of its files and its port
                self._tend(child, now)
            if now > deadline:
                raise _not_ready(children)
            time.sleep(_POLL_SECONDS)

    def _chain_answers(self) -> bool:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        answer = _ask("POST", self.rpc_url, body)
        return answer is not None and "result" in answer

    def _http_answers(self) -> bool:
        answers = [_ask("GET", f"{url}/v1/health/ready") for url in self.urls]
        return all(answer is not None and answer.get("status") == "ready" for answer in answers)


def take_lock(data: Path) -> IO[str]:
    """Keep other supervisors out of a folder for as long as the file is open; Conflict ``DATA_IN_USE``."""
    file = (data / "supervisor.lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Conflict(
            "DATA_IN_USE",
            f"huxin is running in {data} already; stop it first",
            f"{data} 已有互信在运行,请先停止",
        ) from error
    return file


def run(supervisor: Supervisor, ready: Callable[[], None]) -> None:
    """Start, call ``ready``, and keep everything running until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: supervisor.stop_soon())
    supervisor.start()
    try:
        ready()
        supervisor.watch()
    finally:
        supervisor.stop()


def _ask(method: str, url: str, body: Any = None) -> Any:
    try:
        with httpx.Client(trust_env=False, verify=False, timeout=5.0) as client:  # noqa: S501 - loopback, no TLS
            return client.request(method, url, json=body).json()
    except (httpx.TransportError, ValueError):
        return None


def _not_ready(children: Sequence[Child]) -> Unavailable:
    names = ", ".join(f"{child.name}: {child.last_words()}" for child in children)
    return Unavailable(
        "START_FAILED", f"not ready in {START_SECONDS:g} s: {names}", f"{START_SECONDS:g} 秒内未就绪:{names}"
    )
