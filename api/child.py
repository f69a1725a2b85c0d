"""One process under a supervisor: started, and started again when it has ended."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.forked import Process, Zygote

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.6
STEADY_SECONDS = 5.0
STOP_SECONDS = 15.0
RUNNER = (sys.executable, "-m", "api.supervised")


@dataclass(slots=True)
class Child:
    """One process: what its runner is to run, and how long to wait before it is started again.

    Where there is a zygote it is forked from that one, unless it has a runner of its own.
    """

    name: str
    begins_with: Path
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    runner: Sequence[str] = RUNNER
    zygote: Zygote | None = None
    process: Process | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0
    restarts: int = 0

    def start(self, now: float) -> None:
        """Start it; it ends when the pipe to its stdin closes."""
        if self.process is not None and self.process.stdin:
            self.process.stdin.close()
        self.process = self._forked() or self._spawned()
        self.started = now

    def _forked(self) -> Process | None:
        if self.zygote is None or self.runner != RUNNER:
            return None
        return self.zygote.fork(self.begins_with, self.command, self.environment, self.log)

    def _spawned(self) -> Process:
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own modules, no shell
                (*self.runner, str(self.begins_with), *self.command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            )

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def postpone(self, now: float) -> None:
        """Set when it is to be started again: later each time, at once after a steady run."""
        steady = now - self.started > STEADY_SECONDS
        self.pause = FIRST_PAUSE if steady else min(self.pause * 2, LONGEST_PAUSE)
        self.due = now + self.pause
        self.restarts += 1

    def stop(self) -> None:
        """End it in order, and by force where that is not heeded."""
        if self.process is not None:
            _end(self.process)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else "-"


def _end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
