"""What a reader of codes has to say without refusing, and how codes are written down."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SEPARATORS = frozenset(" \t-‐‑‒–—_·.")
_ASCII_SEPARATORS = {ord(char): None for char in _SEPARATORS if char.isascii()}


class Severity(StrEnum):
    """How much a finding weighs."""

    WARNING = "warning"
    """Look again; the code is taken as it stands."""
    REFUSAL = "refusal"
    """Must not go where it was meant to go."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark, with a stable code; the texts never repeat personal data."""

    code: str
    severity: Severity
    zh: str
    en: str


def warning(code: str, en: str, zh: str) -> Finding:
    """A finding that refuses nothing."""
    return Finding(code, Severity.WARNING, zh, en)


def canonical(text: str, keep: str = "") -> str:
    """Upper case, half width (NFKC), without separators and invisible characters.

    Separators are spaces, hyphens, underscores and dots, except those in ``keep``.
    """
    if text.isascii():  # nearly all; a library of a million licenses has five codes each
        table = {at: None for at in _ASCII_SEPARATORS if chr(at) not in keep} if keep else _ASCII_SEPARATORS
        return text.upper().translate(table)
    dropped = _SEPARATORS - set(keep)
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", text).upper()
        if char not in dropped and unicodedata.category(char) != "Cf"
    )
