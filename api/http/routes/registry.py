"""What anybody may read: agencies, windows, officers, items."""

from fastapi import APIRouter

from api.http.asking import (
    MAX_INT64,
    After,
    AgencyId,
    Id,
    Limit,
    Parts,
    cursor_of,
    problems,
    read_after,
    read_id,
    unknown,
)
from api.services.showing import agency_view, item_view, officer_view, window_view
from api.wire.base import Page
from api.wire.registry import AgencyView, ItemView, OfficerView, WindowView

router = APIRouter(prefix="/v1", tags=["registry"])


@router.get("/agencies", summary="列出机构 / List agencies", responses=problems())
def list_agencies(parts: Parts, limit: Limit = 100, after: After = None) -> Page[AgencyView]:
    """By number, with whether each holds now."""
    found, now = parts.store.registry.agencies(limit, read_after(after, MAX_INT64)), parts.now()
    return Page(items=tuple(agency_view(row, now) for row in found.items), next=cursor_of(found.after))


@router.get("/agencies/{agency}", summary="查看机构 / Show an agency", responses=problems(404))
def show_agency(parts: Parts, agency: AgencyId) -> AgencyView:
    """One agency."""
    row = parts.store.registry.agency(agency)
    if row is None:
        raise unknown("AGENCY_UNKNOWN", "机构", "agency")
    return agency_view(row, parts.now())


@router.get("/agencies/{agency}/windows", summary="列出机构的窗口 / List an agency's windows", responses=problems(404))
def list_windows(parts: Parts, agency: AgencyId, limit: Limit = 100, after: After = None) -> Page[WindowView]:
    """By id."""
    show_agency(parts, agency)
    found = parts.store.registry.windows(limit, read_after(after), agency)
    world, now = parts.new_world(), parts.now()
    return Page(items=tuple(window_view(row, world, now) for row in found.items), next=cursor_of(found.after))


@router.get(
    "/agencies/{agency}/officers", summary="列出机构的人员 / List an agency's officers", responses=problems(404)
)
def list_officers(parts: Parts, agency: AgencyId, limit: Limit = 100, after: After = None) -> Page[OfficerView]:
    """By id; officers are numbers, no names are kept."""
    show_agency(parts, agency)
    found = parts.store.registry.officers(limit, read_after(after), agency)
    world, now = parts.new_world(), parts.now()
    return Page(items=tuple(officer_view(row, world, now) for row in found.items), next=cursor_of(found.after))


@router.get("/windows/{id}", summary="查看窗口 / Show a window", responses=problems(404))
def show_window(parts: Parts, id: Id) -> WindowView:  # noqa: A002 - the name in the path
    """One window."""
    row = parts.store.registry.window(read_id(id))
    if row is None:
        raise unknown("WINDOW_UNKNOWN", "窗口", "window")
    return window_view(row, parts.new_world(), parts.now())


@router.get("/officers/{id}", summary="查看人员 / Show an officer", responses=problems(404))
def show_officer(parts: Parts, id: Id) -> OfficerView:  # noqa: A002 - the name in the path
    """One officer by the present key."""
    row = parts.store.registry.officer(read_id(id))
    if row is None:
        raise unknown("OFFICER_UNKNOWN", "人员", "officer")
    return officer_view(row, parts.new_world(), parts.now())


@router.get("/items", summary="列出事项 / List items", responses=problems())
def list_items(parts: Parts, limit: Limit = 100, after: After = None) -> Page[ItemView]:
    """By id, each with all versions."""
    found = parts.store.registry.items(limit, read_after(after))
    world, now = parts.new_world(), parts.now()
    return Page(items=tuple(item_view(row, world, now) for row in found.items), next=cursor_of(found.after))


@router.get("/items/{id}", summary="查看事项 / Show an item", responses=problems(404))
def show_item(parts: Parts, id: Id) -> ItemView:  # noqa: A002 - the name in the path
    """One item with all versions."""
    row = parts.store.registry.item(read_id(id))
    if row is None:
        raise unknown("ITEM_UNKNOWN", "事项", "item")
    return item_view(row, parts.new_world(), parts.now())
