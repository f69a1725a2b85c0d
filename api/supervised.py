"""``python -m api.supervised MODULE ARGS``: run a module, and end with the supervisor that holds our stdin.

A supervisor that was killed cannot stop its children; the pipe between them closes all the same.
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 10.0


def end_with_parent() -> None:
    """Wait for the end of stdin, then stop in order, and by force where that takes too long."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the module named by the first argument with the rest as its own."""
    threading.Thread(target=end_with_parent, daemon=True, name="supervisor-watch").start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
