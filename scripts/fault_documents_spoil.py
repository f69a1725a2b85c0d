"""Ways to spoil bytes, archives, XML and DER: some break the form, some keep it and change what is said."""

import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable

Parts = dict[str, bytes]

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_XML_INSERTS = (
    b'<!DOCTYPE a [<!ENTITY b "c">]>', b"&b;", b"<ofd:Reference FileRef='/OFD.xml'/>", b"<!--", b"]]>", b"<![CDATA[",
    b"\0", b"\xff\xfe", b"<ofd:x", b"</ofd:Signature>", b"../", b"/", b"<a>" * 80, b'xmlns:ofd="urn:x"', b"&#x0;",
)  # fmt: skip
_TOKEN = re.compile(rb"<[^>]*>|[^<]+")
_TAGS = (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0xA0, 0xA1, 0x24, 0x1F, 0x00)


def flip(data: bytes, chance: random.Random) -> bytes:
    """One to eight bits."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def cut(data: bytes, chance: random.Random) -> bytes:
    """The end, the beginning, or a piece of the middle gone."""
    one, two = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:two], data[one:], data[:one] + data[two:]))


def splice(data: bytes, chance: random.Random) -> bytes:
    """A piece of itself copied over another place, or put in there."""
    size = min(len(data), 1 << chance.randrange(1, 9))
    one, two = chance.randrange(len(data) - size + 1), chance.randrange(len(data))
    return data[:two] + data[one : one + size] + data[two + (size if chance.random() < 0.5 else 0) :]


def number(data: bytes, chance: random.Random) -> bytes:
    """A number of 1, 2 or 4 bytes overwritten by one at an edge."""
    form = chance.choice(("<B", "<H", "<L", ">H", ">L"))
    place, size = chance.randrange(len(data)), struct.calcsize(form)
    written = struct.pack(form, chance.choice(_NUMBERS) & ((1 << 8 * size) - 1))
    return data[:place] + written + data[place + size :]


def append(data: bytes, chance: random.Random) -> bytes:
    """Bytes after the end, or before the beginning."""
    more = chance.choice((b"\0", b"\n", b"\x05\0", data[:64], chance.randbytes(16)))
    return data + more if chance.random() < 0.8 else more + data


RAW: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, flip, cut, splice, number, append)


def raw(data: bytes, chance: random.Random) -> bytes:
    """Any of these; nothing at all stays nothing."""
    return chance.choice(RAW)(data, chance) if data else b"\0"


def directory(data: bytes, chance: random.Random) -> bytes:
    """A field of one header of an archive overwritten; offsets of 4.3.7, 4.3.12 and 4.3.16 of APPNOTE."""
    mark, size = chance.choice(((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
    places = [found.start() for found in re.finditer(re.escape(mark), data)]
    if not places:
        return flip(data, chance)
    place = chance.choice(places) + chance.randrange(4, size)
    if chance.random() < 0.5:
        return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
    return data[:place] + struct.pack("<H", chance.choice(_NUMBERS) & 0xFFFF) + data[place + 2 :]


def pack(parts: list[tuple[str, bytes]]) -> bytes:
    """An archive that need not make sense: names may come twice."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        warnings.simplefilter("ignore")
        for name, data in parts:
            archive.writestr(_info(name), data)
    return made.getvalue()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x", (2020, 1, 1, 0, 0, 0))
    info.filename = name
    return info


def rearranged(parts: Parts, chance: random.Random) -> bytes:
    """A part gone, doubled, renamed, added, exchanged with another, or all in another order: a well-formed archive."""
    listed = list(parts.items())
    one, two = chance.randrange(len(listed)), chance.randrange(len(listed))
    name, data = listed[one]
    match chance.randrange(7):
        case 0:
            del listed[one]
        case 1:
            twin = chance.choice((name, name.upper(), name.lower(), name + "/"))
            listed.insert(chance.choice((0, len(listed))), (twin, raw(data, chance)))
        case 2:
            listed[one] = (chance.choice((name + "x", "../" + name, "/" + name, name.upper(), "Doc_0/" + name)), data)
        case 3:
            added = chance.choice(
                ("Doc_0/Annots/Annotations.xml", "Doc_0/Pages/Page_1/Content.xml", "evil.js", "Doc_1/x")
            )
            listed.append((added, data))
        case 4:
            listed[one], listed[two] = (name, listed[two][1]), (listed[two][0], data)
        case 5:
            chance.shuffle(listed)
        case _:
            listed[one] = (name, listed[two][1])
    return pack(listed)


def part_spoilt(parts: Parts, chance: random.Random) -> bytes:
    """The bytes of one part spoilt in an archive that is otherwise well formed, with the right checksum."""
    name = chance.choice(list(parts))
    return pack([(other, raw(data, chance) if other == name else data) for other, data in parts.items()])


def xml_spoilt(parts: Parts, chance: random.Random) -> bytes:
    """Elements of one XML part taken out, doubled, exchanged, changed in a letter, or strange things put in."""
    name = chance.choice([name for name in parts if name.endswith(".xml")])
    change = chance.choice((xml, said))
    return pack([(other, change(data, chance) if other == name else data) for other, data in parts.items()])


def xml(data: bytes, chance: random.Random) -> bytes:
    """One change to an XML text."""
    tokens = _TOKEN.findall(data)
    if len(tokens) < 2:
        return raw(data, chance)
    one, two = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    match chance.randrange(6):
        case 0:
            del tokens[one]
        case 1:
            tokens.insert(two, tokens[one])
        case 2:
            tokens[one], tokens[two] = tokens[two], tokens[one]
        case 3:
            tokens.insert(one, chance.choice(_XML_INSERTS))
        case 4:
            tokens[one] = flip(tokens[one], chance)
        case _:
            tokens[one] = tokens[two]
    return b"".join(tokens)


_SAID = re.compile(rb'"([^"<>]+)"|>([^<>]*[^<>\s][^<>]*)<')


def said(data: bytes, chance: random.Random) -> bytes:
    """What one attribute or text says exchanged for what another says, or changed in a digit: XML as before."""
    places = [found.span(found.lastindex or 0) for found in _SAID.finditer(data, data.find(b"?>") + 2)]
    if not places:
        return xml(data, chance)
    (start, end), (other, last) = chance.choice(places), chance.choice(places)
    digits = [place for place in range(start, end) if data[place : place + 1].isdigit()]
    if digits and chance.random() < 0.5:
        place = chance.choice(digits)
        return data[:place] + b"%d" % chance.randrange(10) + data[place + 1 :]
    return data[:start] + data[other:last] + data[end:]


def value_spoilt(parts: Parts, chance: random.Random) -> bytes:
    """A seal or signature value spoilt as DER inside its document."""
    name = chance.choice([name for name in parts if name.endswith((".dat", ".esl"))])
    return pack([(other, der(data, chance) if other == name else data) for other, data in parts.items()])


def elements(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> list[tuple[int, int, int]]:
    """Start, start of content and end of every DER element that can be made out, outermost first."""
    found, place, last = [], start, len(data) if end is None else end
    while place + 2 <= last:
        size, body = data[place + 1], place + 2
        if size & 0x80:
            body += size & 0x7F
            size = int.from_bytes(data[place + 2 : body], "big")
        if body + size > last or depth > 12:
            break
        found.append((place, body, body + size))
        if data[place] & 0x20:
            found += elements(data, body, body + size, depth + 1)
        place = body + size
    return found


def encoded(tag: int, content: bytes) -> bytes:
    """An element with the shortest length."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _again(data: bytes, start: int, end: int, instead: bytes) -> bytes:
    """The whole with one element replaced and every length around it put right."""
    around = [one for one in elements(data) if one[1] <= start and end <= one[2] and one[0] < start]
    for outer, body, last in reversed(around):
        content = data[body:start] + instead + data[end:last]
        instead, start, end = encoded(data[outer], content), outer, last
    return data[:start] + instead + data[end:]


def graft(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """An element exchanged for one of the same tag from another value, every length around it put right."""
    start, _, end = chance.choice(elements(data))
    alike = [other[one[0] : one[2]] for one in elements(other) if other[one[0]] == data[start]]
    return _again(data, start, end, chance.choice(alike)) if alike else data


def der(data: bytes, chance: random.Random) -> bytes:
    """An element removed, doubled, exchanged, retagged, its length written otherwise, its content spoilt."""
    found = elements(data)
    if not found or chance.random() < 0.3:
        return raw(data, chance)
    start, body, end = chance.choice(found)
    if chance.random() < 0.1:
        return data[: start + 1] + bytes([chance.choice((0, 0x7F, 0x80, 0x84, 0xFF))]) + data[start + 2 :]
    other = chance.choice(found)
    return _again(data, start, end, _other(data[start], data[body:end], data[other[0] : other[2]], chance))


def _other(tag: int, content: bytes, another: bytes, chance: random.Random) -> bytes:
    """What stands in an element's place."""
    match chance.randrange(7):
        case 0:
            instead = b""
        case 1:
            instead = encoded(tag, content) * 2
        case 2:
            instead = another
        case 3:
            instead = encoded(chance.choice(_TAGS), content)
        case 4:
            long = len(content).to_bytes(chance.choice((3, 4, 8)), "big")
            instead = bytes([tag, 0x80 | len(long)]) + long + content
        case 5:
            instead = bytes([tag, 0x80]) + content + b"\0\0"
        case _:
            instead = encoded(tag, raw(content, chance))
    return instead


_PDF_NAME = re.compile(rb"/[A-Za-z]+|\d+ \d+ R|\[[^\]]*\]|\d+")
_PDF_INSERTS = (
    b"/ByteRange [0 1 2 3]",
    b"<<",
    b">>",
    b"endobj",
    b"stream\n",
    b"[" * 200,
    b"startxref\n0\n%%EOF\n",
    b"/AA",
)


def pdf(data: bytes, chance: random.Random) -> bytes:
    """A name, number, reference or array exchanged for another, or something strange put in."""
    places = [found.span() for found in _PDF_NAME.finditer(data)]
    if not places or chance.random() < 0.4:
        return raw(data, chance)
    (start, end), other = chance.choice(places), chance.choice(places)
    if data[start:end].isdigit() and chance.random() < 0.7:  # every offset after it stays right
        return data[:start] + b"%0*d" % (end - start, chance.randrange(10 ** min(end - start, 18))) + data[end:]
    if chance.random() < 0.3:
        return data[:start] + chance.choice(_PDF_INSERTS) + data[start:]
    return data[:start] + data[other[0] : other[1]] + data[end:]
