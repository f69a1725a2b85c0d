"""Contracts of npm packages, as data: installed by their own lock, no package runs code of its own."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from scripts.node_tools import HARDHAT, ToolMissingError
from scripts.report import progress

FOLDER = HARDHAT / "compare"
EAS = "@ethereum-attestation-service/eas-contracts"
DOCUMENT_STORE = "@tradetrust-tt/document-store"
_BYTECODE = re.compile(r'const _bytecode\s*=\s*"0x([0-9a-f]+)"')


def install() -> None:
    """What `hardhat/compare/package-lock.json` names, unless it is there; ToolMissingError where npm fails."""
    if all((FOLDER / "node_modules" / name / "package.json").is_file() for name in (EAS, DOCUMENT_STORE)):
        return
    progress("npm: 安装对照合约 installing the contracts to compare with")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        message = "没有 npm / npm is missing"
        raise ToolMissingError(message) from error
    if done.returncode:
        message = f"npm ci: {done.stderr[-1000:]}"
        raise ToolMissingError(message)


def version_of(package: str) -> str:
    """As installed."""
    found: dict[str, Any] = json.loads((FOLDER / "node_modules" / package / "package.json").read_text(encoding="utf-8"))
    return f"{package} {found['version']}"


def eas_creation(contract: str) -> bytes:
    """Creation code of `EAS` or `SchemaRegistry`, from the package's artifact."""
    path = _file(EAS, f"artifacts/contracts/{contract}.sol/{contract}.json")
    return bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["bytecode"][2:])


def document_store_creation() -> bytes:
    """Creation code of `DocumentStore`, out of the package's generated factory."""
    source = _file(DOCUMENT_STORE, "src/contracts/factories/DocumentStore__factory.ts").read_text(encoding="utf-8")
    found = _BYTECODE.search(source)
    if found is None:
        message = f"{DOCUMENT_STORE}: no bytecode in its factory"
        raise ToolMissingError(message)
    return bytes.fromhex(found[1])


def _file(package: str, path: str) -> Path:
    return FOLDER / "node_modules" / package / path
