"""``python -m tests.unit.api.anchoring.crashes FOLDER FIRST``: runs, each killed one event later than the last.

An event is the moment before and after each commit of the work file, after the tree is written, before and after an
act is handed in. Each run is a forked process that ends by SIGKILL, so nothing is tidied up. Prints how many died.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.anchoring import reading, tree
from api.anchoring.run import Anchoring
from api.anchoring.work import Work, open_work
from scripts.mutants import put
from tests.unit.api.anchoring.conftest import ITEM, SEAL
from tests.unit.api.anchoring.simulator import SimOffice

reading.CHUNK = 4


class Fuse:
    """Burns down by one at each event."""

    def __init__(self, length: int) -> None:
        self.left = length

    def event(self) -> None:
        """SIGKILL at zero."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with an event before and after it."""

        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.event()
            result = function(*arguments, **named)
            self.event()
            return result

        return wrapped


def child(folder: Path, fuse: Fuse) -> None:
    """A run over the library as it is now."""
    honest = Work.writing

    @contextmanager
    def writing(self: Work) -> Iterator[None]:
        with honest(self):
            yield
            fuse.event()
        fuse.event()

    put(Work, "writing", writing)
    tree.write_tree = fuse.around(tree.write_tree)
    put(SimOffice, "carry", fuse.around(SimOffice.carry))
    with open_work(folder / "work") as work:
        anchoring = Anchoring(work, os.urandom, SimOffice(folder / "ledger"))
        anchoring.run(folder / "library.csv", ITEM, SEAL, folder / "faults.csv")


def main() -> int:
    """Until a run ends by itself; each begins from what the last one left, the first dies at event FIRST."""
    folder, length, died = Path(sys.argv[1]), int(sys.argv[2]), 0
    while True:
        pid = os.fork()
        if pid == 0:
            child(folder, Fuse(length + died))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(f"{died}\n")
            return os.waitstatus_to_exitcode(status)
        died += 1


if __name__ == "__main__":
    sys.exit(main())
