"""The verdict events that every contract emits, decoded from raw logs (docs/protocol.md, Events)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.crypto import keccak
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.judge import NOTHING, Outcome

APPLIED = keccak(b"Applied(bytes32,uint64,uint8)")
REFUSED = keccak(b"Refused(bytes32,bytes32,uint64,uint16)")
DISCARDED = keccak(b"Discarded(bytes32,bytes32,uint16)")
STEPPED = keccak(b"Stepped(bytes32,bytes32)")
DECIDED = keccak(b"Decided(bytes32,bool)")

VERDICTS = frozenset((APPLIED, REFUSED, DISCARDED, STEPPED, DECIDED))
"""The first topic of every event that carries a verdict."""


class Log(Protocol):
    """What of a log is needed: 32-byte topics and the data."""

    @property
    def topics(self) -> tuple[bytes, ...]:
        """Indexed values, the event's hash first."""

    @property
    def data(self) -> bytes:
        """The values that are not indexed, ABI-encoded."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """One verdict as emitted. A step that was taken names its case and trail, not its act."""

    reason: Reason
    act_id: bytes = NOTHING
    subject: bytes = NOTHING
    officer: int = 0
    trail: bytes = b""

    @classmethod
    def expected(cls, outcome: Outcome) -> "Emitted":
        """What the chain must have emitted if it follows the rules as Python has them."""
        if outcome.state is not None:
            return cls(Reason.OK, subject=outcome.subject, trail=outcome.state.trail)
        spoken_of = outcome.officer if not 0 < outcome.reason < ANYBODY_CAN_CAUSE else 0
        return cls(outcome.reason, outcome.act_id, outcome.subject, spoken_of)


def decode(log: Log) -> Emitted:
    """A log whose first topic is in ``VERDICTS``; raises ValueError for one that is not well formed."""
    kind, *indexed = log.topics
    number = int.from_bytes(log.data, "big")
    if kind == STEPPED:
        (case,) = indexed
        return Emitted(Reason.OK, subject=case, trail=log.data)
    if kind == REFUSED:
        act, subject, officer = indexed
        return Emitted(Reason(number), act, subject, int.from_bytes(officer, "big"))
    if kind == DISCARDED:
        act, subject = indexed
        return Emitted(Reason(number), act, subject)
    if kind == APPLIED:
        act, officer = indexed
        return Emitted(Reason.OK, act, officer=int.from_bytes(officer, "big"))
    (proposal,) = indexed
    return Emitted(Reason.OK, proposal)


def verdicts(logs: Iterable[Log]) -> tuple[Emitted, ...]:
    """The verdicts among a transaction's logs, in order."""
    return tuple(decode(log) for log in logs if log.topics and log.topics[0] in VERDICTS)


def first_difference(
    outcomes: Sequence[Outcome], emitted: Sequence[Emitted]
) -> tuple[int, Emitted | None, Emitted | None] | None:
    """Where rules and chain first disagree: (place, by the rules, on the chain); None if nowhere."""
    expected = tuple(map(Emitted.expected, outcomes))
    for place in range(max(len(expected), len(emitted))):
        ours = expected[place] if place < len(expected) else None
        theirs = emitted[place] if place < len(emitted) else None
        if ours != theirs:
            return place, ours, theirs
    return None
