"""What a stretch of work costs: time, SQL statements, rows, bytes through system calls, trie nodes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from node.embedded.chain import Chain

_CHANGING = ("INSERT", "UPDATE", "DELETE")


@dataclass(slots=True)
class Work:
    """Sums over some work; ``processor`` are seconds of this process alone, ``nodes`` those of tries that are new.

    ``rows`` are inserted, changed or deleted in all stores; ``read`` and ``written`` are bytes through system calls.
    """

    seconds: float = 0.0
    processor: float = 0.0
    statements: float = 0.0
    rows: float = 0.0
    nodes: float = 0.0
    read: float = 0.0
    written: float = 0.0

    def per(self, steps: int) -> "Work":
        """The same for one step."""
        return Work(*(getattr(self, one.name) / steps for one in fields(self)))


class Counter:
    """Counts all SQL of this process's engines, and what a chain store writes."""

    def __init__(self) -> None:
        """Listen, until closed."""
        self._statements = self._rows = 0
        event.listen(Engine, "after_cursor_execute", self._note)

    def close(self) -> None:
        """Listen no longer."""
        event.remove(Engine, "after_cursor_execute", self._note)

    def _note(self, _connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        self._statements += 1
        if statement.lstrip().startswith(_CHANGING) and cursor.rowcount > 0:
            self._rows += cursor.rowcount

    @contextmanager
    def adding_to(self, work: Work, chain: Chain) -> Iterator[None]:
        """Add to ``work`` what happens in the context."""
        before = self._state(chain)
        try:
            yield
        finally:
            after = self._state(chain)
            for one in fields(Work):
                spent = getattr(after, one.name) - getattr(before, one.name)
                setattr(work, one.name, getattr(work, one.name) + spent)

    def _state(self, chain: Chain) -> Work:
        (nodes,) = chain.database.reader.execute("SELECT coalesce(max(rowid), 0) FROM node").fetchone()
        read, written = _bytes()
        rows = self._rows + chain.database.rows_written
        return Work(time.perf_counter(), time.process_time(), self._statements, rows, nodes, read, written)


def _bytes() -> tuple[int, int]:
    """Bytes that this process has read and written by system calls (Linux)."""
    found = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(found["rchar"]), int(found["wchar"])
