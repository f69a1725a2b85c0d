"""From a row to what of it is committed, or all its faults at once.

Beside the elements of the metadata a row may have: ``sm3`` and ``sha256`` (64 hexadecimal digits) or ``file`` (a path
under the source's folder, hashed here), ``item`` and ``case_key``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from api.anchoring.sources import Row
from api.client.proofs import digests_of
from ledger.crypto import Digest, parse_digest
from ledger.errors import Fault, HuxinError, InvalidInput
from ledger.ids import agency_of, parse_id
from ledger.licenses import LicenseMetadata, Sealed
from ledger.licenses.share import NOTHING

_OWN = {
    "sm3": "sm3",
    "sha256": "sha256",
    "file": "file",
    "文件": "file",
    "item": "item",
    "事项": "item",
    "case_key": "case",
}
_HEX = 64


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a whole run: the item where a row names none, the seal, where files lie."""

    item: int
    seal: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is in order."""

    metadata: LicenseMetadata = field(repr=False)
    digests: tuple[Digest, Digest]
    sealed: Sealed


def read_row(row: Row, terms: Terms, digests: tuple[Digest, Digest] | None) -> Entry:
    """InvalidInput with every fault; ``digests`` are those of the row's file where it has been hashed already."""
    own = _own(row.values)
    faults: list[Fault] = []
    metadata = _metadata(row.values, faults)
    if digests is None:
        digests = _given(own, faults)
    sealed = _sealed(own, terms, faults)
    if faults or metadata is None or digests is None or sealed is None:
        raise InvalidInput.of(faults)
    return Entry(metadata, digests, sealed)


def file_of(row: Row, folder: Path) -> Path | None:
    """The document that a row is about; None: it brings digests. InvalidInput ``FILE_OUTSIDE``, ``FILE_MISSING``."""
    if row.file is not None:
        return row.file
    named = _own(row.values).get("file")
    if not named:
        return None
    root = folder.resolve()
    try:
        found = (root / str(named)).resolve()
        is_there = found.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
        found, is_there = root, False
    if not found.is_relative_to(root):
        raise InvalidInput("FILE_OUTSIDE", "file", "outside the source's folder", "文件在来源文件夹之外")
    if not is_there:
        raise InvalidInput("FILE_MISSING", "file", "there is no such file", "文件不存在")
    return found


def hash_file(path: Path) -> tuple[Digest, Digest]:
    """SM3 and SHA-256; InvalidInput ``FILE_UNREADABLE``, ``FILE_EMPTY``."""
    try:
        if path.stat().st_size == 0:
            raise InvalidInput("FILE_EMPTY", "file", "the file is empty", "文件为空")
        return digests_of(path)
    except OSError as error:
        raise InvalidInput("FILE_UNREADABLE", "file", "the file cannot be read", "文件无法读取") from error


@lru_cache(maxsize=4096)  # headings are few, rows many
def _own_name(heading: str) -> str | None:
    return _OWN.get(heading.strip().lower())


def _own(values: Mapping[str, object]) -> dict[str, object]:
    found = {}
    for heading, value in values.items():
        name = _own_name(heading)
        if name and value not in ("", None):
            found[name] = value
    return found


def _metadata(values: Mapping[str, object], faults: list[Fault]) -> LicenseMetadata | None:
    try:
        return LicenseMetadata.read(values)
    except InvalidInput as error:
        faults.extend(error.faults)
        return None


def _given(own: Mapping[str, object], faults: list[Fault]) -> tuple[Digest, Digest] | None:
    read = []
    for name in ("sm3", "sha256"):
        text = str(own.get(name, "")).strip().lower().removeprefix(f"{name}:")
        try:
            digest = parse_digest(f"{name}:{text}", name)
        except InvalidInput:
            faults.append(Fault("DIGEST_MALFORMED", name, "须为 64 位十六进制摘要", "64 hexadecimal digits"))
            continue
        if digest.value == NOTHING:
            faults.append(Fault("DIGEST_ZERO", name, "摘要为零", "the digest is zero"))
        read.append(digest)
    return (read[0], read[1]) if len(read) == 2 else None


def _sealed(own: Mapping[str, object], terms: Terms, faults: list[Fault]) -> Sealed | None:
    try:
        item = parse_id(str(own["item"])) if "item" in own else terms.item
        case = bytes.fromhex(str(own["case"]).removeprefix("0x")) if "case" in own else NOTHING
    except (HuxinError, ValueError):
        faults.append(Fault("ROW_REFERENCE", "item, case_key", "事项或办件键有误", "no item or case key"))
        return None
    if agency_of(item) != agency_of(terms.seal) or len(case) != len(NOTHING):
        faults.append(
            Fault("ROW_REFERENCE", "item, case_key", "事项不属于用印机构", "the item is not the sealing agency's")
        )
        return None
    return Sealed(item, terms.seal, case)
