"""The relay's promise broken: nonce and signed bytes are on disk before they are sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from api.relay.journal import Journal
from api.store.database import Database
from scripts.mutants import put


class _ForgottenError(Exception):
    pass


class _Forgets:
    """A database whose transactions are rolled back and said to be done."""

    def __init__(self, real: Database) -> None:
        self._real = real

    @contextmanager
    def write(self) -> Iterator[Connection]:
        try:
            with self._real.write() as connection:
                yield connection
                raise _ForgottenError  # noqa: TRY301 - it rolls the transaction back
        except _ForgottenError:
            pass


def send_without_journal() -> None:
    """What is sent is not recorded: whether it has to go again is not known."""
    record = Journal.record

    def patched(self: Journal, *given: Any) -> Any:
        real = self._db
        put(self, "_db", _Forgets(real))
        try:
            return record(self, *given)
        finally:
            self._db = real

    put(Journal, "record", patched)
