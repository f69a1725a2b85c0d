"""What a missing tool does to a run: skipped on a user's machine, a failure where everything is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.tools import TOOLS


def run(folder: Path, body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(f"import pytest\n\n{body}\n    pass\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
    ]
    clean = {name: value for name, value in os.environ.items() if name != "HUXIN_REQUIRE_ALL"}
    return subprocess.run(
        [*command, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
    )


SKIPPED = "@pytest.mark.skip(reason='anything')\ndef test_skipped():"
PASSED = "def test_passed():"
UNKNOWN_TOOL = "@pytest.mark.needs('abacus')\ndef test_unknown():"


def test_skip_is_allowed_on_a_users_machine(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPPED).returncode == pytest.ExitCode.OK


def test_skip_fails_a_run_that_must_do_everything(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPED, HUXIN_REQUIRE_ALL="1")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 skipped, nothing may be" in done.stdout


def test_run_without_skips_passes(tmp_path: Path) -> None:
    assert run(tmp_path, PASSED, HUXIN_REQUIRE_ALL="1").returncode == pytest.ExitCode.OK


def test_misspelt_tool_is_no_reason_to_skip(tmp_path: Path) -> None:
    done = run(tmp_path, UNKNOWN_TOOL)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "unknown tool 'abacus'" in done.stdout
    assert "abacus" not in TOOLS
