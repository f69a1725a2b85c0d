"""What became of acts: the outbox's word, the chain's once there is one; and taking acts in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from api.services.submission import Examined
from api.services.words import reason_view
from api.store.entries import Claim
from api.store.models import ActStatus, OutcomeView
from api.store.outbox import Outbox
from api.store.reads import CaseReads, OutcomeReads
from api.wire.acts import ActLinks, ActStatusName, ActView, Submitted
from api.wire.base import ReasonView
from ledger.errors import NotFound
from ledger.ids import format_id
from ledger.reasons import Reason

FINAL = frozenset({"applied", "refused", "discarded"})
_POLL_SECONDS = 0.05
_NO_SUBJECT = bytes(32)
_STEPS = frozenset({"Open", "Step"})


class Tracking:
    """Takes entries and tells how acts stand; whoever holds an act's digest may ask."""

    def __init__(self, outbox: Outbox, outcomes: OutcomeReads, cases: CaseReads) -> None:
        self._outbox, self._outcomes, self._cases = outbox, outcomes, cases

    async def take(
        self,
        examined: Examined | Claim,
        wait: float,
        in_thread: Callable[[Callable[[], tuple[ActView, ...]]], Awaitable[tuple[ActView, ...]]],
        monotonic: Callable[[], float],
    ) -> Submitted:
        """Durable in the outbox when this returns; waits up to ``wait`` seconds for the verdicts."""
        receipt = await self._outbox.accept(examined if isinstance(examined, Claim) else examined.entry)
        reasons = receipt.predicted if isinstance(examined, Claim) else examined.predicted
        predicted = dict(zip((act.act_id for act in receipt.acts), reasons, strict=False))
        views = tuple(self._of_outbox(act, predicted.get(act.act_id)) for act in receipt.acts)
        until = monotonic() + wait
        ids = [act.act_id for act in receipt.acts]
        while monotonic() < until and any(view.status not in FINAL for view in views):
            await asyncio.sleep(_POLL_SECONDS)
            views = await in_thread(lambda: self._again(ids, predicted))
        return _together(views)

    def _again(self, ids: Sequence[bytes], predicted: dict[bytes, Reason]) -> tuple[ActView, ...]:
        found = self._outbox.statuses(ids)
        return tuple(self._of_outbox(found[one], predicted.get(one)) for one in ids)

    def are_known(self, act_ids: Sequence[bytes]) -> bool:
        """Whether all were accepted before."""
        return len(self._outbox.statuses(act_ids)) == len(set(act_ids))

    def view(self, act_id: bytes) -> ActView:
        """How an act stands; NotFound where neither the outbox nor the chain knows it."""
        status = self._outbox.status(act_id)
        if status is not None:
            return self._of_outbox(status, None)
        outcome = self._outcomes.outcome(act_id)
        if outcome is None:
            raise NotFound("ACT_UNKNOWN", "no such act, neither waiting nor on chain", "没有此行为(未受理,也不在链上)")
        return self._of_chain(outcome)

    def _of_outbox(self, act: ActStatus, predicted: Reason | None) -> ActView:
        applied = act.status == "applied"
        judged = act.status in FINAL
        return ActView(
            act_id=_hex(act.act_id), type=act.name, status=_status(act.status),
            reason=_reason(act.reason if act.reason is not None else (0 if applied else None)) if judged else None,
            predicted=reason_view(predicted) if predicted is not None else None,
            officer=format_id(act.officer) if act.officer else None, case_key=_subject(act.subject),
            received_at=act.received_at, tx_hash=_hex(act.tx_hash) if act.tx_hash else None,
            block=act.block, time=act.at, links=_links(act.act_id, act.subject),
            late=self._late(act.subject, act.act_id) if applied and act.name in _STEPS else None,
        )  # fmt: skip

    def _of_chain(self, outcome: OutcomeView) -> ActView:
        applied = outcome.result in ("applied", "scheduled")
        status = "applied" if applied else outcome.result
        return ActView(
            act_id=_hex(outcome.act_id), type=outcome.name, status=_status(status), reason=_reason(outcome.reason),
            officer=format_id(outcome.officer) if outcome.officer else None, case_key=_subject(outcome.subject),
            tx_hash=_hex(outcome.tx_hash), block=outcome.block, time=outcome.at,
            links=_links(outcome.act_id, outcome.subject),
            late=self._late(outcome.subject, outcome.act_id) if applied and outcome.name in _STEPS else None,
        )  # fmt: skip

    def _late(self, case: bytes, act_id: bytes) -> bool | None:
        return next((step.late for step in self._cases.steps(case) if step.act_id == act_id), None)


def _together(views: tuple[ActView, ...]) -> Submitted:
    """The list's status is that of its least advanced act; refused if all are judged and any is."""
    names = [view.status for view in views]
    order = ("queued", "sent", "discarded", "refused", "applied")
    status = min(names, key=order.index)
    return Submitted(act_id=views[0].act_id, status=status, entries=views, links=views[0].links)


def _status(name: str) -> ActStatusName:
    names: dict[str, ActStatusName] = {
        "queued": "queued", "sent": "sent", "applied": "applied", "refused": "refused", "discarded": "discarded",
    }  # fmt: skip
    return names[name]


def _reason(number: int | None) -> ReasonView | None:
    return None if number is None else reason_view(Reason(number))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _subject(subject: bytes) -> str | None:
    return None if subject == _NO_SUBJECT else _hex(subject)


def _links(act_id: bytes, subject: bytes) -> ActLinks:
    case = None if subject == _NO_SUBJECT else f"/v1/cases/{_hex(subject)}"
    return ActLinks(self=f"/v1/acts/{_hex(act_id)}", case=case)
