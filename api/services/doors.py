"""Which acts are turned away before they are queued, and with which error.

What the chain would discard (anybody could have caused it, nothing would be on record) is answered at
once; what it would refuse is queued all the same, for refusals belong on the record.

An act's id does not cover its signature. Whoever has read an act could sign it himself, hand it in first, and the
officer's own submission would be a repetition of that. So an act in another's name is never queued, nor one that would
be refused under a key its officer has replaced: on record it would only say what the officer named never did.
"""

from collections.abc import Iterable, Sequence

from api.services.words import reason_view
from ledger.errors import Conflict, Fault, HuxinError, InvalidInput, NotFound, Unauthenticated
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.records import Key
from ledger.world import World

_STATUS: dict[Reason, type[HuxinError]] = {
    Reason.BAD_SIGNATURE: Unauthenticated,
    Reason.SIGNER_UNKNOWN: Unauthenticated,
    Reason.NOT_A_MEMBER: Unauthenticated,
    Reason.WRONG_ACTOR: Unauthenticated,
    Reason.STALE_STATE: Conflict,
    Reason.ALREADY_JUDGED: Conflict,
    Reason.CASE_EXISTS: Conflict,
    Reason.DELAY_NOT_OVER: Conflict,
    Reason.TOO_LATE_TO_EXECUTE: Conflict,
    Reason.CASE_UNKNOWN: NotFound,
    Reason.PROPOSAL_UNKNOWN: NotFound,
}
"""HTTP 401, 409 and 404; every other reason at the door is 422."""


def turned_away(reason: Reason) -> bool:
    """Whether an act with this prediction is not queued."""
    return reason is not Reason.OK and reason < ANYBODY_CAN_CAUSE


def signing_key(world: World, signer: bytes, officers: Iterable[int]) -> Key:
    """The record of a signer's key (address), who must be each of the officers that the acts name.

    Raises Unauthenticated ``SIGNER_UNKNOWN`` or ``WRONG_ACTOR``.
    """
    key = world.keys.get(signer)
    if key is None:
        raise error_of(Reason.SIGNER_UNKNOWN)
    for officer in officers:
        if officer != key.officer:
            raise error_of(Reason.WRONG_ACTOR)
    return key


def error_of_replaced(world: World, signer: bytes, key: Key, reasons: Iterable[Reason]) -> HuxinError | None:
    """The first refusal where the key is no longer its officer's; what was signed in its time is taken."""
    refused = next((reason for reason in reasons if reason is not Reason.OK), None)
    if refused is None or world.current_key.get(key.officer) == signer:
        return None
    return error_of(refused)


def error_of(reason: Reason, where: str = "body.act", hint: tuple[str, str] = ("", "")) -> HuxinError:
    """The error for one reason; ``hint`` is added to the texts (zh, en)."""
    text = reason_view(reason)
    zh, en = text.zh + hint[0], text.en + hint[1]
    cls = _STATUS.get(reason)
    if cls is None:
        return InvalidInput(reason.name, where, en, zh)
    return cls(reason.name, en, zh)


def error_of_several(reasons: Sequence[Reason]) -> HuxinError | None:
    """Why a list of steps is not queued: the first reason if it belongs at the door.

    A step that is stale because one before it in the list would be refused stays in the list.
    """
    first = next((place for place, reason in enumerate(reasons) if reason is not Reason.OK), None)
    if first is None or not turned_away(reasons[first]):
        return None
    if len(reasons) == 1 or reasons[first] in _STATUS:
        return error_of(reasons[first], f"body.act[{first}]" if len(reasons) > 1 else "body.act")
    faults = [
        Fault(reason.name, f"body.act[{place}]", reason_view(reason).zh, reason_view(reason).en)
        for place, reason in enumerate(reasons)
        if turned_away(reason)
    ]
    return InvalidInput.of(faults)
