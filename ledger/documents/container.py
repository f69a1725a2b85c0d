"""A ZIP file as a set of parts that can be read or hashed in pieces, never wholly in memory unless small.

``zip_directory`` decides what is read at all; the bytes of an entry are unpacked here, and must have the size and
checksum its headers promised.
"""

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO, Protocol

from ledger.documents.zip_directory import DEFLATED, Bounds, Entry, read_directory, refuse
from ledger.documents.zip_names import fold
from ledger.errors import InvalidInput

_PIECE = 1 << 16
_UNPACKED = 1 << 18
_SMALL, _MOST_KEPT = 1 << 15, 64


class Hasher(Protocol):
    """What ``hashlib`` gives."""

    def update(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Container:
    """Parts by name, as ``Doc_0/Document.xml``: no leading slash, folders left out."""

    source: BinaryIO
    entries: Mapping[str, Entry]
    folded: Mapping[str, str] = field(repr=False)
    """From a name's folded form to the name."""
    findings: tuple[str, ...] = ()
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Small parts that were read: lists are parsed first and hashed later."""

    @classmethod
    def open(cls, file: bytes | BinaryIO, bounds: Bounds | None = None) -> "Container":
        """InvalidInput with the codes of ``zip_directory``; a reader must be seekable and stay open."""
        source = io.BytesIO(file) if isinstance(file, bytes) else file
        found = read_directory(source, bounds or Bounds())
        entries = {one.name: one for one in found if not one.is_folder}
        findings = tuple(sorted({finding for one in found for finding in one.findings}))
        folded = {fold(name): name for name in entries}
        return cls(source, MappingProxyType(entries), MappingProxyType(folded), findings)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes in pieces; InvalidInput ``ZIP_DATA_CORRUPT``; KeyError."""
        entry = self.entries[name]
        if entry.packed <= _PIECE and entry.size < _UNPACKED:
            yield _at_once(self.source, entry)
            return
        crc = size = 0
        for piece in (_inflated if entry.method == DEFLATED else _raw)(self.source, entry):
            size += len(piece)
            if size > entry.size:
                break
            crc = zlib.crc32(piece, crc)
            yield piece
        _check_sum(entry, size, crc)

    def read(self, name: str, most: int) -> bytes:
        """All of a small part; InvalidInput ``PART_TOO_LARGE`` above ``most`` bytes."""
        if self.entries[name].size > most:
            refuse("PART_TOO_LARGE", f"a part is larger than {most} bytes", "文件部件过大")
        held = self._kept.get(name)
        if held is None:
            held = b"".join(self.pieces(name))
            if len(held) <= _SMALL and len(self._kept) < _MOST_KEPT:
                self._kept[name] = held
        return held

    def feed(self, name: str, *hashers: Hasher) -> None:
        """Hand a part's bytes to each hasher, in one pass."""
        held = self._kept.get(name)
        for piece in self.pieces(name) if held is None else (held,):
            for hasher in hashers:
                hasher.update(piece)


def _raw(source: BinaryIO, entry: Entry) -> Iterator[bytes]:
    place, left = entry.start, entry.packed
    while left:
        source.seek(place)
        piece = source.read(min(_PIECE, left))
        if not piece:
            refuse("ZIP_TRUNCATED", "the file ends too early", "文件不完整：提前结束")
        place += len(piece)
        left -= len(piece)
        yield piece


def _inflated(source: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Unpacked in bounded pieces, so that no entry can ask for more memory than one."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _raw(source, entry):
            if unpacker.eof:
                refuse("ZIP_DATA_CORRUPT", "bytes follow an entry's data", "压缩包条目数据之后另有数据")
            waiting = packed
            while waiting:
                piece = unpacker.decompress(waiting, _UNPACKED)
                waiting = unpacker.unconsumed_tail
                if piece:
                    yield piece
        last = unpacker.flush(_UNPACKED)
    except zlib.error as error:
        raise _corrupt() from error
    if last:
        yield last
    _check_end(unpacker.eof, unpacker.unused_data)


def _at_once(source: BinaryIO, entry: Entry) -> bytes:
    """A small entry in one piece: no more of it is unpacked than its headers promise, and one byte."""
    source.seek(entry.start)
    data = source.read(entry.packed)
    if len(data) != entry.packed:
        refuse("ZIP_TRUNCATED", "the file ends too early", "文件不完整：提前结束")
    if entry.method == DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = unpacker.decompress(data, entry.size + 1)
        except zlib.error as error:
            raise _corrupt() from error
        _check_end(unpacker.eof, unpacker.unused_data)
    _check_sum(entry, len(data), zlib.crc32(data))
    return data


def _check_sum(entry: Entry, size: int, crc: int) -> None:
    if size != entry.size or crc != entry.crc:
        refuse("ZIP_DATA_CORRUPT", "an entry's bytes do not fit its checksum", "压缩包条目数据与校验值不符")


def _corrupt() -> InvalidInput:
    en, zh = "an entry's data cannot be unpacked", "压缩包条目数据无法解压"
    return InvalidInput("ZIP_DATA_CORRUPT", "file", en, zh)


def _check_end(ended: bool, rest: bytes) -> None:  # noqa: FBT001 - what zlib says
    if not ended or rest:
        refuse("ZIP_DATA_CORRUPT", "an entry's packed data do not end where they should", "压缩包条目数据结尾不符")
