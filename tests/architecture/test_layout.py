"""The shape of the tree: what is ours, what is where, how long a file may be."""

import importlib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, sources

MAX_LINES = 400


@pytest.mark.parametrize("name", ["api", "contracts", "ledger", "node"])
def test_top_level_package_is_ours(name: str) -> None:
    """The names are generic: another distribution of the same name in the environment would be taken silently."""
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / name / "__init__.py"


def test_tests_shadow_no_package() -> None:
    """A test folder without `__init__.py` below one that has it could be imported under a package's name."""
    folders = {path.parent for path in sources(".py") if path.is_relative_to(ROOT / "tests")}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_packages_are_packages() -> None:
    """A folder without `__init__.py` is left out of layers, types and wheel checks without a word."""
    ours = [path for path in sources(".py") if path.relative_to(ROOT).parts[0] in {"api", "ledger", "node", "scripts"}]
    folders = {path.parent for path in ours if "migrations" not in path.parts}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(".py", ".sol", ".js", ".ts", ".html", ".css")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}, f"more than {MAX_LINES} lines: is each really one idea?"
