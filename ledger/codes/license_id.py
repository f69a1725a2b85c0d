"""Identifier of an electronic licence 电子证照标识 (GB/T 36904-2018).

``1.2.156.3005.2.<type 21>.<issuer>.<serial>.<version 3>.<check 1>``: the type is the unified social
credit code of the body that defined it and three digits; the issuer a unified social credit code (a
region of six digits was seen); the check character ISO 7064 MOD 37,36 over type, issuer, serial and
version. Generators in use are faulty, so a mismatch is a finding.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from stdnum.iso7064 import mod_37_36

from ledger.codes.findings import Finding, canonical, warning
from ledger.codes.uscc import Uscc
from ledger.errors import InvalidInput

ROOT = "1.2.156.3005.2"
_SHAPE = re.compile(
    re.escape(ROOT) + r"\.([0-9A-Z]{18}[0-9]{3})\.([0-9A-Z]{6,18})" + r"\.([0-9A-Z]{1,32})\.([0-9]{3})\.([0-9A-Z])",
    re.ASCII,
)
_SHORTEST_SERIAL = 7


@dataclass(frozen=True, slots=True)
class LicenseId:
    """The parts of one identifier, canonical."""

    license_type: str
    issuer: str
    serial: str
    version: str
    check: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, where: str = "license_id") -> "LicenseId":
        """Canonicalise and read; InvalidInput ``LICENSE_ID_MALFORMED``.

        Findings: ``LICENSE_ID_CHECK``, ``LICENSE_ID_SERIAL`` (shorter than 7),
        ``LICENSE_ID_ISSUER`` (no unified social credit code), and those of the issuer's code.
        """
        code = canonical(text, keep=".")
        match = _SHAPE.fullmatch(code)
        if match is None:
            raise _malformed(where)
        kind, issuer, serial, version, check = match.groups()
        findings = tuple(_findings(kind, issuer, serial, version, check))
        return cls(kind, issuer, serial, version, check, findings)

    @classmethod
    def make(cls, license_type: str, issuer: str, serial: str, version: int = 1) -> "LicenseId":
        """A new identifier with its check character; ``version`` is 1 to 999.

        InvalidInput ``LICENSE_ID_MALFORMED`` where a part has another shape, and for a serial
        shorter than 7: what is only odd in an identifier that exists must not be made anew.
        """
        kind, body, number, edition = canonical(license_type), canonical(issuer), canonical(serial), f"{version:03d}"
        made = f"{ROOT}.{kind}.{body}.{number}.{edition}.0"
        if not _SHAPE.fullmatch(made) or not 1 <= version <= 999 or len(number) < _SHORTEST_SERIAL:
            raise _malformed("license_id")
        return cls.parse(made[:-1] + check_character(kind, body, number, edition))

    def next_version(self) -> "LicenseId":
        """The identifier of the changed license 变更: same type, issuer and serial, version plus one."""
        return LicenseId.make(self.license_type, self.issuer, self.serial, int(self.version) + 1)

    def __str__(self) -> str:
        parts = (ROOT, self.license_type, self.issuer, self.serial, self.version, self.check)
        return ".".join(parts)


def check_character(license_type: str, issuer: str, serial: str, version: str) -> str:
    """ISO 7064 MOD 37,36 over the four parts joined without dots."""
    return str(mod_37_36.calc_check_digit(license_type + issuer + serial + version))


def _malformed(where: str) -> InvalidInput:
    return InvalidInput(
        "LICENSE_ID_MALFORMED",
        where,
        f"an e-licence identifier reads {ROOT}.type.issuer.serial.version.check",
        f"电子证照标识的形式为 {ROOT}.类型代码.颁发机构代码.流水号.版本号.校验位",
    )


@lru_cache(maxsize=4096)  # one issuer has many licenses
def _issuer_findings(issuer: str) -> tuple[Finding, ...]:
    return Uscc.parse(issuer).findings


def _findings(license_type: str, issuer: str, serial: str, version: str, check: str) -> list[Finding]:
    found = []
    if check_character(license_type, issuer, serial, version) != check:
        found.append(warning("LICENSE_ID_CHECK", "the check character does not match", "校验位不符"))
    if len(serial) < _SHORTEST_SERIAL:
        found.append(warning("LICENSE_ID_SERIAL", "the serial has fewer than 7 characters", "流水号不足 7 位"))
    if len(issuer) == 18:
        found.extend(_issuer_findings(issuer))
    else:
        found.append(
            warning(
                "LICENSE_ID_ISSUER",
                "the issuer is no unified social credit code",
                "颁发机构不是统一社会信用代码",
            )
        )
    return found
