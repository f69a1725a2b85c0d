"""One deployment for all tests of a run; each test starts from the same moment of it."""

import pytest

from tests.contracts.pair import Mark, Pair
from tests.contracts.province import settle


@pytest.fixture(scope="session")
def deployed() -> tuple[Pair, Mark, Mark]:
    """The contracts right after deployment, and the moment at which the province is settled."""
    pair = Pair()
    bare = pair.mark()
    settle(pair)
    return pair, bare, pair.mark()


@pytest.fixture
def bare(deployed: tuple[Pair, Mark, Mark]) -> Pair:
    """No agency yet."""
    pair, mark, _ = deployed
    pair.back(mark)
    return pair


@pytest.fixture
def pair(deployed: tuple[Pair, Mark, Mark]) -> Pair:
    """Three agencies with windows, officers, items and seals."""
    pair, _, mark = deployed
    pair.back(mark)
    return pair
