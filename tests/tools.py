"""Which optional tools this machine has; `needs` in a test's marker asks for them by name."""

import os
import shutil
from collections.abc import Callable

from scripts.node_tools import ToolMissingError, anvil_binary, node_binary, node_command, node_module
from scripts.postgres import postgres_binaries


def _command(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        message = f"没有 {name} / no {name}: apt-get install {package}"
        raise ToolMissingError(message)
    return found


TOOLS: dict[str, Callable[[], object]] = {
    "node": node_binary,
    "solc": lambda: node_module("solc"),
    "ethers": lambda: node_module("ethers"),
    "merkle-tree": lambda: node_module("@openzeppelin/merkle-tree"),
    "anvil": anvil_binary,
    "hardhat": lambda: node_command("hardhat"),
    "postgresql": postgres_binaries,
    "openssl": lambda: _command("openssl", "openssl"),
    "softhsm": lambda: _command("softhsm2-util", "softhsm2"),
    "strace": lambda: _command("strace", "strace"),
}


def missing(tool: str) -> str | None:
    """Why `tool` cannot be used here, or None."""
    try:
        TOOLS[tool]()
    except ToolMissingError as reason:
        return str(reason)
    return None


def all_required() -> bool:
    """Whether this run may skip nothing: the checks of the whole project set HUXIN_REQUIRE_ALL=1."""
    return os.environ.get("HUXIN_REQUIRE_ALL") == "1"
