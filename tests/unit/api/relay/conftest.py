"""The ground that relay and index are tested on, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.relay.ground import Ground, make


@pytest.fixture
def ground(tmp_path: Path, database_url: str) -> Iterator[Ground]:
    made = make(tmp_path, database_url=database_url)
    made.found()
    yield made
    made.store.close()
