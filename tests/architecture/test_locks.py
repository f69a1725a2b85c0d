"""The lock files: complete, hashed, and free of places to download from."""

import json
import re
import tomllib
from typing import Any

import pytest

from tests.architecture.sources import ROOT

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PACKAGE_LOCK = ROOT / "hardhat" / "package-lock.json"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
ADDRESS = re.compile(r"[a-z+]+://|^\s*--(?:extra-)?index-url|^\s*--find-links|^\s*--trusted-host| @ ", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package → exact version in `requirements/<name>.txt`."""
    return dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")))


def locked_npm_packages() -> dict[str, dict[str, Any]]:
    """Folder → entry of every package in the npm lock, the project itself excepted."""
    packages: dict[str, dict[str, Any]] = json.loads(PACKAGE_LOCK.read_text(encoding="utf-8"))["packages"]
    return {folder: entry for folder, entry in packages.items() if folder}


def normalised(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_python_lock_has_no_address(path: Any) -> None:
    assert ADDRESS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_python_lock_hashes_everything(path: Any) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"))[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_npm_lock_has_no_address_and_hashes_everything() -> None:
    packages = locked_npm_packages()
    assert packages
    assert [folder for folder, entry in packages.items() if "resolved" in entry] == []
    assert [
        folder for folder, entry in packages.items() if "integrity" not in entry and not entry.get("inBundle")
    ] == []


def test_npm_versions_are_exact_and_locked() -> None:
    manifest = json.loads((ROOT / "hardhat" / "package.json").read_text(encoding="utf-8"))
    wanted = {**manifest["devDependencies"], **manifest["optionalDependencies"]}
    packages = locked_npm_packages()
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_runtime_lock_is_that_of_the_project() -> None:
    """Every dependency that pyproject.toml pins stands in the lock in that version, and every other is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = pins("runtime")
    for dependency in project["dependencies"]:
        name, _, version = dependency.partition("==")
        name = normalised(name.partition("[")[0])
        assert name in locked
        assert version in {"", locked[name]}


def test_dev_lock_contains_the_runtime_lock() -> None:
    """What is tested is what runs."""
    assert pins("runtime").items() <= pins("dev").items()
    assert pins("build").items() <= pins("dev").items()


def test_compiler_version_is_the_locked_one() -> None:
    compiler = json.loads((ROOT / "contracts" / "compiler.json").read_text(encoding="utf-8"))
    assert locked_npm_packages()["node_modules/solc"]["version"] == compiler["version"]
