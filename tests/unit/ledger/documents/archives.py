"""Archives with one thing wrong, made byte by byte."""

import struct
import zlib
from dataclasses import dataclass, field, replace

MARK_LOCAL, MARK_CENTRAL, MARK_END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@dataclass(frozen=True)
class Part:
    """One entry as its headers tell it; None means: as it is."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = 8
    made: int = 20
    needed: int = 20
    mode: int = 0
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    extra: bytes = b""
    central_extra: bytes = b""
    after: bytes = b""
    offset: int | None = None
    disk: int = 0
    wide: bool = field(default=False)

    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()

    def local(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        size = self._size() if self.local_size is None else self.local_size
        crc, packed = self._crc(), len(self.body())
        if self.flags & 8:
            crc = packed = size = 0
        fields = (20, self.flags, self.method, 0, 0, crc, packed, size, len(name), len(self.extra))
        return MARK_LOCAL + struct.pack("<5H3L2H", *fields) + name + self.extra + self.body() + self.after

    def central(self, offset: int) -> bytes:
        size, packed, extra = self._size(), len(self.body()), self.central_extra
        if self.wide:
            extra += struct.pack("<2H3Q", 1, 24, size, packed, offset)
            size = packed = offset = 0xFFFFFFFF
        at = offset if self.offset is None else self.offset
        fields = (
            self.made, self.needed, self.flags, self.method, 0, 0, self._crc(), packed, size, len(self.name),
            len(extra), 0, self.disk, 0, self.mode, at,
        )  # fmt: skip
        return MARK_CENTRAL + struct.pack("<6H3L5H2L", *fields) + self.name + extra

    def _crc(self) -> int:
        return zlib.crc32(self.data) if self.crc is None else self.crc

    def _size(self) -> int:
        return len(self.data) if self.size is None else self.size


def streamed(part: Part, *, mark: bool = True, wide: bool = False) -> Part:
    """The part with its sizes after its data, as Java writes it."""
    form = "<L2Q" if wide else "<3L"
    descriptor = struct.pack(form, zlib.crc32(part.data), len(part.body()), len(part.data))
    return replace(part, flags=part.flags | 8, after=(b"PK\x07\x08" if mark else b"") + descriptor)


def archive(
    *parts: Part,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    zip64: bool = False,
) -> bytes:
    """An archive of these parts; ``between`` stands before the directory."""
    body, directory = bytearray(before), b""
    for part in parts:
        directory += part.central(len(body))
        body += part.local()
    body += between
    number, at = len(parts) if count is None else count, len(body)
    end = struct.pack("<4H2LH", 0, 0, number, number, len(directory), at, len(comment))
    if zip64:
        place = at + len(directory)
        directory += b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, number, number, len(directory), at)
        directory += b"PK\x06\x07" + struct.pack("<LQL", 0, place, 1)
        end = struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, len(comment))
    return bytes(body) + directory + MARK_END + end + comment + after
