"""Signed acts, read strictly and judged by the rules beforehand, as entries for the outbox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.services import decode
from api.services.doors import error_of, error_of_several, turned_away
from api.services.forecast import Forecast, unplaced
from api.services.ports import Now
from api.store.entries import Entry, Idempotency, admin_entry, ballot_entry, execute_entry, steps_entry
from api.store.heads import Heads
from api.store.worlds import Worlds
from ledger import acts, calldata
from ledger.crypto import compact
from ledger.eip712 import digest, struct_hash
from ledger.errors import HuxinError, InvalidInput
from ledger.ids import agency_of
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules import council
from ledger.rules.authority import signer_of
from ledger.rules.judge import judge_admin
from ledger.world import Deployment, World

EXECUTE = "Execute"
"""Carrying out a proposal whose delay is over: the act is the Proposal, without signatures."""


@dataclass(frozen=True, slots=True)
class Submission:
    """An act as handed in: its type's name, the JSON object, signatures (64 or 65 bytes), batch proof."""

    type: str
    act: Any
    signatures: tuple[bytes, ...]
    batch: bytes | None = None
    proof: tuple[bytes, ...] = ()
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What goes into the outbox and what the rules say of each act; nothing for a repetition."""

    entry: Entry
    predicted: tuple[Reason, ...] = ()


class Submissions:
    """From a submission to an entry; nothing is written here.

    ``are_known(act ids)`` says whether all were accepted before; ``is_party(agency, case key)``
    whether a stale step may be answered with the case's present state.
    """

    def __init__(
        self,
        deployment: Deployment,
        worlds: Worlds,
        heads: Heads,
        now: Now,
        are_known: Callable[[Sequence[bytes]], bool],
        is_party: Callable[[int, bytes], bool],
    ) -> None:
        self._deployment, self._worlds, self._heads, self._now = deployment, worlds, heads, now
        self._are_known, self._is_party = are_known, is_party

    def examine(self, one: Submission) -> Examined:
        """Read and judge; raises what ``api.services.doors`` says, InvalidInput with all faults."""
        if one.type == EXECUTE:
            return self._execute(one)
        act: Any = decode.decode(decode.act_type(one.type), one.act, "body.act")
        if isinstance(act, acts.Proposal):
            return self._proposal(one, act)
        signature = _single(one)
        if isinstance(act, acts.Open | acts.Step | acts.StepList):
            return self._steps(one, act, signature)
        return self._admin(one, act, signature)

    def digest_of(self, act: Any) -> bytes:
        """The act's id: what is signed."""
        return digest(self._deployment.domain(acts.contract_of(type(act))), struct_hash(act))

    def _admin(self, one: Submission, act: Any, signature: bytes) -> Examined:
        if (one.batch or one.proof) and type(act) not in acts.PROVEN:
            raise InvalidInput("PROOF_NOT_TAKEN", "body.batch", "this act takes no batch proof", "该行为不带批次证明")
        contract, now = acts.contract_of(type(act)), self._now()
        signed = calldata.SignedAct(acts.kind_of(type(act)), calldata.signed_body(act, one.batch, one.proof), signature)
        entry = admin_entry(self._deployment, contract, signed, now, one.idempotency)
        world = self._worlds.scratch()
        self._signer(world, act, signature)
        if self._repeated(entry):
            return Examined(entry)
        outcome = judge_admin(world, contract, signed, now)
        if turned_away(outcome.reason):
            raise error_of(outcome.reason)
        return Examined(entry, (outcome.reason,))

    def _proposal(self, one: Submission, proposal: acts.Proposal) -> Examined:
        if not one.signatures:
            raise InvalidInput("FIELD_MISSING", "body.signatures", "a proposal needs signatures", "提案须附成员签名")
        now = self._now()
        ballot = calldata.Ballot(proposal, tuple(map(compacted, one.signatures)))
        entry = ballot_entry(self._deployment, ballot, now, one.idempotency)
        run = lambda world: council.submit(world, proposal, ballot.signatures, now)  # noqa: E731
        return self._decided(entry, run)

    def _execute(self, one: Submission) -> Examined:
        proposal = decode.decode(acts.Proposal, one.act, "body.act")
        now = self._now()
        entry = execute_entry(self._deployment, proposal, now, one.idempotency)
        return self._decided(entry, lambda world: council.execute(world, proposal, now))

    def _decided(self, entry: Entry, run: Callable[[World], object]) -> Examined:
        if self._repeated(entry):
            return Examined(entry)
        try:
            run(self._worlds.scratch())
        except Refusal as refusal:
            if turned_away(refusal.reason):
                raise error_of(refusal.reason) from refusal
            return Examined(entry, (refusal.reason,))
        return Examined(entry, (Reason.OK,))

    def _steps(self, one: Submission, act: acts.Open | acts.Step | acts.StepList, signature: bytes) -> Examined:
        opens, steps = parts_of(act)
        world, now = self._worlds.scratch(), self._now()
        key = self._signer(world, act, signature)
        again = calldata.Group(opens, tuple(map(unplaced, steps)), signature)
        entry = steps_entry(self._deployment, again, [None] * (len(opens) + len(steps)), now, one.idempotency)
        if self._repeated(entry):
            return Examined(entry)
        forecast = Forecast(self._heads, world, key, now)
        for opening in opens:
            forecast.open(opening)
        group = calldata.Group(opens, tuple(map(forecast.step, steps)), signature)
        error = error_of_several(forecast.reasons)
        if error is not None:
            raise self._explained(error, key, steps)
        entry = steps_entry(self._deployment, group, forecast.after, now, one.idempotency)
        return Examined(entry, tuple(forecast.reasons))

    def _explained(self, error: HuxinError, key: Key, steps: Sequence[acts.Step]) -> HuxinError:
        """Tell a party where the case stands now; strangers learn only that the step is stale."""
        if error.code != Reason.STALE_STATE.name or not steps:
            return error
        case = steps[0].case_key
        state = self._heads.latest(case)
        if state is None or not self._is_party(agency_of(key.officer), case):
            return error
        now_at = f"seq={state.seq} trail=0x{state.trail.hex()}"
        return error_of(Reason.STALE_STATE, hint=(f";当前状态 {now_at}", f"; it stands at {now_at}"))

    def _signer(self, world: World, act: Any, signature: bytes) -> Key:
        try:
            key = world.keys.get(signer_of(self.digest_of(act), signature))
        except Refusal as refusal:
            raise error_of(refusal.reason) from refusal
        if key is None:
            raise error_of(Reason.SIGNER_UNKNOWN)
        return key

    def _repeated(self, entry: Entry) -> bool:
        return self._are_known([act.act_id for act in entry.acts])


def parts_of(act: acts.Open | acts.Step | acts.StepList) -> tuple[tuple[acts.Open, ...], tuple[acts.Step, ...]]:
    """Opens and later steps; a list of one is refused, for one step is signed by itself."""
    if isinstance(act, acts.Open):
        return (act,), ()
    if isinstance(act, acts.Step):
        return (), (act,)
    if len(act.opens) + len(act.steps) < 2:
        raise InvalidInput(
            "LIST_TOO_SHORT", "body.act", "a list has two steps or more; sign one step by itself",
            "列表须含两个以上环节,单个环节请单独签名",
        )  # fmt: skip
    return act.opens, act.steps


def compacted(signature: bytes) -> bytes:
    """64 bytes (EIP-2098) from either form; InvalidSignature."""
    return compact(signature) if len(signature) == 65 else signature


def _single(one: Submission) -> bytes:
    if len(one.signatures) != 1:
        raise InvalidInput("FIELD_MISSING", "body.signature", "the act needs one signature", "须附一个签名")
    return compacted(one.signatures[0])
