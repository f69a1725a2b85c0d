"""What may be a field of an evidence document: every fault of a whole list, found at once."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ledger.errors import Fault, InvalidInput
from ledger.privacy import find_personal_data

MAX_FIELDS = 256
MAX_NAME = 64
MAX_VALUE = 64 * 1024
MAX_DOCUMENT = 1024 * 1024
_NAME = re.compile(rf"[a-z][a-z0-9_.-]{{0,{MAX_NAME - 1}}}", re.ASCII)
_ALLOWED_CONTROLS = frozenset("\n\t")


@dataclass(frozen=True, slots=True)
class Entry:
    """A named value: text (Unicode NFC) or bytes. Private unless said otherwise."""

    name: str
    value: str | bytes = field(repr=False)
    public: bool = False


def shape_faults(parts: Sequence[Entry | str]) -> list[Fault]:
    """Everything that is malformed in the fields of one document; a destroyed field is its name.

    Codes: ``EVIDENCE_EMPTY``, ``EVIDENCE_TOO_MANY_FIELDS`` (256), ``EVIDENCE_TOO_LARGE`` (1 MiB),
    ``EVIDENCE_NAME_MALFORMED``, ``EVIDENCE_FIELD_DUPLICATE``, ``EVIDENCE_VALUE_TOO_LONG`` (64 KiB),
    ``EVIDENCE_TEXT_NOT_NFC``, ``EVIDENCE_TEXT_CONTROL``.
    """
    whole = _whole(parts)
    if whole is not None:
        return [whole]
    faults: list[Fault] = []
    seen: set[str] = set()
    for place, part in enumerate(parts):
        name = part if isinstance(part, str) else part.name
        faults += _name_faults(name, f"fields[{place}].name", seen)
        seen.add(name)
        if isinstance(part, Entry):
            faults += _value_faults(part.value, f"fields[{place}]")
    return faults


def draft_faults(entries: Sequence[Entry]) -> list[Fault]:
    """``shape_faults`` and ``PERSONAL_DATA``: public values, and names, that tell who somebody is."""
    if _whole(entries) is not None:
        return shape_faults(entries)
    return [*shape_faults(entries), *_personal_faults(entries)]


def refuse_faults(faults: Sequence[Fault]) -> None:
    """Raise InvalidInput with all faults, if there are any."""
    if faults:
        raise InvalidInput.of(faults)


def _whole(parts: Sequence[Entry | str]) -> Fault | None:
    """What is wrong with the document as a whole; nothing in it is looked at then."""
    if not parts:
        return _fault("EVIDENCE_EMPTY", "fields", "a document needs at least one field", "材料至少须有一个字段")
    if len(parts) > MAX_FIELDS:
        return _fault("EVIDENCE_TOO_MANY_FIELDS", "fields", f"at most {MAX_FIELDS} fields", f"字段至多 {MAX_FIELDS} 个")
    if sum(len(part.value) for part in parts if isinstance(part, Entry)) > MAX_DOCUMENT:
        return _fault(
            "EVIDENCE_TOO_LARGE",
            "fields",
            "more than 1 MiB of values; put files into storage and their digests here",
            "内容超过 1 MiB:文件请另行存放,此处只写其摘要",
        )
    return None


def _name_faults(name: str, where: str, seen: set[str]) -> Iterator[Fault]:
    if not _NAME.fullmatch(name):
        yield _fault(
            "EVIDENCE_NAME_MALFORMED",
            where,
            f"a name begins with a-z and has up to {MAX_NAME} of a-z 0-9 _ . -",
            f"字段名称以 a-z 开头,至多 {MAX_NAME} 个 a-z 0-9 _ . - 字符",
        )
    if name in seen:
        yield _fault("EVIDENCE_FIELD_DUPLICATE", where, "a name may stand once only", "字段名称不得重复")


def _value_faults(value: str | bytes, where: str) -> Iterator[Fault]:
    if len(value) > MAX_VALUE:
        # nothing else is looked at: checking must not cost more than sending
        yield _too_long(where)
    elif isinstance(value, str):
        yield from _text_faults(value, where)


def _personal_faults(entries: Sequence[Entry]) -> Iterator[Fault]:
    for place, entry in enumerate(entries):
        if find_personal_data(entry.name[:MAX_NAME]):
            yield _personal(f"fields[{place}].name")
        if entry.public and len(entry.value) <= MAX_VALUE:
            text = entry.value if isinstance(entry.value, str) else entry.value.decode(errors="replace")
            if find_personal_data(text):
                yield _personal(f"fields[{place}]")


def _text_faults(text: str, where: str) -> Iterator[Fault]:
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in _ALLOWED_CONTROLS for char in text):
        yield _fault(
            "EVIDENCE_TEXT_CONTROL",
            where,
            "control characters and lone surrogates are no text; send such data as bytes",
            "文本不得含控制字符或孤立代理项,此类数据请以字节提交",
        )
    elif len(text.encode()) > MAX_VALUE:
        yield _too_long(where)
    if not unicodedata.is_normalized("NFC", text):
        yield _fault(
            "EVIDENCE_TEXT_NOT_NFC",
            where,
            "text must be in Unicode form NFC, so that equal texts are equal bytes; normalise it",
            "文本须为 Unicode NFC 形式,请先规范化",
        )


def _too_long(where: str) -> Fault:
    return _fault("EVIDENCE_VALUE_TOO_LONG", where, "at most 64 KiB a value", "每个字段至多 64 KiB")


def _personal(where: str) -> Fault:
    return _fault(
        "PERSONAL_DATA",
        where,
        "looks like a resident identity, phone, card or passport number: make the field private",
        "疑似身份证、手机、银行卡或护照号码:请改为非公开字段",
    )


def _fault(code: str, where: str, en: str, zh: str) -> Fault:
    return Fault(code, where, zh, en)
