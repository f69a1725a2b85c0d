"""Brings a database to this version, or back: migrations of our own tables, the index dropped if it is older.

Alembic takes a quarter of a process's start to import, so it is imported only where there is something to migrate:
a process that was killed is to be back soon.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, case, inspect, select, text

from api.store import index_tables as t
from api.store.database import Database
from api.store.facts import VERSION, write_facts
from api.store.own_tables import heartbeats, outbox_acts, outbox_entries, relay_batches
from api.store.schema import INDEX, metadata, tables_of
from ledger.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

BASE, HEAD = "base", "head"
_MIGRATIONS = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """The last migration's number, from its file's name."""
    return max((_MIGRATIONS / "versions").glob("r[0-9]*.py")).name[1:5]


def configuration(connection: Connection | None = None) -> "Config":
    """Alembic's, for our migrations on a connection."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(db: Database, revision: str = HEAD) -> None:
    """Migrate under the database's write lock, all or nothing; safe for several processes at once.

    Raises Conflict ``DATABASE_IS_NEWER`` where a later version of this program has migrated it.
    """
    with db.write() as connection:
        if revision != HEAD or not _is_current(connection):
            from alembic import command  # noqa: PLC0415

            _check_known(connection)
            command.upgrade(configuration(connection), revision)
        if _index_version(connection) != t.VERSION:
            reset_index(connection)


def downgrade(db: Database, revision: str) -> None:
    """Back to the tables of an older revision, or to none (``BASE``), all or nothing.

    Raises Conflict ``DOWNGRADE_LOSES`` where that would drop what no chain can give back.
    """
    from alembic import command  # noqa: PLC0415

    with db.write() as connection:
        _check_known(connection)
        if revision == BASE:
            metadata.drop_all(connection, tables_of(INDEX))
        command.downgrade(configuration(connection), revision)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [newest_revision()]


def _check_known(connection: Connection) -> None:
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    ours = {one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if not set(MigrationContext.configure(connection).get_current_heads()) <= ours:
        raise Conflict(
            "DATABASE_IS_NEWER", "a later version of huxin has migrated this database: use that version",
            "此数据库已由更新版本的互信升级,请使用该版本",
        )  # fmt: skip


def reset_index(connection: Connection) -> None:
    """Drop and create the index's tables; what hangs on them in the outbox is open again.

    Off-chain records (outbox, documents, sessions, license records) stay.
    """
    tables = tables_of(INDEX)
    metadata.drop_all(connection, tables)
    metadata.create_all(connection, tables)
    write_facts(connection, {VERSION: t.VERSION})
    connection.execute(heartbeats.delete().where(heartbeats.c.name == "index"))
    _reopen_outbox(connection)


def _reopen_outbox(connection: Connection) -> None:
    """Verdicts that came from the index are taken back; replaying gives them again.

    What is in no transaction of ours that can still be mined, since somebody else had carried it, waits for one again.
    """
    verdicts = outbox_acts.c.block.is_not(None)
    entries = select(outbox_acts.c.entry).where(verdicts)
    given_up = select(relay_batches.c.id).where(relay_batches.c.state == "lost")
    unsent = outbox_entries.c.batch.is_(None) | outbox_entries.c.batch.in_(given_up)
    state = case((unsent, "queued"), else_="sent")
    connection.execute(outbox_entries.update().where(outbox_entries.c.id.in_(entries)).values(state=state))
    never = outbox_acts.c.entry.in_(select(outbox_entries.c.id).where(unsent))
    nothing: dict[str, Any] = {"reason": None, "tx_hash": None, "block": None, "at": None}
    status = case((never, "queued"), else_="sent")
    connection.execute(outbox_acts.update().where(verdicts).values(status=status, **nothing))
    connection.execute(
        relay_batches.update().where(relay_batches.c.state.in_(("mined", "failed"))).values(state="open", block=None)
    )


def _index_version(connection: Connection) -> object:
    if not inspect(connection).has_table(t.facts.name):
        return None
    return connection.execute(select(t.facts.c.value).where(t.facts.c.name == VERSION)).scalar_one_or_none()
