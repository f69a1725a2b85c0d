"""A commit is on disk, and a database that goes away is told as such, on each database in its own way."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from api.store.database import Database, StoreUnavailable
from api.store.store import Store, open_store
from ledger.errors import InvalidInput
from scripts.postgres import PostgresServer, postgres_server
from tests.ports.store.test_outbox import entry

on_postgresql = pytest.mark.needs("postgresql")


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be killed."""
    with postgres_server() as server:
        yield server


def test_sqlite_commits_are_forced_to_disk(tmp_path: Path) -> None:
    """With synchronous=NORMAL it loses acknowledged acts in a power cut."""
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.db.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


@on_postgresql
def test_postgresql_commits_are_forced_to_disk_though_the_administrator_set_that_off(postgres: PostgresServer) -> None:
    url = postgres.create()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    store = open_store(url)
    with store.db.write() as writing:
        assert writing.execute(text("SHOW synchronous_commit")).scalar() == "on"
    store.close()


@on_postgresql
def test_kill_of_the_server_loses_nothing_acknowledged(own_server: PostgresServer) -> None:
    url = own_server.create()
    store = open_store(url)
    store.start_writer()
    for number in range(100):
        store.outbox.accept_blocking(entry(number))
        if number == 60:
            own_server.kill()
            with pytest.raises(StoreUnavailable, match="STORE_SILENT"):
                store.outbox.status(entry(0).acts[0].act_id)
            own_server.start()
    assert all(store.outbox.status(entry(number).acts[0].act_id) for number in range(100))
    assert store.outbox.pending_count() == 100
    store.close()


def _write_and_be_cut(store: Store) -> None:
    with store.db.write() as writing:
        writing.execute(text("CREATE TABLE never (x int)"))
        pid = writing.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with store.db.read() as reading:
            reading.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        writing.execute(text("SELECT 1"))


@on_postgresql
def test_connection_cut_in_a_transaction_writes_nothing_and_the_next_works(postgres: PostgresServer) -> None:
    store = open_store(postgres.create())
    with pytest.raises(StoreUnavailable, match="STORE_SILENT"):
        _write_and_be_cut(store)
    with store.db.write() as writing:
        assert writing.execute(text("SELECT to_regclass('never')")).scalar_one() is None
    store.close()


@on_postgresql
def test_database_that_takes_no_writes_does_not_answer_as_healthy(postgres: PostgresServer) -> None:
    url = postgres.create()
    open_store(url).close()
    db = Database(url)
    assert db.answers()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{connection.info.dbname}" SET default_transaction_read_only = on'.encode())
    db.close()
    db = Database(url)
    assert not db.answers()
    db.close()


@on_postgresql
def test_no_password_and_no_parameter_in_what_an_error_says(postgres: PostgresServer) -> None:
    url = postgres.create()
    wrong = Database(url.replace(postgres.password, "not-the-password"))
    with pytest.raises(StoreUnavailable) as silent:
        wrong.answers()
    store = open_store(url)
    statement, secret = text("SELECT CAST(:value AS bytea) / 2"), {"value": b"a sealed document"}
    with pytest.raises(Exception, match="operator does not exist") as failed, store.db.read() as connection:
        connection.execute(statement, secret)
    store.close()
    told = f"{silent.value} {silent.value.__cause__} {failed.value}"
    assert "not-the-password" not in told
    assert "sealed document" not in told


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/x", "nothing hunter2", "postgresql://u:p@h:hunter2/x", ""])
def test_address_of_no_database_of_ours_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Database(url)
    assert refused.value.faults[0].code == "DATABASE_URL"
    assert "hunter2" not in f"{refused.value} {refused.value.__cause__}"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
@on_postgresql
def test_each_way_to_write_a_postgresql_address_works(postgres: PostgresServer, scheme: str) -> None:
    db = Database(scheme + postgres.create().removeprefix("postgresql+psycopg"))
    assert db.answers()
    db.close()
