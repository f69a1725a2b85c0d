"""Strict DER (ITU-T X.690): a reader that keeps the raw bytes of everything it reads, and a small writer.

Signatures are checked over the raw slices, never over a re-encoding. What is not DER is refused with a code and
an offset: two readers that disagree about a lax encoding would disagree about what was signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.errors import InvalidInput

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
UTF8_STRING, PRINTABLE_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x16, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED, CONTEXT = 0x20, 0x80

# Universal types whose form DER fixes (X.690 8 and 10.2): these may be constructed only where they are containers.
_CONTAINERS = frozenset({0x08, 0x0B, 0x10, 0x11, 0x1D})


class MalformedDer(InvalidInput):
    """Bytes that are not the DER that is expected here; ``offset`` counts from the start of what was decoded."""

    def __init__(self, code: str, offset: int, en: str, zh: str) -> None:
        super().__init__(code, f"offset {offset}", f"{en} (offset {offset})", f"{zh}（偏移 {offset}）")
        self.offset = offset

    @property
    def beyond_limits(self) -> bool:
        """Whether the bytes are only more than is read here: that does not make them wrong."""
        return self.code in {"DER_TOO_LARGE", "DER_TOO_MANY", "DER_TOO_DEEP"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decoding may cost: bytes of input, elements in it, levels of nesting."""

    size: int = 16 << 20
    elements: int = 20_000
    depth: int = 32


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Element:
    """One tag-length-value with its place in ``source``; ``children`` where it is constructed."""

    tag: int
    source: bytes = field(repr=False)
    start: int
    content_start: int
    end: int
    children: tuple["Element", ...] = ()

    @property
    def raw(self) -> bytes:
        """The bytes as they stood, header included."""
        return self.source[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The bytes without the header."""
        return self.source[self.content_start : self.end]

    def fault(self, code: str, en: str, zh: str) -> MalformedDer:
        """An error at this element."""
        return MalformedDer(code, self.start, en, zh)

    def expect(self, tag: int) -> "Element":
        """Itself, if it has this tag; raises ``MalformedDer``."""
        if self.tag != tag:
            raise self.fault("DER_TAG", f"tag {self.tag:#04x} where {tag:#04x} belongs", "标签与结构定义不符")
        return self

    def fields(self, tag: int = SEQUENCE) -> "Fields":
        """A cursor over the children of this element, which must have this tag."""
        return Fields(self.expect(tag))

    def only(self) -> "Element":
        """The one child of an explicit tag; raises ``MalformedDer``."""
        if len(self.children) != 1:
            raise self.fault("DER_FIELDS", "an explicit tag must hold one element", "显式标签内应恰有一个元素")
        return self.children[0]


class Fields:
    """Takes the fields of a structure one by one, in order, and sees that none is left."""

    def __init__(self, element: Element) -> None:
        self._element = element
        self._next = 0

    def __iter__(self) -> Iterator[Element]:
        while (child := self.peek()) is not None:
            self._next += 1
            yield child

    def peek(self) -> Element | None:
        """The field that comes next, if any."""
        children = self._element.children
        return children[self._next] if self._next < len(children) else None

    def take(self, tag: int | None = None) -> Element:
        """The next field, which must be there and have this tag; raises ``MalformedDer``."""
        child = self.peek()
        if child is None:
            raise self._element.fault("DER_FIELDS", "a field is missing", "缺少字段")
        self._next += 1
        return child if tag is None else child.expect(tag)

    def optional(self, tag: int) -> Element | None:
        """The next field if it has this tag, else None and nothing is taken."""
        child = self.peek()
        if child is None or child.tag != tag:
            return None
        self._next += 1
        return child

    def done(self) -> None:
        """Nothing may be left; raises ``MalformedDer``."""
        if (child := self.peek()) is not None:
            raise child.fault("DER_FIELDS", "more fields than the structure has", "字段多于结构定义")


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Element:
    """The one element that ``data`` is, the whole tree checked; raises ``MalformedDer``, nothing else."""
    if len(data) > limits.size:
        raise MalformedDer("DER_TOO_LARGE", 0, f"more than {limits.size} bytes", "数据过大")
    element = _Decoder(bytes(data), limits).element(0, len(data), 0)
    if element.end != len(data):
        raise MalformedDer("DER_TRAILING_BYTES", element.end, "bytes after the end", "结尾之后还有数据")
    return element


def decode_first(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Element:
    """The element that ``data`` begin with, whatever follows (padding, say); raises ``MalformedDer``."""
    return _Decoder(bytes(data[: limits.size]), limits).element(0, min(len(data), limits.size), 0)


class _Decoder:
    def __init__(self, source: bytes, limits: Limits) -> None:
        self._source = source
        self._left = limits.elements
        self._depth = limits.depth

    def element(self, start: int, bound: int, depth: int) -> Element:
        self._left -= 1
        if self._left < 0:
            raise MalformedDer("DER_TOO_MANY", start, "too many elements", "元素过多")
        tag = self._tag(start, bound)
        content, end = self._length(start + 1, bound)
        if not tag & CONSTRUCTED:
            return Element(tag, self._source, start, content, end)
        if depth >= self._depth:
            raise MalformedDer("DER_TOO_DEEP", start, "nested too deeply", "嵌套过深")
        children = []
        position = content
        while position < end:
            child = self.element(position, end, depth + 1)
            children.append(child)
            position = child.end
        return Element(tag, self._source, start, content, end, tuple(children))

    def _tag(self, start: int, bound: int) -> int:
        if start >= bound:
            raise MalformedDer("DER_TRUNCATED", start, "ends where a tag belongs", "数据不完整")
        tag = self._source[start]
        if tag & 0x1F == 0x1F:
            raise MalformedDer("DER_HIGH_TAG", start, "tags above 30 do not occur here", "不应出现多字节标签")
        if tag == 0:
            raise MalformedDer("DER_TAG", start, "end-of-contents octets are not DER", "DER 不允许 EOC 标记")
        if tag < CONTEXT // 2 and bool(tag & CONSTRUCTED) != (tag & 0x1F in _CONTAINERS):
            raise MalformedDer("DER_FORM", start, "primitive and constructed form confused", "基本形式与构造形式混淆")
        return tag

    def _length(self, at: int, bound: int) -> tuple[int, int]:
        """Where the content starts and ends."""
        source = self._source
        if at >= bound:
            raise MalformedDer("DER_TRUNCATED", at, "ends where a length belongs", "数据不完整")
        first = source[at]
        content, length = at + 1, first
        if first == 0x80:
            raise MalformedDer("DER_INDEFINITE_LENGTH", at, "indefinite length is BER, not DER", "不定长编码不是 DER")
        if first > 0x80:
            octets = first & 0x7F
            content += octets
            if content > bound:
                raise MalformedDer("DER_TRUNCATED", at, "ends inside a length", "长度字段不完整")
            if octets > 4 or source[at + 1] == 0:
                raise MalformedDer("DER_LENGTH", at, "length not in its shortest form", "长度未用最短形式")
            length = int.from_bytes(source[at + 1 : content], "big")
            if length < 0x80:
                raise MalformedDer("DER_LENGTH", at, "length not in its shortest form", "长度未用最短形式")
        if length > bound - content:
            raise MalformedDer("DER_TRUNCATED", at, "longer than what holds it", "长度超出所在结构")
        return content, content + length


def read_integer(element: Element, tag: int = INTEGER) -> int:
    """A signed integer of at most 64 octets; raises ``MalformedDer``."""
    content = element.expect(tag).content
    if not 1 <= len(content) <= 64:
        raise element.fault("DER_INTEGER", "integer empty or absurdly long", "整数为空或过长")
    if len(content) > 1 and ((content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)):
        raise element.fault("DER_INTEGER", "integer not in its shortest form", "整数未用最短形式")
    return int.from_bytes(content, "big", signed=True)


def read_boolean(element: Element) -> bool:
    """True is 0xFF and False 0x00, nothing else; raises ``MalformedDer``."""
    content = element.expect(BOOLEAN).content
    if content not in {b"\x00", b"\xff"}:
        raise element.fault("DER_BOOLEAN", "a boolean must be 00 or FF", "布尔值须为 00 或 FF")
    return content == b"\xff"


def read_oid(element: Element) -> str:
    """An object identifier in dotted form; raises ``MalformedDer``."""
    content = element.expect(OID).content
    if not 1 <= len(content) <= 64 or content[-1] >= 0x80:
        raise element.fault("DER_OID", "object identifier cut or too long", "对象标识符不完整或过长")
    arcs: list[int] = []
    value = 0
    fresh = True
    for octet in content:
        if fresh and octet == 0x80:
            raise element.fault("DER_OID", "an arc is not in its shortest form", "对象标识符未用最短形式")
        value = value << 7 | octet & 0x7F
        fresh = octet < 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def read_octets(element: Element) -> bytes:
    """The octets of an OCTET STRING; raises ``MalformedDer``."""
    return element.expect(OCTET_STRING).content


def read_bits(element: Element) -> bytes:
    """The octets of a BIT STRING that has no unused bits; raises ``MalformedDer``."""
    content = element.expect(BIT_STRING).content
    if not content or content[0] != 0:
        raise element.fault("DER_BIT_STRING", "a bit string of whole octets is expected", "位串应为整字节")
    return content[1:]


def read_flags(element: Element) -> frozenset[int]:
    """The numbers of the bits set in a named bit list (key usage); raises ``MalformedDer``."""
    content = element.expect(BIT_STRING).content
    unused = content[0] if content else 8
    # Bits that do not count are zero (X.690 11.2.1); zeros at the end that do count are met and mean the same.
    if not 1 <= len(content) <= 8 or unused > 7 or (content[-1] if len(content) > 1 else 0xFF) & (1 << unused) - 1:
        raise element.fault("DER_BIT_STRING", "not a list of named bits", "位串格式错误")
    return frozenset(i for i in range((len(content) - 1) * 8) if content[1 + i // 8] >> (7 - i % 8) & 1)


def read_text(element: Element, tag: int, longest: int = 4096) -> str:
    """A string of exactly this type and at most ``longest`` octets; raises ``MalformedDer``."""
    content = element.expect(tag).content
    if len(content) > longest:
        raise element.fault("DER_TEXT", "text too long", "文本过长")
    try:
        return content.decode("utf-8" if tag == UTF8_STRING else "ascii")
    except UnicodeDecodeError as error:
        raise element.fault("DER_TEXT", "text not in the character set of its type", "文本与其字符类型不符") from error


def write(tag: int, *parts: bytes) -> bytes:
    """An element around the parts."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def write_oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return write(OID, bytes(content))


def write_integer(value: int, tag: int = INTEGER) -> bytes:
    """A signed integer in its shortest form."""
    magnitude = value if value >= 0 else ~value
    return write(tag, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def write_bits(octets: bytes) -> bytes:
    """A BIT STRING of whole octets."""
    return write(BIT_STRING, b"\x00", octets)


def write_flags(bits: frozenset[int]) -> bytes:
    """A named bit list without trailing zero bits (X.690 11.2.2)."""
    if not bits:
        return write(BIT_STRING, b"\x00")
    size = max(bits) // 8 + 1
    value = sum(1 << (size * 8 - 1 - bit) for bit in bits)
    return write(BIT_STRING, bytes((7 - max(bits) % 8,)), value.to_bytes(size, "big"))
