"""Documents whose fields are fixed: read by name, every fault at once, nothing passed over."""

import re

from ledger.errors import Fault
from ledger.evidence import Document, Field
from ledger.evidence_rules import refuse_faults

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_WORD = 32


class FieldReader:
    """Reads the fields of a document; a faulty one reads as something harmless, and ``finish`` raises.

    Codes: ``EVIDENCE_FIELD_MISSING``, ``EVIDENCE_FIELD_DESTROYED``, ``EVIDENCE_FIELD_SHAPE``,
    ``EVIDENCE_FIELD_UNEXPECTED``.
    """

    def __init__(self, document: Document, prefix: str = "") -> None:
        """Over the fields whose names begin so; the others are not looked at."""
        self._left: dict[str, Field] = {one.name: one for one in document.fields if one.name.startswith(prefix)}
        self.faults: list[Fault] = []

    def has(self, name: str) -> bool:
        """Whether there is such a field that was not read yet."""
        return name in self._left

    def octets(self, name: str, least: int, most: int, step: int = 1) -> bytes:
        """Bytes, so many and of whole steps."""
        value = self._take(name)
        if isinstance(value, bytes) and least <= len(value) <= most and len(value) % step == 0:
            return value
        self._shape(name, value, f"{least} to {most} bytes, in steps of {step}", f"{least} 至 {most} 字节")
        return bytes(least)

    def word(self, name: str) -> bytes:
        """32 bytes."""
        return self.octets(name, _WORD, _WORD)

    def words(self, name: str, most: int) -> tuple[bytes, ...]:
        """Words of 32 bytes, one after the other; none where there is no such field."""
        joined = self.octets(name, _WORD, most * _WORD, _WORD) if self.has(name) else b""
        return tuple(joined[at : at + _WORD] for at in range(0, len(joined), _WORD))

    def optional_word(self, name: str) -> bytes | None:
        """32 bytes; None where there is no such field."""
        return self.word(name) if self.has(name) else None

    def number(self, name: str, least: int, most: int) -> int:
        """A number in decimal digits, without zeros before it."""
        text = self.text(name)
        if _NUMBER.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        self._shape(name, text or None, f"a number from {least} to {most}", f"{least} 至 {most} 的整数")
        return least

    def text(self, name: str) -> str:
        """Text, not empty."""
        value = self._take(name)
        if isinstance(value, str) and value:
            return value
        self._shape(name, value, "text", "文本")
        return ""

    def fault(self, code: str, name: str, en: str, zh: str) -> None:
        """Keep one more thing that is wrong."""
        self.faults.append(Fault(code, name, zh, en))

    def finish(self) -> None:
        """Raise InvalidInput with all faults; fields that nobody asked for are among them."""
        for name in self._left:
            self.fault("EVIDENCE_FIELD_UNEXPECTED", name, f"{name}: no such field here", f"{name}:此处没有这个字段")
        refuse_faults(self.faults)

    def _take(self, name: str) -> str | bytes | None:
        """The value; None, and the fault kept, where there is none."""
        found = self._left.pop(name, None)
        if found is None:
            self.fault("EVIDENCE_FIELD_MISSING", name, f"{name} is missing", f"缺少 {name}")
        elif found.value is None:
            en, zh = f"{name} was destroyed: it cannot be read any more", f"{name} 已销毁,无法再读取"
            self.fault("EVIDENCE_FIELD_DESTROYED", name, en, zh)
        return None if found is None else found.value

    def _shape(self, name: str, value: object, en: str, zh: str) -> None:
        if value is not None:
            self.fault("EVIDENCE_FIELD_SHAPE", name, f"{name} must be {en}", f"{name} 须为{zh}")
