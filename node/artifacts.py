"""The committed artifacts of the contracts: ABI and code, as ``scripts/compile_contracts.py`` made them."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ledger.crypto import keccak
from ledger.world import CONTRACTS


def artifact(contract: str) -> Mapping[str, Any]:
    """The committed artifact of a contract by its lower-case name."""
    path = files("contracts").joinpath("artifacts", f"{contract.capitalize()}.json")
    loaded: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def fingerprint() -> str:
    """Which version of the contracts this is: keccak over all creation codes, 64 hex digits."""
    return keccak(b"".join(keccak(artifact(name)["bytecode"].encode()) for name in CONTRACTS)).hex()
