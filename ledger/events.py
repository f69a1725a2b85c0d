"""The verdict events that every contract emits (docs/protocol.md, Events), and what they must be.

An event is compared as raw topics and data, so that nothing in it goes unseen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from ledger.acts import Proposal, kind_of
from ledger.crypto import keccak
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.judge import Outcome

APPLIED = keccak(b"Applied(bytes32,uint64,uint8)")
REFUSED = keccak(b"Refused(bytes32,bytes32,uint64,uint16)")
DISCARDED = keccak(b"Discarded(bytes32,bytes32,uint16)")
STEPPED = keccak(b"Stepped(bytes32,bytes32)")
DECIDED = keccak(b"Decided(bytes32,bool)")

VERDICTS = {APPLIED: "Applied", REFUSED: "Refused", DISCARDED: "Discarded", STEPPED: "Stepped", DECIDED: "Decided"}
"""The first topic of every event that carries a verdict, with its name."""


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
    """One verdict event, raw."""

    topics: tuple[bytes, ...]
    data: bytes

    def __str__(self) -> str:
        """The event's name with its words."""
        words = ", ".join("0x" + word.hex() for word in (*self.topics[1:], self.data))
        return f"{VERDICTS[self.topics[0]]}({words})"

    @property
    def reason(self) -> Reason:
        """OK for Applied, Stepped and Decided; ValueError for a code that does not exist."""
        negative = self.topics[0] in (REFUSED, DISCARDED)
        return Reason(int.from_bytes(self.data, "big")) if negative else Reason.OK

    @classmethod
    def expected(cls, outcome: Outcome) -> "Emitted":
        """What the contract must have emitted if it follows the rules as Python has them."""
        act_id, reason = outcome.act_id, outcome.reason
        if Reason.OK < reason < ANYBODY_CAN_CAUSE:
            return cls((DISCARDED, act_id, outcome.subject), _word(reason))
        if reason is not Reason.OK:
            return cls((REFUSED, act_id, outcome.subject, _word(outcome.officer)), _word(reason))
        if outcome.state is not None:
            return cls((STEPPED, outcome.subject), outcome.state.trail)
        if isinstance(outcome.act, Proposal):
            return cls((DECIDED, act_id), _word(outcome.scheduled))
        return cls((APPLIED, act_id, _word(outcome.officer)), _word(kind_of(type(outcome.act))))


def verdicts(logs: Iterable[Log]) -> tuple[Emitted, ...]:
    """The verdicts among logs, in order."""
    return tuple(Emitted(log.topics, log.data) for log in logs if log.topics and log.topics[0] in VERDICTS)


def first_difference(
    outcomes: Sequence[Outcome], emitted: Sequence[Emitted]
) -> tuple[int, Emitted | None, Emitted | None] | None:
    """Where rules and chain first disagree: (place, by the rules, on the chain); None if nowhere."""
    pairs = zip_longest(map(Emitted.expected, outcomes), emitted)
    return next(((place, *pair) for place, pair in enumerate(pairs) if pair[0] != pair[1]), None)


def _word(value: int) -> bytes:
    return int(value).to_bytes(32, "big")
