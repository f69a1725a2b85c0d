"""One block's rows into the database, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, exists, select, update

from api.index.ours import settled
from api.index.overtaken import overtaken
from api.index.record import BlockRecord, Verdict, case_row
from api.store import index_tables as t
from api.store.bulk import insert_rows
from api.store.own_tables import outbox_acts, outbox_entries, relay_batches
from api.store.reads import APPLIED, REFUSED
from api.store.shapes import chunks
from node.gateway.port import ChainBlock


def write_block(connection: Connection, block: ChainBlock, record: BlockRecord) -> None:
    """Outcomes, steps, cases and the outbox's statuses; the block's own row last."""
    _fill_homes(connection, record)
    _insert(connection, t.outcomes, record.outcomes)
    _insert(connection, t.steps, record.steps)
    _write_cases(connection, block.number, record)
    _write_outbox(connection, settled(connection, record))
    _write_batches(connection, block.number, record)
    row = {"number": block.number, "hash": block.hash, "parent_hash": block.parent_hash}
    _insert(connection, t.blocks, [{**row, "timestamp": block.timestamp, "acts": len(record.outcomes)}])


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        insert_rows(connection, table, rows)


def _fill_homes(connection: Connection, record: BlockRecord) -> None:
    """Steps that were not taken show no state; their case's home agency is asked for."""
    without = {row["subject"] for row in record.outcomes if row["other"] is None}
    homes = {key: state.home for key, state in record.moved.items()}
    for chunk in chunks(sorted(without - homes.keys())):
        query = select(t.cases.c.case_key, t.cases.c.home).where(t.cases.c.case_key.in_(chunk))
        homes.update({row[0]: row[1] for row in connection.execute(query)})
    for row in record.outcomes:
        if row["other"] is None:
            row["other"] = homes.get(row["subject"], 0)


def _write_cases(connection: Connection, block: int, record: BlockRecord) -> None:
    new, moved = [], []
    for key, state in record.moved.items():
        row = case_row(key, state, block)
        if key in record.opened:
            new.append({**row, **record.opened[key]})
        else:
            moved.append({**row, "b_key": row.pop("case_key")})
    _insert(connection, t.cases, new)
    if moved:
        connection.execute(update(t.cases).where(t.cases.c.case_key == bindparam("b_key")), moved)


def _write_outbox(connection: Connection, verdicts: Mapping[bytes, Verdict]) -> None:
    a = outbox_acts.c
    again = overtaken(connection, verdicts)
    rows: list[dict[str, Any]] = []
    entries: set[int] = set()
    for chunk in chunks(sorted(verdicts)):
        query = select(a.act_id, a.entry, a.status).where(a.act_id.in_(chunk))
        for act_id, entry, status in connection.execute(query):
            entries.add(entry)
            # a step that was refused may take effect all the same, in a copy that somebody carries later
            known = (APPLIED,) if verdicts[act_id].status == APPLIED else (APPLIED, REFUSED)
            if status not in known and act_id not in again:
                rows.append(_row(act_id, verdicts[act_id]))
    if rows:
        connection.execute(update(outbox_acts).where(a.act_id == bindparam("b_id")), rows)
    if again:
        _queue_again(connection, again)
    waiting = exists().where(a.entry == outbox_entries.c.id, a.status.in_(("queued", "sent")))
    for chunk in chunks(sorted(entries)):
        finished = update(outbox_entries).where(outbox_entries.c.id.in_(chunk), ~waiting)
        connection.execute(finished.values(state="done"))


def _row(act_id: bytes, one: Verdict) -> dict[str, Any]:
    return {
        "b_id": act_id, "status": one.status, "reason": one.reason, "tx_hash": one.tx_hash, "block": one.block,
        "at": one.at,
    }  # fmt: skip


def _queue_again(connection: Connection, act_ids: set[bytes]) -> None:
    e, a = outbox_entries.c, outbox_acts.c
    for chunk in chunks(sorted(act_ids)):
        connection.execute(update(outbox_acts).where(a.act_id.in_(chunk)).values(status="queued"))
        carried = select(a.entry).where(a.act_id.in_(chunk))
        sent = update(outbox_entries).where(e.id.in_(carried), e.state == "sent")
        connection.execute(sent.values(state="queued", batch=None))


def _write_batches(connection: Connection, block: int, record: BlockRecord) -> None:
    b = relay_batches.c
    for state in ("mined", "failed"):
        hashes = [tx_hash for tx_hash, became in record.transactions.items() if became == state]
        for chunk in chunks(hashes):
            connection.execute(update(relay_batches).where(b.tx_hash.in_(chunk)).values(state=state, block=block))
