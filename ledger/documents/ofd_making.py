"""Make small OFD documents (GB/T 33190-2016) and sign them: fixtures of the project and the demo's sealed e-license.

A page with lines of text and one picture; an e-license's metadata as CustomDatas of OFD.xml and, where given, as an
attached XML part. Signing keeps the bytes of every part that is there, but OFD.xml where it first gets a list of
signatures, and that list.
"""

import base64
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from xml.sax.saxutils import escape, quoteattr

from ledger.algorithms.digests import DigestAlgorithm, digest
from ledger.documents.container import Container
from ledger.documents.xml import OFD_NAMESPACE
from ledger.errors import InvalidInput

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = f'xmlns:ofd="{OFD_NAMESPACE}"'
_MOMENT = (2020, 1, 1, 0, 0, 0)
"""Every part's time: the same input gives the same bytes."""
_LIST = "Doc_0/Signs/Signatures.xml"
_PART_SIZE = 64 << 20
_CHECK_METHODS = {DigestAlgorithm.SM3: "1.2.156.10197.1.401", DigestAlgorithm.MD5: "MD5", DigestAlgorithm.SHA1: "SHA1"}


class Sealer(Protocol):
    """Whoever seals: the seal's DER (empty for a signature without one), and a signature value over a part's bytes."""

    @property
    def seal(self) -> bytes: ...

    def sign(self, original: bytes, location: str) -> bytes:
        """The value for SignedValue.dat; ``location`` is Signature.xml's path in the package."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the page; ``data`` are metadata by name (ZZMC, ZZBS …, GB/T 36903)."""

    title: str
    lines: Sequence[str]
    data: Sequence[tuple[str, str]] = ()
    created: str = "2025-01-01"
    metadata: bytes | None = None
    picture: bytes | None = None
    """PNG; a plain emblem where there is none."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How a signature is made; ``protect_list`` takes the list of signatures in, so that none can be taken away."""

    time: str = "2025-01-02 09:00:00"
    algorithm: DigestAlgorithm = DigestAlgorithm.SM3
    boundary: str = "150 240 40 40"
    protect_list: bool = True
    left_out: frozenset[str] = frozenset()
    """Parts that are not protected, to show what becomes of them."""


def emblem(side: int = 64) -> bytes:
    """A red ring as a PNG of ``side`` × ``side`` pixels."""
    middle, rows = (side - 1) / 2, bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            away = ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5 / side
            rows += b"\xc8\x10\x10" if 0.36 < away < 0.48 else b"\xff\xff\xff"
    header = struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def make(sheet: Sheet) -> bytes:
    """An unsigned document of one page."""
    parts = {
        "OFD.xml": _entry(sheet).encode(),
        "Doc_0/Document.xml": _document(attached=sheet.metadata is not None).encode(),
        "Doc_0/PublicRes.xml": _FONTS.encode(),
        "Doc_0/DocumentRes.xml": _PICTURES.encode(),
        "Doc_0/Res/emblem.png": sheet.picture or emblem(),
        "Doc_0/Pages/Page_0/Content.xml": _page(sheet).encode(),
    }
    if sheet.metadata is not None:
        parts["Doc_0/Attachs/Attachments.xml"] = _ATTACHED.format(size=len(sheet.metadata) / 1024).encode()
        parts["Doc_0/Attachs/license.xml"] = sheet.metadata
    return pack(parts)


def pack(parts: Mapping[str, bytes]) -> bytes:
    """A container with these parts in this order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def unpack(file: bytes) -> dict[str, bytes]:
    """The parts of a container, in their order."""
    container = Container.open(file)
    return {name: container.read(name, _PART_SIZE) for name in container.entries}


def _entry(sheet: Sheet) -> str:
    identifier = hashlib.sha256(repr((sheet.title, sheet.created, tuple(sheet.data))).encode()).hexdigest()[:32]
    custom = "".join(
        f"<ofd:CustomData Name={quoteattr(name)}>{escape(text)}</ofd:CustomData>" for name, text in sheet.data
    )
    return (
        f'{_HEAD}<ofd:OFD {_NAMESPACE} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{identifier}</ofd:DocID><ofd:Title>{escape(sheet.title)}</ofd:Title>"
        f"<ofd:CreationDate>{sheet.created}</ofd:CreationDate><ofd:Creator>Huxin</ofd:Creator>"
        f"{f'<ofd:CustomDatas>{custom}</ofd:CustomDatas>' if custom else ''}</ofd:DocInfo>"
        f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )


def _document(*, attached: bool) -> str:
    attachments = "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>" if attached else ""
    return (
        f"{_HEAD}<ofd:Document {_NAMESPACE}><ofd:CommonData><ofd:MaxUnitID>200</ofd:MaxUnitID><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages>"
        f'<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>{attachments}</ofd:Document>'
    )


_FONTS = (
    f'{_HEAD}<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:Fonts>'
    '<ofd:Font ID="2" FontName="SimSun" FamilyName="SimSun"/></ofd:Fonts></ofd:Res>'
)
_PICTURES = (
    f'{_HEAD}<ofd:Res {_NAMESPACE} BaseLoc="Res"><ofd:MultiMedias><ofd:MultiMedia ID="3" Type="Image" Format="PNG">'
    "<ofd:MediaFile>emblem.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"
)
_ATTACHED = (
    f'{_HEAD}<ofd:Attachments {_NAMESPACE}><ofd:Attachment ID="1" Name="license.xml" Format="XML" Size="{{size:.3f}}" '
    'Visible="false"><ofd:FileLoc>license.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>'
)


def _page(sheet: Sheet) -> str:
    lines = [_line(4, 40.0, 9.0, sheet.title)]
    lines += [_line(5 + place, 70.0 + 10.0 * place, 5.0, text) for place, text in enumerate(sheet.lines)]
    return (
        f'{_HEAD}<ofd:Page {_NAMESPACE}><ofd:Content><ofd:Layer ID="100" Type="Body">'
        '<ofd:ImageObject ID="101" Boundary="95 15 20 20" CTM="20 0 0 20 0 0" ResourceID="3"/>'
        f"{''.join(lines)}</ofd:Layer></ofd:Content></ofd:Page>"
    )


def _line(identifier: int, top: float, size: float, text: str) -> str:
    return (
        f'<ofd:TextObject ID="{identifier}" Boundary="20 {top:g} 170 {size * 1.4:g}" Font="2" Size="{size:g}">'
        f'<ofd:TextCode X="0" Y="{size:g}" DeltaX="g {max(len(text) - 1, 1)} {size:g}">{escape(text)}</ofd:TextCode>'
        "</ofd:TextObject>"
    )


def sign(file: bytes, sealer: Sealer, signing: Signing | None = None) -> bytes:
    """The document with one more signature over everything in it; InvalidInput ``OFD_NOT_SIGNABLE``."""
    how, parts = signing or Signing(), unpack(file)
    number = _enter(parts, "Seal" if sealer.seal else "Sign")
    folder = f"Doc_0/Signs/Sign_{number - 1}"
    if sealer.seal:
        parts[f"{folder}/Seal.esl"] = sealer.seal
    spared = how.left_out | (frozenset() if how.protect_list else {_LIST})
    protected = {name: data for name, data in parts.items() if name not in spared}
    described = _signature(folder, protected, how, sealed=bool(sealer.seal)).encode()
    parts[f"{folder}/Signature.xml"] = described
    parts[f"{folder}/SignedValue.dat"] = sealer.sign(described, f"/{folder}/Signature.xml")
    return pack(parts)


def _enter(parts: dict[str, bytes], kind: str) -> int:
    """Enter one more signature into the list, made where there is none; its number."""
    old = parts.get(_LIST, b"").decode()
    entries = re.findall(r"<ofd:Signature [^>]*/>", old)
    number = len(entries) + 1
    entries.append(
        f'<ofd:Signature ID="{number:03}" Type="{kind}" BaseLoc="/Doc_0/Signs/Sign_{number - 1}/Signature.xml"/>'
    )
    body = f"<ofd:MaxSignId>{number:03}</ofd:MaxSignId>{''.join(entries)}"
    parts[_LIST] = f"{_HEAD}<ofd:Signatures {_NAMESPACE}>{body}</ofd:Signatures>".encode()
    if not old:
        entry = parts.get("OFD.xml", b"")
        named = f"<ofd:Signatures>/{_LIST}</ofd:Signatures></ofd:DocBody>".encode()
        if entry.count(b"</ofd:DocBody>") != 1 or b"<ofd:Signatures>" in entry:
            raise InvalidInput(
                "OFD_NOT_SIGNABLE", "ofd", "only documents made here are signed", "只能签署本系统制作的文档"
            )
        parts["OFD.xml"] = entry.replace(b"</ofd:DocBody>", named)
    return number


def _signature(folder: str, protected: Mapping[str, bytes], how: Signing, *, sealed: bool) -> str:
    references = "".join(
        f"<ofd:Reference FileRef={quoteattr('/' + name)}><ofd:CheckValue>"
        f"{base64.b64encode(digest(how.algorithm, data)).decode()}</ofd:CheckValue></ofd:Reference>"
        for name, data in protected.items()
    )
    seal = ""
    if sealed:
        seal = f'<ofd:StampAnnot ID="1" PageRef="1" Boundary="{how.boundary}"/>'
        seal += f"<ofd:Seal><ofd:BaseLoc>/{folder}/Seal.esl</ofd:BaseLoc></ofd:Seal>"
    method = _CHECK_METHODS.get(how.algorithm, how.algorithm.label)
    return (
        f"{_HEAD}<ofd:Signature {_NAMESPACE}><ofd:SignedInfo>"
        '<ofd:Provider ProviderName="huxin" Company="huxin" Version="1.0"/>'
        "<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
        f"<ofd:SignatureDateTime>{how.time}</ofd:SignatureDateTime>"
        f'<ofd:References CheckMethod="{method}">{references}</ofd:References>'
        f"{seal}</ofd:SignedInfo>"
        f"<ofd:SignedValue>/{folder}/SignedValue.dat</ofd:SignedValue></ofd:Signature>"
    )
