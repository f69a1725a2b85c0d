"""The town in which the scenarios of the rules happen."""

import pytest

from tests.unit.ledger.rules_town import Town


@pytest.fixture
def town() -> Town:
    """A fresh one for each scenario."""
    return Town()
