"""Codes of government service items 政务服务事项 and numbers of cases 办件编号.

Basic code 基本编码 12 characters; implementation code 实施编码 31 = unified social credit code of the
agency 18 + level 1 + basic code 12; some platforms add 2 for a variant 业务办理项. A case number is
often the implementation code + yyyymmdd + 4 digits = 43. GB/T 39046-2020 has 10, 24 and 50 instead,
so lengths only warn.
"""

import datetime
import re
from dataclasses import dataclass
from enum import StrEnum

from ledger.codes.findings import Finding, canonical, warning
from ledger.codes.uscc import Uscc
from ledger.errors import InvalidInput

MAX_LENGTH = 64
_ITEM = re.compile(rf"[0-9A-Z]{{1,{MAX_LENGTH}}}", re.ASCII)
_CASE = re.compile(rf"[0-9A-Z][0-9A-Z/()-]{{0,{MAX_LENGTH - 1}}}", re.ASCII)
_STANDARD_CASE = re.compile(r"([0-9A-Z]{31})([0-9]{8})([0-9]{4})", re.ASCII)


class ItemKind(StrEnum):
    """What an item code of this length is."""

    BASIC = "basic"
    IMPLEMENTATION = "implementation"
    VARIANT = "variant"
    OTHER = "other"


_KINDS = {12: ItemKind.BASIC, 31: ItemKind.IMPLEMENTATION, 33: ItemKind.VARIANT}
_GB_39046_LENGTHS = frozenset({10, 24, 50})
_GB_39046_CASE = re.compile(r"[0-9A-Z]{50}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItemCode:
    """An item of the catalogue, canonical, with what is odd about it."""

    code: str
    kind: ItemKind
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str = "item_code") -> "ItemCode":
        """Read a code of 1 to 64 letters and digits; InvalidInput ``ITEM_CODE_MALFORMED``.

        Findings: ``ITEM_CODE_LENGTH``, and those of the agency's code inside.
        """
        code = canonical(text)
        if not _ITEM.fullmatch(code):
            raise InvalidInput(
                "ITEM_CODE_MALFORMED",
                where,
                f"an item code has 1 to {MAX_LENGTH} letters and digits; copy it from the catalogue",
                f"事项编码为 1 至 {MAX_LENGTH} 位字母和数字,请从事项清单复制",
            )
        kind = _KINDS.get(len(code), ItemKind.OTHER)
        return cls(code, kind, _item_findings(code, kind))

    @property
    def agency(self) -> Uscc | None:
        """Whose item it is, where the code says so."""
        if self.kind in {ItemKind.IMPLEMENTATION, ItemKind.VARIANT}:
            return Uscc.parse(self.code[:18])
        return None

    @property
    def basic(self) -> str | None:
        """The nation-wide basic code of the item, where the code holds it."""
        if self.kind is ItemKind.BASIC:
            return self.code
        return self.code[19:31] if self.agency else None

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """An agency's own number of a case; never on chain, for a person can be found by it."""

    number: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str = "case_number") -> "CaseNumber":
        """Read up to 64 letters, digits and ``/()-``; InvalidInput ``CASE_NUMBER_MALFORMED``.

        Findings: ``CASE_NUMBER_SHAPE`` (neither 31 + 8 + 4 nor 50), ``CASE_NUMBER_DATE``, those of the item
        code inside. That it looks like personal data is for ``ledger.privacy`` to refuse.
        """
        number = canonical(text, keep="-")
        if not _CASE.fullmatch(number):
            raise InvalidInput(
                "CASE_NUMBER_MALFORMED",
                where,
                f"a case number has 1 to {MAX_LENGTH} letters, digits and / ( ) -",
                f"办件编号为 1 至 {MAX_LENGTH} 位字母、数字和 / ( ) -",
            )
        return cls(number, _case_findings(number))

    def __str__(self) -> str:
        return self.number


def _item_findings(code: str, kind: ItemKind) -> tuple[Finding, ...]:
    if kind in {ItemKind.IMPLEMENTATION, ItemKind.VARIANT}:
        return Uscc.parse(code[:18]).findings
    if kind is ItemKind.BASIC or len(code) in _GB_39046_LENGTHS:
        return ()
    return (
        warning(
            "ITEM_CODE_LENGTH",
            f"{len(code)} characters: basic codes have 12, implementation codes 31",
            f"共 {len(code)} 位:基本编码应为 12 位,实施编码应为 31 位",
        ),
    )


def _case_findings(number: str) -> tuple[Finding, ...]:
    match = _STANDARD_CASE.fullmatch(number)
    if match is None and _GB_39046_CASE.fullmatch(number):
        return ()  # how the 50 are made up is not known for sure, so nothing in them is judged
    if match is None:
        return (
            warning(
                "CASE_NUMBER_SHAPE",
                "not an implementation code followed by yyyymmdd and 4 digits",
                "不是 实施编码 + 年月日 + 4 位流水号 的形式",
            ),
        )
    found = ItemCode.parse(match[1]).findings
    return found if _is_date(match[2]) else (*found, _no_such_day())


def _is_date(digits: str) -> bool:
    try:
        datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _no_such_day() -> Finding:
    return warning("CASE_NUMBER_DATE", "the date in the case number does not exist", "编号中的日期不存在")
