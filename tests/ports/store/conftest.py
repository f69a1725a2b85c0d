"""The ground of relay and index, and a bare store, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.store.store import Store, open_store
from tests.unit.api.relay.ground import Ground, make


@pytest.fixture
def ground(tmp_path: Path, database_url: str) -> Iterator[Ground]:
    made = make(tmp_path, database_url=database_url)
    made.found()
    yield made
    made.store.close()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Accepting."""
    made = open_store(database_url)
    made.start_writer()
    yield made
    made.close()
