"""Identifier of an electronic licence 电子证照标识 (GB/T 36904-2018).

``1.2.156.3005.2.<type 21>.<issuer>.<serial>.<version 3>.<check 1>``: the type is the unified social
credit code of the body that defined it and three digits; the issuer a unified social credit code (a
region of six digits was seen); the check character ISO 7064 MOD 37,36 over type, issuer, serial and
version. Generators in use are faulty, so a mismatch is a finding.
"""

import re
from dataclasses import dataclass

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
            raise InvalidInput(
                "LICENSE_ID_MALFORMED",
                where,
                f"an e-licence identifier reads {ROOT}.type.issuer.serial.version.check",
                f"电子证照标识的形式为 {ROOT}.类型代码.颁发机构代码.流水号.版本号.校验位",
            )
        kind, issuer, serial, version, check = match.groups()
        findings = tuple(_findings(kind, issuer, serial, version, check))
        return cls(kind, issuer, serial, version, check, findings)

    def __str__(self) -> str:
        parts = (ROOT, self.license_type, self.issuer, self.serial, self.version, self.check)
        return ".".join(parts)


def check_character(license_type: str, issuer: str, serial: str, version: str) -> str:
    """ISO 7064 MOD 37,36 over the four parts joined without dots."""
    return str(mod_37_36.calc_check_digit(license_type + issuer + serial + version))


def _findings(license_type: str, issuer: str, serial: str, version: str, check: str) -> list[Finding]:
    found = []
    if check_character(license_type, issuer, serial, version) != check:
        found.append(warning("LICENSE_ID_CHECK", "the check character does not match", "校验位不符"))
    if len(serial) < _SHORTEST_SERIAL:
        found.append(warning("LICENSE_ID_SERIAL", "the serial has fewer than 7 characters", "流水号不足 7 位"))
    if len(issuer) == 18:
        found.extend(Uscc.parse(issuer).findings)
    else:
        found.append(
            warning(
                "LICENSE_ID_ISSUER",
                "the issuer is no unified social credit code",
                "颁发机构不是统一社会信用代码",
            )
        )
    return found
