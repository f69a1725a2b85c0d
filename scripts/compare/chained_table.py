"""A PostgreSQL table whose function chains every row to the one before; fsync on, on the same machine.

Whoever administers the database can recompute all of it: nothing outside tells. The officers' signatures are kept and
checked by the client, for the database does not know the curve.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise
from typing import Any

import psycopg

from ledger.crypto import address_of, recover
from scripts.compare.records import BATCH, Record, Row, Signed, WrongAnswer, compare, signed_by_officers
from scripts.postgres import PostgresServer
from scripts.report import progress

_SCHEMA = """
CREATE TABLE records (place bigint PRIMARY KEY, officer bigint NOT NULL, case_key bytea NOT NULL, step int NOT NULL,
    digest bytea NOT NULL, signature bytea NOT NULL, previous bytea NOT NULL, hash bytea NOT NULL);
CREATE INDEX ON records (case_key, step);
CREATE TABLE head (place bigint NOT NULL, hash bytea NOT NULL);
INSERT INTO head VALUES (0, decode(repeat('00', 32), 'hex'));
CREATE FUNCTION append(officer bigint, case_key bytea, step int, digest bytea, signature bytea) RETURNS bigint AS $$
DECLARE last head%ROWTYPE; chained bytea;
BEGIN
    SELECT * INTO last FROM head FOR UPDATE;
    chained := sha256(last.hash || int8send(officer) || case_key || int4send(step) || digest || signature);
    INSERT INTO records VALUES (last.place + 1, officer, case_key, step, digest, signature, last.hash, chained);
    UPDATE head SET place = last.place + 1, hash = chained;
    RETURN last.place + 1;
END $$ LANGUAGE plpgsql;
"""
_APPEND = "SELECT append(%s, %s, %s, %s, %s)"
ENGINE = "PostgreSQL"


def run(server: PostgresServer, records: Sequence[Record], sample: Sequence[Record]) -> list[Row]:
    """Each variant in a table of its own, read back afterwards; WrongAnswer."""
    signed, signing, checking = signed_by_officers(records)
    rows = []
    for clients, together in ((16, 1), (1, 1), (1, BATCH)):
        name = f"哈希链表 hash chain, {clients} 客户端 clients, {together} 条一提交 a commit"
        seconds, stored = _measure(server, signed, sample, clients, together)
        row = Row(ENGINE, name, len(records), seconds, signing, checking, stored=stored)
        progress(f"{ENGINE}: {name}: {row.alone:,.0f}/s")
        rows.append(row)
    return rows


def _measure(
    server: PostgresServer, signed: Sequence[Signed], sample: Sequence[Record], clients: int, together: int
) -> tuple[float, int]:
    """Seconds, and bytes that the table takes with its indexes."""
    address = server.create()
    place = server.url(address.rpartition("/")[2]).replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        seconds = _load(place, signed, clients, together)
        connection.execute("CHECKPOINT")
        found = connection.execute("SELECT pg_total_relation_size('records')").fetchone()
        _read_back(connection, sample, len(signed))
        return seconds, int(found[0]) if found else 0


def _load(place: str, signed: Sequence[Signed], clients: int, together: int) -> float:
    failures: list[BaseException] = []
    ready = threading.Barrier(clients + 1)

    def work(own: Sequence[Signed]) -> None:
        try:
            with psycopg.connect(place, autocommit=True) as connection:
                _warm(connection, own[0])
                ready.wait()
                _append(connection, own, together)
        except BaseException as failure:  # noqa: BLE001 - told by the thread that waits
            failures.append(failure)
            ready.abort()

    threads = [threading.Thread(target=work, args=(signed[one::clients],)) for one in range(clients)]
    for thread in threads:
        thread.start()
    with suppress(threading.BrokenBarrierError):
        ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began


def _warm(connection: psycopg.Connection[Any], one: Signed) -> None:
    """Have the statement prepared and the function compiled, as on a connection that a gateway keeps."""
    record, signature = one
    with connection.transaction(force_rollback=True):
        connection.execute(_APPEND, (record.officer, record.case, record.order, record.digest, signature), prepare=True)


def _append(connection: psycopg.Connection[Any], own: Sequence[Signed], together: int) -> None:
    for start in range(0, len(own), together):
        run = own[start : start + together]
        rows = [(one.officer, one.case, one.order, one.digest, signature) for one, signature in run]
        if together == 1:
            connection.execute(_APPEND, rows[0], prepare=True)
        else:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(_APPEND, rows)


def _read_back(connection: psycopg.Connection[Any], sample: Sequence[Record], count: int) -> None:
    query = "SELECT officer, case_key, step, digest, signature, previous, hash FROM records WHERE case_key = %s"
    for record in sample:
        row = connection.execute(query, (record.case,)).fetchone()
        if row is None:
            raise WrongAnswer("a row is missing")
        officer, case, step, digest, signature, previous, chained = row
        found = Record(officer, case, step, digest, b"")
        compare(record, found.answer)
        expected = sha256(previous + found.packed + signature).digest()
        if chained != expected or recover(found.hash, signature) != address_of(record.key):
            raise WrongAnswer("a row's hash or signature is wrong")
    rows = connection.execute("SELECT previous, hash FROM records ORDER BY place").fetchall()
    if len(rows) != count or any(later[0] != earlier[1] for earlier, later in pairwise(rows)):
        raise WrongAnswer("the table's chain is broken")
