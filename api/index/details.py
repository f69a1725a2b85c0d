"""What only the acts tell: names, codes, digests, terms; and which second agency an act concerns."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table

from api.store import index_tables as t
from api.store.worldview import Details
from ledger import acts
from ledger.ids import agency_of
from ledger.reasons import Refusal
from ledger.records import GranteeKind
from ledger.rules.council import CALLS, Call, decode_arguments
from ledger.rules.licenses import authorization_id, leaf_of
from ledger.world import World

_LICENSE_FIELDS = ("item", "sm3", "sha256", "identifier", "holder", "case_key", "supersedes")
_ITEM_FIELDS = ("code", "name", "materials", "accept_days", "decide_days")
_USE_FIELDS = ("license", "window", "purpose", "not_before", "not_after")
_SEAL_FIELDS = ("name", "sm3", "sha256", "certificate")


def _take(act: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _text(getattr(act, name)) for name in names}


def _text(value: Any) -> Any:
    # PostgreSQL keeps no NUL in text, and whoever may name a window must not be able to stop the index
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def details_of(world: World, act: Any) -> Details:
    """Further columns of the rows that an act, once applied, entered or changed."""
    if isinstance(act, acts.Proposal):
        return _council_details(world, act)
    if type(act) in _ONE_ROW:
        table, key, columns = _ONE_ROW[type(act)](act)
        return {(table.name, key): columns}
    if isinstance(act, acts.UseLicense):
        key = authorization_id(world, act.authorization)
        return {(t.license_uses.name, key): {"case_key": act.case_key, **_take(act.authorization, _USE_FIELDS)}}
    if isinstance(act, acts.AcceptAgreement):
        terms = (*act.given, *act.received)
        return {(t.grants.name, one.grant): {"agreement": act.agreement} for one in terms}
    return {}


_ONE_ROW: dict[type, Callable[[Any], tuple[Table, Any, dict[str, Any]]]] = {
    acts.RegisterWindow: lambda act: (t.windows, act.window, _take(act, ("name",))),
    acts.PublishItem: lambda act: (t.item_versions, (act.item, act.version), _take(act, _ITEM_FIELDS)),
    acts.RegisterSeal: lambda act: (t.seals, act.seal, _take(act, _SEAL_FIELDS)),
    acts.ChangeSeal: lambda act: (t.seals, act.seal, _take(act, _SEAL_FIELDS)),
    acts.IssueLicense: lambda act: (
        t.licenses,
        (agency_of(act.officer), leaf_of(act.license)),
        _take(act.license, _LICENSE_FIELDS),
    ),
    acts.OfferAgreement: lambda act: (t.agreements, act.agreement, {"other": agency_of(act.received[0].grant)}),
}


def _council_details(world: World, proposal: acts.Proposal) -> Details:
    call, arguments = council_call(world, proposal)
    if call is None or call.name != "registerAgency":
        return {}
    agency, uscc, name, *_ = arguments
    return {(t.agencies.name, agency): {"uscc": _text(uscc), "name": _text(name)}}


def council_call(world: World, proposal: acts.Proposal) -> tuple[Call | None, tuple[Any, ...]]:
    """Which function a proposal calls, with its arguments; None where it is none of ours."""
    target = world.deployment.name_of(proposal.target)
    for call in CALLS:
        if call.contract == target and call.selector == proposal.data[:4]:
            try:
                return call, decode_arguments(call, proposal.data)
            except Refusal:
                break
    return None, ()


def other_agency(world: World, act: Any) -> int:
    """The second agency that an act of administration concerns; 0 where there is none."""
    if isinstance(act, acts.OfferGrant):
        return _grantee(act.terms.grantee_kind, act.terms.grantee)
    if isinstance(act, acts.OfferAgreement):
        return agency_of(act.received[0].grant) if act.received else 0
    if isinstance(act, (acts.AcceptAgreement, acts.WithdrawAgreement)):
        return agency_of(act.agreement)
    if isinstance(act, (acts.AcceptGrant, acts.DeclineGrant, acts.SetGrantStatus)):
        return _of_grant(world, act.grant, agency_of(act.officer))
    return _named_by_council(world, act) if isinstance(act, acts.Proposal) else 0


def _named_by_council(world: World, proposal: acts.Proposal) -> int:
    call, arguments = council_call(world, proposal)
    if call is None or call.contract not in ("registry", "grants"):
        return 0
    return int(arguments[0]) if call.contract == "registry" else agency_of(arguments[0])


def _of_grant(world: World, grant: int, mine: int) -> int:
    """The grantor, or where that is the signer itself, the grantee."""
    record = world.grants.get(grant)
    if agency_of(grant) != mine or record is None:
        return agency_of(grant)
    return _grantee(record.kind, record.grantee)


def _grantee(kind: int, grantee: int) -> int:
    if kind == GranteeKind.WINDOW:
        return agency_of(grantee)
    return grantee if kind == GranteeKind.AGENCY else 0
