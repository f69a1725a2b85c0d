"""Reading what the contracts keep: agencies, windows, officers, items, grants, seals, licenses."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Connection, or_, select

from api.store import index_tables as t
from api.store.database import Database
from api.store.models import (
    AgencyView,
    BatchView,
    GrantView,
    ItemVersionView,
    ItemView,
    KeyView,
    LicenseView,
    OfficerView,
    Page,
    SealView,
    WindowView,
)
from api.store.paging import columns_of, mapped, one, page, several

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class _OfficerRow:
    id: int
    agency: int
    key: bytes


@dataclass(frozen=True, slots=True)
class _ItemRow:
    id: int
    agency: int
    retired_from: int
    latest: int
    block: int


def _equal(*pairs: tuple[Column[Any], Any]) -> list[Any]:
    """Conditions for the filters that were given."""
    return [column == value for column, value in pairs if value is not None]


class RegistryReads:
    """Reads of the index; pages go on after a key (``Page.after``)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def agencies(self, limit: int, after: int | None = None) -> Page[AgencyView]:
        """Agencies by number."""
        with self._db.read() as connection:
            return page(connection, AgencyView, t.agencies, t.agencies.c.id, (), limit, after)

    def agency(self, agency: int) -> AgencyView | None:
        """An agency."""
        with self._db.read() as connection:
            return one(connection, AgencyView, t.agencies, t.agencies.c.id == agency)

    def windows(self, limit: int, after: int | None = None, agency: int | None = None) -> Page[WindowView]:
        """Windows by id."""
        conditions = _equal((t.windows.c.agency, agency))
        with self._db.read() as connection:
            return page(connection, WindowView, t.windows, t.windows.c.id, conditions, limit, after)

    def window(self, window: int) -> WindowView | None:
        """A window."""
        with self._db.read() as connection:
            return one(connection, WindowView, t.windows, t.windows.c.id == window)

    def officers(self, limit: int, after: int | None = None, agency: int | None = None) -> Page[OfficerView]:
        """Officers by id, each with all keys."""
        conditions = _equal((t.officers.c.agency, agency))
        with self._db.read() as connection:
            found = page(connection, _OfficerRow, t.officers, t.officers.c.id, conditions, limit, after)
            keys = _keys_of(connection, [row.id for row in found.items])
        return mapped(found, lambda row: _officer(row, keys[row.id]))

    def officer(self, officer: int) -> OfficerView | None:
        """An officer with all keys."""
        with self._db.read() as connection:
            row = one(connection, _OfficerRow, t.officers, t.officers.c.id == officer)
            return None if row is None else _officer(row, _keys_of(connection, [officer])[officer])

    def key(self, address: bytes) -> KeyView | None:
        """Whose key an address is."""
        with self._db.read() as connection:
            return one(connection, KeyView, t.keys, t.keys.c.address == address)

    def items(self, limit: int, after: int | None = None, agency: int | None = None) -> Page[ItemView]:
        """Items by id, each with all versions."""
        conditions = _equal((t.items.c.agency, agency))
        with self._db.read() as connection:
            found = page(connection, _ItemRow, t.items, t.items.c.id, conditions, limit, after)
            versions = _versions_of(connection, [row.id for row in found.items])
        return mapped(found, lambda row: _item(row, versions[row.id]))

    def item(self, item: int) -> ItemView | None:
        """An item with all versions."""
        with self._db.read() as connection:
            row = one(connection, _ItemRow, t.items, t.items.c.id == item)
            return None if row is None else _item(row, _versions_of(connection, [item])[item])

    def grants(
        self,
        limit: int,
        after: int | None = None,
        *,
        grantor: int | None = None,
        grantee: int | None = None,
        status: int | None = None,
    ) -> Page[GrantView]:
        """Grants by id; ``grantor`` is an agency, ``grantee`` as ``GrantTerms.grantee``."""
        c = t.grants.c
        conditions = _equal((c.agency, grantor), (c.grantee, grantee), (c.status, status))
        with self._db.read() as connection:
            found = page(connection, GrantView, t.grants, c.id, conditions, limit, after)
        return mapped(found, _grant)

    def grant(self, grant: int) -> GrantView | None:
        """A grant."""
        with self._db.read() as connection:
            found = one(connection, GrantView, t.grants, t.grants.c.id == grant)
        return None if found is None else _grant(found)

    def grant_chain(self, grant: int) -> tuple[GrantView, ...]:
        """A grant, its parent, and so on to the root."""
        chain: list[GrantView] = []
        while grant and len(chain) < _DEEPEST and (found := self.grant(grant)) is not None:
            chain.append(found)
            grant = found.parent
        return tuple(chain)

    def seals(self, limit: int, after: int | None = None, agency: int | None = None) -> Page[SealView]:
        """Seals by id."""
        conditions = _equal((t.seals.c.agency, agency))
        with self._db.read() as connection:
            return page(connection, SealView, t.seals, t.seals.c.id, conditions, limit, after)

    def seal(self, seal: int) -> SealView | None:
        """A seal."""
        with self._db.read() as connection:
            return one(connection, SealView, t.seals, t.seals.c.id == seal)

    def seals_by_digest(self, digest: bytes) -> tuple[SealView, ...]:
        """Seals whose object has this SM3 or SHA-256 digest."""
        c = t.seals.c
        with self._db.read() as connection:
            return several(connection, SealView, t.seals, or_(c.sm3 == digest, c.sha256 == digest), c.id)

    def license(self, leaf: bytes, issuer: int) -> LicenseView | None:
        """An agency's license that was issued singly, or in a batch and changed since."""
        c = t.licenses.c
        with self._db.read() as connection:
            return one(connection, LicenseView, t.licenses, (c.leaf == leaf) & (c.issuer == issuer))

    def licenses_of(self, leaf: bytes) -> tuple[LicenseView, ...]:
        """What each agency has made of a leaf; at most one can be its issuer."""
        c = t.licenses.c
        with self._db.read() as connection:
            return several(connection, LicenseView, t.licenses, c.leaf == leaf, c.issuer)

    def single_license(self, leaf: bytes) -> LicenseView | None:
        """A license that was issued singly: the ledger has seen its fields, so this is its issuer's."""
        c = t.licenses.c
        with self._db.read() as connection:
            return one(connection, LicenseView, t.licenses, (c.leaf == leaf) & c.item.is_not(None))

    def licenses_by_digest(self, digest: bytes) -> tuple[LicenseView, ...]:
        """Licenses whose file has this SM3 or SHA-256 digest."""
        c = t.licenses.c
        with self._db.read() as connection:
            return several(connection, LicenseView, t.licenses, or_(c.sm3 == digest, c.sha256 == digest), c.leaf)

    def superseded_by(self, leaf: bytes, issuer: int) -> bytes | None:
        """The leaf of the license by which its issuer replaced this one."""
        c = t.licenses.c
        with self._db.read() as connection:
            query = select(c.leaf).where(c.supersedes == leaf, c.issuer == issuer)
            found: bytes | None = connection.execute(query).scalars().first()
        return found

    def batch(self, root: bytes, issuer: int) -> BatchView | None:
        """An agency's Merkle batch."""
        c = t.batches.c
        with self._db.read() as connection:
            return one(connection, BatchView, t.batches, (c.root == root) & (c.issuer == issuer))

    def batches_of(self, root: bytes) -> tuple[BatchView, ...]:
        """The batches of this root: anybody can register one that he has seen. Oldest first."""
        c = t.batches.c
        with self._db.read() as connection:
            return several(connection, BatchView, t.batches, c.root == root, c.block, c.issuer)


def _keys_of(connection: Connection, officers: Sequence[int]) -> dict[int, list[KeyView]]:
    found: dict[int, list[KeyView]] = defaultdict(list)
    c = t.keys.c
    for key in several(connection, KeyView, t.keys, c.officer.in_(officers), c.valid_from.desc(), c.block.desc()):
        found[key.officer].append(key)
    return found


def _officer(row: _OfficerRow, keys: Sequence[KeyView]) -> OfficerView:
    ordered = sorted(keys, key=lambda key: key.address != row.key)
    return OfficerView(row.id, row.agency, tuple(ordered))


def _versions_of(connection: Connection, items: Sequence[int]) -> dict[int, list[ItemVersionView]]:
    found: dict[int, list[ItemVersionView]] = defaultdict(list)
    c = t.item_versions.c
    query = select(*columns_of(ItemVersionView, t.item_versions)).where(c.item.in_(items)).order_by(c.version)
    for row in connection.execute(query):
        found[row[0]].append(ItemVersionView(*row))
    return found


def _item(row: _ItemRow, versions: Sequence[ItemVersionView]) -> ItemView:
    return ItemView(row.id, row.agency, row.retired_from, row.latest, row.block, tuple(versions))


def _grant(grant: GrantView) -> GrantView:
    return grant if grant.items is None else replace(grant, items=tuple(grant.items))
