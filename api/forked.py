"""The supervisor's side of ``api.zygote``: a process of a package that was imported beforehand."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

UNKNOWN_EXIT = 255
"""The exit code of a process whose end nobody could tell: the zygote had ended before it."""
_POLL_SECONDS = 0.02
_ANEW_SECONDS = 5.0


class Process(Protocol):
    """What the supervisor needs of a process; ``subprocess.Popen`` has it."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """The pipe whose end ends it."""

    def poll(self) -> int | None:
        """Look whether it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; ``subprocess.TimeoutExpired``."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Forked:
    """A process forked by a zygote, to be used like a ``subprocess.Popen``; ``pid`` is 0 until it is forked."""

    def __init__(self, stdin: IO[bytes], status: int) -> None:
        """``status`` is where the zygote tells of it."""
        self.stdin: IO[bytes] | None = stdin
        self.pid = 0
        self.returncode: int | None = None
        self._status = status
        self._told = b""
        self._looking = threading.Lock()

    def poll(self) -> int | None:
        """Look whether it has ended; safe under threads."""
        with self._looking:
            self._look()
        return self.returncode

    def _look(self) -> None:
        while self.returncode is None and select.select([self._status], [], [], 0)[0]:
            part = os.read(self._status, 64)
            self._told += part
            lines = self._told.split(b"\n")[:-1]
            if lines:
                self.pid = int(lines[0])
            if not part:
                os.close(self._status)
                self.returncode = int(lines[1]) if len(lines) > 1 else UNKNOWN_EXIT

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; ``subprocess.TimeoutExpired``."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(_POLL_SECONDS)
        return code

    def terminate(self) -> None:
        """Ask it to end; where it is not forked yet, it will as soon as it is."""
        if self.stdin is not None:
            self.stdin.close()
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None and self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Zygote:
    """A process that has imported a package, or is just doing so; started again where it has ended."""

    def __init__(self, package: str, environment: Mapping[str, str], log: Path) -> None:
        """The imports begin at once; ``log`` gets what they have to say."""
        self._package, self._environment, self._log = package, environment, log
        self._begin()

    def _begin(self) -> None:
        self._started = time.monotonic()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                (sys.executable, "-m", "api.zygote", self._package, str(theirs.fileno())),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(self._environment),
                pass_fds=(theirs.fileno(),), start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def keep(self) -> None:
        """Start it again where it has ended, though not over and over."""
        if not self.running and time.monotonic() - self._started > _ANEW_SECONDS:
            self._begin_again()

    def _begin_again(self) -> None:
        self._socket.close()
        self._begin()

    def fork(self, file: Path, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
        """A process that runs ``command`` once ``file`` is there; it waits for the imports where they are not done."""
        if not self.running:
            self._begin_again()
        asked = json.dumps({"file": str(file), "command": list(command), "environment": dict(environment)}).encode()
        stdin, holding = os.pipe()
        told, telling = os.pipe()
        # where the zygote ends meanwhile, ``told`` is at its end at once: a process that could not be started
        with log.open("ab") as out, suppress(OSError):
            socket.send_fds(self._socket, [len(asked).to_bytes(4)], [stdin, out.fileno(), telling])
            self._socket.sendall(asked)
        os.close(stdin)
        os.close(telling)
        return Forked(os.fdopen(holding, "wb"), told)

    def close(self) -> None:
        """End it; what it has forked goes on."""
        self._socket.close()
        if self.running:
            self._process.terminate()
        self._process.wait()
