"""What anybody may read: agencies, windows, officers, items, grants, seals, licenses, health."""

from typing import Any

from api.client.transport import Transport
from api.wire.base import Page
from api.wire.registry import (
    AgencyView,
    GrantDetail,
    GrantView,
    ItemView,
    LicenseView,
    OfficerView,
    SealView,
    WindowView,
)
from api.wire.sessions import Health
from ledger.ids import format_id


class Reading:
    """The public registers."""

    def __init__(self, transport: Transport) -> None:
        """Over a client's connections."""
        self._ask = transport.ask
        self._everything = transport.everything
        self._health = transport.ask_once

    def agency(self, number: int) -> AgencyView:
        """One agency."""
        return self._ask("GET", f"/v1/agencies/{number}", AgencyView)

    def agencies(self) -> tuple[AgencyView, ...]:
        """All agencies."""
        return self._everything("/v1/agencies", Page[AgencyView])

    def window(self, window: int) -> WindowView:
        """One window."""
        return self._ask("GET", f"/v1/windows/{format_id(window)}", WindowView)

    def windows(self, agency: int) -> tuple[WindowView, ...]:
        """The windows of an agency."""
        return self._everything(f"/v1/agencies/{agency}/windows", Page[WindowView])

    def officer(self, officer: int) -> OfficerView:
        """One officer."""
        return self._ask("GET", f"/v1/officers/{format_id(officer)}", OfficerView)

    def officers(self, agency: int) -> tuple[OfficerView, ...]:
        """The officers of an agency."""
        return self._everything(f"/v1/agencies/{agency}/officers", Page[OfficerView])

    def item(self, item: int) -> ItemView:
        """One item with its versions."""
        return self._ask("GET", f"/v1/items/{format_id(item)}", ItemView)

    def items(self) -> tuple[ItemView, ...]:
        """All items."""
        return self._everything("/v1/items", Page[ItemView])

    def grant(self, grant: int) -> GrantDetail:
        """One grant with what it stems from."""
        return self._ask("GET", f"/v1/grants/{format_id(grant)}", GrantDetail)

    def grants(self, **filters: Any) -> tuple[GrantView, ...]:
        """Grants, by ``grantor``, ``grantee`` or ``status``."""
        return self._everything("/v1/grants", Page[GrantView], filters)

    def seal(self, seal: int) -> SealView:
        """One seal."""
        return self._ask("GET", f"/v1/seals/{format_id(seal)}", SealView)

    def seals(self) -> tuple[SealView, ...]:
        """All seals."""
        return self._everything("/v1/seals", Page[SealView])

    def license(self, leaf: bytes, issuer: int | None = None) -> LicenseView:
        """One license by its leaf, and its issuer where that is known: what others say of it is not its word."""
        params = None if issuer is None else {"issuer": issuer}
        return self._ask("GET", f"/v1/licenses/0x{leaf.hex()}", LicenseView, params=params)

    def health(self) -> Health:
        """Each part, by the operation that it is needed for; also where one does not do it."""
        return self._health("/v1/health/ready", Health)
