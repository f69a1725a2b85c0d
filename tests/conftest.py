"""Hypothesis profiles, and what happens to tests whose tools are not there."""

import os

import hypothesis
import pytest

from tests.tools import TOOLS, all_required, missing

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if all_required() else "dev"))


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
