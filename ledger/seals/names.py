"""Distinguished names, read so that no name can make a verification fail: what is odd is shown, not refused."""

from dataclasses import dataclass, field

from ledger.algorithms.der import SEQUENCE, Element, MalformedDer, read_oid

_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.97": "organizationIdentifier",
    "1.2.840.113549.1.9.1": "emailAddress",
}

# A name longer than this is cut when shown: it is for people.
_SHOWN = 256


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stood (``raw``), and its attributes as pairs of dotted type and tolerant text."""

    raw: bytes = field(repr=False)
    attributes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        text = ", ".join(f"{_SHORT.get(kind, kind)}={value}" for kind, value in self.attributes)
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

    def same_as(self, other: "Name") -> bool:
        """Equal bytes, or equal up to string types, case and white space (RFC 5280 7.1)."""
        if self.raw == other.raw:
            return True
        return _clear(self) and _clear(other) and _folded(self) == _folded(other)


def _clear(name: Name) -> bool:
    """Whether every attribute could be read whole: what stands for something unreadable is equal to nothing."""
    return bool(name.attributes) and not any(kind == "?" or "\ufffd" in text for kind, text in name.attributes)


def _folded(name: Name) -> list[tuple[str, str]]:
    return [(kind, " ".join(value.split()).casefold()) for kind, value in name.attributes]


def read_name(element: Element) -> Name:
    """A Name; parts that cannot be read are shown as hex. Raises ``MalformedDer`` only if it is no SEQUENCE."""
    element.expect(SEQUENCE)
    pairs = (pair for relative in element.children for pair in relative.children)
    return Name(element.raw, tuple(_attribute(pair) for pair in pairs))


def _attribute(pair: Element) -> tuple[str, str]:
    try:
        kind, value = pair.children
        return read_oid(kind), _text(value)
    except (MalformedDer, ValueError):
        return "?", pair.raw[:32].hex()


def _text(value: Element) -> str:
    wide = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}
    text = value.content.decode(wide.get(value.tag, "utf-8"), errors="replace")
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
