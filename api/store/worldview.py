"""A ``World`` over the index: records are loaded when a rule asks for them, and written back in bulk."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from api.store import index_tables as t
from api.store import shapes
from api.store.facts import apply_facts, encode_facts, read_facts, write_facts
from api.store.lazy import LazyMap, LazySet, TrackedMap
from api.store.origin import Origin
from api.store.shapes import Shape
from ledger.ids import agency_of
from ledger.world import World

Connect = Callable[[], AbstractContextManager[Connection]]
Details = dict[tuple[str, Any], dict[str, Any]]
"""What only the acts tell, by (table, key): further columns of a row."""

RECORDS: dict[str, Shape] = {
    "agencies": shapes.AGENCIES,
    "windows": shapes.WINDOWS,
    "keys": shapes.KEYS,
    "current_key": shapes.CURRENT_KEY,
    "grants": shapes.GRANTS,
    "agreements": shapes.AGREEMENTS,
    "seals": shapes.SEALS,
    "licenses": shapes.LICENSES,
    "batches": shapes.BATCHES,
    "uses": shapes.USES,
    "links": shapes.LINKS,
}
"""The world's mappings that are written back by comparing; heads follow from the steps taken."""

VOLATILE = ("heads", "links", "licenses", "uses", "judged")
"""What grows with the work done, and is not kept in memory from block to block."""
MOST_KEPT = 200_000


class Worldview:
    """The indexer's world; not for several threads. ``has_code`` asks the chain."""

    def __init__(self, origin: Origin, connect: Connect, has_code: Callable[[bytes], bool]) -> None:
        self._connect = connect
        maps: dict[str, Any] = {name: self._map(shape) for name, shape in RECORDS.items()}
        maps["items"] = TrackedMap(self._loader(shapes.load_items), shapes.freeze_item)
        maps["heads"] = LazyMap(self._loader(shapes.HEADS.load))
        maps["judged"] = LazySet(self._loader(shapes.load_judged))
        self.maps = maps
        self.world = World(origin.deployment, origin.council(), has_code, **maps)
        with connect() as connection:
            apply_facts(self.world, read_facts(connection))
        self._facts = encode_facts(self.world)

    def _loader(self, load: Callable[[Connection, Sequence[Any]], Any]) -> Callable[[list[Any]], Any]:
        def fetch(keys: list[Any]) -> Any:
            with self._connect() as connection:
                return load(connection, keys)

        return fetch

    def _map(self, shape: Shape) -> TrackedMap[Any, Any]:
        return TrackedMap(self._loader(shape.load), lambda _key, record: shape.encode(record))

    def flush(self, connection: Connection, block: int, details: Details) -> None:
        """Write what differs from what was loaded, and the details of what the acts entered."""
        for name, shape in RECORDS.items():
            changed = {key: (before, now) for key, _, before, now in self.maps[name].changes()}
            _write(connection, shape, changed, block, details)
        self._write_items(connection, block, details)
        facts = encode_facts(self.world)
        write_facts(connection, {name: value for name, value in facts.items() if value != self._facts.get(name)})

    def settle(self) -> None:
        """The block is on disk: what is here is what is there."""
        for one in self.maps.values():
            if isinstance(one, TrackedMap):
                one.settle()
                if len(one) > MOST_KEPT:
                    one.forget()
        for name in VOLATILE:
            self.maps[name].forget()
        self._facts = encode_facts(self.world)

    def _write_items(self, connection: Connection, block: int, details: Details) -> None:
        new, changed, versions = [], [], []
        for key, item, before, now in self.maps["items"].changes():
            row = {"retired_from": now[2], "latest": now[1], "block": block}
            if before is None:
                new.append({"id": key, "agency": agency_of(key), **row})
            else:
                changed.append({"b_key": key, **row})
            first = before[1] if before else 0
            versions += [
                _version_row(key, number, item.versions[number - 1], block, details)
                for number in range(first + 1, now[1] + 1)
            ]
        _execute(connection, insert(t.items), new)
        _execute(connection, update(t.items).where(t.items.c.id == bindparam("b_key")), changed)
        _execute(connection, insert(t.item_versions), versions)


def _version_row(key: int, number: int, version: Any, block: int, details: Details) -> dict[str, Any]:
    row = {name: getattr(version, name) for name in shapes.VERSION_COLUMNS}
    blank = dict.fromkeys(("code", "name", "materials", "accept_days", "decide_days"))
    told = details.get((t.item_versions.name, (key, number)), {})
    return {"item": key, "version": number, **row, **blank, **told, "block": block}


def _write(
    connection: Connection, shape: Shape, changed: dict[Any, tuple[Any, Any]], block: int, details: Details
) -> None:
    told = {key: row for (table, key), row in details.items() if table == shape.table.name}
    new, updated = [], []
    for key, (before, now) in changed.items():
        if before is None:
            row = {**shape.blank, **now, **shape.derived(key), **told.pop(key, {})}
            new.append({**shape.of_key(key), **row, "block": block})
        else:
            updated.append({**_bound(shape, key), **now, "block": block})
    _execute(connection, insert(shape.table), new)
    _execute(connection, update(shape.table).where(shape.at_key), updated)
    for key, row in told.items():
        connection.execute(update(shape.table).where(shape.at_key).values(**row), _bound(shape, key))


def _bound(shape: Shape, key: Any) -> dict[str, Any]:
    return {f"b_{name}": value for name, value in shape.of_key(key).items()}


def _execute(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
