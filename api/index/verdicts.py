"""What happens when the chain's events are not what our rules say they must be."""

from collections.abc import Sequence

from ledger.errors import HuxinError
from ledger.events import Emitted, first_difference, verdicts
from ledger.rules.judge import Outcome
from node.gateway.port import ChainLog


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


def found(logs: Sequence[ChainLog], address: bytes) -> tuple[Emitted, ...]:
    """The verdicts among a transaction's events, of one contract, in order."""
    return verdicts(log for log in logs if log.address == address)


def compare(block: int, tx_hash: bytes, outcomes: Sequence[Outcome], seen: Sequence[Emitted]) -> None:
    """Raise IndexDiverged at the first act on which rules and chain differ."""
    difference = first_difference(outcomes, seen)
    if difference is not None:
        place, ours, theirs = difference
        raise IndexDiverged(block, tx_hash, place, str(ours), str(theirs))
