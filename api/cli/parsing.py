"""What people type, as the numbers of the protocol."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Any, TypeVar

from ledger.errors import InvalidInput
from ledger.ids import FOREVER, format_id, parse_id
from ledger.procedure import Action, Mode, Right, Role
from ledger.records import GranteeKind, Status
from ledger.strict_json import loads
from node.durable import PRIVATE, write_durably

CHINA = datetime.timezone(datetime.timedelta(hours=8))
_Enum = TypeVar("_Enum", bound=IntEnum)
STATUS_WORDS = {"suspend": Status.SUSPENDED, "resume": Status.ACTIVE, "revoke": Status.REVOKED}


def optional_id(text: str | None) -> int:
    """``agency-number``, 0 where nothing was given."""
    return parse_id(text) if text else 0


def region(text: str) -> int:
    """Up to 12 digits of GB/T 2260, filled up with zeros; InvalidInput ``REGION_MALFORMED``."""
    digits = text.ljust(12, "0")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 12):
        raise InvalidInput("REGION_MALFORMED", "region", f"{text!r}: up to 12 digits", f"{text!r}:须为至多 12 位数字")
    return int(digits, 16)


def rights(text: str) -> int:
    """Names joined by commas, or ``ALL``."""
    return _flags(text, Right, "rights")


def roles(text: str) -> int:
    """Names joined by commas, or ``ALL``."""
    return _flags(text, Role, "roles")


def modes(text: str) -> int:
    """Mode names joined by commas, or ``ALL``; bit ``mode - 1``."""
    if text.upper() == "ALL":
        return sum(1 << mode - 1 for mode in Mode)
    return sum({1 << member(name, Mode, "modes") - 1 for name in text.split(",")})


def mode(text: str) -> int:
    """One mode's name."""
    return int(member(text, Mode, "mode"))


def action(text: str) -> int:
    """One action's name."""
    return int(member(text, Action, "action"))


def status(word: str) -> int:
    """``suspend``, ``resume`` or ``revoke``."""
    if word not in STATUS_WORDS:
        known = ", ".join(STATUS_WORDS)
        raise InvalidInput("STATUS_WORD", "status", f"{word!r}: one of {known}", f"{word!r}:须为 {known} 之一")
    return int(STATUS_WORDS[word])


def grantee(text: str) -> tuple[int, int]:
    """``window:3-1``, ``agency:3`` or ``region:4302`` as (kind, value)."""
    kind, _, value = text.partition(":")
    if kind == "window":
        return GranteeKind.WINDOW, parse_id(value)
    if kind == "agency" and value.isascii() and value.isdigit():
        return GranteeKind.AGENCY, int(value)
    if kind == "region":
        return GranteeKind.REGION, region(value)
    raise InvalidInput(
        "GRANTEE_MALFORMED", "grantee", f"{text!r}: window:3-1, agency:3 or region:4302",
        f"{text!r}:请写 window:3-1、agency:3 或 region:4302",
    )  # fmt: skip


def moment(text: str | None, default: int = 0) -> int:
    """Unix seconds, a date (start of that day in China), ``forever``, or the default."""
    if text is None:
        return default
    if text == "forever":
        return FOREVER
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            "TIME_MALFORMED", "time", f"{text!r}: seconds, 2026-12-31 or forever",
            f"{text!r}:请写秒数、2026-12-31 或 forever",
        ) from error  # fmt: skip
    return int((at if at.tzinfo else at.replace(tzinfo=CHINA)).timestamp())


def bits(text: str) -> int:
    """Places in a list from 1 on, joined by commas, as a bitmap; empty for none."""
    places = [part for part in text.split(",") if part]
    if not all(part.isascii() and part.isdigit() and 1 <= int(part) <= 32 for part in places):
        raise InvalidInput("PLACES_MALFORMED", "places", f"{text!r}: like 1,3", f"{text!r}:请写成 1,3")
    return sum({1 << int(part) - 1 for part in places})


def word(text: str | None, where: str) -> bytes:
    """32 bytes in 0x-hex; zero where nothing was given."""
    if text is None:
        return bytes(32)
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InvalidInput(
            "WORD_MALFORMED", where, f"{text[:80]!r}: 32 bytes in hex", f"{text[:80]!r}:须为 32 字节十六进制"
        )
    return value


def subject(text: str | None) -> bytes:
    """A seal's id, or the 32 bytes of a license's leaf or a child's case key."""
    if text and "-" in text:
        return parse_id(text).to_bytes(32)
    return word(text, "subject")


def member(name: str, enum: type[_Enum], where: str) -> _Enum:
    """A member by its name, in any case."""
    try:
        return enum[name.strip().upper()]
    except KeyError:
        known = ", ".join(enum.__members__)
        raise InvalidInput("NAME_UNKNOWN", where, f"{name!r}: one of {known}", f"{name!r}:须为 {known} 之一") from None


def text_file(path: Path) -> str:
    """A file's text; InvalidInput ``FILE_UNREADABLE``."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("FILE_UNREADABLE", str(path), f"{path}: {error}", f"无法读取 {path}") from error


def write_private(path: Path, text: str) -> None:
    """A file with personal data or salts, which nobody but its owner may read, whatever stood there before.

    InvalidInput ``FILE_UNWRITABLE``.
    """
    with writing(path):
        write_durably(path, text, PRIVATE)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """While a file that somebody named is written: InvalidInput ``FILE_UNWRITABLE`` where that cannot be done."""
    try:
        yield
    except OSError as error:
        en, zh = f"{path} cannot be written ({error.strerror}): name a file in a folder of yours", "请指定可写的文件"
        raise InvalidInput("FILE_UNWRITABLE", str(path), en, f"无法写入 {path},{zh}") from error


def json_file(path: Path) -> Any:
    """What a JSON file holds; InvalidInput ``FILE_NOT_JSON``, ``FILE_UNREADABLE``."""
    try:
        return loads(text_file(path))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("FILE_NOT_JSON", str(path), "not JSON", "不是 JSON 文件") from error


def json_object(path: Path) -> dict[str, Any]:
    """A file with one JSON object; InvalidInput as ``json_file``."""
    found = json_file(path)
    if not isinstance(found, dict):
        raise InvalidInput("FILE_NOT_JSON", str(path), "not a JSON object", "不是 JSON 对象")
    return found


def plain(value: Any) -> Any:
    """Ids and bytes in results as people write them."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value


def written(scoped_id: int) -> str | None:
    """``agency-number``, None for zero."""
    return format_id(scoped_id) if scoped_id else None


def _flags(text: str, enum: type[IntFlag], where: str) -> int:
    if text.upper() == "ALL":
        return sum(enum)
    total = 0
    for name in text.split(","):
        key = name.strip().upper()
        if key not in enum.__members__:
            known = ", ".join(enum.__members__)
            raise InvalidInput("NAME_UNKNOWN", where, f"{name!r}: one of {known}", f"{name!r}:须为 {known} 之一")
        total |= enum[key]
    return total
