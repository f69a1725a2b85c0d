"""``python -m api.zygote PACKAGE FD``: import a package once, and fork a process of it whenever the supervisor asks.

Importing takes a second or two of processor time, a fork some milliseconds: so a process that was killed is back before
anybody has waited. Beside ``PACKAGE.__main__`` it imports what that names in ``LATER``: modules that a process started
by itself imports only after it has begun to serve. Nothing but the imports has happened when a process is forked: no
thread, no file, no connection.

A request on the socket FD is its length (4 bytes, big-endian) with three files (stdin, log, status), then JSON:
``file`` and ``command`` as in ``api.supervised``, ``environment``. Into ``status`` goes the process's number on a line,
and the exit code on another once it has ended; then it is closed. It is closed too where both have been killed.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from api import supervised

LENGTH = 4
FILES = 3


class _Nursery:
    """What was forked and has not ended: where to tell the end of each."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._told: dict[int, int] = {}
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the supervisor is gone; those that were forked end by their own stdin."""
        while True:
            ready, _, _ = select.select([self._asked.fileno(), self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._tell_ended()
            if self._asked.fileno() in ready and not self._answer():
                return

    def _answer(self) -> bool:
        length, files, _flags, _address = socket.recv_fds(self._asked, LENGTH, FILES)
        if len(length) < LENGTH:
            return False
        asked = _read(self._asked, int.from_bytes(length))
        pid = os.fork()
        if pid == 0:
            self._leave(files)
            _become(asked)
        stdin, log, status = files
        os.close(stdin)
        os.close(log)
        self._told[pid] = status
        _tell(status, pid)
        return True

    def _leave(self, files: list[int]) -> None:
        """In the forked process: let go of all that is the zygote's or belongs to others."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._asked.close()
        for file in (self._woken, self._waker, *self._told.values()):
            os.close(file)
        stdin, log, status = files
        for number, to in ((0, stdin), (1, log), (2, log)):
            os.dup2(to, number)
        os.close(stdin)
        os.close(log)
        # kept open for as long as we live: that is how the supervisor sees our end where the zygote has ended before
        os.set_inheritable(status, False)

    def _tell_ended(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                status = self._told.pop(ended[0])
                _tell(status, os.waitstatus_to_exitcode(ended[1]))
                os.close(status)


def _tell(status: int, number: int) -> None:
    # a supervisor that has stopped listening is no reason to end
    with suppress(OSError):
        os.write(status, f"{number}\n".encode())


def _read(asked: socket.socket, length: int) -> dict[str, Any]:
    content = b""
    while len(content) < length and (part := asked.recv(length - len(content))):
        content += part
    read: dict[str, Any] = json.loads(content)
    return read


def _become(asked: dict[str, Any]) -> NoReturn:
    os.setsid()  # Ctrl-C reaches the supervisor alone, which stops them in order
    # what a process that is started anew would have found
    os.environ.clear()  # noqa: TID251
    os.environ.update(asked["environment"])  # noqa: TID251
    supervised.run(Path(asked["file"]), asked["command"])


def main() -> None:
    """Import, then fork as asked."""
    package, number = sys.argv[1:]
    asked = socket.socket(fileno=int(number))
    asked.set_inheritable(False)
    program = importlib.import_module(f"{package}.__main__")
    for later in getattr(program, "LATER", ()):
        importlib.import_module(later)
    # what was imported stays for good: marked so, its pages stay shared with those that are forked
    gc.collect()
    gc.freeze()
    _Nursery(asked).serve()


if __name__ == "__main__":
    main()
