"""``python -m api.supervised FILE PACKAGE ARGS``: run a package, and end with the supervisor that holds our stdin.

A supervisor that was killed cannot stop its children; the pipe between them closes all the same.
Importing takes seconds, so it is done beforehand: the package's ``main`` begins once FILE is there.
"""

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.02


def end_with_parent() -> None:
    """Wait for the end of stdin, then stop in order, and by force where that takes too long."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def await_file(path: Path) -> None:
    """Return once the file is there; it is put in place whole."""
    while not path.exists():
        time.sleep(_POLL_SECONDS)


def main() -> None:
    """Run ``main`` of the package's ``__main__`` with the rest of the arguments as its own."""
    file, *command = sys.argv[1:]
    run(Path(file), command)


def run(file: Path, command: Sequence[str]) -> NoReturn:
    """Import the package that ``command`` begins with, wait for ``file``, run it as a program, and end."""
    threading.Thread(target=end_with_parent, daemon=True, name="supervisor-watch").start()
    sys.argv = list(command)
    program = importlib.import_module(f"{command[0]}.__main__")
    await_file(file)
    sys.exit(program.main())


if __name__ == "__main__":
    main()
