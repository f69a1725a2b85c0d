"""Administrative divisions 行政区划代码: GB/T 2260 (6 digits), GB/T 10114 townships (9), villages (12).

A region is always 12 decimal digits, filled up with zeros, and travels as packed BCD in 48 bits:
``370100000000`` is ``0x370100000000``. So a hexadecimal dump of the chain can be read with the
naked eye, and "lies in" is one shift and one comparison, the same in Python and in Solidity.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from ledger import territory
from ledger.codes.findings import Finding, canonical, warning
from ledger.errors import InvalidInput

PROVINCES = frozenset(
    f"{code}"
    for codes in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for code in codes
)
_LONGEST = 12
"""What is longer is not repeated: it may be a person's number that was put into the wrong place."""
_SHAPE = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}", re.ASCII)


class Level(IntEnum):
    """A level of government; the value is the number of digits that tell its regions apart."""

    NATION = 0
    PROVINCE = 2
    CITY = 4
    COUNTY = 6
    TOWNSHIP = 9
    VILLAGE = 12


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """One division; ``packed`` is its 12 digits as BCD (uint48), 0 is the whole nation.

    Divisions may leave a level out: 441900003000 is a subdistrict right under the city 4419.
    """

    packed: int

    def __post_init__(self) -> None:
        """Refuse ``REGION_MALFORMED`` what is no 12 decimal digits, or has digits but no province."""
        digits = f"{self.packed:012x}"
        if self.packed < 0 or not (len(digits) == 12 and digits.isdecimal()):
            raise _malformed("packed", f"{self.packed:#x}")
        if self.packed and digits.startswith("00"):
            raise _malformed("packed", digits)

    @classmethod
    def parse(cls, text: str, where: str = "region") -> "Region":
        """Read 2, 4, 6, 9 or 12 digits; shorter codes are filled up with zeros."""
        digits = canonical(text)
        if not _SHAPE.fullmatch(digits) or (digits.startswith("00") and digits.strip("0")):
            raise _malformed(where, text if len(text) <= _LONGEST else "…")
        return cls(int(digits.ljust(12, "0"), 16))

    @property
    def digits(self) -> str:
        """All 12 digits."""
        return f"{self.packed:012x}"

    @property
    def level(self) -> Level:
        """The lowest level at which the code has digits."""
        used = len(self.digits.rstrip("0"))
        return next(level for level in Level if level >= used)

    @property
    def parent(self) -> "Region":
        """The division next above; the nation's is the nation."""
        upper = [level for level in Level if level < self.level]
        return self.cut(upper[-1]) if upper else self

    def cut(self, level: Level) -> "Region":
        """The division of this level (or a higher one, where it is left out) around this one."""
        shift = 4 * (12 - level)
        return Region(self.packed >> shift << shift)

    def contains(self, other: "Region") -> bool:
        """Whether ``other`` is this division or lies in it; the nation contains all."""
        return territory.contains(self.packed, other.packed)

    def findings(self) -> tuple[Finding, ...]:
        """``REGION_PROVINCE_UNKNOWN``; lower levels change every year and are not judged."""
        if not self.packed or self.digits[:2] in PROVINCES:
            return ()
        return (
            warning(
                "REGION_PROVINCE_UNKNOWN",
                f"no province has the code {self.digits[:2]}; compare with GB/T 2260",
                f"没有代码为 {self.digits[:2]} 的省级区划,请与 GB/T 2260 核对",
            ),
        )

    def __str__(self) -> str:
        """Six digits down to the county, all twelve below it."""
        return self.digits[:6] if self.level <= Level.COUNTY else self.digits


NATION = Region(0)


def _malformed(where: str, shown: str) -> InvalidInput:
    return InvalidInput(
        "REGION_MALFORMED",
        where,
        f"{shown!r} is no division: write 2, 4, 6, 9 or 12 digits beginning with the province",
        f"{shown!r} 不是区划代码:请写以省级代码开头的 2、4、6、9 或 12 位数字",
    )
