"""What the contracts keep, as plain records, and the question "did it hold at that moment?".

Every record that can be stopped has ``[valid_from, valid_until)`` and ``stopped_at`` (0: never).
A stop ends it at that moment and not before; resuming it starts the interval anew, so an act signed
before a suspension and carried after the resumption must be signed again.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from ledger.ids import FOREVER
from ledger.reasons import OK, Reason


class Status(IntEnum):
    """Status of registry records, grants, seals and licenses; not all use each value."""

    NONE = 0
    ACTIVE = 1
    SUSPENDED = 2
    REVOKED = 3
    OFFERED = 4
    DECLINED = 5
    SUPERSEDED = 6


ACTIVE = Status.ACTIVE
"""By itself for the same reason as ``ledger.reasons.OK``."""


class AgencyFlag(IntFlag):
    """What an agency is beside a department: a service centre, a supervisor."""

    CENTRE = 1
    SUPERVISOR = 2


class GranteeKind(IntEnum):
    """To whom a grant is given."""

    WINDOW = 1
    AGENCY = 2
    REGION = 3


class Stopper(IntEnum):
    """How high up a grant was stopped; only the same or a higher place resumes it."""

    NOBODY = 0
    GRANTOR = 1
    ANCESTOR = 2
    COUNCIL = 3


@dataclass(slots=True)
class Interval:
    """When something holds."""

    valid_from: int
    valid_until: int
    status: Status = Status.ACTIVE
    stopped_at: int = 0

    @property
    def end(self) -> int:
        """The first second at which it no longer holds."""
        stopped = self.status is not Status.ACTIVE
        return min(self.valid_until, self.stopped_at) if stopped else self.valid_until

    def standing(self, at: int, reasons: "Reasons") -> Reason:
        """OK where it holds at ``at``, else which of ``reasons`` says why not."""
        if at < self.valid_from:
            return reasons.not_yet
        if at >= self.valid_until:
            return reasons.expired
        if self.status is not ACTIVE and at >= self.stopped_at:
            return reasons.suspended if self.status is Status.SUSPENDED else reasons.revoked
        return OK

    def change(self, status: int, now: int, since: int = 0, *, restart: bool = True) -> Reason:
        """Suspend, resume or revoke; a revocation may reach back to ``since``.

        Resuming begins the interval anew unless ``restart`` is off (licenses keep their period).
        """
        if status == Status.SUSPENDED and self.status is Status.ACTIVE:
            self.stopped_at = now
        elif status == Status.ACTIVE and self.status is Status.SUSPENDED:
            self.stopped_at = 0
            if restart:
                self.valid_from = max(self.valid_from, now)
        elif status == Status.REVOKED and self.status in (Status.ACTIVE, Status.SUSPENDED):
            stop = since or now
            self.stopped_at = min(self.stopped_at or stop, stop)
        else:
            return Reason.BAD_STATUS_CHANGE
        self.status = Status(status)
        return Reason.OK


@dataclass(frozen=True, slots=True)
class Reasons:
    """How the four ways of not holding are named for one kind of record."""

    not_yet: Reason
    expired: Reason
    suspended: Reason
    revoked: Reason


KEY = Reasons(Reason.KEY_NOT_YET_VALID, Reason.KEY_EXPIRED, Reason.KEY_SUSPENDED, Reason.KEY_REVOKED)
WINDOW = Reasons(Reason.WINDOW_NOT_YET_VALID, Reason.WINDOW_EXPIRED, Reason.WINDOW_SUSPENDED, Reason.WINDOW_REVOKED)
AGENCY = Reasons(Reason.AGENCY_NOT_YET_VALID, Reason.AGENCY_REVOKED, Reason.AGENCY_SUSPENDED, Reason.AGENCY_REVOKED)
GRANT = Reasons(Reason.GRANT_NOT_YET_VALID, Reason.GRANT_EXPIRED, Reason.GRANT_SUSPENDED, Reason.GRANT_REVOKED)
SEAL = Reasons(Reason.SEAL_NOT_YET_VALID, Reason.SEAL_EXPIRED, Reason.SEAL_SUSPENDED, Reason.SEAL_CANCELLED)
LICENSE = Reasons(
    Reason.LICENSE_NOT_YET_VALID,
    Reason.LICENSE_EXPIRED,
    Reason.LICENSE_SUSPENDED,
    Reason.LICENSE_CANCELLED,
)


@dataclass(slots=True)
class Agency(Interval):
    """An agency; its interval is open-ended."""

    region: int = 0
    flags: int = 0


@dataclass(slots=True)
class Window(Interval):
    """A window of an agency."""

    region: int = 0


@dataclass(slots=True)
class Key(Interval):
    """A key, with the officer it belongs to, the window (its number, 0: back office) and roles."""

    officer: int = 0
    window: int = 0
    roles: int = 0


@dataclass(slots=True)
class ItemVersion:
    """One version of an item, as the catalogue keeps it."""

    effective_from: int
    entries: int
    tolerable: int
    promisable: int
    grantable: int
    originals: int
    modes: int
    license: int


@dataclass(slots=True)
class Item:
    """An item with its versions, numbered from 1."""

    versions: list[ItemVersion]
    retired_from: int = FOREVER

    def in_force(self, version: int, at: int) -> Reason:
        """Whether a case signed at ``at`` may be opened under ``version``."""
        if not 1 <= version <= len(self.versions):
            return Reason.ITEM_UNKNOWN
        later = self.versions[version : version + 1]
        superseded = bool(later) and at >= later[0].effective_from
        if at < self.versions[version - 1].effective_from or superseded or at >= self.retired_from:
            return Reason.ITEM_NOT_IN_FORCE
        return OK


@dataclass(slots=True)
class Grant(Interval):
    """A grant; ``items`` None is all items, ``used`` counts steps where there is a quota."""

    parent: int = 0
    kind: GranteeKind = GranteeKind.AGENCY
    grantee: int = 0
    rights: int = 0
    depth: int = 0
    quota: int = 0
    used: int = 0
    items: frozenset[int] | None = None
    stopper: Stopper = Stopper.NOBODY


@dataclass(slots=True)
class Seal(Interval):
    """An e-seal; ``digest`` is keccak(sm3 ‖ sha256 ‖ certificate)."""

    digest: bytes = b""
    version: int = 1


@dataclass(slots=True)
class LicenseRecord(Interval):
    """A license known by its leaf; ``case_tag`` is the low 88 bits of its case key."""

    issuer: int = 0
    seal: int = 0
    case_tag: int = 0


@dataclass(frozen=True, slots=True)
class LicenseUse:
    """Who consumed an authorization of a holder, and when."""

    officer: int
    used_at: int


@dataclass(slots=True)
class Batch:
    """A Merkle batch of licenses."""

    issuer: int
    seal: int
    issued_at: int
    count: int
