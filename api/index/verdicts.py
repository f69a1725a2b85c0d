"""The chain's verdicts, as its events must read if our rules judge as the contracts do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ledger import acts
from ledger.crypto import keccak
from ledger.errors import HuxinError
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.council import CALLS
from ledger.rules.judge import Outcome
from node.gateway.port import ChainLog

APPLIED = keccak(b"Applied(bytes32,uint64,uint8)")
REFUSED = keccak(b"Refused(bytes32,bytes32,uint64,uint16)")
DISCARDED = keccak(b"Discarded(bytes32,bytes32,uint16)")
STEPPED = keccak(b"Stepped(bytes32,bytes32)")
DECIDED = keccak(b"Decided(bytes32,bool)")
NAMES = {APPLIED: "Applied", REFUSED: "Refused", DISCARDED: "Discarded", STEPPED: "Stepped", DECIDED: "Decided"}
_PROMPT = frozenset(call.selector for call in CALLS if call.prompt)


class IndexDiverged(HuxinError):
    """Our rules and the contracts judged differently, or an act came in a way that cannot be re-judged."""

    def __init__(self, block: int, tx_hash: bytes, place: int, expected: str, found: str) -> None:
        super().__init__(
            "INDEX_DIVERGED",
            f"block {block}, transaction 0x{tx_hash.hex()}, act {place}: the rules say {expected}, the chain {found}",
            f"区块 {block},交易 0x{tx_hash.hex()},第 {place} 项:规则结果 {expected},链上结果 {found}",
        )
        self.block = block
        self.tx_hash = tx_hash
        self.place = place
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Verdict:
    """An event's topics and data, raw."""

    topics: tuple[bytes, ...]
    data: bytes

    def __str__(self) -> str:
        """The event's name with its words."""
        words = [*self.topics[1:], self.data]
        return f"{NAMES.get(self.topics[0], '?')}({', '.join('0x' + word.hex() for word in words)})"


def is_scheduled(outcome: Outcome, *, executes: bool) -> bool:
    """Whether a proposal that the council passed waits for the delay."""
    waits = isinstance(outcome.act, acts.Proposal) and outcome.act.data[:4] not in _PROMPT
    return waits and not executes and outcome.reason is Reason.OK


def expected(contract: str, outcome: Outcome, *, executes: bool) -> Verdict:
    """The event that the contract must have emitted for this outcome (docs/protocol.md, Events)."""
    act_id, reason = outcome.act_id, _word(outcome.reason)
    if Reason.OK < outcome.reason < ANYBODY_CAN_CAUSE:
        return Verdict((DISCARDED, act_id, outcome.subject), reason)
    if outcome.reason is not Reason.OK:
        return Verdict((REFUSED, act_id, outcome.subject, _word(outcome.officer)), reason)
    if outcome.state is not None:
        return Verdict((STEPPED, outcome.subject), outcome.state.trail)
    if contract == "council":
        return Verdict((DECIDED, act_id), _word(is_scheduled(outcome, executes=executes)))
    return Verdict((APPLIED, act_id, _word(outcome.officer)), _word(acts.kind_of(type(outcome.act))))


def found(logs: Sequence[ChainLog], address: bytes) -> list[Verdict]:
    """The verdicts among a transaction's events, of one contract, in order."""
    return [
        Verdict(log.topics, log.data)
        for log in logs
        if log.address == address and log.topics and log.topics[0] in NAMES
    ]


def compare(block: int, tx_hash: bytes, wanted: Sequence[Verdict], seen: Sequence[Verdict]) -> None:
    """Raise IndexDiverged at the first act on which the two differ."""
    for place, (ours, theirs) in enumerate(zip_longest(wanted, seen)):
        if ours != theirs:
            raise IndexDiverged(block, tx_hash, place, str(ours), str(theirs))


def _word(value: int) -> bytes:
    return int(value).to_bytes(32, "big")
