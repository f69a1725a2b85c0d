"""Engines as child processes: the embedded chain, and those npm brings (anvil, Hardhat).

For tests and for the command line; in production an engine is somebody's own service and only its
URL matters.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ledger.errors import Unavailable
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway

EMBEDDED, ANVIL, HARDHAT = "embedded", "anvil", "hardhat"
ALL_ENGINES = (EMBEDDED, ANVIL, HARDHAT)
GAS_LIMIT = 100_000_000
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


class EngineFailed(Unavailable):
    """An engine's process ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """A started engine; leaving its context stops it."""

    name: str
    url: str
    chain_id: int
    process: subprocess.Popen[bytes]

    def stop(self) -> int:
        """End it in order (SIGTERM, then SIGKILL where that is not heeded); its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it at once (SIGKILL), as a crash would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        return self.process.wait(_STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Engine(Protocol):
    """Something that can start a chain."""

    @property
    def name(self) -> str:
        """One of ``ALL_ENGINES``."""

    def start(self, data: Path, chain_id: int) -> RunningEngine:
        """Start a chain whose files are under ``data``; raises EngineFailed."""


def _failed(name: str, why: str) -> EngineFailed:
    return EngineFailed("ENGINE_FAILED", f"engine {name}: {why}", f"链引擎 {name}:{why}")


def _spawn(
    command: Sequence[str],
    log: Path,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - commands of this module, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=None if variables is None else {**_environment(), **variables},
        )


def _environment() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - handed on to a child as it is, nothing is read from it


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await_answer(name: str, url: str, chain_id: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None:
        try:
            Gateway(url, chain_id, timeout=5.0)
        except ChainUnavailable:
            if time.monotonic() > deadline:
                process.kill()
                raise _failed(name, f"no answer within {_START_SECONDS:g} s") from None
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise _failed(name, f"the process ended with {process.returncode}")


@dataclass(frozen=True, slots=True)
class EmbeddedEngine:
    """This package's own chain; persistent: the same folder is the same chain.

    ``senders`` are permitted to send transactions (EIP-55 addresses), all where empty; like the
    chain id and the block period they are fixed when the chain is created.
    """

    senders: tuple[str, ...] = ()
    gas_limit: int = GAS_LIMIT
    block_period: int = 1
    port: int = 0
    name: str = EMBEDDED

    def start(self, data: Path, chain_id: int) -> RunningEngine:
        """Start or reopen the chain in ``data``; its log is ``node.log`` there."""
        data.mkdir(parents=True, exist_ok=True)
        ready = data / "node.json"
        ready.unlink(missing_ok=True)
        process = _spawn(self._command(data, chain_id), data / "node.log")
        url = _await_ready_file(ready, process)
        _await_answer(self.name, url, chain_id, process)
        return RunningEngine(self.name, url, chain_id, process)

    def _command(self, data: Path, chain_id: int) -> list[str]:
        command = [sys.executable, "-m", "node.embedded", "--data", str(data)]
        command += ["--port", str(self.port), "--chain-id", str(chain_id)]
        command += ["--gas-limit", str(self.gas_limit), "--block-period", str(self.block_period)]
        for sender in self.senders:
            command += ["--sender", sender]
        return command


def _await_ready_file(ready: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None:
        if ready.exists():
            announced = json.loads(ready.read_text(encoding="utf-8"))
            if announced["pid"] == process.pid:
                return str(announced["url"])
        if time.monotonic() > deadline:
            process.kill()
            raise _failed(EMBEDDED, f"not ready within {_START_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)
    log = ready.with_name("node.log").read_text(encoding="utf-8", errors="replace")
    last = log.strip().splitlines()[-1:] or ["no output"]
    raise _failed(EMBEDDED, f"the process ended with {process.returncode}: {last[0]}")


@dataclass(frozen=True, slots=True)
class AnvilEngine:
    """Foundry's anvil; memory only."""

    binary: Path
    name: str = ANVIL

    def start(self, data: Path, chain_id: int) -> RunningEngine:
        """Start a new chain; its log is ``anvil.log`` under ``data``."""
        port = _free_port()
        command = [str(self.binary), "--port", str(port), "--chain-id", str(chain_id), "--quiet"]
        command += ["--hardfork", "london", "--gas-limit", str(GAS_LIMIT)]
        command += ["--block-base-fee-per-gas", "0", "--gas-price", "0"]
        command += ["--disable-min-priority-fee"]
        process = _spawn(command, data / "anvil.log")
        url = f"http://127.0.0.1:{port}"
        _await_answer(self.name, url, chain_id, process)
        return RunningEngine(self.name, url, chain_id, process)


@dataclass(frozen=True, slots=True)
class HardhatEngine:
    """Hardhat's simulated chain (EDR); memory only. ``project`` is the ``hardhat/`` folder."""

    project: Path
    name: str = HARDHAT

    def start(self, data: Path, chain_id: int) -> RunningEngine:
        """Start a new chain; its log is ``hardhat.log`` under ``data``."""
        port = _free_port()
        tools = self.project / "node_modules" / ".bin"
        command = [str(tools / "node"), str(tools / "hardhat"), "--config", "engine.config.js"]
        command += ["node", "--port", str(port), "--hostname", "127.0.0.1"]
        variables = {"HUXIN_CHAIN_ID": str(chain_id), "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
        process = _spawn(command, data / "hardhat.log", self.project, variables)
        url = f"http://127.0.0.1:{port}"
        _await_answer(self.name, url, chain_id, process)
        return RunningEngine(self.name, url, chain_id, process)


def discover(root: Path) -> dict[str, Engine]:
    """The engines there are; ``root`` is the checkout, whose ``hardhat/`` npm has filled."""
    project = root / "hardhat"
    found: dict[str, Engine] = {EMBEDDED: EmbeddedEngine()}
    anvil = _anvil_binary(project)
    if anvil is not None:
        found[ANVIL] = AnvilEngine(anvil)
    tools = project / "node_modules" / ".bin"
    if (tools / "node").exists() and (tools / "hardhat").exists():
        found[HARDHAT] = HardhatEngine(project)
    return found


def _anvil_binary(project: Path) -> Path | None:
    bundled = sorted((project / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return bundled[0] if bundled else None
