"""One town for tests that only read or add, a fresh one for those that break something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.http.town import Town, make_town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = make_town(tmp_path_factory.mktemp("town"))
    made.found()
    yield made
    made.store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Town]:
    made = make_town(tmp_path)
    made.found()
    yield made
    made.store.close()
