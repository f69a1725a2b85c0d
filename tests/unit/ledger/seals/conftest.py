import pytest

from tests.unit.ledger.seals.place import Place, found_place


@pytest.fixture(scope="session")
def place() -> Place:
    return found_place()
