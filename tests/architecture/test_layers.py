"""The layers of pyproject.toml hold, and the check itself can fail."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.sources import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-logo", "--no-cache", "--config", str(folder / "pyproject.toml")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def miniature(folder: Path, guilty: str, statement: str) -> None:
    """A tree with our configuration in which module `guilty` contains one forbidden statement."""
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for package in ("api", "contracts", "ledger", "node", "node/gateway", "node/embedded"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("")
    (folder / guilty).write_text(statement)


def test_layers_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_ledger_that_imports_the_node_is_caught(tmp_path: Path) -> None:
    miniature(tmp_path, "ledger/acts.py", "import node\n")
    assert "ledger.acts -> node" in lint(tmp_path).stdout


def test_ledger_that_imports_a_framework_is_caught(tmp_path: Path) -> None:
    miniature(tmp_path, "ledger/acts.py", "import pydantic\n")
    assert "ledger.acts -> pydantic" in lint(tmp_path).stdout


def test_web3_outside_of_the_gateway_is_caught(tmp_path: Path) -> None:
    miniature(tmp_path, "node/embedded/rpc.py", "import web3\n")
    assert "node.embedded.rpc -> web3" in lint(tmp_path).stdout


def test_web3_in_the_gateway_is_allowed(tmp_path: Path) -> None:
    miniature(tmp_path, "node/gateway/client.py", "import web3\n")
    assert lint(tmp_path).returncode == 0


def test_every_package_is_under_the_rules() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaged = config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(config["tool"]["importlinter"]["root_packages"]) == sorted(packaged)
