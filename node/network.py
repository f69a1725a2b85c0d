"""``network.json``: which ledger this is, as everybody who reads or writes it must agree.

Written once the contracts stand; only ``rpcUrl`` may change later. Addresses and hashes are 0x-hex.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger.errors import InvalidInput
from ledger.world import CONTRACTS, Deployment
from node.durable import write_durably

FORMAT = "huxin-ledger/1"
FILE_NAME = "network.json"
COUNCIL_DELAY = 60
"""Seconds that a dangerous act of the council waits where nothing else was asked for."""


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """One contract: lower-case name, address (20 bytes), keccak of its code (32 bytes)."""

    name: str
    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class Council:
    """Who founded the ledger: members' addresses (20 bytes, rising), threshold, delay in seconds."""

    members: tuple[bytes, ...]
    threshold: int
    delay: int = COUNCIL_DELAY


@dataclass(frozen=True, slots=True)
class LedgerNetwork:
    """The ledger's place and trust anchor; ``first_block`` is the earliest that can concern it."""

    chain_id: int
    rpc_url: str
    genesis_hash: bytes
    first_block: int
    council: Council
    contracts: tuple[DeployedContract, ...]

    @property
    def deployment(self) -> Deployment:
        """Chain id and addresses as the rules take them."""
        return Deployment(self.chain_id, {each.name: each.address for each in self.contracts})

    def address(self, contract: str) -> bytes:
        """The address of a contract, by its lower-case name."""
        return self.deployment.addresses[contract]

    def at(self, rpc_url: str) -> "LedgerNetwork":
        """The same ledger behind another endpoint."""
        return replace(self, rpc_url=rpc_url)

    def to_document(self) -> dict[str, Any]:
        """The file's JSON object, as ``GET /v1/network`` gives it too."""
        return {
            "format": FORMAT,
            "chainId": self.chain_id,
            "rpcUrl": self.rpc_url,
            "genesisHash": _hex(self.genesis_hash),
            "firstBlock": self.first_block,
            "council": {
                "members": [_hex(member) for member in self.council.members],
                "threshold": self.council.threshold,
                "delaySeconds": self.council.delay,
            },
            "contracts": {
                each.name: {"address": _hex(each.address), "codeHash": _hex(each.code_hash)} for each in self.contracts
            },
        }

    def save(self, path: Path) -> None:
        """Write the file durably."""
        write_durably(path, json.dumps(self.to_document(), indent=2) + "\n")


def read_document(document: Any) -> LedgerNetwork:
    """Inverse of ``LedgerNetwork.to_document``; InvalidInput ``LEDGER_NETWORK_INVALID``."""
    try:
        if document["format"] != FORMAT:
            raise _invalid(f"format {document['format']!r} is not {FORMAT!r}")
        council = document["council"]
        return LedgerNetwork(
            chain_id=int(document["chainId"]),
            rpc_url=str(document["rpcUrl"]),
            genesis_hash=_bytes(document["genesisHash"], 32),
            first_block=int(document["firstBlock"]),
            council=Council(
                tuple(_bytes(member, 20) for member in council["members"]),
                int(council["threshold"]),
                int(council["delaySeconds"]),
            ),
            contracts=tuple(_contract(name, document["contracts"][name]) for name in CONTRACTS),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error


def load(path: Path) -> LedgerNetwork:
    """Read the file at ``path``; InvalidInput ``LEDGER_NETWORK_INVALID``."""
    try:
        return read_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError) as error:
        raise _invalid(f"{path.name}: {type(error).__name__}") from error


def _contract(name: str, fields: Any) -> DeployedContract:
    return DeployedContract(name, _bytes(fields["address"], 20), _bytes(fields["codeHash"], 32))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _bytes(text: Any, length: int) -> bytes:
    if not isinstance(text, str) or not text.startswith("0x") or len(text) != 2 + 2 * length:
        raise _invalid(f"{text!r} has not {length} bytes in 0x-hex")
    return bytes.fromhex(text[2:])


def _invalid(en: str) -> InvalidInput:
    return InvalidInput("LEDGER_NETWORK_INVALID", FILE_NAME, en, f"账本网络文件有误:{en}")
