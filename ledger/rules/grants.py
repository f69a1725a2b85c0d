"""Grants.sol: offered, accepted or agreed mutually; handed on only narrower; stopped in cascade."""

from collections.abc import Sequence

from ledger import acts, territory
from ledger.crypto import keccak
from ledger.eip712 import struct_hash
from ledger.ids import MAX_UINT32, agency_of, scoped
from ledger.procedure import ALL_RIGHTS, Role
from ledger.reasons import Reason, Refusal
from ledger.records import AGENCY, AgencyFlag, Grant, GranteeKind, Key, Status, Stopper
from ledger.rules.authority import (
    check,
    check_interval,
    check_scope,
    grant_standing,
    require,
)
from ledger.world import World

DEEPEST = 3
MOST_ITEMS = 64
MOST_TERMS = 16


def offer_grant(world: World, act: acts.OfferGrant, key: Key, now: int) -> None:
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    _enter(world, act.terms, agency_of(key.officer), now, Status.OFFERED)


def accept_grant(world: World, act: acts.AcceptGrant, key: Key, now: int) -> None:
    grant = _offered(world, act.grant, key)
    require(grant.valid_until > now, Reason.GRANT_EXPIRED)
    check(grant_standing(world, grant.parent, now))
    grant.valid_from = max(grant.valid_from, now)
    grant.status = Status.ACTIVE


def decline_grant(world: World, act: acts.DeclineGrant, key: Key, now: int) -> None:
    del now
    _offered(world, act.grant, key).status = Status.DECLINED


def offer_agreement(world: World, act: acts.OfferAgreement, key: Key, now: int) -> None:
    del now
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    agency = agency_of(key.officer)
    check_scope(act.agreement, agency)
    require(act.agreement not in world.agreements, Reason.AGREEMENT_EXISTS)
    require(act.given and act.received, Reason.BAD_FIELD)
    require(len(act.given) + len(act.received) <= MOST_TERMS, Reason.BAD_FIELD)
    require(all(agency_of(t.grant) == agency for t in act.given), Reason.NOT_YOUR_AGENCY)
    other = agency_of(act.received[0].grant)
    same = all(agency_of(t.grant) == other for t in act.received)
    require(same and other != agency, Reason.BAD_FIELD)
    world.agreements[act.agreement] = terms_hash(act.given, act.received)


def accept_agreement(world: World, act: acts.AcceptAgreement, key: Key, now: int) -> None:
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    terms = world.agreements.get(act.agreement)
    require(terms is not None, Reason.AGREEMENT_UNKNOWN)
    require(terms == terms_hash(act.given, act.received), Reason.AGREEMENT_DIFFERS)
    offerer, accepter = agency_of(act.agreement), agency_of(key.officer)
    require(agency_of(act.received[0].grant) == accepter, Reason.NOT_GRANTEE)
    check(world.agencies[offerer].standing(now, AGENCY))
    entered: list[int] = []
    try:
        for terms_of, grantor, grantee in (
            (act.given, offerer, accepter),
            (act.received, accepter, offerer),
        ):
            for one in terms_of:
                _enter(world, one, grantor, now, Status.ACTIVE)
                entered.append(one.grant)
                require(_is_grantee(world, world.grants[one.grant], grantee), Reason.NOT_GRANTEE)
    except Refusal:
        for grant in entered:
            del world.grants[grant]
        raise
    world.agreements[act.agreement] = None


def withdraw_agreement(world: World, act: acts.WithdrawAgreement, key: Key, now: int) -> None:
    del now
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    check_scope(act.agreement, agency_of(key.officer))
    require(world.agreements.get(act.agreement) is not None, Reason.AGREEMENT_UNKNOWN)
    world.agreements[act.agreement] = None


def set_grant_status(world: World, act: acts.SetGrantStatus, key: Key, now: int) -> None:
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    require(act.grant in world.grants, Reason.GRANT_UNKNOWN)
    place = _place(world, act.grant, agency_of(key.officer))
    require(place is not Stopper.NOBODY, Reason.NOT_GRANTOR)
    _change(world.grants[act.grant], act.status, place, now)


def council_set_grant_status(world: World, now: int, grant: int, status: int, reason: int) -> None:
    """Council: the same for any grant."""
    del reason
    require(grant in world.grants, Reason.GRANT_UNKNOWN)
    _change(world.grants[grant], status, Stopper.COUNCIL, now)


def consume(world: World, grant_id: int) -> None:
    """Count one step against the quota of a grant and of each ancestor, all or none."""
    chain = []
    while grant_id:
        grant = world.grants[grant_id]
        require(not grant.quota or grant.used < grant.quota, Reason.QUOTA_EXHAUSTED)
        chain.append(grant)
        grant_id = grant.parent
    for grant in chain:
        grant.used += bool(grant.quota)


def terms_hash(given: Sequence[acts.GrantTerms], received: Sequence[acts.GrantTerms]) -> bytes:
    """keccak(keccak(struct hashes of what is given) ‖ keccak(… of what is received))."""
    sides = (b"".join(map(struct_hash, side)) for side in (given, received))
    return keccak(b"".join(map(keccak, sides)))


def _change(grant: Grant, status: int, place: Stopper, now: int) -> None:
    if grant.status is Status.OFFERED and status == Status.REVOKED:
        grant.status = Status.DECLINED
        return
    if grant.status is Status.SUSPENDED:
        require(status != Status.ACTIVE or place >= grant.stopper, Reason.STOPPED_HIGHER_UP)
        if status == Status.SUSPENDED and place > grant.stopper:
            grant.stopper = place
            return
    check(grant.change(status, now))
    grant.stopper = Stopper.NOBODY if grant.status is Status.ACTIVE else place


def _place(world: World, grant_id: int, agency: int) -> Stopper:
    place = Stopper.GRANTOR
    while grant_id:
        if agency_of(grant_id) == agency:
            return place
        grant_id, place = world.grants[grant_id].parent, Stopper.ANCESTOR
    return Stopper.NOBODY


def _offered(world: World, grant_id: int, key: Key) -> Grant:
    require(key.roles & Role.GRANTOR, Reason.ROLE_MISSING)
    grant = world.grants.get(grant_id)
    if grant is None:
        raise Refusal(Reason.GRANT_UNKNOWN)
    require(grant.status is Status.OFFERED, Reason.BAD_STATUS_CHANGE)
    require(_is_grantee(world, grant, agency_of(key.officer)), Reason.NOT_GRANTEE)
    return grant


def _is_grantee(world: World, grant: Grant, agency: int) -> bool:
    if grant.kind is GranteeKind.WINDOW:
        return agency_of(grant.grantee) == agency
    if grant.kind is GranteeKind.AGENCY:
        return grant.grantee == agency
    record = world.agencies[agency]
    return bool(record.flags & AgencyFlag.CENTRE) and record.region == grant.grantee


def _enter(world: World, terms: acts.GrantTerms, agency: int, now: int, status: Status) -> None:
    check_scope(terms.grant, agency)
    require(terms.grant not in world.grants, Reason.GRANT_EXISTS)
    _check_fields(terms)
    start = check_interval(terms.valid_from, terms.valid_until, now)
    target = _target_region(world, terms)
    if terms.parent:
        _check_narrower(world, terms, agency, start, target, now)
    else:
        _check_competent(world, terms, agency)
    world.grants[terms.grant] = Grant(
        start, terms.valid_until, status, parent=terms.parent, kind=GranteeKind(terms.grantee_kind),
        grantee=terms.grantee, rights=terms.rights, depth=terms.depth, quota=terms.quota,
        items=frozenset(terms.items) or None,
    )  # fmt: skip


def _check_fields(terms: acts.GrantTerms) -> None:
    require(0 < terms.rights <= ALL_RIGHTS, Reason.BAD_FIELD)
    require(terms.grantee_kind in (1, 2, 3), Reason.BAD_FIELD)
    require(terms.depth <= DEEPEST and len(terms.items) <= MOST_ITEMS, Reason.BAD_FIELD)
    rising = all(a < b for a, b in zip((0, *terms.items), terms.items, strict=False))
    require(rising, Reason.BAD_FIELD)


def _target_region(world: World, terms: acts.GrantTerms) -> int:
    if terms.grantee_kind == GranteeKind.WINDOW:
        require(terms.grantee in world.windows, Reason.WINDOW_UNKNOWN)
        return world.windows[terms.grantee].region
    if terms.grantee_kind == GranteeKind.AGENCY:
        known = terms.grantee <= MAX_UINT32 and terms.grantee in world.agencies
        require(known, Reason.AGENCY_UNKNOWN)
        return world.agencies[terms.grantee].region
    require(territory.is_region(terms.grantee), Reason.BAD_FIELD)
    return terms.grantee


def _check_competent(world: World, terms: acts.GrantTerms, agency: int) -> None:
    for number in terms.items:
        item = world.items.get(scoped(agency, number))
        if item is None:
            raise Refusal(Reason.NOT_COMPETENT)
        beyond = terms.rights & ~item.versions[-1].grantable
        require(not beyond, Reason.RIGHT_NOT_GRANTABLE)


def _check_narrower(world: World, terms: acts.GrantTerms, agency: int, start: int, target: int, now: int) -> None:
    parent = world.grants.get(terms.parent)
    if parent is None:
        raise Refusal(Reason.GRANT_UNKNOWN)
    own_region = world.agencies[agency].region
    holds_region = parent.kind is GranteeKind.REGION and territory.contains(parent.grantee, own_region)
    holds = holds_region or (parent.kind is GranteeKind.AGENCY and parent.grantee == agency)
    require(holds, Reason.NOT_COMPETENT)
    check(grant_standing(world, terms.parent, now))
    require(terms.depth < parent.depth, Reason.TOO_DEEP)
    narrower = (
        not terms.rights & ~parent.rights
        and start >= parent.valid_from
        and terms.valid_until <= parent.valid_until
        and (not parent.quota or 0 < terms.quota <= parent.quota)
        and (parent.items is None or (bool(terms.items) and parent.items >= set(terms.items)))
    )
    require(narrower, Reason.NOT_NARROWER)
    require(territory.contains(own_region, target), Reason.REGION_OUTSIDE)
    sideways = terms.grantee_kind != GranteeKind.WINDOW and target == own_region
    require(not sideways, Reason.TOO_DEEP)
