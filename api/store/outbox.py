"""The durable outbox: an act that was acknowledged is on disk, once, whatever happens next."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Connection, func, select

from api.store.bulk import insert_rows, run, select_in, select_pairs
from api.store.database import Database
from api.store.entries import Claim, Entry
from api.store.models import ActStatus
from api.store.own_tables import idempotency, outbox_acts, outbox_entries
from api.store.shapes import chunks
from api.store.writer import GroupWriter
from ledger.errors import Conflict, HuxinError, Unavailable
from ledger.ids import agency_of
from ledger.reasons import Reason

QUEUED, SENT, APPLIED, REFUSED, DISCARDED = "queued", "sent", "applied", "refused", "discarded"
_RECOUNT_SECONDS, _FULL_SECONDS = 1.0, 0.1
"""How long a count of what waits is good for, and how long where it says that there is no room."""
_ID = (outbox_acts.c.act_id,)
_LAST = "SELECT max(id) FROM outbox_entries"
_COLUMNS = (
    outbox_acts.c.act_id, outbox_acts.c.name, outbox_acts.c.officer, outbox_acts.c.subject,
    outbox_acts.c.status, outbox_acts.c.reason, outbox_acts.c.tx_hash, outbox_acts.c.block,
    outbox_acts.c.at, outbox_entries.c.received_at,
)  # fmt: skip
_STATUSES = select(*_COLUMNS).select_from(outbox_acts.join(outbox_entries, outbox_acts.c.entry == outbox_entries.c.id))


@dataclass(frozen=True, slots=True)
class Receipt:
    """The acts of an accepted entry as they now stand; ``repeated`` where they were there before.

    ``predicted`` is what the rules said of a claim's acts.
    """

    acts: tuple[ActStatus, ...]
    repeated: bool
    predicted: tuple[Reason, ...] = ()


class Bench(Protocol):
    """Judges the claims of one commit by what its transaction sees, each after those before it."""

    def admit(self, claim: Claim) -> None:
        """Raise where the signer is nobody's, or another officer's than an act names."""

    def judge(self, claim: Claim) -> tuple[Entry, tuple[Reason, ...]]:
        """What is to be carried, and what the rules say; raises where it is turned away, which changes nothing."""


OpenBench = Callable[[Connection, Sequence[Claim]], Bench]


def _no_bench(_connection: Connection, _claims: Sequence[Claim]) -> Bench:
    raise RuntimeError("a claim came to an outbox without a judge: set Outbox.open_bench, as api.composition does")


Watch: TypeAlias = Callable[[Sequence[Receipt | HuxinError], float], None]
"""Told, after a commit, what it answered and how many seconds it took; must not raise."""


def _unwatched(_answers: Sequence[Receipt | HuxinError], _seconds: float) -> None:
    pass


class Outbox:
    """Accepts entries by group commit and tells how their acts stand."""

    def __init__(self, db: Database, limit: int = 50_000, most: int = 500, longest: int = 10_000) -> None:
        """``limit``: acts not yet anchored beyond which more are turned away."""
        self._db = db
        self._limit = limit
        self._room = 0
        self._counted = float("-inf")
        self.open_bench: OpenBench = _no_bench
        self.watch: Watch = _unwatched
        self.writer: GroupWriter[Entry | Claim, Receipt] = GroupWriter(self._commit, most, longest)

    async def accept(self, item: Entry | Claim) -> Receipt:
        """Write an entry or a claim durably; the same acts again give the same receipt.

        Raises Unavailable ``OUTBOX_FULL``, Conflict ``IDEMPOTENCY_CONFLICT`` or ``ACTS_OVERLAP``; of a claim also what
        its judgement says.
        """
        return await self.writer.wait(item)

    def accept_blocking(self, entry: Entry | Claim) -> Receipt:
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

    def _commit(self, items: Sequence[Entry | Claim]) -> Sequence[Receipt | HuxinError]:
        began = time.perf_counter()
        with self._db.write() as connection:
            self._recount(connection, sum(len(_ids(item)) for item in items))
            claims = [item for item in items if isinstance(item, Claim)]
            entering = _Run(connection, self._room, self.open_bench(connection, claims) if claims else None)
            answers = entering.accept(items)
        self._room = entering.room
        self.watch(answers, time.perf_counter() - began)
        return answers

    def _recount(self, connection: Connection, needed: int) -> None:
        """Counting what waits costs more than accepting does, and the bound need not be exact."""
        now = time.monotonic()
        if now < self._counted + _RECOUNT_SECONDS and (needed <= self._room or now < self._counted + _FULL_SECONDS):
            return
        self._room, self._counted = self._limit - pending_count(connection), now


def read_statuses(connection: Connection, act_ids: Sequence[bytes]) -> dict[bytes, ActStatus]:
    """How acts stand, by id."""
    found = {}
    for chunk in chunks(act_ids):
        query = _STATUSES.where(outbox_acts.c.act_id.in_(chunk))
        found.update({row[0]: ActStatus(*tuple(row)) for row in connection.execute(query)})
    return found


def pending_count(connection: Connection) -> int:
    """Acts accepted and without a verdict, those counted with them that share their signature."""
    query = select(func.sum(outbox_entries.c.acts)).where(outbox_entries.c.state.in_((QUEUED, SENT)))
    return int(connection.execute(query).scalar_one() or 0)


class _Run:
    """The entries that share one commit; later ones see earlier ones as if they were written."""

    def __init__(self, connection: Connection, room: int, bench: Bench | None) -> None:
        self._connection = connection
        self._bench = bench
        self.room = room
        self._known: dict[bytes, ActStatus] = {}
        self._keys: dict[tuple[str, str], Any] = {}
        self._entries: list[dict[str, Any]] = []
        self._acts: list[dict[str, Any]] = []
        self._new_keys: list[dict[str, Any]] = []
        self._next = 1 + (run(connection, _LAST)[0][0] or 0)

    def accept(self, items: Sequence[Entry | Claim]) -> list[Receipt | HuxinError]:
        ids = [act_id for item in items for act_id in _ids(item)]
        repeated = [bytes(row[0]) for row in select_in(self._connection, _ID, outbox_acts.c.act_id, ids)]
        if repeated:
            self._known = read_statuses(self._connection, repeated)
        self._keys = _read_keys(self._connection, items)
        answers = [self._answer(item) for item in items]
        insert_rows(self._connection, outbox_entries, self._entries)
        insert_rows(self._connection, outbox_acts, self._acts)
        insert_rows(self._connection, idempotency, self._new_keys)
        return answers

    def _answer(self, item: Entry | Claim) -> Receipt | HuxinError:
        try:
            return self._one(item)
        except HuxinError as error:
            return error

    def _one(self, item: Entry | Claim) -> Receipt:
        """Judging comes last: what it took for granted from then on is entered."""
        if isinstance(item, Claim):
            self._judge.admit(item)
        self._check_key(item)
        ids = _ids(item)
        if len(set(ids)) < len(ids):
            raise Conflict("ACTS_REPEATED", "the same act stands in the list twice", "列表中有重复的行为")
        known = [self._known[act_id] for act_id in ids if act_id in self._known]
        if len(known) == len(ids):
            self._note_key(item)
            return Receipt(tuple(known), repeated=True)
        if known:
            raise Conflict(
                "ACTS_OVERLAP", "some of these acts were accepted under another signature",
                "其中部分行为已在另一签名下受理",
            )  # fmt: skip
        if len(ids) > self.room:
            raise Unavailable(
                "OUTBOX_FULL", "too many acts wait for the chain; send it again later",
                "等待上链的行为过多,请稍后重试", retry_after=5,
            )  # fmt: skip
        entry, predicted = self._judge.judge(item) if isinstance(item, Claim) else (item, ())
        self._note_key(item)
        return self._enter(entry, predicted)

    @property
    def _judge(self) -> Bench:
        if self._bench is None:
            raise AssertionError("a claim without a bench")
        return self._bench

    def _enter(self, entry: Entry, predicted: tuple[Reason, ...]) -> Receipt:
        self.room -= len(entry.acts)
        number, self._next = self._next, self._next + 1
        self._entries.append(_entry_row(number, entry))
        self._acts += _act_rows(number, entry)
        statuses = tuple(
            ActStatus(act.act_id, act.name, act.officer, act.subject, QUEUED, None, None, None, None, entry.received_at)
            for act in entry.acts
        )
        self._known.update({status.act_id: status for status in statuses})
        return Receipt(statuses, repeated=False, predicted=predicted)

    def _check_key(self, item: Entry | Claim) -> None:
        one = item.idempotency
        if one is None or self._keys.get((one.owner, one.key), one.body_hash) == one.body_hash:
            return
        raise Conflict(
            "IDEMPOTENCY_CONFLICT", f"Idempotency-Key {one.key} was used with another body; take a new key",
            f"幂等键 {one.key} 已用于另一请求,请更换",
        )  # fmt: skip

    def _note_key(self, item: Entry | Claim) -> None:
        one = item.idempotency
        if one is None or (one.owner, one.key) in self._keys:
            return
        self._keys[one.owner, one.key] = one.body_hash
        self._new_keys.append({
            "owner": one.owner, "key": one.key, "body_hash": one.body_hash,
            "acts": [act_id.hex() for act_id in _ids(item)], "created_at": item.received_at,
        })  # fmt: skip


def _ids(item: Entry | Claim) -> tuple[bytes, ...]:
    return item.act_ids if isinstance(item, Claim) else tuple(act.act_id for act in item.acts)


def _read_keys(connection: Connection, items: Sequence[Entry | Claim]) -> dict[tuple[str, str], Any]:
    """What was said under these keys before; each pair is found by the primary key, whose first column is the owner."""
    asked = [(one.owner, one.key) for item in items if (one := item.idempotency)]
    rows = select_pairs(connection, idempotency, ("owner", "key"), ("body_hash",), asked)
    return {(owner, key): bytes(body_hash) for owner, key, body_hash in rows}


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
