"""Unified social credit code 统一社会信用代码 (GB 32100-2015): who an agency or a company is."""

import re
from dataclasses import dataclass
from operator import mul

from ledger.codes.findings import Finding, canonical, warning
from ledger.errors import InvalidInput

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z."""
_VALUES = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_SHAPE = re.compile(r"[0-9A-Z]{18}", re.ASCII)
_CONFORMING = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Uscc:
    """18 characters: department 1, category 1, region 6, organisation 9, check character 1."""

    code: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str = "uscc") -> "Uscc":
        """Canonicalise and read; InvalidInput ``USCC_MALFORMED`` if it cannot be such a code.

        Findings: ``USCC_ALPHABET`` (a letter the standard leaves out, or no digits where the region
        stands; the check character cannot be computed then), ``USCC_CHECK``.
        """
        code = canonical(text)
        if not _SHAPE.fullmatch(code):
            raise InvalidInput(
                "USCC_MALFORMED",
                where,
                "a unified social credit code has 18 digits and capital letters; copy it again",
                "统一社会信用代码为 18 位数字和大写字母,请重新填写",
            )
        return cls(code, _findings(code))

    @property
    def region(self) -> str:
        """Six digits of GB/T 2260: where it is registered, as written in the code."""
        return self.code[2:8]

    def __str__(self) -> str:
        return self.code


def check_character(first_17: str) -> str:
    """The 18th character of a code whose first 17 are in the alphabet (GB 32100-2015, 4.4)."""
    if len(first_17) != len(_WEIGHTS):
        raise ValueError(len(first_17))
    total = sum(map(mul, map(_VALUES.__getitem__, first_17), _WEIGHTS))
    return ALPHABET[-total % 31]


def _findings(code: str) -> tuple[Finding, ...]:
    if not _CONFORMING.fullmatch(code):
        return (
            warning(
                "USCC_ALPHABET",
                "the code uses I, O, S, V or Z, or letters in the region part; compare with the certificate",
                "代码含 I、O、S、V、Z 或区划部分不是数字,请与证书核对",
            ),
        )
    if check_character(code[:17]) != code[17]:
        return (
            warning(
                "USCC_CHECK",
                "the check character does not match; compare with the certificate",
                "校验码不符,请与证书核对",
            ),
        )
    return ()
