"""Many rows into a table, and many keys looked up, without what an expression costs each time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from api.store.shapes import chunks

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL in the driver's own form, and how a row becomes its parameters."""

    sql: str
    names: tuple[str, ...]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    converted: tuple[tuple[int, Convert], ...]
    positional: bool

    def parameters(self, row: dict[str, Any]) -> Any:
        values = list(self.values(row))
        for place, convert in self.converted:
            values[place] = convert(values[place])
        return tuple(values) if self.positional else dict(zip(self.names, values, strict=True))


def select_in(
    connection: Connection, columns: Sequence[Column[Any]], key: Column[Any], values: Sequence[bytes], more: str = ""
) -> Iterator[Any]:
    """Rows of ``columns``, as the driver gives them, where the ``key`` (bytes) is one of ``values``.

    ``more`` is SQL of ours that follows the condition. ``Unsigned`` columns come as bytes.
    """
    head = _select(tuple(columns), key)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    for chunk in chunks(values):
        marks = ",".join((mark,) * len(chunk))
        yield from connection.exec_driver_sql(f"{head} ({marks}) {more}", tuple(chunk))


@cache
def _select(columns: tuple[Column[Any], ...], key: Column[Any]) -> str:
    names = ", ".join(column.name for column in columns)
    return f"SELECT {names} FROM {key.table.name} WHERE {key.name} IN"  # noqa: S608 - names of our own tables


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    if not rows:
        return
    statement = _statement(table, tuple(rows[0]), connection.dialect)
    connection.exec_driver_sql(statement.sql, [statement.parameters(row) for row in rows])


@cache
def _statement(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Statement:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))
    ordered = tuple(compiled.positiontup or ()) if dialect.positional else names
    converted = [(place, _converter(table.c[name].type, dialect)) for place, name in enumerate(ordered)]
    return _Statement(
        str(compiled), ordered, itemgetter(*ordered) if len(ordered) > 1 else lambda row: (row[ordered[0]],),
        tuple((place, convert) for place, convert in converted if convert is not None), bool(dialect.positional),
    )  # fmt: skip


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What SQLAlchemy would do to a value, but for bytes, which every driver here takes as they are."""
    implementation = kind.dialect_impl(dialect)
    plain = implementation.impl if isinstance(implementation, TypeDecorator) else implementation
    if not isinstance(plain, LargeBinary):
        return implementation.bind_processor(dialect)
    if type(implementation).process_bind_param is TypeDecorator.process_bind_param:  # type: ignore[attr-defined]
        return None
    return lambda value: implementation.process_bind_param(value, dialect)  # type: ignore[attr-defined]
