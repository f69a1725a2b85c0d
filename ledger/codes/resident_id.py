"""Resident identity number 公民身份号码 (GB 11643-1999), read without ever repeating it.

Personal data: it belongs in private evidence fields only, and no error or repr shows it.
"""

import datetime
import re
from dataclasses import dataclass, field

from stdnum.iso7064 import mod_11_2

from ledger.codes.findings import Finding, canonical, warning
from ledger.codes.region import PROVINCES
from ledger.errors import InvalidInput

_SHAPE = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}", re.ASCII)
_EARLIEST_YEAR = 1850
_TAIWAN_PERMIT = frozenset({"83"})
"""Residence permits 居住证 of people from Taiwan begin with 83, which is no province's code."""


@dataclass(frozen=True, slots=True)
class ResidentId:
    """18 characters (region 6, birth date 8, sequence 3, check 1) or the 15 of before 1999."""

    code: str = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str = "resident_id") -> "ResidentId":
        """Canonicalise and read; InvalidInput ``RESIDENT_ID_MALFORMED`` if it has another shape.

        Findings: ``RESIDENT_ID_CHECK``, ``RESIDENT_ID_BIRTH_DATE``, ``RESIDENT_ID_OLD_FORM``. An
        unknown region is never a reason: the table of regions changes every year.
        """
        code = canonical(text)
        if not _SHAPE.fullmatch(code):
            raise InvalidInput(
                "RESIDENT_ID_MALFORMED",
                where,
                "a resident identity number has 17 digits and a digit or X (formerly 15 digits)",
                "公民身份号码为 17 位数字加 1 位数字或 X(旧号 15 位),请核对",
            )
        return cls(code, tuple(_findings(code)))

    def __str__(self) -> str:
        return f"ResidentId({len(self.code)} characters)"


def check_character(first_17: str) -> str:
    """The 18th character: ISO 7064 MOD 11-2 over the first 17 digits."""
    return str(mod_11_2.calc_check_digit(first_17))


def looks_like_resident_id(code: str) -> bool:
    """Whether upper-case digits without separators are such a number beyond coincidence.

    Province, birth date and, for 18 characters, the check character all have to fit.
    """
    if not _SHAPE.fullmatch(code) or code[:2] not in PROVINCES | _TAIWAN_PERMIT:
        return False
    if _birth_date(code) is None:
        return False
    return len(code) == 15 or check_character(code[:17]) == code[17]


def _birth_date(code: str) -> datetime.date | None:
    digits = code[6:14] if len(code) == 18 else "19" + code[6:12]
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if year < _EARLIEST_YEAR:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _findings(code: str) -> list[Finding]:
    found = []
    if len(code) == 15:
        found.append(
            warning(
                "RESIDENT_ID_OLD_FORM",
                "a number of the old form, out of use since 2013",
                "15 位旧号,2013 年起停用",
            )
        )
    elif check_character(code[:17]) != code[17]:
        found.append(warning("RESIDENT_ID_CHECK", "the check character does not match", "校验码不符"))
    if _birth_date(code) is None:
        found.append(warning("RESIDENT_ID_BIRTH_DATE", "there is no such birth date", "出生日期不存在"))
    return found
