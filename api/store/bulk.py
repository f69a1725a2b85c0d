"""Many rows into a table, and many keys looked up, without what an expression costs each time."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

from api.store.database import JUDGE
from api.store.shapes import chunks

Convert = Callable[[Any], Any]


MOST_ROWS = 64
"""Rows of one INSERT. SQLite's driver lets go of Python's lock at each step of a statement, and other threads do not
give it back at once: one statement for all rows is ready before many small ones have begun. Counts are powers of two:
each connection keeps the statements it has prepared, and a hundred long ones for each table are tens of megabytes."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns of an INSERT, and what turns a value into what the driver takes, None: nothing."""

    head: str
    names: tuple[str, ...]
    converters: tuple[Convert | None, ...]

    def flat(self, rows: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
        values = [row[name] for row in rows for name in self.names]
        width = len(self.names)
        for place, convert in enumerate(self.converters):
            if convert is not None:
                values[place::width] = map(convert, values[place::width])
        return tuple(values)


def run(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
    """The rows of SQL of ours, as the driver gives them; none of what only writes.

    SQLite answers most of our questions in less time than SQLAlchemy takes to pass them on (30 to 100 us), so there the
    driver is asked itself; what fails is judged by the database and raised as SQLAlchemy raises it.
    """
    if connection.dialect.name != "sqlite":
        result = connection.exec_driver_sql(statement, tuple(parameters))
        return result.all() if result.returns_rows else ()
    driver: Any = connection.connection.driver_connection
    try:
        rows: list[Any] = driver.execute(statement, parameters).fetchall()  # a row that comes late may fail too
    except sqlite3.Error as error:
        connection.info[JUDGE](error)
        raise DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True) from error
    return rows


def select_in(
    connection: Connection, columns: Sequence[Column[Any]], key: Column[Any], values: Sequence[bytes], more: str = ""
) -> Iterator[Any]:
    """Rows of ``columns``, as the driver gives them, where the ``key`` (bytes) is one of ``values``.

    ``more`` is SQL of ours that follows the condition. ``Unsigned`` columns come as bytes.
    """
    head = _select(tuple(columns), key)
    mark = _mark(connection)
    for padded in _padded(values):
        marks = ",".join((mark,) * len(padded))
        yield from run(connection, f"{head} ({marks}) {more}", padded)


def select_pairs(
    connection: Connection, table: Table, key: tuple[str, str], more: Sequence[str], values: Sequence[tuple[Any, Any]]
) -> Iterator[Any]:
    """Rows (key, *more), as the driver gives them, where both columns of the ``key`` are as in one of ``values``.

    As a join from the values: for ``(a, b) IN`` SQLite reads the whole table.
    """
    one, other = (_quoted(connection, name) for name in key)
    wanted = ", ".join(f"t.{_quoted(connection, name)}" for name in (*key, *more))
    pair = "({0},{0})".format(_mark(connection))
    for padded in _padded(values):
        pairs = ",".join((pair,) * len(padded))
        given = f"WITH v(a, b) AS (VALUES {pairs}) SELECT DISTINCT {wanted} FROM v"  # noqa: S608 - names of our own tables
        joined = f"{given} CROSS JOIN {table.name} t WHERE t.{one} = v.a AND t.{other} = v.b"
        yield from run(connection, joined, [value for both in padded for value in both])


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _padded(values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Runs filled up to powers of two with their last value, so that there are few statements to be prepared."""
    for chunk in chunks(values):
        missing = (1 << (len(chunk) - 1).bit_length()) - len(chunk)
        yield (*chunk, *((chunk[-1],) * missing))


@cache
def _select(columns: tuple[Column[Any], ...], key: Column[Any]) -> str:
    names = ", ".join(column.name for column in columns)
    return f"SELECT {names} FROM {key.table.name} WHERE {key.name} IN"  # noqa: S608 - names of our own tables


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    for chunk in _powers(rows):
        shape = _shape(table, tuple(chunk[0]), connection.dialect)
        one = f"({','.join((_mark(connection),) * len(shape.names))})"
        run(connection, shape.head + ",".join((one,) * len(chunk)), shape.flat(chunk))


def _powers(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Runs of 64, then of the powers of two that are left."""
    start = 0
    while left := len(rows) - start:
        count = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        yield rows[start : start + count]
        start += count


@cache
def _shape(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Shape:
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    head = f"INSERT INTO {table.name} ({columns}) VALUES "  # noqa: S608 - names of our own tables
    return _Shape(head, names, tuple(_converter(table.c[name].type, dialect) for name in names))


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What SQLAlchemy would do to a value, but for bytes, which every driver here takes as they are."""
    implementation = kind.dialect_impl(dialect)
    if not isinstance(implementation, TypeDecorator):
        return None if isinstance(implementation, LargeBinary) else implementation.bind_processor(dialect)
    if not isinstance(implementation.impl, LargeBinary):
        return implementation.bind_processor(dialect)
    if type(implementation).process_bind_param is TypeDecorator.process_bind_param:
        return None
    return lambda value: implementation.process_bind_param(value, dialect)
