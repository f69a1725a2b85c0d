"""Whose turn it is to write to an SQLite file, among the threads and processes of a ledger.

Who finds SQLite's own lock taken sleeps for longer and longer, up to 100 ms, while others who come later are let in:
the relay could wait a quarter of a second behind commits of HTTP that take milliseconds each. This is courtesy, not
protection: whoever gets no turn goes on to SQLite's lock, which alone decides.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_SECONDS = 0.000_5


class Turn:
    """First among the threads of this process, then among processes.

    Who waits for the file's lock stands in its door, and other processes wait for the door. So who has just written,
    and has more to write, comes after whoever was waiting.
    """

    def __init__(self, path: Path, longest: float = 5.0) -> None:
        """``path`` and ``path``-door are for this alone; after ``longest`` seconds nobody waits any more."""
        self._longest = longest
        self._threads = threading.Lock()
        self._door, self._file = _FileLock(Path(f"{path}-door")), _FileLock(path)

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Nobody else's turn while the block runs; False where it could not be had."""
        until = time.monotonic() + self._longest
        if not self._threads.acquire(timeout=self._longest):
            yield False
            return
        try:
            has_it = self._enter(until)
            try:
                yield has_it
            finally:
                if has_it:
                    self._file.release()
        finally:
            self._threads.release()

    def _enter(self, until: float) -> bool:
        if not self._door.acquire(until):
            return False
        try:
            return self._file.acquire(until)
        finally:
            self._door.release()

    def close(self) -> None:
        """Let go of the files."""
        self._door.close()
        self._file.close()


class _FileLock:
    """The kernel's lock of a file; it gives the lock of a killed process back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, until: float) -> bool:
        """False where it could not be had by then (monotonic seconds), or where the file cannot be opened."""
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            while not _locked(self._file):
                if time.monotonic() > until:
                    return False
                time.sleep(_LOOK_SECONDS)
        except OSError:  # a disk that is full or fails: the database will say so itself
            return False
        return True

    def release(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
