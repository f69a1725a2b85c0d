"""Every migration up and down on each database, and nothing declared that no migration makes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from api.store import index_tables
from api.store import upgrade as upgrading
from api.store.database import Database
from api.store.models import Session, StoredDocument
from api.store.schema import INDEX, metadata, tables_of
from api.store.store import Store, open_store
from api.store.upgrade import BASE, HEAD, configuration, downgrade, upgrade
from ledger.errors import Conflict
from tests.databases import DATABASES, empty_database
from tests.ports.store.test_outbox import entry

REVISIONS = tuple(one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions())[::-1]
VERSION_TABLE = "alembic_version"
INDEX_SCHEMAS = {
    1: "c82816d2b3419fb2",
    2: "3c4ef249ac9313ca",
    3: "7923451198a4e2ae",
    4: "32cb08f3631ecd8e",
    5: "edddcbe587c681b0",
    6: "8aa34e4042f02bbc",
    7: "f9bb95fb17bda693",
}
"""Version of the index → digest of its tables as SQLite is told them."""


@pytest.fixture(params=DATABASES)
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Gives databases without a table."""
    made: list[Database] = []

    def make() -> Database:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Database(empty_database(request.param, request, folder)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def db(make_database: Callable[[], Database]) -> Database:
    return make_database()


def schema(db: Database) -> dict[str, Any]:
    """What the database itself says that it has: columns, keys, indexes of each table."""
    with db.read() as connection:
        found = inspect(connection)
        return {
            name: {
                "columns": [_column(one) for one in found.get_columns(name)],
                "key": found.get_pk_constraint(name),
                "foreign": _sorted(found.get_foreign_keys(name)),
                "unique": _sorted(found.get_unique_constraints(name)),
                "indexes": [_index(one) for one in _sorted(found.get_indexes(name))],
            }
            for name in sorted(found.get_table_names())
            if name != VERSION_TABLE
        }


def _sorted(found: list[Any]) -> list[Any]:
    return sorted(found, key=lambda one: str(one["name"]))


def _column(one: Any) -> dict[str, Any]:
    kept = {key: one.get(key) for key in ("name", "nullable", "default", "identity", "autoincrement")}
    return kept | {"type": repr(one["type"])}


def _index(one: Any) -> dict[str, Any]:
    options = {name: str(value) for name, value in one["dialect_options"].items()}
    return {**one, "dialect_options": options}


def declared(make_database: Callable[[], Database], tables: MetaData = metadata) -> dict[str, Any]:
    """The schema that ``tables`` declare."""
    made = make_database()
    with made.write() as connection:
        tables.create_all(connection)
    return schema(made)


def test_migrations_make_exactly_the_declared_tables(make_database: Callable[[], Database]) -> None:
    migrated = make_database()
    upgrade(migrated)
    assert schema(migrated) == declared(make_database)


def add_column(tables: MetaData) -> None:
    tables.tables["sessions"].append_column(Column("extra", Integer))


def allow_null(tables: MetaData) -> None:
    tables.tables["documents"].c.kind.nullable = True


def add_index(tables: MetaData) -> None:
    Index("ix_extra", tables.tables["sessions"].c.address)


def lengthen(tables: MetaData) -> None:
    tables.tables["leases"].c.holder.type = String(65)


def drop_reference(tables: MetaData) -> None:
    acts = tables.tables["outbox_acts"]
    acts.constraints -= {acts.foreign_key_constraints.pop()}


def add_table(tables: MetaData) -> None:
    Table("more", tables, Column("id", Integer, primary_key=True))


@pytest.mark.parametrize("change", [add_column, allow_null, add_index, lengthen, drop_reference, add_table])
def test_changed_model_without_a_migration_is_noticed(
    make_database: Callable[[], Database], change: Callable[[MetaData], None]
) -> None:
    """The comparison above, on models that somebody has changed."""
    migrated = make_database()
    upgrade(migrated)
    changed = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(changed)
    change(changed)
    assert schema(migrated) != declared(make_database, changed)


def test_changed_index_without_a_new_version_of_it_is_noticed() -> None:
    """An index of another shape is replayed only where its version differs: see ``index_tables.VERSION``."""
    dialect = sqlite.dialect()
    told = [str(CreateTable(table).compile(dialect=dialect)) for table in tables_of(INDEX)]
    indexes = sorted((one for table in tables_of(INDEX) for one in table.indexes), key=lambda one: str(one.name))
    told += [str(CreateIndex(one).compile(dialect=dialect)) for one in indexes]
    digest = sha256("\n".join(told).encode()).hexdigest()[:16]
    assert INDEX_SCHEMAS.get(index_tables.VERSION) == digest, "count VERSION up and enter the new digest here"


@pytest.mark.parametrize("place", range(len(REVISIONS)), ids=REVISIONS)
def test_each_revision_goes_up_down_and_up_again(db: Database, place: int) -> None:
    upgrade(db, REVISIONS[place])
    there = schema(db)
    before = REVISIONS[place - 1] if place else BASE
    downgrade(db, before)
    if before == BASE:
        assert schema(db) == {}
    upgrade(db, REVISIONS[place])
    assert schema(db) == there


def test_all_the_way_down_and_up_is_the_declared_schema(make_database: Callable[[], Database]) -> None:
    db = make_database()
    upgrade(db)
    downgrade(db, BASE)
    assert schema(db) == {}
    upgrade(db, HEAD)
    assert schema(db) == declared(make_database)


def filled(db: Database) -> Store:
    store = open_store(db.url)
    store.start_writer()
    store.outbox.accept_blocking(entry(1))
    store.documents.put(StoredDocument(b"c" * 32, b"r" * 32, "materials", b"sealed", 5, 1))
    assert store.sessions.spend("n", b"a" * 20, 10)
    return store


def test_upgrading_again_keeps_everything(db: Database) -> None:
    store = filled(db)
    upgrade(db)
    assert store.outbox.pending_count() == 1
    assert store.documents.get(b"c" * 32, b"r" * 32) is not None
    assert not store.sessions.spend("n", b"a" * 20, 10)
    store.close()


def test_downgrade_that_would_drop_acknowledged_acts_is_refused_and_changes_nothing(db: Database) -> None:
    store = filled(db)
    before = schema(db)
    with pytest.raises(Conflict, match="DOWNGRADE_LOSES"):
        downgrade(db, BASE)
    assert schema(db) == before
    assert store.outbox.pending_count() == 1
    assert store.outcomes.head().number == -1
    store.close()


def test_downgrade_drops_what_only_passes(db: Database) -> None:
    upgrade(db)
    store = open_store(db.url)
    store.sessions.add(Session(b"t" * 32, b"a" * 20, 1, 0, 10))
    downgrade(db, BASE)
    assert schema(db) == {}
    upgrade(db)
    assert store.sessions.get(b"t" * 32, 5) is None
    store.close()


def test_processes_that_start_at_once_migrate_once(db: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_store(db.url), range(6)))
    for store in stores:
        assert store.db.answers()
        store.close()
    with db.read() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {VERSION_TABLE}")).scalar_one() == 1  # noqa: S608 - a name of this file


def test_upgrade_that_fails_leaves_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: Any) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(upgrading, "reset_index", fail)
        with pytest.raises(RuntimeError, match="stopped"):
            upgrade(db)
    assert schema(db) == {}
    upgrade(db)
    assert schema(db) != {}


def test_database_of_a_later_version_is_refused_and_left_alone(db: Database) -> None:
    upgrade(db)
    with db.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608 - a name of this file
    before = schema(db)
    for attempt in (upgrade, lambda one: downgrade(one, BASE)):
        with pytest.raises(Conflict, match="DATABASE_IS_NEWER"):
            attempt(db)
    assert schema(db) == before
