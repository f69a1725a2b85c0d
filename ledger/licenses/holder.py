"""Who holds a license: a code and its type 持证主体代码类型 (GB/T 36903-2018), each checked by its own rule.

Personal data: no error, finding or repr of this module repeats a code.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.codes import Finding, ResidentId, Uscc
from ledger.codes.findings import canonical, warning
from ledger.errors import InvalidInput


class HolderCodeType(StrEnum):
    """What kind of code names the holder."""

    USCC = "001"  # 统一社会信用代码
    OTHER_ORGANISATION = "099"  # 其他法人或组织证件
    RESIDENT_ID = "111"  # 居民身份证
    DIPLOMATIC_PASSPORT = "411"  # 外交护照
    SERVICE_PASSPORT = "412"  # 公务护照
    PUBLIC_AFFAIRS_PASSPORT = "413"  # 公务普通护照
    PASSPORT = "414"  # 普通护照
    TAIWAN_PERMIT = "511"  # 台湾居民来往大陆通行证
    HONG_KONG_MACAO_PERMIT = "516"  # 港澳居民来往内地通行证
    OTHER_PERSON = "999"  # 其他自然人证件


_NAMES = {
    "统一社会信用代码": HolderCodeType.USCC,
    "居民身份证": HolderCodeType.RESIDENT_ID,
    "公民身份号码": HolderCodeType.RESIDENT_ID,
    "普通护照": HolderCodeType.PASSPORT,
    "台湾居民来往大陆通行证": HolderCodeType.TAIWAN_PERMIT,
    "港澳居民来往内地通行证": HolderCodeType.HONG_KONG_MACAO_PERMIT,
}
_PASSPORT = re.compile(r"[0-9A-Z]{5,20}", re.ASCII)
_USUAL = {
    HolderCodeType.DIPLOMATIC_PASSPORT: re.compile(r"DE?[0-9]{7,8}", re.ASCII),
    HolderCodeType.SERVICE_PASSPORT: re.compile(r"SE?[0-9]{7,8}", re.ASCII),
    HolderCodeType.PUBLIC_AFFAIRS_PASSPORT: re.compile(r"PE?[0-9]{7,8}", re.ASCII),
    HolderCodeType.PASSPORT: re.compile(r"[GE][0-9A-HJ-NP-Z][0-9]{7}", re.ASCII),
    HolderCodeType.TAIWAN_PERMIT: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z0-9]?", re.ASCII),
    HolderCodeType.HONG_KONG_MACAO_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?", re.ASCII),
}
"""Shapes in use; foreign passports stand under 414 too, so another shape only warns."""
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class HolderCode:
    """A holder's code, canonical, with its type."""

    type: HolderCodeType
    code: str = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, kind: HolderCodeType, text: str, where: str = "CZZTDM") -> "HolderCode":
        """InvalidInput ``HOLDER_CODE_MALFORMED``, ``USCC_MALFORMED``, ``RESIDENT_ID_MALFORMED``.

        Findings: those of the code's own rule, and ``HOLDER_CODE_SHAPE`` for a document number
        that is not written as such numbers are.
        """
        if kind is HolderCodeType.USCC:
            uscc = Uscc.parse(text, where)
            return cls(kind, uscc.code, uscc.findings)
        if kind is HolderCodeType.RESIDENT_ID:
            resident = ResidentId.parse(text, where)
            return cls(kind, resident.code, resident.findings)
        code = canonical(text, keep="" if kind in _USUAL else "-")
        return cls(kind, code, _document(kind, code, where))

    @property
    def is_person(self) -> bool:
        """Whether the code names a natural person."""
        return self.type not in {HolderCodeType.USCC, HolderCodeType.OTHER_ORGANISATION}


def type_of(text: str, where: str = "CZZTDMLX") -> HolderCodeType:
    """The type by its code or its Chinese name; InvalidInput ``HOLDER_TYPE_UNKNOWN``."""
    plain = text.strip()
    if plain in _NAMES:
        return _NAMES[plain]
    try:
        return HolderCodeType(plain)
    except ValueError as error:
        known = ", ".join(HolderCodeType)
        raise InvalidInput(
            "HOLDER_TYPE_UNKNOWN",
            where,
            f"the type of a holder's code is one of {known}",
            f"持证主体代码类型须为 {known} 之一",
        ) from error


def _document(kind: HolderCodeType, code: str, where: str) -> tuple[Finding, ...]:
    if not code or len(code) > _LONGEST or not code.isprintable():
        raise _malformed(where)
    if kind not in _USUAL:
        return ()
    if not _PASSPORT.fullmatch(code):
        raise _malformed(where)
    if _USUAL[kind].fullmatch(code):
        return ()
    en, zh = "not written as numbers of this kind of document are", "不符合该类证件号码的通常形式"
    return (warning("HOLDER_CODE_SHAPE", en, zh),)


def _malformed(where: str) -> InvalidInput:
    return InvalidInput(
        "HOLDER_CODE_MALFORMED",
        where,
        "the holder's code cannot be the number of such a document; copy it again",
        "持证主体代码不可能是该类证件号码,请重新填写",
    )
