"""A disk that fails: an error for whoever asks, nothing retried, and the process told to end."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from api.store.bulk import run
from api.store.database import Database
from ledger.errors import Unavailable


@contextmanager
def files_cannot_grow() -> Iterator[None]:
    """The kernel fails every write beyond the first 64 KiB of a file (EFBIG), as a broken disk does (EIO)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(database: Database, size: int) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO t VALUES (zeroblob(:size))"), {"size": size})


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def database(tmp_path: Path, told: list[str]) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", on_failure=lambda: told.append("failed"))
    with made.write() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    fill(made, 10)
    yield made
    made._readers.dispose()
    made._writers.dispose()


def test_failed_write_is_an_error_and_ends_the_process(database: Database, told: list[str]) -> None:
    with files_cannot_grow(), pytest.raises(Unavailable) as caught:
        fill(database, 1_000_000)
    assert caught.value.code == "STORE_FAILED"
    assert told == ["failed"]


def test_nothing_is_written_or_read_after_a_failure(database: Database) -> None:
    with files_cannot_grow(), pytest.raises(Unavailable):
        fill(database, 1_000_000)
    with pytest.raises(Unavailable) as caught:
        fill(database, 10)
    assert caught.value.code == "STORE_FAILED"
    with pytest.raises(Unavailable), database.read() as connection:
        connection.execute(text("SELECT count(*) FROM t"))
    with pytest.raises(Unavailable), database.read() as connection:
        run(connection, "SELECT count(*) FROM t")


def test_fresh_process_finds_what_was_committed(database: Database, tmp_path: Path) -> None:
    with files_cannot_grow(), pytest.raises(Unavailable):
        fill(database, 1_000_000)
    fresh = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with fresh.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar_one() == 1
    fresh.close()


def test_other_errors_are_no_failure_of_the_disk(database: Database, told: list[str]) -> None:
    with pytest.raises(Exception, match="no such table"), database.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))
    fill(database, 10)
    assert told == []


def test_failure_is_judged_where_the_driver_is_asked_itself(database: Database, told: list[str]) -> None:
    """More than the cache holds is written before the commit."""
    with files_cannot_grow(), pytest.raises(Unavailable) as caught, database.write() as connection:
        run(connection, "INSERT INTO t VALUES (zeroblob(?))", (20_000_000,))
    assert caught.value.code == "STORE_FAILED"
    assert told == ["failed"]


def test_errors_of_the_driver_itself_are_raised_as_all_others(database: Database, told: list[str]) -> None:
    with pytest.raises(OperationalError) as caught, database.write() as connection:
        run(connection, "INSERT INTO nowhere VALUES (?)", ("a secret",))
    assert "secret" not in str(caught.value)
    fill(database, 10)
    assert told == []


def test_row_that_fails_after_others_came_is_raised_as_all_errors(database: Database) -> None:
    """The first row is there when the statement has begun; the others are asked for afterwards."""
    numbers = "VALUES (1), (-9223372036854775808)"
    with pytest.raises(OperationalError, match="integer overflow"), database.read() as connection:
        run(connection, f"SELECT abs(column1) FROM ({numbers})")  # noqa: S608 - of constants
