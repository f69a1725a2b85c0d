"""Who signed, does that key hold, and what does a grant allow it: Registry and Grants, reading."""

from typing import Any

from ledger import territory
from ledger.crypto import recover
from ledger.errors import HuxinError
from ledger.ids import agency_of, number_of, scoped
from ledger.reasons import OK, Reason, Refusal
from ledger.records import ACTIVE, AGENCY, GRANT, KEY, WINDOW, GranteeKind, Key, Status
from ledger.world import World


def check(reason: Reason) -> None:
    """Raise the refusal, if it is one."""
    if reason is not OK:
        raise Refusal(reason)


def require(condition: object, reason: Reason) -> None:
    """Raise the refusal where the condition does not hold."""
    if not condition:
        raise Refusal(reason)


def signer_of(digest: bytes, signature: bytes) -> bytes:
    """The address that signed; refuses BAD_SIGNATURE."""
    try:
        return recover(digest, signature)
    except HuxinError as error:
        raise Refusal(Reason.BAD_SIGNATURE) from error


def key_standing(world: World, key: Key, at: int) -> Reason:
    """Whether the key, its window and its agency hold at ``at``, in this order.

    A key that its officer has replaced does not speak of the officer: whoever found it could sign anything.
    """
    if (reason := key.standing(at, KEY)) is not OK:
        present = world.keys[world.current_key[key.officer]]
        return reason if key is present else Reason.KEY_REPLACED
    agency = agency_of(key.officer)
    if key.window:
        window = world.windows[scoped(agency, key.window)]
        if (reason := window.standing(at, WINDOW)) is not OK:
            return reason
    return world.agencies[agency].standing(at, AGENCY)


def grant_standing(world: World, grant_id: int, at: int) -> Reason:
    """Whether a grant holds at ``at``: it, each ancestor, and the agency of each grantor."""
    while grant_id:
        grant = world.grants.get(grant_id)
        if grant is None:
            return Reason.GRANT_UNKNOWN
        if grant.status is not ACTIVE and grant.status in (Status.OFFERED, Status.DECLINED):
            return Reason.GRANT_NOT_ACTIVE
        if (reason := grant.standing(at, GRANT)) is not OK:
            return reason
        grantor = world.agencies[agency_of(grant_id)]
        if (reason := grantor.standing(at, AGENCY)) is not OK:
            return reason
        grant_id = grant.parent
    return OK


def root_of(world: World, grant_id: int) -> int:
    """The agency from whose competence a grant stems."""
    while parent := world.grants[grant_id].parent:
        grant_id = parent
    return agency_of(grant_id)


def region_of(world: World, key: Key) -> int:
    """The packed region of the officer's window, or of the agency for the back office."""
    agency = agency_of(key.officer)
    if key.window:
        return world.windows[scoped(agency, key.window)].region
    return world.agencies[agency].region


def is_covered(world: World, grant_id: int, key: Key) -> Reason:
    """Whether the officer is one of those to whom the grant is given."""
    grant = world.grants[grant_id]
    agency = agency_of(key.officer)
    if grant.kind is GranteeKind.REGION:
        inside = territory.contains(grant.grantee, region_of(world, key))
        return OK if inside else Reason.WRONG_REGION
    if grant.kind is GranteeKind.WINDOW:
        mine = bool(key.window) and scoped(agency, key.window) == grant.grantee
    else:
        mine = agency == grant.grantee
    return OK if mine else Reason.GRANT_NOT_FOR_YOU


def allows(world: World, grant_id: int, key: Key, right: int, item: int, grantable: int) -> Reason:
    """Whether the grant gives this officer this right on this item; its standing is another matter."""
    grant = world.grants[grant_id]
    if grant.rights & right != right:
        return Reason.RIGHT_NOT_GRANTED
    if grantable & right != right:
        return Reason.RIGHT_NOT_GRANTABLE
    if (reason := is_covered(world, grant_id, key)) is not OK:
        return reason
    if grant.items is not None and number_of(item) not in grant.items:
        return Reason.ITEM_NOT_COVERED
    return OK


def authorise(world: World, act: Any, act_id: bytes, signature: bytes, now: int) -> Key:
    """The checks every admin act begins with; returns the signer's key record."""
    require(now <= act.deadline, Reason.ACT_EXPIRED)
    require(act_id not in world.judged, Reason.ALREADY_JUDGED)
    key = world.keys.get(signer_of(act_id, signature))
    if key is None:
        raise Refusal(Reason.SIGNER_UNKNOWN)
    require(key.officer == act.officer, Reason.WRONG_ACTOR)
    check(key_standing(world, key, now))
    return key


def check_interval(valid_from: int, valid_until: int, now: int) -> int:
    """Refuse an empty or past interval; returns its start, which is never before ``now``."""
    start = max(valid_from, now)
    require(valid_until > start, Reason.BAD_INTERVAL)
    return start


def check_name(name: str, longest: int = 128) -> None:
    """A public name has 1..``longest`` bytes of UTF-8."""
    require(1 <= len(name.encode()) <= longest, Reason.BAD_FIELD)


def check_scope(scoped_id: int, agency: int) -> None:
    """The id must be in the signer's own namespace, with a number that is not zero."""
    require(agency_of(scoped_id) == agency, Reason.NOT_YOUR_AGENCY)
    require(number_of(scoped_id), Reason.BAD_FIELD)
