"""What a seal was at a time that is past: its objects and its stops, from the acts that made them so."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from api.services.standing import status_at
from api.store.models import OutcomeView
from ledger.reasons import Reason
from ledger.records import SEAL, Interval, Status


@dataclass(frozen=True, slots=True)
class SealObject:
    """One object that was registered under a seal's id; ``entered_at`` is its block's time (Unix seconds)."""

    version: int
    entered_at: int
    sm3: bytes
    certificate: bytes
    """SM3 of the certificate that it signs with."""
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class SealHistory:
    """Everything that was ever registered of one seal, oldest first."""

    objects: tuple[SealObject, ...] = ()
    changes: tuple[tuple[int, Status], ...] = ()
    """(block's time, status from then on)"""

    @classmethod
    def of(cls, seal: int, outcomes: Iterable[OutcomeView]) -> Self:
        """From the acts on seals of its agency that were applied, in their order."""
        objects: list[SealObject] = []
        changes: list[tuple[int, Status]] = []
        for outcome in outcomes:
            act: dict[str, Any] = outcome.act or {}
            if int(act.get("seal", 0)) != seal:
                continue
            if outcome.name == "SetSealStatus":
                changes.append((outcome.at, Status(int(act["status"]))))
            else:
                objects.append(_object(len(objects) + 1, outcome.at, act))
        return cls(tuple(objects), tuple(changes))

    def object_of(self, sm3: bytes | None, certificate: bytes | None) -> SealObject | None:
        """The newest registration of the object with this digest; of one with this certificate where there is none.

        An object can have been registered with several certificates: the one that it was used with counts.
        """
        found = [one for one in reversed(self.objects) if sm3 is None or one.sm3 == sm3]
        used = next((one for one in found if one.certificate == certificate), None)
        return used or (found[0] if found and sm3 is not None else None)

    def whether_held(self, found: SealObject, moment: int) -> Reason:
        """OK, or why an object could not be used at a moment.

        Of the time before its registration the ledger knows nothing: that is not held against it, for what was
        issued then and is anchored now was judged when it was anchored.
        """
        status, since = status_at(self.changes, moment)
        return Interval(0, found.valid_until, status, since).standing(moment, SEAL)

    def was_replaced(self, found: SealObject, moment: int) -> bool:
        """Whether another object had taken its place by then, and it had not come back."""
        by_then = [one.sm3 == found.sm3 for one in self.objects if one.entered_at <= moment]
        return any(by_then) and not by_then[-1]


def _object(version: int, at: int, act: dict[str, Any]) -> SealObject:
    start = max(int(act["validFrom"]), at)
    return SealObject(version, at, _word(act["sm3"]), _word(act["certificate"]), start, int(act["validUntil"]))


def _word(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
