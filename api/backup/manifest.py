"""``manifest.json``, the first member of a backup: each part with its SHA-256, versions, heads."""

import json
from dataclasses import dataclass
from typing import Any

from ledger.errors import InvalidInput

FORMAT = "huxin-backup/1"
MANIFEST = "manifest.json"
DATABASE, DUMP, CHAIN, KEYS = "huxin.db", "huxin.pgdump", "chain/chain.sqlite", "keys.sealed"
PLAIN = ("network.json", "contracts.version", "chain/chain.json")
"""Small files that are public and do not change."""
PARTS = (*PLAIN, DATABASE, DUMP, CHAIN, KEYS)
"""All that a backup may hold: a name that is not here is refused, so none can lead out of the folder."""
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the backup; ``sha256`` in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """A block, by height and hash (0x-hex); height -1: none yet."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``index`` is how far the copied database had read the chain; ``chain`` None where an engine of its own keeps it.

    ``acts`` counts the outbox by status; ``version`` is the program's, ``contracts`` their fingerprint.
    """

    made_at: int
    version: str
    contracts: str
    migration: str
    chain_id: int
    index: Head
    chain: Head | None
    acts: dict[str, int]
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part | None:
        """The part of this name, if the backup has it."""
        return next((one for one in self.parts if one.name == name), None)

    def to_json(self) -> str:
        """The file's text."""
        document = {
            "format": FORMAT, "madeAt": self.made_at, "version": self.version, "contracts": self.contracts,
            "migration": self.migration, "chainId": self.chain_id, "index": _head(self.index),
            "chain": None if self.chain is None else _head(self.chain), "acts": self.acts,
            "parts": [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in self.parts],
        }  # fmt: skip
        return json.dumps(document, indent=2) + "\n"


def read_manifest(text: bytes) -> Manifest:
    """Inverse of ``Manifest.to_json``; InvalidInput ``BACKUP_UNREADABLE``."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise unreadable(MANIFEST, "another format than this program's")
        parts = tuple(Part(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in document["parts"])
        if len({one.name for one in parts}) != len(parts) or any(one.name not in PARTS for one in parts):
            raise unreadable(MANIFEST, "parts that do not belong there")
        chain = document["chain"]
        return Manifest(
            int(document["madeAt"]), str(document["version"]), str(document["contracts"]),
            str(document["migration"]), int(document["chainId"]), _read_head(document["index"]),
            None if chain is None else _read_head(chain),
            {str(name): int(count) for name, count in document["acts"].items()}, parts,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unreadable(MANIFEST, "it is not a manifest") from error


def unreadable(where: str, en: str) -> InvalidInput:
    """The backup cannot be used; nothing was put in place."""
    return InvalidInput(
        "BACKUP_UNREADABLE", where, f"{where}: {en}; nothing was restored, take another copy",
        f"备份文件 {where} 无法使用({en}),未恢复任何内容,请换用另一份备份",
    )  # fmt: skip


def damaged(where: str) -> InvalidInput:
    """A part is not the one that was backed up."""
    return InvalidInput(
        "BACKUP_DAMAGED", where, f"{where} is not what the manifest says; nothing was restored, take another copy",
        f"{where} 与备份清单不符,未恢复任何内容,请换用另一份备份",
    )  # fmt: skip


def _head(head: Head) -> dict[str, Any]:
    return {"number": head.number, "hash": head.hash}


def _read_head(document: Any) -> Head:
    return Head(int(document["number"]), str(document["hash"]))
