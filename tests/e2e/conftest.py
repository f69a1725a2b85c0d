"""One demonstration on each footing, for all who look at its ledger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from node.engines import EMBEDDED
from tests.databases import SQLITE
from tests.e2e.footing import FOOTINGS, Footing, footing_of
from tests.e2e.running import kill_half_way, run


def play(data: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Any:
    """The report of a demonstration that was killed half way and run again."""
    kill_half_way(data, variables)
    return run("demo", "--data", str(data), "--no-audit", variables=variables)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The data folder of a demonstration on SQLite and the embedded chain, and its report."""
    data = tmp_path_factory.mktemp("demo") / "data"
    return data, play(data)


@dataclass(frozen=True, slots=True)
class Told:
    """A demonstration that is over; its chain, where it is not embedded, still runs."""

    footing: Footing
    data: Path
    report: Any

    def run(self, *arguments: str, expect: int = 0) -> Any:
        """A command of ``huxin`` on this ledger."""
        return run(*arguments, "--data", str(self.data), expect=expect, variables=self.footing.variables)


@pytest.fixture(scope="session", params=FOOTINGS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A demonstration on each footing."""
    with footing_of(request, tmp_path_factory.mktemp("chain")) as footing:
        if (footing.database, footing.engine) == (SQLITE, EMBEDDED):
            yield Told(footing, *request.getfixturevalue("played"))
        else:
            data = tmp_path_factory.mktemp("demo") / "data"
            yield Told(footing, data, play(data, footing.variables))
