"""Where a case stands, as its next signer needs to know it: enough to sign several steps ahead."""

from dataclasses import dataclass

from api.wire.cases import CaseView
from ledger.acts import Open, Step
from ledger.state import case_key, first_trail, next_trail

NO_SUBJECT = bytes(32)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A case's key, its trail hash (32 bytes each) and the number of its last step."""

    case_key: bytes
    trail: bytes
    seq: int

    @classmethod
    def opened(cls, domain: bytes, act: Open) -> "Cursor":
        """After the first step; ``domain`` is that of Trails."""
        return cls(case_key(act.officer, act.commitment), first_trail(domain, act), 1)

    @classmethod
    def of(cls, view: CaseView) -> "Cursor":
        """Where the server says that the case stands; a wrong word makes the step stale, no more."""
        return cls(bytes.fromhex(view.case_key[2:]), bytes.fromhex(view.trail[2:]), view.seq)

    def after(self, step: Step) -> "Cursor":
        """After a step that was taken."""
        return Cursor(self.case_key, next_trail(step), step.seq)
