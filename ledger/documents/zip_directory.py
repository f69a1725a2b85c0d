"""The directory of a ZIP file, read so that no two readers could see two different files (PKWARE APPNOTE 6.3.10).

Accepted is only what a reader of the central directory, a reader that walks the local headers and one that trusts
either see alike: entries follow one another from the first byte to the directory without gap or overlap, both headers
of an entry agree, no name comes twice in any writing, nothing stands before or after. What is refused has a code:

``ZIP_TRUNCATED`` ``ZIP_TRAILING_DATA`` ``ZIP_PREFIXED`` ``ZIP_COUNT`` ``ZIP_MALFORMED`` ``ZIP_OVERLAP``
``ZIP_HIDDEN_DATA`` ``ZIP_HEADERS_DISAGREE`` ``ZIP_DUPLICATE_NAME`` ``ZIP_NAME_UNSAFE`` ``ZIP_LINK``
``ZIP_SPLIT``; and, where nothing is shown to be wrong but it cannot be read here, ``ZIP_ENCRYPTED``
``ZIP_COMPRESSION_UNKNOWN`` ``ZIP_VERSION_UNKNOWN`` ``ZIP_TOO_MANY_ENTRIES`` ``ZIP_TOO_LARGE``
``ZIP_BOMB`` (``LIMITS`` holds these).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, NamedTuple, NoReturn

from ledger.documents.zip_names import Name, decode, fold
from ledger.errors import InvalidInput

STORED, DEFLATED = 0, 8
LIMITS = frozenset(
    {
        "ZIP_ENCRYPTED",
        "ZIP_COMPRESSION_UNKNOWN",
        "ZIP_VERSION_UNKNOWN",
        "ZIP_TOO_MANY_ENTRIES",
        "ZIP_TOO_LARGE",
        "ZIP_BOMB",
    },
)
"""Codes that say "not read here" rather than "wrong"."""

_END = Struct("<4s4H2LH")
_END64_LOCATOR = Struct("<4sLQL")
_END64 = Struct("<4sQ2H2L4Q")
_CENTRAL = Struct("<4s6H3L5H2L")
_LOCAL = Struct("<4s5H3L2H")
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000
_DESCRIPTOR_FLAG, _PATCH_FLAG = 0x0008, 0x0020
_NEWEST = 63
"""Version 6.3 of the format; what a newer one means is not known here."""
_AES = 99
_EXTRA_ZIP64, _EXTRA_UNICODE_PATH = 0x0001, 0x7075


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is unpacked at most, bytes; a document of some hundred MB passes, a bomb does not."""

    entries: int = 20_000
    entry: int = 1 << 30
    total: int = 2 << 30
    ratio: int = 300
    """Unpacked to packed, of entries above ``ratio_from`` bytes; deflate alone reaches 1,032."""
    ratio_from: int = 1 << 20
    total_ratio: int = 100
    """The same of all together, above ``total_from`` bytes unpacked: many small bombs are one."""
    total_from: int = 64 << 20
    directory: int = 16 << 20


class Entry(NamedTuple):
    """One part of the file; ``start`` is where its packed bytes begin."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int
    end: int
    """Where the next entry must begin."""
    header: int
    findings: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


class _Central(NamedTuple):
    """What the central directory says of an entry."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    raw: bytes
    name: Name


def refuse(code: str, en: str, zh: str) -> NoReturn:
    """Raise InvalidInput ``code`` about the file itself."""
    raise InvalidInput(code, "file", en, zh)


def read_directory(source: BinaryIO, bounds: Bounds) -> tuple[Entry, ...]:
    """Every entry in the order of their bytes; InvalidInput with one of the codes above."""
    size = source.seek(0, 2)
    offset, length, count = _directory(source, size)
    if count > bounds.entries or length > bounds.directory:
        refuse("ZIP_TOO_MANY_ENTRIES", f"more than {bounds.entries} entries", f"压缩包条目超过 {bounds.entries} 个")
    raw = _at(source, offset, length)
    central = sorted(_centrals(raw, count), key=lambda one: one.offset)
    _check_names(central)
    _check_sizes(central, bounds)
    entries = tuple(_local(source, one, offset) for one in central)
    _check_layout(entries, offset)
    return entries


def _at(source: BinaryIO, offset: int, length: int) -> bytes:
    source.seek(offset)
    data = source.read(length)
    if len(data) != length:
        refuse("ZIP_TRUNCATED", "the file ends too early", "文件不完整：提前结束")
    return data


def _directory(source: BinaryIO, size: int) -> tuple[int, int, int]:
    """Offset, length and count of entries of the central directory."""
    place, end = _end_record(source, size)
    _, disk, first_disk, here, count, length, offset, _ = end
    if not {disk, first_disk} <= {0, _MAX16} or (here != count and _MAX16 not in {here, count}):
        refuse("ZIP_SPLIT", "part of a split archive", "这是分卷压缩包的一部分")
    if _MAX16 in {here, count} or _MAX32 in {length, offset}:
        place, count, length, offset = _zip64(source, place, end)
    if offset + length < place:
        refuse("ZIP_PREFIXED", "bytes stand before the archive or its end", "压缩包之前或目录之后另有数据")
    if offset + length > place:
        refuse("ZIP_MALFORMED", "the directory does not lie where the end record says", "压缩包目录位置不符")
    return offset, length, count


def _end_record(source: BinaryIO, size: int) -> tuple[int, tuple[bytes, int, int, int, int, int, int, int]]:
    """Where the end record stands, and its fields; its comment must reach the end of the file exactly."""
    reach = min(size, _END.size + _MAX16)
    tail = _at(source, size - reach, reach)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > reach:
        refuse("ZIP_TRUNCATED", "the archive's end is missing", "文件不完整：缺少压缩包结尾")
    fields = _END.unpack_from(tail, place)
    rest = reach - place - _END.size
    if fields[7] < rest:
        refuse("ZIP_TRAILING_DATA", f"{rest - fields[7]} bytes follow the archive", "压缩包之后另有数据")
    if fields[7] > rest:
        refuse("ZIP_TRUNCATED", "the archive's comment is cut off", "文件不完整：压缩包注释被截断")
    if tail.find(b"PK\x05\x06", max(0, reach - _END.size - _MAX16)) != place:
        # Another end record could be found by another reader; inside an entry's packed bytes it is chance.
        _check_other_ends(tail, place)
    return size - reach + place, fields


def _check_other_ends(tail: bytes, place: int) -> None:
    """An earlier end record whose comment reaches the end too: two readers, two archives."""
    other = tail.find(b"PK\x05\x06")
    while other != place:
        if other + _END.size <= len(tail) and other + _END.size + _END.unpack_from(tail, other)[7] == len(tail):
            refuse("ZIP_MALFORMED", "the archive has two ends", "压缩包有两个结尾记录")
        other = tail.find(b"PK\x05\x06", other + 1)


def _zip64(source: BinaryIO, place: int, end: Sequence[object]) -> tuple[int, int, int, int]:
    """Place of the zip64 end record, count, length, offset; what the short record says too must agree."""
    if place < _END64_LOCATOR.size:
        refuse("ZIP_MALFORMED", "the zip64 locator is missing", "缺少 zip64 定位记录")
    locator = _at(source, place - _END64_LOCATOR.size, _END64_LOCATOR.size)
    mark, disk, at, disks = _END64_LOCATOR.unpack(locator)
    if mark != b"PK\x06\x07" or disk or disks > 1 or at + _END64.size + _END64_LOCATOR.size != place:
        refuse("ZIP_MALFORMED", "the zip64 locator is wrong", "zip64 定位记录有误")
    fields = _END64.unpack(_at(source, at, _END64.size))
    if fields[0] != b"PK\x06\x06" or fields[1] != _END64.size - 12 or fields[4] or fields[5] or fields[6] != fields[7]:
        refuse("ZIP_MALFORMED", "the zip64 end record is wrong", "zip64 结尾记录有误")
    count, length, offset = fields[7:10]
    for short, long, limit in ((end[4], count, _MAX16), (end[5], length, _MAX32), (end[6], offset, _MAX32)):
        if short not in {limit, long}:
            refuse("ZIP_HEADERS_DISAGREE", "zip64 and short end record disagree", "zip64 与普通结尾记录不一致")
    return at, count, length, offset


def _centrals(raw: bytes, count: int) -> list[_Central]:
    found, place = [], 0
    while place < len(raw):
        one, place = _central(raw, place)
        found.append(one)
        if len(found) > count:
            break
    if len(found) != count:
        refuse("ZIP_COUNT", f"the archive names {count} entries and has others", "压缩包条目数与目录不符")
    return found


def _central(raw: bytes, place: int) -> tuple[_Central, int]:
    if place + _CENTRAL.size > len(raw) or raw[place : place + 4] != b"PK\x01\x02":
        refuse("ZIP_MALFORMED", "the directory cannot be read", "压缩包目录无法读取")
    (_, _, needed, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length, disk, _, mode,
     offset) = _CENTRAL.unpack_from(raw, place)  # fmt: skip
    start = place + _CENTRAL.size
    end = start + name_length + extra_length + comment_length
    if end > len(raw):
        refuse("ZIP_TRUNCATED", "the directory is cut off", "压缩包目录被截断")
    name = raw[start : start + name_length]
    extra = _extras(raw[start + name_length : start + name_length + extra_length]) if extra_length else {}
    size, packed, offset = _wide(extra, (size, packed, offset))
    if disk:
        refuse("ZIP_SPLIT", "part of a split archive", "这是分卷压缩包的一部分")
    if flags & _ENCRYPTED_FLAGS or method == _AES:
        refuse("ZIP_ENCRYPTED", "the archive is encrypted", "压缩包已加密，请提供未加密的文件")
    if needed & 0xFF > _NEWEST or flags & _PATCH_FLAG:
        refuse("ZIP_VERSION_UNKNOWN", "the archive needs a newer reader", "压缩包版本过高，无法读取")
    if method not in {STORED, DEFLATED}:
        refuse("ZIP_COMPRESSION_UNKNOWN", f"compression method {method} is not read here", f"不支持的压缩方法 {method}")
    if mode >> 28 == 0xA:  # as Unix has it, whatever system the archive says it is of
        refuse("ZIP_LINK", "an entry is a link", "压缩包内含链接")
    if extra:
        _check_unicode_path(extra, name)
    return _Central(flags, method, crc, packed, size, offset, name, decode(name, utf8=bool(flags & 0x0800))), end


def _extras(raw: bytes) -> dict[int, bytes]:
    """Extra fields by their number; a tail too short for one is padding (some tools align with it)."""
    fields: dict[int, bytes] = {}
    place = 0
    while place + 4 <= len(raw):
        number = int.from_bytes(raw[place : place + 2], "little")
        length = int.from_bytes(raw[place + 2 : place + 4], "little")
        if place + 4 + length > len(raw) or (number in fields and number in {_EXTRA_ZIP64, _EXTRA_UNICODE_PATH}):
            refuse("ZIP_MALFORMED", "an extra field cannot be read", "压缩包附加字段无法读取")
        fields[number] = raw[place + 4 : place + 4 + length]
        place += 4 + length
    return fields


def _wide(extra: dict[int, bytes], short: tuple[int, ...]) -> tuple[int, ...]:
    """Fields with what stands in the zip64 extra field where the short one is full (4.5.3)."""
    if _MAX32 not in short:
        return short
    raw, wide = extra.get(_EXTRA_ZIP64, b""), []
    for value in short:
        if value != _MAX32:
            wide.append(value)
            continue
        if len(raw) < 8:
            refuse("ZIP_MALFORMED", "a zip64 field is missing", "缺少 zip64 字段")
        wide.append(int.from_bytes(raw[:8], "little"))
        raw = raw[8:]
    return tuple(wide)


def _check_unicode_path(extra: dict[int, bytes], name: bytes) -> None:
    other = extra.get(_EXTRA_UNICODE_PATH)
    if other is not None and other[5:] != name:
        refuse("ZIP_HEADERS_DISAGREE", "an entry has two names", "同一条目有两个名称")


def _check_names(central: Iterable[_Central]) -> None:
    seen = set()
    for one in central:
        folded = fold(one.name.text)
        if folded in seen:
            refuse("ZIP_DUPLICATE_NAME", "two entries have one name", "压缩包内有重名条目")
        seen.add(folded)


def _check_sizes(central: Sequence[_Central], bounds: Bounds) -> None:
    for one in central:
        if one.size > bounds.entry:
            refuse("ZIP_TOO_LARGE", f"an entry is larger than {bounds.entry} bytes", "压缩包内有条目过大")
        if one.size > bounds.ratio_from and one.size > bounds.ratio * max(one.packed, 1):
            refuse("ZIP_BOMB", f"an entry unpacks to over {bounds.ratio} times its size", "疑似压缩炸弹：解压比过高")
    total, packed = sum(one.size for one in central), sum(one.packed for one in central)
    if total > bounds.total:
        refuse("ZIP_TOO_LARGE", f"more than {bounds.total} bytes unpacked", "压缩包解压后过大")
    if total > bounds.total_from and total > bounds.total_ratio * max(packed, 1):
        refuse("ZIP_BOMB", f"all unpacks to over {bounds.total_ratio} times its size", "疑似压缩炸弹：总解压比过高")


def _local(source: BinaryIO, one: _Central, directory: int) -> Entry:
    """The entry, after its local header has said the same as the directory."""
    if one.offset + _LOCAL.size + len(one.raw) > directory:
        refuse("ZIP_OVERLAP", "an entry lies inside the directory", "压缩包条目与目录重叠")
    header = _at(source, one.offset, _LOCAL.size + len(one.raw))
    mark, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack_from(header)
    if mark != b"PK\x03\x04":
        refuse("ZIP_MALFORMED", "an entry does not begin where the directory says", "条目位置与目录不符")
    start = one.offset + _LOCAL.size + name_length + extra_length
    if extra_length or _MAX32 in {size, packed}:
        extra = _extras(_at(source, start - extra_length, extra_length))
        size, packed = _wide(extra, (size, packed))
        _check_unicode_path(extra, one.raw)
    streamed = bool(flags & _DESCRIPTOR_FLAG)
    said, known = (crc, packed, size), (one.crc, one.packed, one.size)
    if (flags, method, header[_LOCAL.size :]) != (one.flags, one.method, one.raw) or name_length != len(one.raw):
        refuse("ZIP_HEADERS_DISAGREE", "header and directory disagree on an entry", "条目头与目录不一致")
    if said != known and not (streamed and not any(said)):
        refuse("ZIP_HEADERS_DISAGREE", "header and directory disagree on a size", "条目大小与目录不一致")
    end = start + one.packed
    if streamed:
        end += _descriptor(source, end, one, directory)
    if end > directory:
        refuse("ZIP_OVERLAP", "an entry reaches into the directory", "压缩包条目与目录重叠")
    if one.name.text.endswith("/") and one.size:
        refuse("ZIP_MALFORMED", "a folder holds data", "压缩包内的文件夹含有数据")
    return Entry(one.name.text, one.method, one.crc, one.packed, one.size, start, end, one.offset, one.name.findings)


def _descriptor(source: BinaryIO, place: int, one: _Central, directory: int) -> int:
    """Length of the data descriptor after a streamed entry: 12 or 20 bytes, 16 or 24 with its mark (4.3.9)."""
    if place >= directory:
        refuse("ZIP_OVERLAP", "an entry reaches into the directory", "压缩包条目与目录重叠")
    source.seek(place)
    raw = source.read(24)
    for width in (4, 8):
        body = one.crc.to_bytes(4, "little")
        if max(one.packed, one.size) < 1 << (8 * width):
            body += one.packed.to_bytes(width, "little") + one.size.to_bytes(width, "little")
            for said in (b"PK\x07\x08" + body, body):
                if raw.startswith(said) and _continues(raw[len(said) :], place + len(said), directory):
                    return len(said)
    return refuse("ZIP_HEADERS_DISAGREE", "an entry's descriptor disagrees with the directory", "条目描述与目录不一致")


def _continues(rest: bytes, place: int, directory: int) -> bool:
    """Whether another header can begin here; tells a descriptor of 32-bit sizes from one of 64-bit sizes."""
    return place == directory or b"PK\x03\x04".startswith(rest[:4])


def _check_layout(entries: Sequence[Entry], directory: int) -> None:
    """No byte belongs to two entries, and none to no entry."""
    place = 0
    for one in entries:
        if one.header < place:
            refuse("ZIP_OVERLAP", "entries overlap", "压缩包条目互相重叠")
        if one.header > place:
            code = "ZIP_HIDDEN_DATA" if place else "ZIP_PREFIXED"
            refuse(code, "bytes belong to no entry", "压缩包中有不属于任何条目的数据")
        place = one.end
    if place != directory:
        refuse("ZIP_HIDDEN_DATA", "bytes belong to no entry", "压缩包中有不属于任何条目的数据")
