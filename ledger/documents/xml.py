"""XML of documents, read strictly: no DTD, no entity, nothing external, bounded in size, depth and number of nodes.

A DTD is refused before a parser sees it: the text must be UTF-8, so that ``<!DOCTYPE`` cannot be written otherwise.
Names of the document's own namespace come without it; any other keeps its ``{namespace}`` and is never taken for ours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn
from xml.etree import ElementTree

from ledger.errors import InvalidInput

OFD_NAMESPACE = "http://www.ofdspec.org/2016"
"""GB/T 33190-2016, 7.1."""
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_DECLARATION = 512
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})


@dataclass(frozen=True, slots=True)
class XmlBounds:
    """What is read at most."""

    size: int = 16 << 20
    depth: int = 64
    nodes: int = 500_000


_BOUNDS = XmlBounds()


class Element(NamedTuple):
    """One element of a parsed text; ``prefix`` is its document's ``{namespace}``, or empty."""

    node: ElementTree.Element
    prefix: str

    @property
    def name(self) -> str:
        return self.node.tag.removeprefix(self.prefix)

    @property
    def attributes(self) -> dict[str, str]:
        return self.node.attrib

    @property
    def text(self) -> str:
        """What stands directly in it, white space at the ends removed."""
        if not len(self.node):
            return (self.node.text or "").strip()
        pieces = [self.node.text or "", *(child.tail or "" for child in self.node)]
        return "".join(pieces).strip()

    @property
    def children(self) -> list["Element"]:
        return [Element(child, self.prefix) for child in self.node]

    def all(self, name: str) -> list["Element"]:
        """Direct children of that name."""
        return [Element(child, self.prefix) for child in self.node.findall(self.prefix + name)]

    def one(self, name: str) -> "Element | None":
        """The only child of that name; InvalidInput ``XML_AMBIGUOUS`` where there are several."""
        found = self.node.findall(self.prefix + name)
        if len(found) > 1:
            _refuse("XML_AMBIGUOUS", f"there are several {name}", f"{name} 出现多次")
        return Element(found[0], self.prefix) if found else None

    def text_of(self, name: str) -> str:
        """Text of the only child of that name, or empty."""
        found = self.one(name)
        return "" if found is None else found.text

    def walk(self) -> Iterator["Element"]:
        """This element and everything in it."""
        return (Element(node, self.prefix) for node in self.node.iter())


class Document(NamedTuple):
    """The root element and what was odd but bearable (``XML_NAMESPACE``)."""

    root: Element
    findings: tuple[str, ...] = ()


def _refuse(code: str, en: str, zh: str) -> NoReturn:
    raise InvalidInput(code, "xml", en, zh)


def parse(raw: bytes, root: str, bounds: XmlBounds | None = None) -> Document:
    """The document with a root of that name; InvalidInput.

    Codes: ``XML_DTD``, ``XML_ENCODING``, ``XML_TOO_LARGE``, ``XML_MALFORMED``, ``XML_ROOT``.
    """
    held = bounds or _BOUNDS
    tags = raw.count(b"<")
    if len(raw) > held.size or tags > 2 * held.nodes:
        _refuse("XML_TOO_LARGE", "the XML is too large", "XML 过大")
    _check_text(raw)
    try:
        parser = ElementTree.XMLParser()  # noqa: S314 - no DTD, bounded: checked above
        parser.feed(raw)
        node: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidInput("XML_MALFORMED", "xml", "the XML cannot be read", "XML 无法解析") from error
    if tags > held.depth and _depth(node, held.depth) > held.depth:
        _refuse("XML_TOO_LARGE", "the XML is too deep", "XML 嵌套过深")
    namespace, brace, local = node.tag.rpartition("}")
    if local != root or "{" in namespace[1:] or "}" in namespace:  # such a namespace would be taken for a path
        _refuse("XML_ROOT", f"the XML is no {root}", f"XML 根元素不是 {root}")
    findings = () if namespace == "{" + OFD_NAMESPACE else ("XML_NAMESPACE",)
    return Document(Element(node, namespace + brace), findings)


def _check_text(raw: bytes) -> None:
    """UTF-8 alone, for in another encoding a DTD has other bytes, and other readers may see another text."""
    if raw.startswith((b"<?xml", b"\xef\xbb\xbf<?xml")) and raw.find(b"?>", 0, _DECLARATION) < 0:
        _refuse("XML_ENCODING", "the XML's declaration has no end", "XML 声明过长，无法确定编码")
    declared = _DECLARED.match(raw, 0, _DECLARATION)
    if b"\0" in raw or (declared and declared[1].lower() not in _UTF8):
        _refuse("XML_ENCODING", "the XML is not UTF-8", "XML 不是 UTF-8 编码")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        _refuse("XML_DTD", "the XML has a document type declaration", "XML 含有 DTD 声明，予以拒绝")


def _depth(node: ElementTree.Element, most: int) -> int:
    """Levels of nesting, counted no further than one more than ``most``."""
    level, depth = [node], 0
    while level and depth <= most:
        level = [child for parent in level for child in parent]
        depth += 1
    return depth
