"""The national codes the project meets: shape decides, check digits and tables only warn.

Genuine codes that break their own standard exist, so a parser refuses what cannot be the code at
all, and attaches findings to what merely looks wrong.
"""

from ledger.codes.findings import Finding, Severity
from ledger.codes.items import CaseNumber, ItemCode
from ledger.codes.license_id import LicenseId
from ledger.codes.region import NATION, Level, Region
from ledger.codes.resident_id import ResidentId
from ledger.codes.uscc import Uscc

__all__ = [
    "NATION",
    "CaseNumber",
    "Finding",
    "ItemCode",
    "Level",
    "LicenseId",
    "Region",
    "ResidentId",
    "Severity",
    "Uscc",
]
