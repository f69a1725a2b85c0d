"""Which grants an officer could use for an item, and who could give a right that is missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from api.store import index_tables as t
from api.store.database import Database
from ledger import territory
from ledger.ids import agency_of, number_of, scoped
from ledger.reasons import Reason
from ledger.records import GranteeKind, Key
from ledger.rules.authority import grant_standing, region_of, root_of
from ledger.world import World

MOST = 200
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Helper:
    """An agency that could grant; ``grant`` is the one it would hand on, 0: by competence."""

    agency: int
    grant: int = 0


class GrantSearch:
    """Looks through the index, at most 200 grants a question."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def candidates(self, world: World, key: Key, home: int) -> tuple[int, ...]:
        """Grants that stem from ``home`` and reach this officer's window, agency or region; holding ones first."""
        found = [grant for grant in self._reaching(world, key) if root_of(world, grant) == home]
        return tuple(found)

    def _reaching(self, world: World, key: Key) -> list[int]:
        agency, c = agency_of(key.officer), t.grants.c
        options = [
            and_(c.kind == GranteeKind.AGENCY, c.grantee == agency),
            and_(c.kind == GranteeKind.REGION, c.grantee.in_(list(_around(region_of(world, key))))),
        ]
        if key.window:
            options.append(and_(c.kind == GranteeKind.WINDOW, c.grantee == scoped(agency, key.window)))
        query = select(c.id).where(or_(*options)).order_by(c.status, c.valid_until.desc()).limit(MOST)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def helpers(self, world: World, key: Key, item: int, right: int, now: int) -> tuple[Helper, ...]:
        """The home agency, if the item lets the right be granted, and holders who may hand it on here."""
        home = agency_of(item)
        record = world.items.get(item)
        if record is None or not record.versions[-1].grantable & right:
            return ()
        with self._database.read() as connection:
            below = list(_below(connection, home))
        region = region_of(world, key)
        handing = [
            helper
            for grant in below
            for helper in _handing_on(world, grant, right, number_of(item), region, now)
            if helper.agency != agency_of(key.officer)
        ]
        return (Helper(home), *handing)


def _around(region: int) -> Iterator[int]:
    """A region and all that contain it."""
    for digits in (0, 2, 4, 6, 9, 12):
        outer = region >> 4 * (12 - digits) << 4 * (12 - digits)
        if territory.contains(outer, region):
            yield outer


def _below(connection: Connection, home: int) -> Iterator[int]:
    """Grants of ``home`` that may be handed on, and those handed on from them, level by level."""
    c = t.grants.c
    query = select(c.id).where(c.agency == home, c.parent == 0, c.depth > 0).limit(MOST)
    level = list(connection.execute(query).scalars())
    for _ in range(_DEEPEST):
        yield from level
        if not level:
            return
        query = select(c.id).where(c.parent.in_(level), c.depth > 0).limit(MOST)
        level = list(connection.execute(query).scalars())


def _handing_on(world: World, grant_id: int, right: int, item: int, region: int, now: int) -> Iterator[Helper]:
    grant = world.grants[grant_id]
    fits = grant.rights & right == right and (grant.items is None or item in grant.items)
    if not fits or grant.kind is not GranteeKind.AGENCY or grant_standing(world, grant_id, now) is not Reason.OK:
        return
    if territory.contains(world.agencies[grant.grantee].region, region):
        yield Helper(grant.grantee, grant_id)
