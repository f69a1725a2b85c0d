"""Reading the uses of licenses, and of seals, out of the index."""

from dataclasses import dataclass

from sqlalchemy import select

from api.store import index_tables as t
from api.store.database import Database
from api.store.models import OutcomeView, Page
from api.store.paging import one, page, several
from api.store.reads import APPLIED
from ledger.procedure import RULES, Subject

DECISIONS = tuple(action for action, rule in RULES.items() if rule.subject is Subject.SEAL)
"""Actions that name the seal they are under."""


@dataclass(frozen=True, slots=True)
class LicenseUseView:
    """One authorization that was consumed; ``purpose`` is the root of what it was for."""

    authorization: bytes
    license: bytes
    officer: int
    window: int
    purpose: bytes
    case_key: bytes
    not_before: int
    not_after: int
    used_at: int
    block: int


@dataclass(frozen=True, slots=True)
class SealUseView:
    """One decision under a seal; ``evidence`` is the root of what was decided, ``position`` the page's key."""

    case_key: bytes
    seq: int
    action: int
    officer: int
    evidence: bytes
    signed_at: int
    position: int


class UseReads:
    """What was used where."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of_license(self, leaf: bytes) -> tuple[LicenseUseView, ...]:
        """Each use of a license, oldest first."""
        c = t.license_uses.c
        with self._db.read() as connection:
            return several(connection, LicenseUseView, t.license_uses, c.license == leaf, c.used_at)

    def of_authorization(self, authorization: bytes) -> LicenseUseView | None:
        """The use of an authorization that was consumed."""
        with self._db.read() as connection:
            return one(connection, LicenseUseView, t.license_uses, t.license_uses.c.authorization == authorization)

    def acts_on_licenses(self, issuer: int) -> tuple[OutcomeView, ...]:
        """Acts by which an agency issued or changed single licenses, oldest first."""
        c = t.outcomes.c
        condition = (c.agency == issuer) & c.name.in_(("IssueLicense", "SetLicenseStatus")) & (c.result == APPLIED)
        with self._db.read() as connection:
            return several(connection, OutcomeView, t.outcomes, condition, c.position)

    def of_seal(self, seal: int, limit: int, after: int | None) -> Page[SealUseView]:
        """Each decision under a seal, oldest first; goes on after a position."""
        c = t.steps.c
        conditions = [c.subject == seal.to_bytes(32, "big"), c.action.in_(DECISIONS)]
        with self._db.read() as connection:
            return page(connection, SealUseView, t.steps, c.position, conditions, limit, after)

    def issuer_of(self, leaf: bytes, batch: bytes | None) -> int | None:
        """The agency that issued a license, as the chain has it: singly or, of ``batch``, its root."""
        with self._db.read() as connection:
            single = select(t.licenses.c.issuer).where(t.licenses.c.leaf == leaf)
            found: int | None = connection.execute(single).scalar_one_or_none()
            if found is None and batch is not None:
                of_batch = select(t.batches.c.issuer).where(t.batches.c.root == batch)
                found = connection.execute(of_batch).scalar_one_or_none()
        return found
