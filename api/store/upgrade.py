"""Brings a database to this version: migrations of our own tables, the index dropped if it is older."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select

from api.store import index_tables as t
from api.store.database import Database
from api.store.facts import VERSION, write_facts
from api.store.own_tables import heartbeats, outbox_acts, outbox_entries, relay_batches
from api.store.schema import INDEX, metadata, tables_of


def upgrade(db: Database) -> None:
    """Migrate under the database's write lock; safe for several processes at once."""
    with db.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if _index_version(connection) != t.VERSION:
            reset_index(connection)


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
    """Verdicts that came from the index are taken back; replaying gives them again."""
    verdicts = outbox_acts.c.block.is_not(None)
    entries = select(outbox_acts.c.entry).where(verdicts)
    connection.execute(outbox_entries.update().where(outbox_entries.c.id.in_(entries)).values(state="sent"))
    connection.execute(
        outbox_acts.update().where(verdicts).values(status="sent", reason=None, tx_hash=None, block=None, at=None)
    )
    connection.execute(
        relay_batches.update().where(relay_batches.c.state.in_(("mined", "failed"))).values(state="open", block=None)
    )


def _index_version(connection: Connection) -> object:
    if not inspect(connection).has_table(t.facts.name):
        return None
    return connection.execute(select(t.facts.c.value).where(t.facts.c.name == VERSION)).scalar_one_or_none()
