"""The protocol's numbers as the words that the API speaks: reasons, roles, rights, modes, regions."""

from enum import IntFlag
from typing import Any

from api.wire.base import ReasonView, Standing
from ledger.ids import FOREVER, MAX_UINT32, format_id
from ledger.procedure import Mode, Right, Role
from ledger.reasons import TEXTS, Reason
from ledger.records import AgencyFlag, GranteeKind, Interval, Status
from ledger.state import Flag


def reason_view(reason: Reason) -> ReasonView:
    """A reason with its texts."""
    text = TEXTS[reason]
    return ReasonView(code=reason.name, number=int(reason), zh=text.zh, en=text.en)


def standing(reason: Reason, at: int) -> Standing:
    """Whether it holds, and if not, why."""
    return Standing(holds=reason is Reason.OK, reason=reason_view(reason), at=at)


def names(flags: IntFlag) -> tuple[str, ...]:
    """The single members of a set of flags, by rising value."""
    return tuple(member.name for member in type(flags) if member & flags and member.name)


def roles(value: int) -> tuple[str, ...]:
    """Role names of a bitmap."""
    return names(Role(value & sum(Role)))


def rights(value: int) -> tuple[str, ...]:
    """Right names of a bitmap."""
    return names(Right(value & sum(Right)))


def agency_flags(value: int) -> tuple[str, ...]:
    """What an agency is beside a department."""
    return names(AgencyFlag(value & sum(AgencyFlag)))


def case_flags(value: int) -> tuple[str, ...]:
    """What has happened in a case."""
    return names(Flag(value & sum(Flag)))


def modes(value: int) -> tuple[str, ...]:
    """Mode names of a bitmap with bit ``mode - 1``."""
    return tuple(mode.name for mode in Mode if value >> (mode - 1) & 1)


def region(packed: int) -> str:
    """12 digits of a packed BCD region."""
    return f"{packed:012x}"


def id_or_none(value: int) -> str | None:
    """``agency-number``; None for zero."""
    return format_id(value) if value else None


def grantee(kind: GranteeKind, value: int) -> str:
    """A window's id, an agency's number or a region's digits."""
    if kind is GranteeKind.WINDOW:
        return format_id(value)
    return str(value) if kind is GranteeKind.AGENCY else region(value)


def end_or_none(value: int) -> int | None:
    """A time, or None for "no end"."""
    return None if value >= FOREVER else value


def period(record: Interval, reason: Reason, at: int) -> dict[str, Any]:
    """The members of ``api.wire.registry.Period``."""
    return {
        "status": Status(record.status).name,
        "valid_from": min(record.valid_from, MAX_UINT32),
        "valid_until": end_or_none(record.valid_until),
        "stopped_at": record.stopped_at or None,
        "standing": standing(reason, at),
    }
