"""Trails.sol: what each action changes of a case beside status, trail and time.

An effect returns the fields of the state that it changes, or refuses.
"""

from collections.abc import Callable

from ledger.procedure import BAD_RATING, TERMINAL, CaseStatus, Effect
from ledger.reasons import Reason
from ledger.records import ItemVersion
from ledger.rules.authority import require
from ledger.state import NO_HEAD, Carried, CaseState, Flag
from ledger.world import World

MOST_CHILDREN = 255
TWO_PERSONS = 2
# as plain numbers: an operator of IntFlag takes a microsecond
NOTIFIED, VERIFIED, FORWARDED, EXTENDED, RATED, MEND_DUE, LICENSE = map(int, Flag)


def _notify(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    require(not state.flags & NOTIFIED, Reason.ALREADY_NOTIFIED)
    detail, _ = _listed(world, carried, state)
    return {"missing": detail, "flags": state.flags | NOTIFIED}


def _supplement(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world
    require(state.missing, Reason.NOTHING_MISSING)
    require(not carried.step.detail & ~state.missing, Reason.NOT_IN_THE_LIST)
    return {"missing": carried.step.detail, "flags": state.flags & ~VERIFIED, "verifier": 0}


def _verify(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    """One officer suffices unless the item asks for two different ones."""
    del world
    officer, verified = carried.step.officer, state.flags | VERIFIED
    if state.originals < TWO_PERSONS:
        return {"flags": verified, "verifier": officer}
    if state.flags & VERIFIED:
        return {}
    if not state.verifier:
        return {"verifier": officer}
    require(state.verifier != officer, Reason.SAME_OFFICER_TWICE)
    return {"flags": verified}


def _promise(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    detail, version = _listed(world, carried, state)
    require(not detail & ~version.promisable, Reason.NOT_IN_THE_LIST)
    return {"missing": state.missing & ~detail}


def _tolerate(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    detail, version = _listed(world, carried, state)
    require(not detail & ~version.tolerable, Reason.NOT_IN_THE_LIST)
    require(not state.flags & NOTIFIED or not detail & ~state.missing, Reason.NOT_IN_THE_LIST)
    require(not state.missing & ~detail, Reason.STILL_MISSING)
    return {"missing": detail}


def _listed(world: World, carried: Carried, state: CaseState) -> tuple[int, ItemVersion]:
    """The entries named, each in the item's standard list, and the version that has the list."""
    detail, version = carried.step.detail, world.items[state.item].versions[state.version - 1]
    require(detail and not detail >> version.entries, Reason.DETAIL_OUT_OF_RANGE)
    return detail, version


def _forward(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world, carried
    return {"flags": state.flags | FORWARDED}


def _extend(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world, carried
    require(not state.flags & EXTENDED, Reason.ALREADY_EXTENDED)
    return {"flags": state.flags | EXTENDED}


def _deliver(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world, carried
    unissued = state.status == CaseStatus.APPROVED and state.flags & LICENSE
    require(not unissued, Reason.LICENSE_REQUIRED)
    return {}


def _rate(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world
    rating = carried.step.detail
    require(not state.flags & RATED, Reason.ALREADY_RATED)
    require(1 <= rating <= 5, Reason.DETAIL_OUT_OF_RANGE)
    return {"flags": state.flags | RATED | (MEND_DUE if rating >= BAD_RATING else 0)}


def _mend(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    del world, carried
    require(state.flags & MEND_DUE, Reason.NOT_RATED_BAD)
    return {"flags": state.flags & ~MEND_DUE}


def _link(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    child = carried.step.subject
    require(state.children < MOST_CHILDREN, Reason.SEQUENCE_EXHAUSTED)
    require(child not in world.links and child not in world.heads, Reason.ALREADY_LINKED)
    return {"children": state.children + 1}


def _join(world: World, carried: Carried, state: CaseState) -> dict[str, int]:
    child, supplied = carried.step.subject, carried.child
    head = world.heads.get(child, NO_HEAD)
    require(world.links.get(child) == carried.step.case_key, Reason.NOT_LINKED)
    if head == NO_HEAD:
        require(supplied is None, Reason.STALE_STATE)
    else:
        current = supplied is not None and supplied.head == head
        require(current, Reason.STALE_STATE)
        ended = supplied is not None and supplied.status in TERMINAL
        require(ended, Reason.CHILD_NOT_ENDED)
    return {"children": state.children - 1}


EFFECTS: dict[Effect, Callable[[World, Carried, CaseState], dict[str, int]]] = {
    Effect.NOTIFY: _notify,
    Effect.SUPPLEMENT: _supplement,
    Effect.VERIFY: _verify,
    Effect.PROMISE: _promise,
    Effect.TOLERATE: _tolerate,
    Effect.FORWARD: _forward,
    Effect.EXTEND: _extend,
    Effect.DELIVER: _deliver,
    Effect.RATE: _rate,
    Effect.MEND: _mend,
    Effect.LINK: _link,
    Effect.JOIN: _join,
}
