"""The databases that the store runs on, for fixtures: one file, or one database of a PostgreSQL server of our own."""

from pathlib import Path

import pytest

from api.store.store import open_store
from scripts.postgres import PostgresServer

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASES = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.needs("postgresql")))
"""Parameters of a fixture or a test."""


def empty_database(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """URL of a new database without tables; of SQLite as ``folder/huxin.db``."""
    if kind == SQLITE:
        return f"sqlite:///{folder / 'huxin.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create()


def migrated_template(server: PostgresServer) -> str:
    """URL of a database with our tables, to be copied: migrating each anew takes longer than most tests."""
    url = server.create()
    open_store(url).close()
    return url
