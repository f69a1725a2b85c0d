"""Rows of a table as read models, one by key or a page after a key."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Table, select

from api.store.models import Page

T = TypeVar("T")
MOST = 500
"""Rows on a page, at most."""


def columns_of(cls: type[Any], table: Table) -> list[Any]:
    """The table's columns in the order of the model's fields; those it has not are left out."""
    return [table.c[field.name] for field in fields(cls) if field.name in table.c]


def one(connection: Connection, cls: type[T], table: Table, condition: ColumnElement[bool]) -> T | None:
    """The row that meets a condition."""
    row = connection.execute(select(*columns_of(cls, table)).where(condition)).first()
    return None if row is None else cls(*row)


def several(
    connection: Connection, cls: type[T], table: Table, condition: ColumnElement[bool], *order: ColumnElement[Any]
) -> tuple[T, ...]:
    """All rows that meet a condition."""
    query = select(*columns_of(cls, table)).where(condition).order_by(*order)
    return tuple(cls(*row) for row in connection.execute(query))


def page(
    connection: Connection,
    cls: type[T],
    table: Table,
    key: Column[Any],
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    after: Any,
) -> Page[T]:
    """At most ``limit`` rows whose key is beyond ``after``, in order of key."""
    size = max(1, min(limit, MOST))
    query = select(*columns_of(cls, table)).where(*conditions).order_by(key).limit(size + 1)
    if after is not None:
        query = query.where(key > after)
    rows = [cls(*row) for row in connection.execute(query)]
    last = getattr(rows[size - 1], key.name) if len(rows) > size else None
    return Page(tuple(rows[:size]), last)


def mapped(found: Page[Any], convert: Callable[[Any], T]) -> Page[T]:
    """The same page of other things."""
    return Page(tuple(convert(one) for one in found.items), found.after)
