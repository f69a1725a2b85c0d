"""As much of DER (X.690) as keys and signatures need, strictly: one encoding for one value, nothing behind it."""

from dataclasses import dataclass

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, SEQUENCE = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30


class DerError(ValueError):
    """The bytes are not DER; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: its tag byte, its content, all its bytes with the header, and the offset just behind it."""

    tag: int
    content: bytes
    raw: bytes
    end: int


def read(data: bytes, start: int = 0) -> Element:
    """The element at ``start``; DerError where it is cut off or its length is not the shortest form."""
    if len(data) < start + 2:
        raise DerError(f"cut off at {start}")
    tag, first, body = data[start], data[start + 1], start + 2
    if tag & 0x1F == 0x1F:
        raise DerError(f"long tag at {start}")
    if first < 0x80:
        length = first
    else:
        octets = first & 0x7F
        if not 1 <= octets <= 4 or len(data) < body + octets:
            raise DerError(f"length at {start} is indefinite, too long or cut off")
        length = int.from_bytes(data[body : body + octets])
        body += octets
        if length < 0x80 or length < 1 << 8 * (octets - 1):
            raise DerError(f"length at {start} is not the shortest")
    end = body + length
    if end > len(data):
        raise DerError(f"cut off at {start}")
    return Element(tag, data[body:end], data[start:end], end)


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that ``data`` is; DerError where the tag differs or bytes follow."""
    element = read(data)
    if element.tag != tag or element.end != len(data):
        raise DerError(f"one element with tag {tag:#04x} expected")
    return element.content


def children(content: bytes) -> tuple[Element, ...]:
    """The elements of a constructed value's content."""
    found: list[Element] = []
    at = 0
    while at < len(content):
        element = read(content, at)
        found.append(element)
        at = element.end
    return tuple(found)


def unsigned(element: Element) -> int:
    """A non-negative INTEGER in its shortest form."""
    content = element.content
    if element.tag != INTEGER or not content or content[0] & 0x80:
        raise DerError("non-negative INTEGER expected")
    if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
        raise DerError("INTEGER is not the shortest")
    return int.from_bytes(content)


def encode(tag: int, *parts: bytes) -> bytes:
    """An element around the parts."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def encode_unsigned(value: int) -> bytes:
    """A non-negative INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def encode_oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return encode(OID, bytes(content))


def dotted_oid(element: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    content = element.content
    if element.tag != OID or not content or content[-1] & 0x80:
        raise DerError("OBJECT IDENTIFIER expected")
    arcs, value, fresh = [], 0, True
    for octet in content:
        if fresh and octet == 0x80:
            raise DerError("arc of an OBJECT IDENTIFIER is not the shortest")
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
