"""Hypothesis profiles, and what happens to tests whose tools are not there."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from scripts.postgres import PostgresServer, postgres_server
from tests.databases import DATABASES, SQLITE, empty_database, migrated_template
from tests.tools import TOOLS, all_required, missing

FOOTING_IDS = ("sqlite-embedded", "postgresql-embedded", "sqlite-anvil", "postgresql-anvil")
OF_DEMONSTRATIONS = ("test_demo.py", "test_tampering.py", "test_other_readers.py", "test_backup.py")

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if all_required() else "dev"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; whoever uses it is marked ``needs("postgresql")``."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """URL of a database with our tables that nobody else is connected to."""
    return migrated_template(postgres)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind; on PostgreSQL with our tables."""
    if request.param == SQLITE:
        return empty_database(SQLITE, request, tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create(request.getfixturevalue("postgres_template"))


class SharedScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types of its schedulers
    """One worker for all tests that share what takes long to make: a demonstration, a running ledger, else a file."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        footing = next((one for one in FOOTING_IDS if one in name), "")
        if path.endswith(OF_DEMONSTRATIONS):
            return footing or FOOTING_IDS[0]
        return path + footing


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedScheduling | None:
    """Where tests are to be distributed by file."""
    return SharedScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers, the longest begin first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: "e2e" not in item.path.parts)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under HUXIN_REQUIRE_ALL=1 fail, a test that needs a tool which is not installed."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if tool not in TOOLS:
                pytest.fail(f"unknown tool {tool!r} in the marker `needs`; known: {sorted(TOOLS)}")
            reason = missing(tool)
            if reason is not None:
                (pytest.fail if all_required() else pytest.skip)(reason)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that must do everything has failed if it skipped anything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if all_required() and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without failures is red."""
    skipped = len(terminalreporter.stats.get("skipped", []))
    if all_required() and skipped:
        terminalreporter.write_line(f"HUXIN_REQUIRE_ALL=1: {skipped} skipped, nothing may be", red=True)
