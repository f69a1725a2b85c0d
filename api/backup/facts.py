"""What a copied database says of itself."""

from dataclasses import dataclass

from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.pool import NullPool

from api.backup.manifest import Head
from api.store.own_tables import outbox_acts
from api.store.reads import read_head
from ledger.errors import NotFound


@dataclass(frozen=True, slots=True)
class Facts:
    """Index head, acts of the outbox by status, migration."""

    index: Head
    acts: dict[str, int]
    migration: str


def read_facts(url: str) -> Facts:
    """Read a database at rest or running; NotFound ``NOTHING_TO_BACK_UP`` where it is not one of ours."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        if not inspect(engine).has_table("alembic_version"):
            raise NotFound("NOTHING_TO_BACK_UP", "this is no database of huxin's", "不是互信的数据库")
        with engine.connect() as connection:
            head = read_head(connection)
            query = select(outbox_acts.c.status, func.count()).group_by(outbox_acts.c.status)
            acts = {row[0]: int(row[1]) for row in connection.execute(query)}
            migration = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        return Facts(Head(head.number, "0x" + head.hash.hex()), dict(sorted(acts.items())), str(migration))
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Whether the database has no table."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()
