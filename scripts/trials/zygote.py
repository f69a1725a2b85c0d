"""Starts a program over and over without importing it each time: imported once, forked for each start.

Experiments that end a process hundreds of times wait for its recovery, not for Python's imports. The protocol of
``python -m scripts.trials.zygote PACKAGE`` is a JSON object a line on stdin and its answer on stdout.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts import mutant


class Zygote:
    """One program that can be started again and again, one process at a time."""

    def __init__(self, package: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """The imports begin at once; ``log`` gets what the program writes."""
        self._start = {"arguments": list(arguments), "log": str(log)}
        self._process = subprocess.Popen(
            (sys.executable, "-m", "scripts.trials.zygote", package),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(environment),
        )  # fmt: skip
        self.pid = 0

    def start(self, mutated: str | None = None) -> None:
        """Fork a process, mutated where a name is given."""
        self.pid = int(self._ask({**self._start, "mutant": mutated}))

    def poll(self) -> int | None:
        """The wait status of the process that has ended, as ``os.waitpid`` gives it; None while it runs."""
        found = self._ask({"wait": False})
        return None if found is None else int(found)

    def signal(self, number: int) -> int:
        """Send a signal and wait for the end; the wait status."""
        os.kill(self.pid, number)
        return int(self._ask({"wait": True}))

    def close(self) -> None:
        """End the zygote, and with it what it started."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _ask(self, asked: dict[str, Any]) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipe to the zygote")
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _fork(package: str, arguments: Sequence[str], log: str, mutated: str | None) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    nothing, written = os.open(os.devnull, os.O_RDWR), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, to in ((0, nothing), (1, written), (2, written)):
        os.dup2(to, number)
    sys.argv = [package, *arguments]
    if mutated:
        mutant.patch_of(mutated)()
    sys.exit(importlib.import_module(f"{package}.__main__").main())


def _ended(pid: int, *, wait: bool) -> int | None:
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found or not wait:
            return status if found else None
        time.sleep(0.01)


def main() -> None:
    """Serve until stdin ends, then end what still runs."""
    package, pid = sys.argv[1], 0
    importlib.import_module(f"{package}.__main__")
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            answer = _ended(pid, wait=asked["wait"])
            pid = pid if answer is None else 0
        else:
            answer = pid = _fork(package, asked["arguments"], asked["log"], asked["mutant"])
        print(json.dumps(answer), flush=True)
    if pid:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
