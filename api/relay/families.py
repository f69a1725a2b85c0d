"""Cases that a step names beside its own: a parent at opening, a child at LINK and JOIN."""

from ledger import calldata
from ledger.procedure import RULES, Effect

_FAMILY = frozenset(action for action, rule in RULES.items() if rule.effect in (Effect.LINK, Effect.JOIN))
_ACTION_AT = 2 + calldata.SIGNATURE_SIZE + 32 + 32 + 32
"""Of the action in a group of one step, the usual one (``ledger.calldata``)."""


def relatives(payload: bytes) -> tuple[str, ...]:
    """Lanes of the other cases that a group's steps name."""
    if payload[:2] == b"\0\1" and payload[_ACTION_AT] not in _FAMILY:
        return ()
    named: set[bytes] = set()
    for group in calldata.unpack_groups(payload):
        named.update(act.parent for act in group.opens if any(act.parent))
        named.update(one.step.subject for one in group.steps if one.step.action in _FAMILY)
    return tuple(sorted(case.hex() for case in named))
