"""Names of parts: decoded, made safe, told apart."""

import re
import unicodedata
from typing import NamedTuple

from ledger.errors import InvalidInput

_LONGEST = 512
_DRIVE = re.compile(r"[A-Za-z]:")
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""What changes how a name looks, or cannot be seen. Wide spaces and private characters of rare names are neither."""
_BAD_STEPS = frozenset({"", ".", ".."})
_LONG_NUMBER = re.compile(r"[0-9]{8,}[0-9Xx]?")
_SHOWN = 120


class Name(NamedTuple):
    """A name as text and what was odd about it (``ZIP_NAME_ENCODING``: neither ASCII nor marked as UTF-8)."""

    text: str
    findings: tuple[str, ...] = ()


def decode(raw: bytes, *, utf8: bool) -> Name:
    """InvalidInput ``ZIP_NAME_UNSAFE``; names of Chinese tools come as unmarked UTF-8 or GB 18030."""
    try:
        name = Name(raw.decode("utf-8" if utf8 else "ascii"))
    except UnicodeDecodeError:
        name = Name(_guess(raw), ("ZIP_NAME_ENCODING",))
    if not _safe(name.text):
        raise InvalidInput(
            "ZIP_NAME_UNSAFE",
            "file",
            "an entry's name leads out of the archive or cannot be a file's",
            "压缩包条目名称越界或不合法",
        )
    return name


def _guess(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return "\0"


def _safe(name: str) -> bool:
    if not name or len(name) > _LONGEST or "\\" in name or _DRIVE.match(name):
        return False
    if not name.isprintable() and any(unicodedata.category(char) in UNSEEN for char in name):
        return False
    return not _BAD_STEPS.intersection(name.removesuffix("/").split("/"))


def fold(name: str) -> str:
    """The form under which two names that some system takes for the same are the same."""
    if name.isascii():
        return name.lower().removesuffix("/")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).removesuffix("/")


def shown(name: str) -> str:
    """A name for a report: no control or strange characters, no long number (it might be somebody's), not long."""
    plain = name[: _SHOWN * 4]
    if not (plain.isascii() and plain.isprintable()):
        plain = "".join(char if char.isascii() and char.isprintable() else "?" for char in plain)
    plain = _LONG_NUMBER.sub("#", plain)
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "~"
