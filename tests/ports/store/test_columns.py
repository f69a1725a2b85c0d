"""Every column of every table keeps the least and the greatest that it can be given, exactly."""

from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, LargeBinary, String, insert, select

from api.store.schema import Unsigned, metadata
from api.store.store import Store

LEAST_JSON = {"zero": 0, "none": None, "empty": ""}
# escaped in JSON: a NUL, half a surrogate pair; not escaped by every driver: beyond the first plane
GREATEST_JSON = {"nul": "a\0b", "half": "\ud800", "plane": "𠮷", "number": 2**64, "list": [[], {}], "quote": "'\"\\%s"}


def least(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, JSON):
        return LEAST_JSON
    if isinstance(kind, Unsigned | BigInteger | Integer):
        return 0 if column.nullable or not column.primary_key else 1
    if isinstance(kind, Boolean):
        return False
    return "" if isinstance(kind, String) else b""


def greatest(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, JSON):
        return GREATEST_JSON
    if isinstance(kind, Unsigned):
        return 256**kind.size - 1
    if isinstance(kind, BigInteger | Integer):
        return 2**63 - 1
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, String):
        return "政" * (kind.length or 10_000)
    assert isinstance(getattr(kind, "impl", kind), LargeBinary)
    return bytes(range(256)) * 40


@pytest.mark.parametrize("value_of", [least, greatest])
def test_columns_keep_what_they_are_given(store: Store, value_of: Any) -> None:
    written = {
        table.name: {
            column.name: value_of(next(iter(column.foreign_keys)).column if column.foreign_keys else column)
            for column in table.columns
        }
        for table in metadata.sorted_tables
    }
    with store.db.write() as connection:
        for table in metadata.sorted_tables:
            # what the migration or the index itself has written
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            connection.execute(insert(table).values(**written[table.name]))
    with store.db.read() as connection:
        for table in metadata.sorted_tables:
            (row,) = connection.execute(select(table)).mappings()
            assert dict(row) == written[table.name], table.name


def test_ids_sort_as_numbers(store: Store) -> None:
    values = [0, 1, 255, 256, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1]
    windows = metadata.tables["windows"]
    row = {column.name: least(column) for column in windows.columns}
    with store.db.write() as connection:
        connection.execute(insert(windows), [row | {"id": value} for value in reversed(values)])
    with store.db.read() as connection:
        assert list(connection.execute(select(windows.c.id).order_by(windows.c.id)).scalars()) == values
        above = select(windows.c.id).where(windows.c.id > 2**63 - 1).order_by(windows.c.id)
        assert list(connection.execute(above).scalars()) == [2**63, 2**64 - 1]
