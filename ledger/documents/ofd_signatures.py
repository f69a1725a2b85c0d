"""The signatures of an OFD package as they are written (GB/T 33190-2016, 18): nothing is judged here."""

import binascii
from dataclasses import dataclass
from typing import NamedTuple

from ledger.algorithms.digests import DigestAlgorithm, named
from ledger.documents.ofd import XML_SIZE, Body, Package, Role
from ledger.documents.xml import Element
from ledger.errors import InvalidInput

_MOST = 256
_VALUE_SIZE = 16 << 20
_DEFAULT = DigestAlgorithm.MD5
"""What an absent CheckMethod means (18.2.2)."""


class Reference(NamedTuple):
    """One protected part; ``part`` is None where the location leads nowhere, ``digest`` where it cannot be read.

    ``base`` and ``exact`` tell how the part was found (``ofd.Located``).
    """

    location: str
    part: str | None
    digest: bytes | None
    base: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a seal is shown: page (its ID), rectangle in mm as written."""

    page: str
    boundary: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One Signature.xml and what it names; ``method`` is None where its name is not known."""

    identifier: str
    kind: str
    part: str
    xml: bytes
    """The bytes that the seal signs."""
    provider: tuple[tuple[str, str], ...]
    signature_method: str
    time: str
    method: DigestAlgorithm | None
    method_said: str
    references: tuple[Reference, ...]
    stamps: tuple[Stamp, ...]
    seal_part: str | None
    seal_said: bool
    value_part: str | None
    value: bytes = b""
    body: int = 0


def listed(package: Package, body: Body) -> tuple[Element, ...]:
    """The entries of a document's Signatures.xml in order; InvalidInput ``OFD_SIGNATURES_TOO_MANY`` and of ``xml``."""
    if body.signatures is None:
        return ()
    found = tuple(package.parse(body.signatures, "Signatures").all("Signature"))
    if len(found) > _MOST:
        raise InvalidInput("OFD_SIGNATURES_TOO_MANY", "ofd", f"more than {_MOST} signatures", f"签名超过 {_MOST} 个")
    return found


def read_signature(package: Package, place: int, entry: Element) -> Signature:
    """One entry of Signatures.xml of body ``place``; InvalidInput.

    Codes: ``OFD_SIGNATURE_MISSING``, ``OFD_SIGNATURE_TWICE``, ``OFD_SIGNATURE_EMPTY``, those of ``xml``.
    """
    body = package.bodies[place]
    base = body.signatures or ""
    part = package.locate(entry.attributes.get("BaseLoc", ""), base, body.document)
    if part is None:
        raise InvalidInput("OFD_SIGNATURE_MISSING", "ofd", "a listed signature is not there", "列出的签名文件不存在")
    if part in package.walked:
        raise InvalidInput("OFD_SIGNATURE_TWICE", "ofd", "one signature is listed twice", "同一签名被重复列出")
    package.walked.add(part)
    package.roles.setdefault(part, Role.SIGNATURE)
    raw = package.read(part, XML_SIZE)
    root = package.parse_bytes(part, raw, "Signature")
    info = root.one("SignedInfo")
    if info is None:
        raise InvalidInput("OFD_SIGNATURE_EMPTY", "ofd", "a signature signs nothing", "签名未指明被签内容")
    references = info.one("References")
    said = references.attributes.get("CheckMethod", "") if references else ""
    provider = info.one("Provider")
    seal = info.one("Seal")
    value = _plumbing(package, root.text_of("SignedValue"), part, body)
    return Signature(
        identifier=entry.attributes.get("ID", ""),
        kind=entry.attributes.get("Type", "Seal"),
        part=part,
        xml=raw,
        provider=tuple(sorted(provider.attributes.items())) if provider else (),
        signature_method=info.text_of("SignatureMethod"),
        time=info.text_of("SignatureDateTime"),
        method=_method(said),
        method_said=said,
        references=tuple(_reference(package, one, part, body) for one in _each(references)),
        stamps=tuple(_stamp(one) for one in info.all("StampAnnot")),
        seal_part=_plumbing(package, seal.text_of("BaseLoc"), part, body) if seal else None,
        seal_said=seal is not None,
        value_part=value,
        value=package.read(value, _VALUE_SIZE) if value else b"",
        body=place,
    )


def _each(references: Element | None) -> list[Element]:
    return references.all("Reference") if references else []


def _plumbing(package: Package, said: str, part: str, body: Body) -> str | None:
    found = package.locate(said, part, body.document) if said else None
    if found is not None:
        package.roles.setdefault(found, Role.SIGNATURE)
    return found


def _method(said: str) -> DigestAlgorithm | None:
    return named(said) if said.strip() else _DEFAULT


def _reference(package: Package, one: Element, part: str, body: Body) -> Reference:
    location = one.attributes.get("FileRef", "")
    digest, found = _digest(one.text_of("CheckValue")), package.find(location, part, body.document)
    if found is None:
        return Reference(location, None, digest)
    return Reference(location, found.part, digest, found.base, found.exact)


def _digest(said: str) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(said.split()), strict_mode=True) or None
    except (binascii.Error, ValueError):
        return None


def _stamp(one: Element) -> Stamp:
    return Stamp(one.attributes.get("PageRef", ""), one.attributes.get("Boundary", ""))
