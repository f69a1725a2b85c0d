"""One demonstration for all who look at its ledger."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import kill_half_way, run


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The data folder of a demonstration that was killed half way and run again, and its report."""
    data = tmp_path_factory.mktemp("demo") / "data"
    kill_half_way(data)
    return data, run("demo", "--data", str(data), "--no-audit")
