"""The rows of a block: outcomes, steps, cases, and what only the acts tell."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.index.details import details_of, other_agency
from api.store.entries import EXECUTE, execution_id
from api.store.reads import APPLIED, DISCARDED, REFUSED, SCHEDULED
from api.store.worldview import Details
from ledger.acts import IssueLicense, Open, SetLicenseStatus, Step
from ledger.eip712 import message
from ledger.ids import agency_of
from ledger.procedure import Action
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.judge import Outcome
from ledger.rules.licenses import leaf_of
from ledger.state import CaseState
from ledger.world import World

_PLACE_BITS = 14
NO_SUBJECT = bytes(32)


def position(block: int, tx_index: int, place: int) -> int:
    """The cursor of an outcome: ``block << 28 | transaction << 14 | place``."""
    return (block << _PLACE_BITS | tx_index) << _PLACE_BITS | place


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction stands; ``at`` is its block's time."""

    block: int
    at: int
    tx_index: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a transaction made of an act; ``is_final``: the chain will never make anything else of it."""

    status: str
    reason: int
    tx_hash: bytes
    block: int
    at: int
    position: int
    is_final: bool


@dataclass(slots=True)
class BlockRecord:
    """Rows gathered while a block's transactions are judged, written together."""

    outcomes: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    opened: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    moved: dict[bytes, CaseState] = field(default_factory=dict)
    details: Details = field(default_factory=dict)
    verdicts: dict[bytes, list[Verdict]] = field(default_factory=dict)
    """By outbox id, in the order of the chain: others may have carried copies of an act."""
    transactions: dict[bytes, str] = field(default_factory=dict)
    """``mined`` or ``failed`` by hash, of every transaction to our contracts."""

    def add(self, world: World, contract: str, where: Place, outcomes: Sequence[Outcome], *, executes: bool) -> None:
        """The outcomes of one transaction, in order, as the world stands after it."""
        for number, outcome in enumerate(outcomes):
            at = position(where.block, where.tx_index, number)
            result = _result(outcome)
            name = EXECUTE if executes else type(outcome.act).__name__ if outcome.act is not None else "Unknown"
            self.outcomes.append(_outcome_row(world, contract, where, outcome, at, name, result))
            act_id = execution_id(outcome.act_id) if executes else outcome.act_id
            self.verdicts.setdefault(act_id, []).append(_verdict(contract, where, outcome, result, at))
            if outcome.state is not None:
                self._add_step(world, where, outcome, outcome.state, at)
            elif result == APPLIED and outcome.act is not None:
                for key, row in details_of(world, outcome.act).items():
                    self.details[key] = {**self.details.get(key, {}), **row}

    def _add_step(self, world: World, where: Place, outcome: Outcome, state: CaseState, at: int) -> None:
        act = outcome.act
        late = where.at > act.signed_at + world.clock.prompt
        self.steps.append({
            "case_key": outcome.subject, "seq": state.seq, "officer": act.officer,
            "agency": agency_of(act.officer), "grant": act.grant, "evidence": act.evidence,
            "signed_at": act.signed_at, "deadline": act.deadline, "trail": state.trail,
            "word": state.word, "late": late, "position": at, **_step_fields(act),
        })  # fmt: skip
        self.moved[outcome.subject] = state
        if isinstance(act, Open):
            self.opened[outcome.subject] = {
                "opened_at": act.signed_at, "officer": act.officer, "agency": agency_of(act.officer),
                "parent": act.parent,
            }  # fmt: skip


def case_row(case_key: bytes, state: CaseState, block: int) -> dict[str, Any]:
    """The columns of a case that each step changes."""
    return {
        "case_key": case_key, "head": state.head, "trail": state.trail, "word": state.word,
        "item": state.item, "version": state.version, "mode": state.mode, "status": state.status,
        "seq": state.seq, "last_at": state.last_at, "home": state.home, "block": block,
    }  # fmt: skip


def _step_fields(act: Open | Step) -> dict[str, Any]:
    if isinstance(act, Step):
        return {"action": act.action, "detail": act.detail, "subject": act.subject, "previous": act.previous}
    return {"action": int(Action.COLLECT), "detail": 0, "subject": NO_SUBJECT, "previous": NO_SUBJECT}


def _result(outcome: Outcome) -> str:
    if outcome.reason is Reason.OK:
        return SCHEDULED if outcome.scheduled else APPLIED
    return DISCARDED if outcome.reason < ANYBODY_CAN_CAUSE else REFUSED


def _verdict(contract: str, where: Place, outcome: Outcome, result: str, at: int) -> Verdict:
    status = APPLIED if result == SCHEDULED else result
    final = status == APPLIED or _is_judged(contract, result)
    return Verdict(status, int(outcome.reason), where.tx_hash, where.block, where.at, at, final)


def _is_judged(contract: str, result: str) -> bool:
    """Whether the contract keeps the act's id, so as never to judge it again; Trails keep none."""
    return contract != "trails" and result != DISCARDED


def _outcome_row(
    world: World, contract: str, where: Place, outcome: Outcome, at: int, name: str, result: str
) -> dict[str, Any]:
    if contract == "trails":
        home = agency_of(outcome.act.item) if isinstance(outcome.act, Open) else None
        other = outcome.state.home if outcome.state else home
    else:
        other = other_agency(world, outcome.act)
    known = outcome.state is not None or outcome.act is None
    return {
        "position": at, "block": where.block, "tx_hash": where.tx_hash, "act_id": outcome.act_id,
        "contract": contract, "name": name, "officer": outcome.officer,
        "agency": agency_of(outcome.officer), "other": other, "subject": outcome.subject,
        "reason": int(outcome.reason), "result": result,
        "judged": _is_judged(contract, result), "at": where.at,
        "act": None if known else _json(message(outcome.act)), "license": _license_of(outcome.act),
    }  # fmt: skip


def _license_of(act: Any) -> bytes | None:
    if isinstance(act, IssueLicense):
        return leaf_of(act.license)
    return act.license if isinstance(act, SetLicenseStatus) else None


def _json(value: Any) -> Any:
    """PostgreSQL's JSON holds no NUL character either."""
    text = json.dumps(value)
    return json.loads(text.replace("\\u0000", "\\ufffd")) if "\\u0000" in text else value
