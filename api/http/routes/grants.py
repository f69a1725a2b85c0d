"""Grants, seals and licenses as anybody may read them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.http.asking import After, AgencyId, Id, Limit, Parts, cursor_of, problems, read_after, read_id, unknown
from api.services.decode import bytes_of
from api.services.showing import grant_fields, grant_view, license_view, seal_view
from api.wire.base import Page
from api.wire.registry import GrantDetail, GrantView, LicenseView, SealView
from ledger.errors import InvalidInput
from ledger.ids import MAX_UINT32
from ledger.records import Status

router = APIRouter(prefix="/v1", tags=["grants"])
_REGION_DIGITS = 12


@router.get("/grants", summary="列出授权 / List grants", responses=problems())
def list_grants(
    parts: Parts,
    limit: Limit = 100,
    after: After = None,
    grantor: Annotated[int | None, Query(ge=1, le=MAX_UINT32, description="授权机构 / granting agency")] = None,
    grantee: Annotated[
        str | None, Query(max_length=21, description="窗口编号、机构编号或 12 位区划 / window id, agency or region")
    ] = None,
    status: Annotated[str | None, Query(max_length=12, examples=["ACTIVE"])] = None,
) -> Page[GrantView]:
    """By id; ``status`` is the grant's own, ``standing`` counts its ancestors and their grantors too."""
    found = parts.store.registry.grants(
        limit, read_after(after), grantor=grantor, grantee=_grantee(grantee), status=_status(status)
    )
    world, now = parts.new_world(), parts.now()
    return Page(items=tuple(grant_view(row, world, now) for row in found.items), next=cursor_of(found.after))


@router.get("/grants/{id}", summary="查看授权及其来源 / Show a grant and what it stems from", responses=problems(404))
def show_grant(parts: Parts, id: Id) -> GrantDetail:  # noqa: A002 - the name in the path
    """A grant with the chain to its root."""
    chain = parts.store.registry.grant_chain(read_id(id))
    if not chain:
        raise unknown("GRANT_UNKNOWN", "授权", "grant")
    world, now = parts.new_world(), parts.now()
    above = tuple(grant_view(row, world, now) for row in chain[1:])
    return GrantDetail(**grant_fields(chain[0], world, now), chain=above)


@router.get("/seals", summary="列出印章 / List seals", responses=problems())
def list_seals(
    parts: Parts,
    limit: Limit = 100,
    after: After = None,
    agency: Annotated[int | None, Query(ge=1, le=MAX_UINT32)] = None,
) -> Page[SealView]:
    """By id."""
    found, now = parts.store.registry.seals(limit, read_after(after), agency), parts.now()
    return Page(items=tuple(seal_view(row, now) for row in found.items), next=cursor_of(found.after))


@router.get("/agencies/{agency}/seals", summary="列出机构的印章 / List an agency's seals", responses=problems())
def list_agency_seals(parts: Parts, agency: AgencyId, limit: Limit = 100, after: After = None) -> Page[SealView]:
    """By id."""
    return list_seals(parts, limit, after, agency)


@router.get("/seals/{id}", summary="查看印章 / Show a seal", responses=problems(404))
def show_seal(parts: Parts, id: Id) -> SealView:  # noqa: A002 - the name in the path
    """One seal."""
    row = parts.store.registry.seal(read_id(id))
    if row is None:
        raise unknown("SEAL_UNKNOWN", "印章", "seal")
    return seal_view(row, parts.now())


@router.get("/licenses/{leaf}", summary="查看证照状态 / Show a license's status", responses=problems(404))
def show_license(
    parts: Parts,
    leaf: Annotated[str, Path(pattern=r"^0x[0-9a-f]{64}$")],
    issuer: Annotated[int | None, Query(ge=1, le=MAX_UINT32, description="签发机构 / issuing agency")] = None,
) -> LicenseView:
    """One license that was issued singly, or issued in a batch and changed since.

    What an agency says of a leaf is its own. Without `issuer` it is the agency that has the license's item; where
    nobody has shown that here, the first that says anything of the leaf: look at the answer's `issuer`.
    """
    rows = parts.store.registry.licenses_of(bytes_of(leaf))
    wanted = issuer or parts.store.licenses.issuer_of(bytes_of(leaf))
    row = next((one for one in rows if wanted in (None, one.issuer)), None)
    if row is None:
        raise unknown("LICENSE_UNKNOWN", "证照", "license")
    return license_view(row, parts.now())


def _status(name: str | None) -> int | None:
    if name is None:
        return None
    if name not in Status.__members__:
        known = ", ".join(Status.__members__)
        raise InvalidInput("VALUE_UNKNOWN", "query.status", f"one of {known}", f"须为 {known} 之一")
    return int(Status[name])


def _grantee(text: str | None) -> int | None:
    """A window's id, an agency's number, or 12 digits of a region."""
    if text is None:
        return None
    if len(text) == _REGION_DIGITS and text.isascii() and text.isdigit():
        return int(text, 16)
    return read_id(text, "query.grantee")
