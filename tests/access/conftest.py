"""The matrix is driven once for all tests; its size is printed at the end of the run."""

from collections import Counter

import pytest

from tests.access.run import Matrix, drive
from tests.access.stage import Stage

MATRIX = pytest.StashKey[Matrix]()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Chain and model with the setting, as the cells left them."""
    return Stage(tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="session")
def matrix(stage: Stage, pytestconfig: pytest.Config) -> Matrix:
    """Every cell with what table, chain and model say of it."""
    driven = drive(stage)
    pytestconfig.stash[MATRIX] = driven
    return driven


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many cells were compared."""
    matrix = config.stash.get(MATRIX, None)
    if matrix is None:
        return
    functions = {name for name, _ in matrix.found}
    by_condition = Counter[str]()
    for (_, condition), cells in matrix.found.items():
        by_condition[condition] += len(cells)
    counted = ", ".join(f"{condition} {number}" for condition, number in by_condition.items())
    terminalreporter.write_line(f"access matrix: {len(matrix)} cells of {len(functions)} functions: {counted}")
