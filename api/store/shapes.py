"""How the records of a ``World`` become rows and come back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, select

from api.store import index_tables as t
from ledger import records
from ledger.ids import agency_of

CHUNK = 500
"""Keys in one SELECT."""


def chunks(keys: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """Runs of at most ``size``."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


@dataclass(frozen=True, slots=True)
class Shape:
    """One mapping of the world: its table, its key column (or several), and the record's columns.

    ``derived`` are columns made from the key when a row is first written; ``blank`` those that
    only an act tells (``api.index.details``).
    """

    table: Table
    key: str | tuple[str, ...]
    columns: tuple[str, ...]
    encode: Callable[[Any], dict[str, Any]]
    decode: Callable[[Any], Any]
    derived: Callable[[Any], dict[str, Any]]

    @property
    def blank(self) -> dict[str, Any]:
        """Columns beside the record's, empty."""
        known = {*_names(self.key), "block", *self.columns}
        return {column.name: None for column in self.table.columns if column.name not in known}

    def load(self, connection: Connection, keys: Sequence[Any]) -> dict[Any, Any]:
        """Records by key; what is not there is left out."""
        found: dict[Any, Any] = {}
        for chunk in chunks(keys):
            for row in select_by(connection, self.table, self.key, self.columns, chunk):
                found[row[0]] = self.decode(row[1:])
        return found

    def of_key(self, key: Any) -> dict[str, Any]:
        """The key columns of a record."""
        return dict(zip(_names(self.key), key if isinstance(self.key, tuple) else (key,), strict=True))

    @property
    def at_key(self) -> ColumnElement[bool]:
        """The condition on the key columns, each bound as ``b_`` and its name."""
        return and_(*(self.table.c[name] == bindparam(f"b_{name}") for name in _names(self.key)))


def _names(key: str | tuple[str, ...]) -> tuple[str, ...]:
    return key if isinstance(key, tuple) else (key,)


def select_by(
    connection: Connection, table: Table, key: str | tuple[str, ...], columns: Sequence[str], values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Rows (key, *columns) where the key, a tuple where it has several columns, is one of ``values``.

    Of several columns the last alone is asked for, which few rows share: for tuples SQLite would read the whole table.
    """
    keys = [table.c[name] for name in _names(key)]
    query = select(*keys, *(table.c[name] for name in columns))
    if not isinstance(key, tuple):
        return [tuple(row) for row in connection.execute(query.where(keys[0].in_(values)))]
    rows = connection.execute(query.where(keys[-1].in_({value[-1] for value in values})))
    wanted = frozenset(values)
    return [(found, *row[len(key) :]) for row in rows if (found := tuple(row[: len(key)])) in wanted]


def _value(value: Any) -> Any:
    # not every driver binds an enumeration's member
    return int(value) if isinstance(value, IntEnum) else value


def _nothing(_key: Any) -> dict[str, Any]:
    return {}


def _agency(key: int) -> dict[str, Any]:
    return {"agency": agency_of(key)}


def _record(
    table: Table, key: str | tuple[str, ...], cls: type[Any], derived: Callable[[Any], dict[str, Any]] = _nothing
) -> Shape:
    """A shape whose columns are the record's fields."""
    names = tuple(field.name for field in fields(cls))
    place = names.index("status") if "status" in names else None

    def encode(record: Any) -> dict[str, Any]:
        return {name: _value(getattr(record, name)) for name in names}

    def decode(values: Sequence[Any]) -> Any:
        found = list(values)
        if place is not None:
            found[place] = records.Status(found[place])
        return cls(*found)

    return Shape(table, key, names, encode, decode, derived)


def _encode_grant(grant: records.Grant) -> dict[str, Any]:
    row = {name: _value(getattr(grant, name)) for name in GRANT_COLUMNS}
    row["items"] = None if grant.items is None else sorted(grant.items)
    return row


def _decode_grant(values: Sequence[Any]) -> records.Grant:
    row = dict(zip(GRANT_COLUMNS, values, strict=True))
    row["status"] = records.Status(row["status"])
    row["kind"] = records.GranteeKind(row["kind"])
    row["stopper"] = records.Stopper(row["stopper"])
    row["items"] = None if row["items"] is None else frozenset(row["items"])
    return records.Grant(**row)


GRANT_COLUMNS = tuple(field.name for field in fields(records.Grant))


def _plain(table: Table, key: str, column: str, derived: Callable[[Any], dict[str, Any]] = _nothing) -> Shape:
    """A shape of a single column."""
    return Shape(table, key, (column,), lambda value: {column: value}, lambda values: values[0], derived)


AGENCIES = _record(t.agencies, "id", records.Agency)
WINDOWS = _record(t.windows, "id", records.Window, _agency)
KEYS = Shape(
    t.keys,
    "address",
    (key_shape := _record(t.keys, "address", records.Key)).columns,
    lambda key: {**key_shape.encode(key), "agency": agency_of(key.officer)},
    key_shape.decode,
    _nothing,
)
CURRENT_KEY = _plain(t.officers, "id", "key", _agency)
GRANTS = Shape(t.grants, "id", GRANT_COLUMNS, _encode_grant, _decode_grant, _agency)
AGREEMENTS = _plain(t.agreements, "id", "terms", _agency)
SEALS = _record(t.seals, "id", records.Seal, _agency)
LICENSES = _record(t.licenses, ("issuer", "leaf"), records.LicenseRecord)
BATCHES = _record(t.batches, ("issuer", "root"), records.Batch)
USES = _record(t.license_uses, "authorization", records.LicenseUse)
LINKS = _plain(t.links, "child", "parent")
HEADS = _plain(t.cases, "case_key", "head")

VERSION_COLUMNS = tuple(field.name for field in fields(records.ItemVersion))


def load_items(connection: Connection, keys: Sequence[int]) -> dict[int, records.Item]:
    """Items with all their versions."""
    found: dict[int, records.Item] = {}
    for chunk in chunks(keys):
        for row in select_by(connection, t.items, "id", ("retired_from",), chunk):
            found[row[0]] = records.Item([], row[1])
        columns = ("version", *VERSION_COLUMNS)
        for key, _number, *values in sorted(select_by(connection, t.item_versions, "item", columns, chunk)):
            found[key].versions.append(records.ItemVersion(*values))
    return found


def freeze_item(key: int, item: records.Item) -> tuple[int, int, int]:
    """What can change of an item: how many versions it has and when it ends."""
    return key, len(item.versions), item.retired_from


def load_judged(connection: Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Which of these acts have their verdict."""
    found: set[bytes] = set()
    for chunk in chunks(keys):
        query = select(t.outcomes.c.act_id).where(t.outcomes.c.act_id.in_(chunk), t.outcomes.c.judged)
        found.update(connection.execute(query).scalars())
    return found
