"""XML of documents, read strictly: no DTD, no entity, nothing external, bounded in size, depth and number of nodes.

A DTD is refused at its first character, before anything in it has an effect. The tree is ours and small: names of the
document's own namespace come without it, any other keeps its ``{namespace}`` and so is never taken for one of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from ledger.errors import InvalidInput

OFD_NAMESPACE = "http://www.ofdspec.org/2016"
"""GB/T 33190-2016, 7.1."""


@dataclass(frozen=True, slots=True)
class XmlBounds:
    """What is read at most."""

    size: int = 16 << 20
    depth: int = 64
    nodes: int = 500_000


@dataclass(slots=True)
class Element:
    """One element; ``text`` is what stands directly in it, white space at the ends removed."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> list["Element"]:
        """Direct children of that name."""
        return [child for child in self.children if child.name == name]

    def one(self, name: str) -> "Element | None":
        """The only child of that name; InvalidInput ``XML_AMBIGUOUS`` where there are several."""
        found = self.all(name)
        if len(found) > 1:
            _refuse("XML_AMBIGUOUS", f"there are several {name}", f"{name} 出现多次")
        return found[0] if found else None

    def text_of(self, name: str) -> str:
        """Text of the only child of that name, or empty."""
        found = self.one(name)
        return "" if found is None else found.text

    def walk(self) -> Iterator["Element"]:
        """This element and everything in it; depth is bounded by the reader."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)


@dataclass(frozen=True, slots=True)
class Document:
    """The root element and what was odd but bearable (``XML_NAMESPACE``)."""

    root: Element
    findings: tuple[str, ...] = ()


def _refuse(code: str, en: str, zh: str) -> NoReturn:
    raise InvalidInput(code, "xml", en, zh)


class _Builder:
    """Callbacks of the parser."""

    def __init__(self, bounds: XmlBounds) -> None:
        self.bounds = bounds
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.root: Element | None = None
        self.nodes = 0
        self.prefix = ""
        self.namespace = ""

    def start(self, name: str, pairs: list[str]) -> None:
        self.nodes += 1
        if self.nodes > self.bounds.nodes or len(self.open) >= self.bounds.depth:
            _refuse("XML_TOO_LARGE", "the XML is too deep or has too many nodes", "XML 嵌套过深或节点过多")
        if self.root is None:
            self.namespace = name.rpartition(" ")[0]
            self.prefix = self.namespace + " " if self.namespace else ""
        element = Element(self._local(name), dict(zip(pairs[::2], pairs[1::2], strict=True)))
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def _local(self, name: str) -> str:
        if name.startswith(self.prefix) and " " not in name[len(self.prefix) :]:
            return name[len(self.prefix) :]
        namespace, _, local = name.rpartition(" ")
        return f"{{{namespace}}}{local}"

    def data(self, text: str) -> None:
        self.texts[-1].append(text)

    def end(self, _name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop()).strip()

    @staticmethod
    def doctype(*_: object) -> None:
        _refuse("XML_DTD", "the XML has a document type declaration", "XML 含有 DTD 声明，予以拒绝")


def parse(raw: bytes, root: str, bounds: XmlBounds | None = None) -> Document:
    """The document with a root of that name; InvalidInput.

    Codes: ``XML_DTD``, ``XML_TOO_LARGE``, ``XML_MALFORMED``, ``XML_ROOT``.
    """
    held = bounds or XmlBounds()
    if len(raw) > held.size:
        _refuse("XML_TOO_LARGE", "the XML is too large", "XML 过大")
    parser = expat.ParserCreate(namespace_separator=" ")
    builder = _Builder(held)
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InvalidInput("XML_MALFORMED", "xml", "the XML cannot be read", "XML 无法解析") from error
    if builder.root is None or builder.root.name != root:
        _refuse("XML_ROOT", f"the XML is no {root}", f"XML 根元素不是 {root}")
    return Document(builder.root, () if builder.namespace == OFD_NAMESPACE else ("XML_NAMESPACE",))
