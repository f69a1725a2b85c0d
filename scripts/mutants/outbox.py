"""The outbox's promise broken: what was acknowledged is on disk."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from api.store import database
from api.store.database import Database
from api.store.outbox import Outbox
from scripts.mutants import put

_WRITTEN_BEHIND = 0.05  # seconds: what a cache that is flushed twenty times a second would lose


class _CommitsLater:
    """A database whose transactions are committed a little after their block was left."""

    def __init__(self, real: Database) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        transaction = self._real.write()
        connection = transaction.__enter__()
        try:
            yield connection
        except BaseException:
            transaction.__exit__(*sys.exc_info())
            raise
        threading.Timer(_WRITTEN_BEHIND, transaction.__exit__, (None, None, None)).start()


def acknowledge_before_commit() -> None:
    """Acts are acknowledged when they are written, and committed a twentieth of a second later."""
    build = Outbox.__init__

    def patched(self: Outbox, db: Database, *rest: Any, **named: Any) -> None:
        later: Any = _CommitsLater(db)
        build(self, later, *rest, **named)

    put(Outbox, "__init__", patched)


def synchronous_off() -> None:
    """SQLite hands its writes to the operating system and never waits for the disk."""
    pragmas = tuple(one.replace("synchronous=FULL", "synchronous=OFF") for one in database._PRAGMAS)  # noqa: SLF001
    put(database, "_PRAGMAS", pragmas)
