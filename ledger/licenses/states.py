"""States of a license 证照状态 (GB/T 36903-2018), which may follow which, and what they are on the ledger.

The ledger knows active, suspended, revoked and superseded; the act's reason byte carries the state of the
standard, so that withdrawn 撤销, cancelled 注销 and revoked as a penalty 吊销 are told apart for good.
That a period ran out (05) is read from the license's dates, never written.
"""

from dataclasses import dataclass
from enum import StrEnum

from ledger.errors import Conflict
from ledger.records import Status


class LicenseState(StrEnum):
    """The codes of the standard."""

    VALID = "01"  # 有效
    SUSPENDED = "02"  # 暂扣
    WITHDRAWN = "03"  # 撤销
    CANCELLED = "04"  # 注销
    LAPSED = "05"  # 失效
    TRANSFERRED = "06"  # 迁出
    PENALISED = "07"  # 吊销
    OTHER = "99"  # 其他


_S = LicenseState
_ENDED = frozenset({_S.WITHDRAWN, _S.LAPSED, _S.TRANSFERRED, _S.PENALISED})
"""Has no effect any more, and is to be cancelled 注销 by the issuer (行政许可法 70)."""
FOLLOWING: dict[LicenseState, frozenset[LicenseState]] = {
    _S.VALID: frozenset(_S) - {_S.VALID},
    _S.SUSPENDED: frozenset({_S.VALID, _S.WITHDRAWN, _S.CANCELLED, _S.LAPSED, _S.PENALISED}),
    _S.OTHER: frozenset({_S.VALID, _S.CANCELLED}),
    _S.CANCELLED: frozenset(),
} | dict.fromkeys(_ENDED, frozenset({_S.CANCELLED}))
"""Lawful next states. What was withdrawn, lapsed or revoked is only cancelled; a cancelled one stays so.

From 02 there is no way to 99: to the ledger both are suspended, and the change would leave no trace.
"""

_STATUS = {
    _S.VALID: Status.ACTIVE,
    _S.SUSPENDED: Status.SUSPENDED,
    _S.OTHER: Status.SUSPENDED,
    _S.WITHDRAWN: Status.REVOKED,
    _S.CANCELLED: Status.REVOKED,
    _S.LAPSED: Status.REVOKED,
    _S.TRANSFERRED: Status.REVOKED,
    _S.PENALISED: Status.REVOKED,
}
NAMES: dict[LicenseState, tuple[str, str]] = {
    _S.VALID: ("有效", "valid"),
    _S.SUSPENDED: ("暂扣", "suspended"),
    _S.WITHDRAWN: ("撤销", "withdrawn"),
    _S.CANCELLED: ("注销", "cancelled"),
    _S.LAPSED: ("失效", "lapsed"),
    _S.TRANSFERRED: ("迁出", "transferred to another place"),
    _S.PENALISED: ("吊销", "revoked as a penalty"),
    _S.OTHER: ("其他", "other"),
}


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What goes into the act ``SetLicenseStatus``: the ledger's status and the reason byte (the state's number)."""

    status: Status
    reason: int


def status_change(before: LicenseState, after: LicenseState) -> StatusChange | None:
    """The ledger's change for a lawful change of state; None: the ledger holds it as ended already.

    Conflict ``LICENSE_STATE_CHANGE`` where the law knows no such change.
    """
    if after not in FOLLOWING[before]:
        (zh_before, en_before), (zh_after, en_after) = NAMES[before], NAMES[after]
        raise Conflict(
            "LICENSE_STATE_CHANGE",
            f"a license that is {en_before} cannot become {en_after}",
            f"状态为“{zh_before}”的证照不能变为“{zh_after}”",
        )
    return None if _STATUS[before] is _STATUS[after] else StatusChange(_STATUS[after], int(after))


def state_of(status: Status, reason: int = 0) -> LicenseState | None:
    """The standard's state of what the ledger holds; None: it does not hold the license.

    A superseded license has lapsed 失效: its changed version stands in its place. A stop whose
    reason byte is no state, or contradicts the status, is read as cancelled or suspended.
    """
    if status is Status.ACTIVE:
        return LicenseState.VALID
    if status is Status.SUPERSEDED:
        return LicenseState.LAPSED
    if status not in {Status.SUSPENDED, Status.REVOKED}:
        return None
    said = f"{reason:02d}"
    if said in _STATUS and _STATUS[LicenseState(said)] is status:
        return LicenseState(said)
    return LicenseState.SUSPENDED if status is Status.SUSPENDED else LicenseState.CANCELLED
