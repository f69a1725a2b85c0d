"""An OFD package (GB/T 33190-2016) as its parts and what each is for: pages, resources, annotations, signatures.

Page contents are not parsed: whether they are what was sealed is decided by their bytes, and what they refer to is
sealed or it is not, whatever they call it.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NoReturn

from ledger.documents import xml
from ledger.documents.container import Container
from ledger.documents.zip_names import fold
from ledger.errors import InvalidInput

ENTRY = "OFD.xml"
XML_SIZE = 16 << 20
_ALL_READ = 64 << 20
"""Bytes of XML and signature values that are taken into memory of one package, whatever names what how often."""
_BODIES = 64
_LONGEST = 4_096
"""Characters of a location: no part has a name as long."""


class Role(StrEnum):
    """What a part is for; the order is that of a report."""

    ROOT = "root"
    DOCUMENT = "document"
    PAGE = "page"
    RESOURCE = "resource"
    ANNOTATION = "annotation"
    ATTACHMENT = "attachment"
    EXTENSION = "extension"
    VERSION = "version"
    SIGNATURE_LIST = "signature list"
    SIGNATURE = "signature"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Body:
    """One document of the package (DocBody, 7.4)."""

    document: str
    """Part of its root, Document.xml."""
    signatures: str | None
    """Part of Signatures.xml."""
    pages: Mapping[str, str]
    """From a page's ID to its part."""
    custom: tuple[tuple[str, str], ...]
    """CustomDatas of DocInfo: name and value, as an e-license's metadata stand there."""


class Located(NamedTuple):
    """A part as it was found: ``base`` tells by which reading of the location, ``exact`` whether letter by letter."""

    part: str
    base: int
    exact: bool


_ROOTED = -1
"""``base`` of a location with a leading slash, which has one reading alone."""


@dataclass(slots=True)
class Package:
    """What OFD.xml leads to; ``findings`` are (code, part) of what is odd but bearable."""

    container: Container
    bodies: tuple[Body, ...] = ()
    roles: dict[str, Role] = field(default_factory=dict)
    missing: list[tuple[str, Role]] = field(default_factory=list)
    """Locations that lead to no part, and for what it would be."""
    findings: list[tuple[str, str]] = field(default_factory=list)
    walked: set[str] = field(default_factory=set)
    """Lists and signatures that were read: however often they are named, they are read once."""
    _read: int = 0

    def role(self, part: str) -> Role:
        return self.roles.get(part, Role.OTHER)

    def parse(self, part: str, root: str) -> xml.Element:
        """InvalidInput with codes of ``container`` and ``xml``."""
        return self.parse_bytes(part, self.read(part, XML_SIZE), root)

    def read(self, part: str, most: int) -> bytes:
        """All of a part that is looked into; InvalidInput with codes of ``container``, ``XML_TOO_LARGE``."""
        self._read += self.container.entries[part].size
        if self._read > _ALL_READ:
            en, zh = "there is too much XML in the package, or in its signatures", "文档中的 XML 与签名值总量过大"
            _refuse("XML_TOO_LARGE", en, zh)
        return self.container.read(part, most)

    def parse_bytes(self, part: str, raw: bytes, root: str) -> xml.Element:
        """The same of a part's bytes that were read before; InvalidInput with codes of ``xml``."""
        document = xml.parse(raw, root)
        self.findings += [(finding, part) for finding in document.findings]
        return document.root

    def locate(self, location: str, base: str, *more: str) -> str | None:
        """The part that a location names, as ``find`` has it; what is odd about it is noted."""
        found = self.find(location, base, *more)
        if found is None:
            return None
        if not found.exact:
            self.findings.append(("OFD_PATH_CASE", found.part))
        if found.base > 0:
            self.findings.append(("OFD_PATH_BASE", found.part))
        return found.part

    def find(self, location: str, base: str, *more: str) -> Located | None:
        """The part that a location (ST_Loc, 7.2) in part ``base`` names, or None.

        A leading slash means the package's root. Otherwise it is relative to the part, as the standard has it; some
        makers mean the folder of a part in ``more``, or the root: these come after it.
        """
        entries = self.container.entries
        if location.startswith("/"):
            if location[1:] in entries:
                return Located(location[1:], _ROOTED, exact=True)
        elif (direct := base[: base.rfind("/") + 1] + location) in entries:
            return Located(direct, 0, exact=True)
        if len(location) > _LONGEST:
            return None
        for place, path in _candidates(location, (base, *more)):
            found = self.container.folded.get(fold(path))
            if found is not None:
                return Located(found, place, found == path)
        return None

    def follow(self, location: str, base: str, role: Role) -> str | None:
        """The part named, now known to have that role; noted as missing where there is none."""
        part = self.locate(location, base)
        if part is None:
            self.missing.append((location, role))
        else:
            self.roles.setdefault(part, role)
        return part


_LISTS = (
    ("Annotations", "FileLoc", Role.ANNOTATION),
    ("Attachments", "FileLoc", Role.ATTACHMENT),
    ("CustomTags", "FileLoc", Role.EXTENSION),
    ("Extensions", "", Role.EXTENSION),
)
"""Element of Document.xml, what names a file in the list it leads to, what both are for."""


def _candidates(location: str, bases: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Each reading of a location with the number of its base."""
    plain = location.strip().replace("\\", "/")
    if plain.startswith("/"):
        yield _ROOTED, posixpath.normpath(plain).lstrip("/")
        return
    for place, folder in enumerate((*(posixpath.dirname(base) for base in bases), "")):
        path = posixpath.normpath(posixpath.join(folder, plain))
        if not path.startswith("../") and path not in {".", ".."}:
            yield place, path


def _refuse(code: str, en: str, zh: str) -> NoReturn:
    raise InvalidInput(code, "ofd", en, zh)


def read_package(container: Container) -> Package:
    """InvalidInput: ``OFD_ENTRY_MISSING``, ``OFD_BODY_MISSING``, ``OFD_DOCUMENT_MISSING``, ``OFD_ENCRYPTED``."""
    package = Package(container)
    package.findings += [(finding, "") for finding in container.findings]
    if fold("Encryptions.xml") in container.folded:
        _refuse("OFD_ENCRYPTED", "the document is encrypted (GM/T 0099)", "文档已加密（GM/T 0099），请提供解密后的文件")
    entry = package.locate("/" + ENTRY, ENTRY)
    if entry is None:
        _refuse("OFD_ENTRY_MISSING", "the package has no OFD.xml", "缺少 OFD.xml")
    package.roles[entry] = Role.ROOT
    bodies = package.parse(entry, "OFD").all("DocBody")
    if not bodies or len(bodies) > _BODIES:
        _refuse("OFD_BODY_MISSING", "OFD.xml names no document, or too many", "OFD.xml 未指明文档，或文档过多")
    package.bodies = tuple(_body(package, entry, body) for body in bodies)
    return package


def _body(package: Package, entry: str, body: xml.Element) -> Body:
    document = package.follow(body.text_of("DocRoot"), entry, Role.DOCUMENT)
    if document is None:
        _refuse("OFD_DOCUMENT_MISSING", "OFD.xml leads to no document", "OFD.xml 所指文档不存在")
    pages = _document(package, document)
    versions = body.one("Versions")
    for version in versions.all("Version") if versions else ():
        package.follow(version.attributes.get("BaseLoc", ""), entry, Role.VERSION)
    said = body.text_of("Signatures")
    signatures = package.follow(said, entry, Role.SIGNATURE_LIST) if said else None
    info = body.one("DocInfo")
    return Body(document, signatures, pages, _custom(info) if info else ())


def _custom(info: xml.Element) -> tuple[tuple[str, str], ...]:
    data = info.one("CustomDatas")
    return tuple((one.attributes.get("Name", ""), one.text) for one in data.all("CustomData")) if data else ()


def _document(package: Package, part: str) -> dict[str, str]:
    """Note what Document.xml (7.5) leads to; the pages by ID."""
    root = package.parse(part, "Document")
    common = root.one("CommonData")
    for child in common.children if common else ():
        if child.name in {"PublicRes", "DocumentRes"}:
            _resources(package, package.follow(child.text, part, Role.RESOURCE))
        elif child.name == "TemplatePage":
            package.follow(child.attributes.get("BaseLoc", ""), part, Role.PAGE)
    for name, item, role in _LISTS:
        for listed in root.all(name):
            _listed(package, package.follow(listed.text, part, role), name, item, role)
    found: dict[str, str] = {}
    pages = root.one("Pages")
    for page in pages.all("Page") if pages else ():
        content = package.follow(page.attributes.get("BaseLoc", ""), part, Role.PAGE)
        if content is not None and found.setdefault(page.attributes.get("ID", ""), content) != content:
            package.findings.append(("OFD_PAGE_ID_TWICE", content))
    return found


def _resources(package: Package, part: str | None) -> None:
    """Files that a resource list (7.9) names: fonts, pictures, colour profiles."""
    if part is None or part in package.walked:
        return
    package.walked.add(part)
    root = package.parse(part, "Res")
    folder = root.attributes.get("BaseLoc", "").strip("/")
    for element in root.walk():
        said = element.text if element.name in {"MediaFile", "FontFile"} else element.attributes.get("Profile", "")
        if not said:
            continue
        inside = posixpath.join(folder, said) if folder and not said.startswith("/") else said
        package.follow(inside if package.find(inside, part) else said, part, Role.RESOURCE)


def _listed(package: Package, part: str | None, root: str, item: str, role: Role) -> None:
    """Files that a list of annotations, attachments or tags names."""
    if part is None or not item or part in package.walked:
        return
    package.walked.add(part)
    for element in package.parse(part, root).walk():
        said = element.text_of(item) if element.name != root else ""
        if said:
            package.follow(said, part, role)
