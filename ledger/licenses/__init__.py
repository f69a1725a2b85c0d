"""Electronic licenses 电子证照: metadata, holders, states, both forms, and what of them is anchored."""

from ledger.licenses.forms import Held, check_forms
from ledger.licenses.holder import HolderCode, HolderCodeType
from ledger.licenses.metadata import LicenseMetadata
from ledger.licenses.share import Salts, Sealed, Share, commit
from ledger.licenses.states import LicenseState, StatusChange, state_of, status_change

__all__ = [
    "Held",
    "HolderCode",
    "HolderCodeType",
    "LicenseMetadata",
    "LicenseState",
    "Salts",
    "Sealed",
    "Share",
    "StatusChange",
    "check_forms",
    "commit",
    "state_of",
    "status_change",
]
