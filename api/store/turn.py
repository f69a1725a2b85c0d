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

_LOOK_SECONDS = 0.001


class Turn:
    """A lock of the kernel's on a file beside the database; whoever is killed gives it back."""

    def __init__(self, path: Path, longest: float = 5.0) -> None:
        """``path`` is a file for this alone; after ``longest`` seconds nobody waits any more."""
        self._path, self._longest = path, longest
        self._threads = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Nobody else's turn while the block runs; False where it could not be had."""
        until = time.monotonic() + self._longest
        if not self._threads.acquire(timeout=self._longest):
            yield False
            return
        try:
            has_it = self._take(until)
            try:
                yield has_it
            finally:
                if has_it and self._file is not None:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _take(self, until: float) -> bool:
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

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
