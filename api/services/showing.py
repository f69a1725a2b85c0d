"""Rows of the index as the API shows them, each with whether it holds at this moment and why not."""

from typing import Any

from api.services.words import (
    agency_flags,
    grantee,
    id_or_none,
    modes,
    period,
    region,
    rights,
    roles,
    standing,
)
from api.store import models
from api.wire.registry import (
    AgencyView,
    GrantView,
    ItemVersionView,
    ItemView,
    LicenseView,
    OfficerView,
    SealView,
    WindowView,
)
from ledger.crypto import checksum
from ledger.ids import FOREVER, format_id, scoped
from ledger.reasons import Reason
from ledger.records import AGENCY, LICENSE, SEAL, WINDOW, GranteeKind, Interval, Item, LicenseRecord, Status, Stopper
from ledger.rules.authority import grant_standing, key_standing, root_of
from ledger.rules.licenses import stopped
from ledger.world import World

ZERO = "0x" + "00" * 32


def interval_of(row: Any) -> Interval:
    """The interval of a row that has one."""
    return Interval(row.valid_from, row.valid_until, Status(row.status), row.stopped_at)


def agency_view(row: models.AgencyView, now: int) -> AgencyView:
    """An agency."""
    interval = interval_of(row)
    return AgencyView(
        agency=row.id, credit_code=row.uscc or "", name=row.name or "", region=region(row.region),
        flags=agency_flags(row.flags), **period(interval, interval.standing(now, AGENCY), now),
    )  # fmt: skip


def window_view(row: models.WindowView, world: World, now: int) -> WindowView:
    """A window; it holds only while its agency does."""
    interval = interval_of(row)
    reason = interval.standing(now, WINDOW)
    if reason is Reason.OK:
        reason = world.agencies[row.agency].standing(now, AGENCY)
    return WindowView(
        window=format_id(row.id), agency=row.agency, name=row.name or "", region=region(row.region),
        **period(interval, reason, now),
    )  # fmt: skip


def officer_view(row: models.OfficerView, world: World, now: int) -> OfficerView:
    """An officer by the present key; it holds only while window and agency do."""
    key = row.current
    return OfficerView(
        officer=format_id(row.id), agency=row.agency,
        window=format_id(scoped(row.agency, key.window)) if key.window else None,
        roles=roles(key.roles), key=checksum(key.address),
        **period(interval_of(key), key_standing(world, world.keys[key.address], now), now),
    )  # fmt: skip


def item_view(row: models.ItemView, world: World, now: int) -> ItemView:
    """An item with all versions."""
    item = world.items[row.id]
    return ItemView(
        item=format_id(row.id), agency=row.agency,
        retired_from=None if row.retired_from >= FOREVER else row.retired_from,
        versions=tuple(_version_view(one, item, now) for one in row.versions),
    )  # fmt: skip


def _version_view(row: models.ItemVersionView, item: Item, now: int) -> ItemVersionView:
    return ItemVersionView(
        version=row.version, code=row.code or "", name=row.name or "",
        materials="0x" + row.materials.hex() if row.materials else ZERO,
        entries=row.entries, tolerable=row.tolerable, promisable=row.promisable,
        grantable=rights(row.grantable), originals=row.originals, modes=modes(row.modes),
        license=bool(row.license), accept_days=row.accept_days or 0, decide_days=row.decide_days or 0,
        effective_from=row.effective_from, standing=standing(item.in_force(row.version, now), now),
    )  # fmt: skip


def grant_fields(row: models.GrantView, world: World, now: int) -> dict[str, Any]:
    """The members that a grant and its detail share."""
    return {
        "grant": format_id(row.id), "grantor": row.agency, "root": root_of(world, row.id),
        "parent": id_or_none(row.parent), "grantee_kind": GranteeKind(row.kind).name,
        "grantee": grantee(GranteeKind(row.kind), row.grantee), "rights": rights(row.rights),
        "items": row.items, "quota": row.quota, "used": row.used, "depth": row.depth,
        "stopper": Stopper(row.stopper).name,
        **period(interval_of(row), grant_standing(world, row.id, now), now),
    }  # fmt: skip


def grant_view(row: models.GrantView, world: World, now: int) -> GrantView:
    """A grant; it holds only while its ancestors and their grantors do."""
    return GrantView(**grant_fields(row, world, now))


def known_grant_view(grant_id: int, world: World, now: int) -> GrantView:
    """A grant from the world's record alone."""
    record = world.grants[grant_id]
    return GrantView(
        grant=format_id(grant_id), grantor=grant_id >> 32, root=root_of(world, grant_id),
        parent=id_or_none(record.parent), grantee_kind=record.kind.name,
        grantee=grantee(record.kind, record.grantee), rights=rights(record.rights),
        items=None if record.items is None else tuple(sorted(record.items)),
        quota=record.quota, used=record.used, depth=record.depth, stopper=record.stopper.name,
        **period(record, grant_standing(world, grant_id, now), now),
    )  # fmt: skip


def seal_view(row: models.SealView, now: int) -> SealView:
    """A seal, by the digests of its object."""
    interval = interval_of(row)
    return SealView(
        seal=format_id(row.id), agency=row.agency, name=row.name or "",
        sm3=_digest("sm3", row.sm3), sha256=_digest("sha256", row.sha256),
        certificate=_digest("sm3", row.certificate), version=row.version,
        **period(interval, interval.standing(now, SEAL), now),
    )  # fmt: skip


def license_view(row: models.LicenseView, now: int) -> LicenseView:
    """A license; a stop is told before the end of its period."""
    interval = interval_of(row)
    record = world_record(row)
    reason = stopped(record, now)
    if reason is Reason.OK:
        reason = Interval(row.valid_from, row.valid_until).standing(now, LICENSE)
    return LicenseView(
        leaf="0x" + row.leaf.hex(), issuer=row.issuer, seal=format_id(scoped(row.issuer, row.seal)),
        batch="0x" + row.batch.hex() if row.batch else None, **period(interval, reason, now),
    )  # fmt: skip


def world_record(row: models.LicenseView) -> LicenseRecord:
    """The license as the rules keep it."""
    return LicenseRecord(
        row.valid_from, row.valid_until, Status(row.status), row.stopped_at,
        issuer=row.issuer, seal=row.seal, case_tag=row.case_tag,
    )  # fmt: skip


def _digest(algorithm: str, value: bytes | None) -> str:
    return f"{algorithm}:{value.hex()}" if value else ""
