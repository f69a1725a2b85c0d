"""One process under a supervisor: started, started again, with another ready to take over at once."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# with the imports, back within five seconds whatever happened before
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
STEADY_SECONDS = 5.0
STOP_SECONDS = 15.0
RUNNER = (sys.executable, "-m", "api.supervised")


@dataclass(slots=True)
class Child:
    """One process: what its runner is to run, and how long to wait before it is started again."""

    name: str
    begins_with: Path
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    runner: Sequence[str] = RUNNER
    process: subprocess.Popen[bytes] | None = None
    standby: "Standby | None" = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0
    restarts: int = 0

    def start(self, now: float) -> None:
        """Start it, or let its standby begin; it ends when the pipe to its stdin closes."""
        if self.process is not None and self.process.stdin:
            self.process.stdin.close()
        if self.standby is not None and self.standby.lives:
            self.process, self.standby = self.standby.begin(), None
        else:
            self.dismiss()
            self.process = self.spawn(self.begins_with)
        self.started = now

    def spawn(self, begins_with: Path) -> subprocess.Popen[bytes]:
        """A process that imports what it needs and begins once the file is there."""
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own modules, no shell
                (*self.runner, str(begins_with), *self.command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            )

    def prepare(self, signal_file: Path) -> None:
        """Have a second process ready, all imports done, that takes over when this one dies."""
        self.dismiss()
        signal_file.unlink(missing_ok=True)
        self.standby = Standby(self.spawn(signal_file), signal_file)

    def dismiss(self) -> None:
        """End the standby, if there is one."""
        ready, self.standby = self.standby, None
        if ready is not None:
            _end(ready.process)

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
        self.dismiss()
        if self.process is not None:
            _end(self.process)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else "-"


@dataclass(frozen=True, slots=True)
class Standby:
    """A process that has imported everything and waits for its file."""

    process: subprocess.Popen[bytes]
    signal_file: Path

    @property
    def lives(self) -> bool:
        """Whether it can take over."""
        return self.process.poll() is None

    def begin(self) -> subprocess.Popen[bytes]:
        """Let it run."""
        self.signal_file.touch()
        return self.process


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
