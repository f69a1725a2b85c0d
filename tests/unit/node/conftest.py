"""No test leaves a chain open."""

from collections.abc import Iterator

import pytest

from tests.unit.node import chains


@pytest.fixture(autouse=True)
def _close_chains() -> Iterator[None]:
    yield
    while chains.OPEN:
        chains.OPEN.pop().chain.database.close()
