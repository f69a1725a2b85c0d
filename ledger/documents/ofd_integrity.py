"""Integrity protection of a whole package 完整性保护 (GM/T 0099-2020, 7.4): OFDEntries.xml and a GM/T 35275 signature.

What is signed is a list of the package's parts. It keeps anybody from adding or taking away a part; it holds no
digests, so it does not show that a part's bytes are what they were, and never makes a document valid by itself.
"""

from dataclasses import dataclass

from ledger.documents.ofd import Package, Role
from ledger.documents.zip_names import fold, shown
from ledger.verdict import Check, invalid, valid

ENTRIES = "OFDEntries.xml"
_SIZE = 16 << 20


@dataclass(frozen=True, slots=True)
class Integrity:
    """The list's bytes, which are signed, the signature's value, and the parts that are listed."""

    xml: bytes
    value: bytes
    listed: frozenset[str]
    absent: tuple[str, ...]
    own: frozenset[str]


def find(package: Package) -> Integrity | None:
    """None where the package has no such list; InvalidInput where it cannot be read."""
    part = package.container.folded.get(fold(ENTRIES))
    if part is None:
        return None
    raw = package.read(part, _SIZE)
    root = package.parse_bytes(part, raw, "DocEntries")
    value = package.follow(root.text_of("SignedValueLoc"), part, Role.SIGNATURE)
    files = root.one("FileList")
    said = [one.attributes.get("FileLoc", "") for one in files.all("File")] if files else []
    found = {location: package.locate(location, part) for location in said}
    package.roles.setdefault(part, Role.SIGNATURE)
    return Integrity(
        xml=raw,
        value=package.read(value, _SIZE) if value else b"",
        listed=frozenset(name for name in found.values() if name),
        absent=tuple(location for location, name in found.items() if name is None),
        own=frozenset({part, *([value] if value else [])}),
    )


def check(name: str, integrity: Integrity, package: Package) -> Check:
    """OFD_PART_ADDED, OFD_PART_REMOVED: the parts are those that were listed."""
    added = [part for part in package.container.entries if part not in integrity.listed | integrity.own]
    facts = {"listed": len(integrity.listed), "protects": "names of parts, not their bytes"}
    if added:
        facts |= {"added": len(added), "first": shown(added[0])}
        return invalid(name, "OFD_PART_ADDED", "a part was added to the package", "文档被夹带未列明的部件", facts)
    if integrity.absent:
        facts |= {"removed": len(integrity.absent), "first": shown(integrity.absent[0])}
        return invalid(name, "OFD_PART_REMOVED", "a listed part is gone", "列明的部件缺失", facts)
    return valid(name, "the parts are those that were listed", "部件与清单一致", facts)
