"""Worlds for predicting: read through a cache per indexed block, judged on freely, never written."""

import copy
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection

from api.store import shapes
from api.store.bulk import run
from api.store.database import Database
from api.store.facts import apply_facts, read_facts
from api.store.heads import latest_states, pending_links
from api.store.lazy import LazyMap, LazySet
from api.store.origin import Origin
from api.store.worldview import RECORDS
from ledger.state import CaseState
from ledger.world import World

Loader = Callable[[Connection, Sequence[Any]], dict[Any, Any]]
Connect = Callable[[], AbstractContextManager[Connection]]

_CACHED: dict[str, Loader] = {
    **{name: shape.load for name, shape in RECORDS.items() if name not in ("links", "licenses")},
    "items": shapes.load_items,
}
"""What changes only with blocks that hold acts of administration."""
_NEWEST = "SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1"
MOST_CACHED = 100_000


class _Block:
    """Records as of one indexed block; None: looked for and not there."""

    def __init__(self, which: tuple[int, bytes], facts: dict[str, Any]) -> None:
        self.which = which
        self.facts = facts
        self.records: dict[str, dict[Any, Any]] = {name: {} for name in _CACHED}


class Worlds:
    """Makes scratch worlds; safe under threads.

    Each world is of the newest indexed block at the moment it is made: whoever saw an act applied finds it applied
    here, and a key that was revoked opens nothing from then on.
    """

    def __init__(self, db: Database, origin: Origin) -> None:
        self._db = db
        self._origin = origin
        self._lock = threading.Lock()
        self._block: _Block | None = None
        self._desk: _Desk | None = None

    def scratch(self, *, pending: bool = True) -> World:
        """A world to judge on; ``pending`` lays accepted steps over the index's heads."""
        world = self.world_of(self._current(), self._db.read)
        world.heads = LazyMap(self._straight(_pending_heads if pending else shapes.HEADS.load))
        world.links = LazyMap(self._straight(_pending_links if pending else shapes.LINKS.load))
        world.licenses = LazyMap(self._straight(shapes.LICENSES.load))
        world.judged = LazySet(self._judged)
        return world

    def over(self, connection: Connection, states: LazyMap[bytes, CaseState]) -> World:
        """A world read through one connection, whose transaction sees index and outbox at one moment.

        ``states`` are the newest states of cases; heads follow from them. For one thread, which is done with the world
        when it asks for the next: records are shared by all worlds of a block, with what steps used of a quota.
        """
        block = self._newest(connection)
        if self._desk is None or self._desk.block is not block:
            self._desk = _Desk(block, self)
        return self._desk.world_over(connection, states)

    def world_of(self, block: _Block, connect: Connect) -> World:
        """A world of a block's records, each fetched at most once; without what changes between blocks."""
        maps: dict[str, Any] = {
            name: LazyMap(self._through(block, name, load, connect)) for name, load in _CACHED.items()
        }
        world = World(self._origin.deployment, self._origin.council(), **maps)
        apply_facts(world, block.facts)
        return world

    def _newest(self, connection: Connection) -> _Block:
        with self._lock:
            self._block = self._read(connection, self._block)
            return self._block

    def _current(self) -> _Block:
        with self._db.read() as connection:
            return self._newest(connection)

    def _read(self, connection: Connection, known: _Block | None) -> _Block:
        rows = run(connection, _NEWEST)
        # the hash too: after a reorganisation another block has the same height
        which = (int(rows[0][0]), bytes(rows[0][1])) if rows else (-1, b"")
        full = known is not None and any(len(kept) > MOST_CACHED for kept in known.records.values())
        if known is not None and known.which == which and not full:
            return known
        return _Block(which, read_facts(connection))

    def _through(
        self, block: _Block, name: str, load: Loader, connect: Connect
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


class _Desk:
    """The one world of a block that a writer judges on, batch after batch."""

    def __init__(self, block: _Block, worlds: Worlds) -> None:
        self.block = block
        self._connection: Connection | None = None
        self._world = worlds.world_of(block, lambda: nullcontext(self._now_open()))

    def _now_open(self) -> Connection:
        if self._connection is None:
            raise AssertionError("a world is read within its transaction")
        return self._connection

    def world_over(self, connection: Connection, states: LazyMap[bytes, CaseState]) -> World:
        self._connection = connection

        def heads(keys: list[bytes]) -> dict[bytes, bytes]:
            states.prefetch(keys)
            return {key: state.head for key in keys if (state := states.get(key)) is not None}

        world = self._world
        world.heads = LazyMap(heads)
        world.links = LazyMap(lambda keys: _pending_links(connection, keys))
        world.licenses = LazyMap(lambda keys: shapes.LICENSES.load(connection, keys))
        world.judged = LazySet(lambda keys: shapes.load_judged(connection, keys))
        return world


def _copy(record: Any) -> Any:
    made = copy.copy(record)
    if hasattr(made, "versions"):
        made.versions = list(made.versions)
    return made


def _pending_heads(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    return {key: state.head for key, state in latest_states(connection, keys).items()}


def _pending_links(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    return {**shapes.LINKS.load(connection, keys), **pending_links(connection, keys)}
