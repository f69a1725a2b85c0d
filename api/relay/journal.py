"""The relay's side of the database: what is queued, what is under way, what has to go again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from api.relay.batching import Batch, Queued, halves
from api.relay.families import relatives
from api.store.database import Database
from api.store.own_tables import outbox_acts, outbox_entries, relay_batches
from ledger.errors import Conflict, Unavailable
from ledger.reasons import Reason
from node.gateway.account import SignedTransaction

MOST_GAS = 16_000_000
"""Gas of a single entry that failed before: below the cap of EIP-7825 (Osaka)."""
QUEUE_LOOK = 2_000
"""Entries looked at, at most, for some that may go."""
_E, _A, _B = outbox_entries.c, outbox_acts.c, relay_batches.c


@dataclass(frozen=True, slots=True)
class Sent:
    """A recorded transaction that is not known to be mined."""

    id: int
    nonce: int
    tx_hash: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to do: ``waiting`` entries (counted up to a bound), open transactions by nonce, failed ones."""

    waiting: int
    open: tuple[Sent, ...]
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits; ``oldest`` is when the oldest waiting entry was accepted, None: nothing waits."""

    queued: int
    sent: int
    oldest: int | None


class Journal:
    """Every change is one transaction in which ``guard`` has seen that we are still the relay."""

    def __init__(self, db: Database, guard: Callable[[Connection], None]) -> None:
        self._db = db
        self._guard = guard

    def look(self, most: int) -> Look:
        """How things stand; costs the same however much waits beyond ``most``."""
        waiting = select(_E.id).where(_E.state == "queued").limit(most).subquery()
        opened = select(_B.id, _B.nonce, _B.tx_hash, _B.gas).where(_B.state == "open").order_by(_B.nonce)
        failed = select(_E.id).join(relay_batches, _E.batch == _B.id).where(_B.state == "failed", _E.state == "sent")
        with self._db.read() as connection:
            return Look(
                connection.execute(select(func.count()).select_from(waiting)).scalar_one(),
                tuple(Sent(*row) for row in connection.execute(opened)),
                connection.execute(failed.limit(1)).first() is not None,
            )

    def queue(self, most: int = QUEUE_LOOK) -> list[Queued]:
        """The oldest queued entries."""
        columns = (_E.id, _E.contract, _E.payload, _E.lanes, _E.gas, _E.acts, _E.most)
        query = select(*columns).where(_E.state == "queued").order_by(_E.id).limit(most)
        with self._db.read() as connection:
            return [_queued(*row) for row in connection.execute(query)]

    def raw(self, one: Sent) -> bytes:
        """The recorded bytes of a transaction."""
        with self._db.read() as connection:
            return bytes(connection.execute(select(_B.raw).where(_B.id == one.id)).scalar_one())

    def lanes_in_flight(self) -> set[str]:
        """Lanes with an entry in a recorded transaction that is not settled."""
        query = select(_E.contract, _E.payload, _E.lanes).where(_E.state == "sent")
        found: set[str] = set()
        with self._db.read() as connection:
            for contract, payload, lanes in connection.execute(query):
                found.update(lanes, relatives(payload) if contract == "trails" else ())
        return found

    def record(self, batch: Batch, contract: str, signed: SignedTransaction, now: int) -> Sent:
        """Note a signed transaction with what it carries, durably, before it is sent.

        Raises Conflict ``QUEUE_CHANGED`` where some of it no longer waits, Unavailable ``NONCE_USED`` where
        these very bytes were mined before: nothing is noted then.
        """
        row = {
            "nonce": signed.nonce, "contract": contract, "raw": signed.raw, "tx_hash": signed.hash,
            "gas": batch.gas, "entries": len(batch.entries), "state": "open", "created_at": now,
        }  # fmt: skip
        ids = [entry.id for entry in batch.entries]
        with self._db.write() as connection:
            self._guard(connection)
            number = _enter(connection, row)
            mine = update(outbox_entries).where(_E.id.in_(ids), _E.state == "queued")
            check_claim(connection.execute(mine.values(state="sent", batch=number)).rowcount, len(ids))
            waiting = update(outbox_acts).where(_A.entry.in_(ids), _A.status == "queued")
            connection.execute(waiting.values(status="sent"))
        return Sent(number, signed.nonce, signed.hash, batch.gas)

    def give_up(self, lost: Sequence[Sent]) -> None:
        """These transactions can never be mined: what they carried is queued again, in its old place."""
        ids = [one.id for one in lost]
        with self._db.write() as connection:
            self._guard(connection)
            connection.execute(update(relay_batches).where(_B.id.in_(ids)).values(state="lost"))
            _requeue(connection, (_E.batch.in_(ids), _E.state == "sent"), {})

    def split_failed(self) -> int:
        """Entries of transactions that failed as a whole go again in smaller company; how many.

        One that fails alone with all the gas there is would fail for ever: it is given up as
        MALFORMED, and the others go on.
        """
        query = select(_E.batch, _E.id, _E.gas, _B.tx_hash).join(relay_batches, _E.batch == _B.id)
        query = query.where(_B.state == "failed", _E.state == "sent")
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        if rows:
            with self._db.write() as connection:
                self._guard(connection)
                for batch in {row.batch for row in rows}:
                    _split(connection, [row for row in rows if row.batch == batch])
        return len(rows)

    def backlog(self) -> Backlog:
        """How much waits."""
        # named, not "other than done": what is done is the whole history, and no index helps to leave it out
        waiting = _E.state.in_(("queued", "sent"))
        counts = select(_E.state, func.count()).where(waiting).group_by(_E.state)
        oldest = select(func.min(_E.received_at)).where(waiting)
        with self._db.read() as connection:
            by_state = {row[0]: row[1] for row in connection.execute(counts)}
            return Backlog(by_state.get("queued", 0), by_state.get("sent", 0), connection.execute(oldest).scalar_one())


def _enter(connection: Connection, row: dict[str, Any]) -> int:
    """The row's id. What was given up and is signed again for the same nonce is the same bytes, and one row."""
    known = connection.execute(select(_B.id, _B.state).where(_B.tx_hash == row["tx_hash"])).first()
    if known is None:
        return int(connection.execute(insert(relay_batches).values(**row).returning(_B.id)).scalar_one())
    if known.state != "lost":
        raise Unavailable("NONCE_USED", "the chain gives a nonce that was used", "链给出的交易序号已用过")
    connection.execute(update(relay_batches).where(_B.id == known.id).values(**row))
    return int(known.id)


def check_claim(taken: int, wanted: int) -> None:
    """Raise Conflict ``QUEUE_CHANGED`` where somebody else took some of what we are about to sign for."""
    if taken != wanted:
        raise Conflict("QUEUE_CHANGED", "some of the batch no longer waits", "部分行为已不在待发队列")


def _queued(
    number: int, contract: str, payload: bytes, lanes: Sequence[str], gas: int, acts: int, most: int | None
) -> Queued:
    others = relatives(payload) if contract == "trails" else ()
    follows = contract == "trails" and not others
    return Queued(number, contract, payload, (*lanes, *others), gas, acts, most, follows)


def _split(connection: Connection, rows: Sequence[Any]) -> None:
    if len(rows) == 1 and rows[0].gas >= MOST_GAS:
        _poisoned(connection, rows[0].id, rows[0].tx_hash)
        return
    values: dict[str, Any] = {"most": halves(len(rows))}
    if len(rows) == 1:
        values["gas"] = MOST_GAS
    _requeue(connection, (_E.id.in_([row.id for row in rows]),), values)


def _requeue(connection: Connection, conditions: tuple[Any, ...], values: dict[str, Any]) -> None:
    ids = connection.execute(select(_E.id).where(*conditions)).scalars().all()
    connection.execute(update(outbox_entries).where(_E.id.in_(ids)).values(state="queued", batch=None, **values))
    carried = update(outbox_acts).where(_A.entry.in_(ids), _A.status == "sent")
    connection.execute(carried.values(status="queued"))


def _poisoned(connection: Connection, entry: int, tx_hash: bytes) -> None:
    undecided = update(outbox_acts).where(_A.entry == entry, _A.status.in_(("queued", "sent")))
    connection.execute(undecided.values(status="discarded", reason=int(Reason.MALFORMED), tx_hash=tx_hash))
    connection.execute(update(outbox_entries).where(_E.id == entry).values(state="done"))
