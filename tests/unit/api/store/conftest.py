"""The ground that relay and index are tested on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.relay.ground import Ground, make


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = make(tmp_path)
    made.found()
    yield made
    made.store.close()
