"""The durable outbox: an act that was acknowledged is on disk, once, whatever happens next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from api.store.database import Database
from api.store.entries import Entry
from api.store.models import ActStatus
from api.store.own_tables import idempotency, outbox_acts, outbox_entries
from api.store.shapes import chunks
from api.store.writer import GroupWriter
from ledger.errors import Conflict, HuxinError, Unavailable
from ledger.ids import agency_of

QUEUED, SENT, APPLIED, REFUSED, DISCARDED = "queued", "sent", "applied", "refused", "discarded"
_MOST_ACTS = 510
"""Acts under one signature, at most."""
_RECOUNT = 200
_COLUMNS = (
    outbox_acts.c.act_id, outbox_acts.c.name, outbox_acts.c.officer, outbox_acts.c.subject,
    outbox_acts.c.status, outbox_acts.c.reason, outbox_acts.c.tx_hash, outbox_acts.c.block,
    outbox_acts.c.at, outbox_entries.c.received_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """The acts of an accepted entry as they now stand; ``repeated`` where they were there before."""

    acts: tuple[ActStatus, ...]
    repeated: bool


class Outbox:
    """Accepts entries by group commit and tells how their acts stand."""

    def __init__(self, db: Database, limit: int = 50_000, most: int = 500, longest: int = 10_000) -> None:
        """``limit``: acts not yet anchored beyond which more are turned away."""
        self._db = db
        self._limit = limit
        self._room = 0
        self._runs = 0
        self.writer: GroupWriter[Entry, Receipt] = GroupWriter(self._commit, most, longest)

    async def accept(self, entry: Entry) -> Receipt:
        """Write an entry durably; the same acts again give the same receipt.

        Raises Unavailable ``OUTBOX_FULL``, Conflict ``IDEMPOTENCY_CONFLICT`` or ``ACTS_OVERLAP``.
        """
        return await self.writer.wait(entry)

    def accept_blocking(self, entry: Entry) -> Receipt:
        """:meth:`accept` outside a coroutine."""
        return self.writer.put(entry).result()

    def status(self, act_id: bytes) -> ActStatus | None:
        """How an act stands; None: it did not come through this outbox."""
        return self.statuses((act_id,)).get(act_id)

    def statuses(self, act_ids: Sequence[bytes]) -> dict[bytes, ActStatus]:
        """How acts stand, by id."""
        with self._db.read() as connection:
            return read_statuses(connection, act_ids)

    def pending_count(self) -> int:
        """Acts accepted and without a verdict."""
        with self._db.read() as connection:
            return pending_count(connection)

    def _commit(self, entries: Sequence[Entry]) -> Sequence[Receipt | HuxinError]:
        with self._db.write() as connection:
            self._runs += 1
            # counting what waits costs more than accepting does, and the bound need not be exact
            if self._room < len(entries) * _MOST_ACTS or self._runs % _RECOUNT == 0:
                self._room = self._limit - pending_count(connection)
            run = _Run(connection, self._room)
            answers = run.accept(entries)
        self._room = run.room
        return answers


def read_statuses(connection: Connection, act_ids: Sequence[bytes]) -> dict[bytes, ActStatus]:
    """How acts stand, by id."""
    joined = outbox_acts.join(outbox_entries, outbox_acts.c.entry == outbox_entries.c.id)
    found = {}
    for chunk in chunks(act_ids):
        query = select(*_COLUMNS).select_from(joined).where(outbox_acts.c.act_id.in_(chunk))
        found.update({row[0]: ActStatus(*tuple(row)) for row in connection.execute(query)})
    return found


def pending_count(connection: Connection) -> int:
    """Acts accepted and without a verdict, those counted with them that share their signature."""
    query = select(func.sum(outbox_entries.c.acts)).where(outbox_entries.c.state.in_((QUEUED, SENT)))
    return int(connection.execute(query).scalar_one() or 0)


class _Run:
    """The entries that share one commit; later ones see earlier ones as if they were written."""

    def __init__(self, connection: Connection, room: int) -> None:
        self._connection = connection
        self.room = room
        self._known: dict[bytes, ActStatus] = {}
        self._keys: dict[tuple[str, str], Any] = {}
        self._entries: list[dict[str, Any]] = []
        self._acts: list[dict[str, Any]] = []
        self._new_keys: list[dict[str, Any]] = []
        self._next = 1 + (connection.execute(select(func.max(outbox_entries.c.id))).scalar_one() or 0)

    def accept(self, entries: Sequence[Entry]) -> list[Receipt | HuxinError]:
        self._known = read_statuses(self._connection, [act.act_id for one in entries for act in one.acts])
        self._keys = _read_keys(self._connection, entries)
        answers = [self._one(entry) for entry in entries]
        for table, rows in (
            (outbox_entries, self._entries), (outbox_acts, self._acts), (idempotency, self._new_keys),
        ):  # fmt: skip
            if rows:
                self._connection.execute(insert(table), rows)
        return answers

    def _one(self, entry: Entry) -> Receipt | HuxinError:
        conflict = self._check_key(entry)
        if conflict is not None:
            return conflict
        if len({act.act_id for act in entry.acts}) < len(entry.acts):
            return Conflict("ACTS_REPEATED", "the same act stands in the list twice", "列表中有重复的行为")
        known = [self._known.get(act.act_id) for act in entry.acts]
        if all(known):
            self._note_key(entry)
            return Receipt(tuple(one for one in known if one), repeated=True)
        if any(known):
            return Conflict(
                "ACTS_OVERLAP", "some of these acts were accepted under another signature",
                "其中部分行为已在另一签名下受理",
            )  # fmt: skip
        if len(entry.acts) > self.room:
            return Unavailable(
                "OUTBOX_FULL", "too many acts wait for the chain; send it again later",
                "等待上链的行为过多,请稍后重试", retry_after=5,
            )  # fmt: skip
        self._note_key(entry)
        return self._enter(entry)

    def _enter(self, entry: Entry) -> Receipt:
        self.room -= len(entry.acts)
        number, self._next = self._next, self._next + 1
        self._entries.append(_entry_row(number, entry))
        self._acts += _act_rows(number, entry)
        statuses = tuple(
            ActStatus(act.act_id, act.name, act.officer, act.subject, QUEUED, None, None, None, None, entry.received_at)
            for act in entry.acts
        )
        self._known.update({status.act_id: status for status in statuses})
        return Receipt(statuses, repeated=False)

    def _check_key(self, entry: Entry) -> Conflict | None:
        one = entry.idempotency
        if one is None or self._keys.get((one.owner, one.key), one.body_hash) == one.body_hash:
            return None
        return Conflict(
            "IDEMPOTENCY_CONFLICT", f"Idempotency-Key {one.key} was used with another body; take a new key",
            f"幂等键 {one.key} 已用于另一请求,请更换",
        )  # fmt: skip

    def _note_key(self, entry: Entry) -> None:
        one = entry.idempotency
        if one is None or (one.owner, one.key) in self._keys:
            return
        self._keys[one.owner, one.key] = one.body_hash
        self._new_keys.append({
            "owner": one.owner, "key": one.key, "body_hash": one.body_hash,
            "acts": [act.act_id.hex() for act in entry.acts], "created_at": entry.received_at,
        })  # fmt: skip


def _read_keys(connection: Connection, entries: Sequence[Entry]) -> dict[tuple[str, str], Any]:
    names = [entry.idempotency.key for entry in entries if entry.idempotency]
    found: dict[tuple[str, str], Any] = {}
    for chunk in chunks(names):
        query = select(idempotency.c.owner, idempotency.c.key, idempotency.c.body_hash)
        for owner, key, body_hash in connection.execute(query.where(idempotency.c.key.in_(chunk))):
            found[owner, key] = body_hash
    return found


def _entry_row(number: int, entry: Entry) -> dict[str, Any]:
    return {
        "id": number, "contract": entry.contract, "payload": entry.payload, "lanes": list(entry.lanes),
        "gas": entry.gas, "acts": len(entry.acts), "received_at": entry.received_at, "state": QUEUED,
    }  # fmt: skip


def _act_rows(number: int, entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "act_id": act.act_id, "entry": number, "place": place, "name": act.name,
            "officer": act.officer, "agency": agency_of(act.officer), "subject": act.subject,
            "child": act.child, "status": QUEUED, "after_trail": act.after.trail if act.after else None,
            "after_word": act.after.word if act.after else None,
        }
        for place, act in enumerate(entry.acts)
    ]  # fmt: skip
