"""The benches, built once, and the tally that is printed at the end of the run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.engines import discover
from tests.differential.embedded import CHAIN_ID, SENDER, Embedded
from tests.differential.hardhat import Hardhat
from tests.differential.run import Bench, Tally
from tests.scene import START

ROOT = Path(__file__).parents[2]
TALLY = pytest.StashKey[dict[str, Tally]]()


@pytest.fixture(scope="session")
def embedded_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The contracts on the embedded chain alone."""
    embedded = Embedded(tmp_path_factory.mktemp("embedded"), START - 100)
    yield Bench({"py-evm": embedded})
    embedded.close()


@pytest.fixture(scope="session")
def two_evms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The contracts on the embedded chain and on Hardhat's EVM."""
    engine = discover(ROOT)["hardhat"]
    with engine.start(tmp_path_factory.mktemp("hardhat"), CHAIN_ID) as running:
        embedded = Embedded(tmp_path_factory.mktemp("embedded"), START - 100)
        hardhat = Hardhat(running.url, SENDER.address)
        yield Bench({"py-evm": embedded, "hardhat": hardhat})
        hardhat.close()
        embedded.close()


@pytest.fixture(scope="session")
def tallies(pytestconfig: pytest.Config) -> dict[str, Tally]:
    """What was driven, by the name of the bench."""
    return pytestconfig.stash.setdefault(TALLY, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how much was compared."""
    for name, tally in config.stash.get(TALLY, {}).items():
        terminalreporter.write_line(f"differential, {name}: {tally.lines()}")
