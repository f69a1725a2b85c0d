"""Reading the uses of licenses, and of seals, out of the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, literal_column, select, union_all

from api.store import index_tables as t
from api.store.database import Database
from api.store.models import OutcomeView, Page
from api.store.paging import MOST, columns_of, one, several
from api.store.reads import APPLIED
from ledger.ids import agency_of, number_of
from ledger.procedure import RULES, Action, Subject

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
    """One step under a seal: a decision, or the handing out of a license that was issued under it.

    ``evidence`` is the root of what was decided, ``position`` the page's key.
    """

    case_key: bytes
    seq: int
    action: int
    officer: int
    subject: bytes
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

    def acts_on_license(self, leaf: bytes, issuer: int) -> tuple[OutcomeView, ...]:
        """Acts by which its issuer issued a license by itself, or changed one, oldest first."""
        c = t.outcomes.c
        condition = (c.license == leaf) & (c.agency == issuer) & (c.result == APPLIED)
        with self._db.read() as connection:
            return several(connection, OutcomeView, t.outcomes, condition, c.position)

    def of_seal(self, seal: int, limit: int, after: int | None) -> Page[SealUseView]:
        """Each step under a seal, oldest first; goes on after a position."""
        size = max(1, min(limit, MOST))
        with self._db.read() as connection:
            queries = (_decided((seal,)), _issued(seal, _seals_of(connection, agency_of(seal))))
            rows = [row for query in queries for row in _first(connection, query, size + 1, after)]
        rows.sort(key=attrgetter("position"))
        return Page(tuple(rows[:size]), rows[size - 1].position if len(rows) > size else None)

    def is_issued(self, leaf: bytes, issuer: int, batch: bytes | None) -> bool:
        """Whether the chain has an agency's license: by itself or, of ``batch``, its root."""
        own, of = t.licenses.c, t.batches.c
        single = select(own.issuer).where(own.leaf == leaf, own.issuer == issuer)
        of_batch = select(of.issuer).where(of.root == batch, of.issuer == issuer)
        with self._db.read() as connection:
            return connection.execute(union_all(single, of_batch)).first() is not None


def _seals_of(connection: Connection, agency: int) -> tuple[int, ...]:
    return tuple(connection.execute(select(t.seals.c.id).where(t.seals.c.agency == agency)).scalars())


def _under(steps: FromClause, seals: Sequence[int]) -> ColumnElement[bool]:
    """Decisions under these seals; the actions word for word, as the index of them has them."""
    actions = steps.c.action.in_([literal_column(str(int(action))) for action in DECISIONS])
    return steps.c.subject.in_([seal.to_bytes(32) for seal in seals]) & actions


def _decided(seals: Sequence[int]) -> Select[Any]:
    return select(*columns_of(SealUseView, t.steps)).where(_under(t.steps, seals))


def _issued(seal: int, seals: Sequence[int]) -> Select[Any]:
    """Licenses handed out in the cases that their agency has decided: by a decision under one of its ``seals``."""
    decided, c, of = t.steps.alias("decided"), t.steps.c, t.licenses.c
    under = (of.issuer == agency_of(seal)) & (of.seal == number_of(seal))
    return (
        select(*columns_of(SealUseView, t.steps))
        .join(decided, decided.c.case_key == c.case_key)
        .join(t.licenses, of.leaf == c.subject)
        .where(_under(decided, seals), c.action == int(Action.ISSUE), under)
    )


def _first(connection: Connection, query: Select[Any], size: int, after: int | None) -> list[SealUseView]:
    position = t.steps.c.position
    if after is not None:
        query = query.where(position > after)
    return [SealUseView(*row) for row in connection.execute(query.order_by(position).limit(size))]
