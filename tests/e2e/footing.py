"""What a ledger stands on: one of two databases and one of two chain engines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.fleet import DATABASE_URL, RPC_URL
from node.engines import ANVIL, EMBEDDED, discover
from scripts.postgres import PostgresServer
from tests.databases import POSTGRESQL, SQLITE

ROOT = Path(__file__).parents[2]
ANVIL_CHAIN = 31_337


def _footing(database: str, engine: str) -> object:
    tools = [name for name in (database, engine) if name in (POSTGRESQL, ANVIL)]
    marks = [pytest.mark.needs(*tools)] if tools else []
    return pytest.param((database, engine), marks=marks, id=f"{database}-{engine}")


FOOTINGS = tuple(_footing(database, engine) for engine in (EMBEDDED, ANVIL) for database in (SQLITE, POSTGRESQL))
ONE_OF_EACH = (_footing(SQLITE, EMBEDDED), _footing(POSTGRESQL, ANVIL))
"""Each database and each engine once: for what looks at one of the two alone."""


@dataclass(frozen=True, slots=True)
class Footing:
    """``variables`` tell it to the ledger's processes and commands."""

    database: str
    engine: str
    variables: Mapping[str, str] = field(repr=False)

    @property
    def database_url(self) -> str | None:
        """None: a file in the data folder."""
        return self.variables.get(DATABASE_URL)

    def on_copy(self, server: PostgresServer | None) -> "Footing":
        """The same chain with a copy of the database, if that is not in the data folder."""
        if server is None or self.database_url is None:
            return self
        return Footing(self.database, self.engine, {**self.variables, DATABASE_URL: server.create(self.database_url)})


@contextmanager
def footing_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[Footing]:
    """The footing that a fixture's parameter names, with a database and a chain of its own."""
    database, engine = request.param
    variables = {}
    if database == POSTGRESQL:
        server: PostgresServer = request.getfixturevalue("postgres")
        variables[DATABASE_URL] = server.create()
    if engine == EMBEDDED:
        yield Footing(database, engine, variables)
        return
    with discover(ROOT)[engine].start(folder, ANVIL_CHAIN) as running:
        yield Footing(database, engine, {**variables, RPC_URL: running.url})
