"""The elements of an e-license's metadata 电子证照元数据 (GB/T 36903-2018), by their codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

BUSINESS_PREFIX = "KZ_"
"""Elements that a kind of license adds 业务扩展元数据 begin so."""


class Kind(StrEnum):
    """How an element's text is read."""

    TEXT = "text"
    CODE = "code"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its code, its names, how many characters it may have, and whether it may be missing."""

    code: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    longest: int = 200
    needed: bool = True


ELEMENTS = (
    Element("ZZMC", "证照名称", "name of the license"),
    Element("ZZLXDM", "证照类型代码", "code of its type", Kind.CODE, 32),
    Element("ZZBH", "证照编号", "number of the license", longest=128),
    Element("ZZBS", "证照标识", "identifier", Kind.CODE, 128),
    Element("ZZBFJG", "证照颁发机构", "issuing body"),
    Element("ZZBFJGDM", "证照颁发机构代码", "code of the issuing body", Kind.CODE, 18),
    Element("ZZBFRQ", "证照颁发日期", "day of issue", Kind.DAY, 32),
    Element("CZZT", "持证主体", "holder"),
    Element("CZZTDM", "持证主体代码", "holder's code", Kind.CODE, 64),
    Element("CZZTDMLX", "持证主体代码类型", "type of the holder's code", Kind.CODE, 32),
    Element("ZZYXQQSRQ", "证照有效期起始日期", "valid from", Kind.DAY, 32),
    Element("ZZYXQJZRQ", "证照有效期截止日期", "valid until", Kind.DAY, 32, needed=False),
)
BY_CODE: Mapping[str, Element] = {one.code: one for one in ELEMENTS}
BY_NAME: Mapping[str, str] = {one.zh: one.code for one in ELEMENTS} | {
    "持证者": "CZZT", "持证者代码": "CZZTDM", "持证主体代码类型代码": "CZZTDMLX", "证照颁发机构名称": "ZZBFJG",
    "证照有效期起始": "ZZYXQQSRQ", "证照有效期截止": "ZZYXQJZRQ",
}  # fmt: skip
"""Chinese headings under which tables carry the elements."""


def code_of(heading: str) -> str | None:
    """The element's code for a heading (code in any case, or Chinese name); None: no element."""
    name = heading.strip().strip("\ufeff")
    upper = name.upper()
    if upper in BY_CODE:
        return upper
    if upper.startswith(BUSINESS_PREFIX) and len(upper) > len(BUSINESS_PREFIX):
        return upper
    return BY_NAME.get(name)
