"""Where cases stand: the index, with steps that are accepted and not yet anchored laid over it."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from api.store import index_tables as t
from api.store.bulk import select_in
from api.store.database import Database
from api.store.own_tables import WAITING, outbox_acts
from api.store.shapes import chunks
from ledger.state import CaseState

_INDEXED = (t.cases.c.case_key, t.cases.c.trail, t.cases.c.word)
_PENDING = (outbox_acts.c.subject, outbox_acts.c.after_trail, outbox_acts.c.after_word)
_ACCEPTED = "AND block IS NULL AND status IN ('queued', 'sent') AND after_trail IS NOT NULL ORDER BY entry, place"


class Heads:
    """States of cases as the next step should carry them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def latest(self, case_key: bytes) -> CaseState | None:
        """The state after the last step that was taken or is predicted to be."""
        with self._db.read() as connection:
            return latest_states(connection, (case_key,)).get(case_key)


def latest_states(connection: Connection, case_keys: Sequence[bytes]) -> dict[bytes, CaseState]:
    """Latest states by case, pending steps counted."""
    found = dict(_states(select_in(connection, _INDEXED, t.cases.c.case_key, case_keys)))
    found.update(_states(select_in(connection, _PENDING, outbox_acts.c.subject, case_keys, _ACCEPTED)))
    return found


def _states(rows: Iterator[Any]) -> Iterator[tuple[bytes, CaseState]]:
    return ((bytes(key), CaseState.unpack(bytes(trail), int.from_bytes(word))) for key, trail, word in rows)


def pending_links(connection: Connection, children: Sequence[bytes]) -> dict[bytes, bytes]:
    """Parents of cases that a waiting LINK names."""
    found: dict[bytes, bytes] = {}
    for chunk in chunks(children):
        query = select(outbox_acts.c.child, outbox_acts.c.subject).where(outbox_acts.c.child.in_(chunk), WAITING)
        found.update({row[0]: row[1] for row in connection.execute(query)})
    return found
