"""Agencies, windows, officers, items, grants and seals as anybody may read them."""

from pydantic import Field

from api.wire.base import (
    AgencyNumber,
    Hex32,
    HexAddress,
    RegionDigits,
    ScopedId,
    Seconds,
    Standing,
    Wire,
)


class Period(Wire):
    """When it holds; ``validUntil`` null: without end; ``stoppedAt`` null: never stopped."""

    status: str = Field(examples=["ACTIVE"])
    valid_from: Seconds
    valid_until: Seconds | None = None
    stopped_at: Seconds | None = None
    standing: Standing


class AgencyView(Period):
    """An agency 机构."""

    agency: AgencyNumber
    credit_code: str = Field(examples=["11370000MB284651XX"], description="统一社会信用代码")
    name: str = Field(examples=["济南市行政审批服务局"])
    region: RegionDigits
    flags: tuple[str, ...] = Field(examples=[["CENTRE"]])


class WindowView(Period):
    """A window 窗口."""

    window: ScopedId
    agency: AgencyNumber
    name: str
    region: RegionDigits


class OfficerView(Period):
    """An officer or a service, by number; no name is kept."""

    officer: ScopedId
    agency: AgencyNumber
    window: ScopedId | None = None
    roles: tuple[str, ...]
    key: HexAddress


class ItemVersionView(Wire):
    """One version of an item; bitmaps are over the standard list of ``entries`` materials."""

    version: int
    code: str
    name: str
    materials: Hex32
    entries: int
    tolerable: int
    promisable: int
    grantable: tuple[str, ...]
    originals: int
    modes: tuple[str, ...]
    license: bool
    accept_days: int
    decide_days: int
    effective_from: Seconds
    standing: Standing


class ItemView(Wire):
    """An item 事项 with all its versions."""

    item: ScopedId
    agency: AgencyNumber
    retired_from: Seconds | None = None
    versions: tuple[ItemVersionView, ...]


class GrantView(Period):
    """A grant 授权; ``items`` null: all items of the root grantor; ``quota`` 0: no limit."""

    grant: ScopedId
    grantor: AgencyNumber
    root: AgencyNumber
    parent: ScopedId | None = None
    grantee_kind: str = Field(examples=["WINDOW"])
    grantee: str = Field(examples=["3-17"], description="Window id, agency number or 12-digit region")
    rights: tuple[str, ...] = Field(examples=[["COLLECT", "VERIFY"]])
    items: tuple[int, ...] | None = None
    quota: int
    used: int
    depth: int
    stopper: str = Field(examples=["NOBODY"])


class GrantDetail(GrantView):
    """A grant with what it stems from, nearest first, up to the root."""

    chain: tuple[GrantView, ...]


class SealView(Period):
    """An e-seal 电子印章, by the digests of its object."""

    seal: ScopedId
    agency: AgencyNumber
    name: str
    sm3: str
    sha256: str
    certificate: str
    version: int


class LicenseView(Period):
    """An e-license 电子证照 as the ledger knows it: its leaf, its issuer, its status."""

    leaf: Hex32
    issuer: AgencyNumber
    seal: ScopedId
    batch: Hex32 | None = None
