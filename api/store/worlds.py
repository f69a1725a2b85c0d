"""Worlds for predicting: read through a cache per indexed block, judged on freely, never written."""

import copy
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection, func, select

from api.store import index_tables as t
from api.store import shapes
from api.store.database import Database
from api.store.facts import apply_facts, read_facts
from api.store.heads import latest_states, pending_links
from api.store.lazy import LazyMap, LazySet
from api.store.origin import Origin
from api.store.worldview import RECORDS
from ledger.state import CaseState
from ledger.world import World

Loader = Callable[[Connection, Sequence[Any]], dict[Any, Any]]

_CACHED: dict[str, Loader] = {
    **{name: shape.load for name, shape in RECORDS.items() if name not in ("links", "licenses")},
    "items": shapes.load_items,
}
"""What changes only with blocks that hold acts of administration."""
_REFRESH_SECONDS = 0.02
_NEWEST = select(func.max(t.blocks.c.number))
MOST_CACHED = 100_000


class _Block:
    """Records as of one indexed block; None: looked for and not there."""

    def __init__(self, number: int, facts: dict[str, Any]) -> None:
        self.number = number
        self.facts = facts
        self.records: dict[str, dict[Any, Any]] = {name: {} for name in _CACHED}


class Worlds:
    """Makes scratch worlds; safe under threads."""

    def __init__(self, db: Database, origin: Origin, monotonic: Callable[[], float]) -> None:
        """``monotonic``: seconds, for how long the newest block is taken for the newest."""
        self._db = db
        self._origin = origin
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._block: _Block | None = None
        self._checked = 0.0

    def scratch(self, *, pending: bool = True) -> World:
        """A world to judge on; ``pending`` lays accepted steps over the index's heads."""
        block = self._current()
        maps: dict[str, Any] = {
            name: LazyMap(self._through(block, name, load, self._db.read)) for name, load in _CACHED.items()
        }
        maps["heads"] = LazyMap(self._straight(_pending_heads if pending else shapes.HEADS.load))
        maps["links"] = LazyMap(self._straight(_pending_links if pending else shapes.LINKS.load))
        maps["licenses"] = LazyMap(self._straight(shapes.LICENSES.load))
        maps["judged"] = LazySet(self._judged)
        world = World(self._origin.deployment, self._origin.council(), **maps)
        apply_facts(world, block.facts)
        return world

    def over(self, connection: Connection, states: LazyMap[bytes, CaseState]) -> World:
        """A world read through one connection, whose transaction sees index and outbox at one moment.

        ``states`` are the newest states of cases; heads follow from them.
        """
        block = self._newest(connection)

        def heads(keys: list[bytes]) -> dict[bytes, bytes]:
            states.prefetch(keys)
            return {key: state.head for key in keys if (state := states.get(key)) is not None}

        through = lambda: nullcontext(connection)  # noqa: E731
        maps: dict[str, Any] = {
            name: LazyMap(self._through(block, name, load, through)) for name, load in _CACHED.items()
        }
        maps["heads"] = LazyMap(heads)
        maps["links"] = LazyMap(lambda keys: _pending_links(connection, keys))
        maps["licenses"] = LazyMap(lambda keys: shapes.LICENSES.load(connection, keys))
        maps["judged"] = LazySet(lambda keys: shapes.load_judged(connection, keys))
        world = World(self._origin.deployment, self._origin.council(), **maps)
        apply_facts(world, block.facts)
        return world

    def _newest(self, connection: Connection) -> _Block:
        with self._lock:
            self._block = self._read(connection, self._block)
            return self._block

    def _current(self) -> _Block:
        with self._lock:
            now = self._monotonic()
            if self._block is None or now - self._checked > _REFRESH_SECONDS:
                self._checked = now
                self._block = self._refresh(self._block)
            return self._block

    def _refresh(self, known: _Block | None) -> _Block:
        with self._db.read() as connection:
            return self._read(connection, known)

    def _read(self, connection: Connection, known: _Block | None) -> _Block:
        number = connection.execute(_NEWEST).scalar_one()
        number = -1 if number is None else number
        full = known is not None and any(len(kept) > MOST_CACHED for kept in known.records.values())
        if known is not None and known.number == number and not full:
            return known
        return _Block(number, read_facts(connection))

    def _through(
        self, block: _Block, name: str, load: Loader, connect: Callable[[], AbstractContextManager[Connection]]
    ) -> Callable[[list[Any]], dict[Any, Any]]:
        """Through the block's cache; copies, for rules change the records they are given."""
        kept = block.records[name]

        def fetch(keys: list[Any]) -> dict[Any, Any]:
            missing = [key for key in keys if key not in kept]
            if missing:
                with connect() as connection:
                    found = load(connection, missing)
                kept.update({key: (key in found, found.get(key)) for key in missing})
            return {key: _copy(kept[key][1]) for key in keys if kept[key][0]}

        return fetch

    def _straight(self, load: Loader) -> Callable[[list[Any]], dict[Any, Any]]:
        def fetch(keys: list[Any]) -> dict[Any, Any]:
            with self._db.read() as connection:
                return load(connection, keys)

        return fetch

    def _judged(self, keys: list[bytes]) -> set[bytes]:
        with self._db.read() as connection:
            return shapes.load_judged(connection, keys)


def _copy(record: Any) -> Any:
    made = copy.copy(record)
    if hasattr(made, "versions"):
        made.versions = list(made.versions)
    return made


def _pending_heads(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    return {key: state.head for key, state in latest_states(connection, keys).items()}


def _pending_links(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    return {**shapes.LINKS.load(connection, keys), **pending_links(connection, keys)}
