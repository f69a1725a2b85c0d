"""The verdict on a whole transaction: what each contract's ``submit`` emits, act by act.

A batch isolates failures: one act that is refused leaves the others as they are. ``judge`` takes
the world from before a transaction to after it and returns one outcome per act, in order; a
transaction that cannot be parsed has reverted as a whole and changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

from ledger import acts, calldata
from ledger.crypto import keccak
from ledger.eip712 import decode_body, digest, struct_hash
from ledger.errors import InvalidInput
from ledger.reasons import OK, Reason, Refusal
from ledger.records import Key
from ledger.rules import catalogue, council, grants, licenses, registry, seals
from ledger.rules.authority import authorise
from ledger.rules.signed import Signed, is_trails_call, read_group
from ledger.rules.trail import judge_open, judge_step
from ledger.state import CaseState, case_key
from ledger.world import World

NOTHING = bytes(32)

HANDLERS: dict[type, Callable[..., None]] = {
    acts.RegisterWindow: registry.register_window,
    acts.SetWindowStatus: registry.set_window_status,
    acts.EnrolOfficer: registry.enrol_officer,
    acts.RotateKey: registry.rotate_key,
    acts.SetOfficerStatus: registry.set_officer_status,
    acts.AssignOfficer: registry.assign_officer,
    acts.PublishItem: catalogue.publish_item,
    acts.RetireItem: catalogue.retire_item,
    acts.OfferGrant: grants.offer_grant,
    acts.AcceptGrant: grants.accept_grant,
    acts.DeclineGrant: grants.decline_grant,
    acts.OfferAgreement: grants.offer_agreement,
    acts.AcceptAgreement: grants.accept_agreement,
    acts.WithdrawAgreement: grants.withdraw_agreement,
    acts.SetGrantStatus: grants.set_grant_status,
    acts.RegisterSeal: seals.register_seal,
    acts.ChangeSeal: seals.change_seal,
    acts.SetSealStatus: seals.set_seal_status,
    acts.IssueLicense: licenses.issue_license,
    acts.IssueBatch: licenses.issue_batch,
    acts.SetLicenseStatus: licenses.set_license_status,
    acts.UseLicense: licenses.use_license,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one act: its id (EIP-712 digest), who is named, what it was about, verdict.

    ``subject`` is the case key of a step and zero else; ``state`` is the case after a step that
    was taken; ``act`` is None where the body could not be decoded; ``scheduled`` is a proposal that
    passed and waits for the delay.
    """

    act_id: bytes
    officer: int
    reason: Reason
    act: Any = None
    subject: bytes = NOTHING
    state: CaseState | None = None
    scheduled: bool = False


def judge(
    world: World, contract: str, data: bytes, now: int, ahead: Sequence[Signed] | None = None
) -> tuple[Outcome, ...]:  # fmt: skip
    """Judge a transaction to one of our contracts; raises InvalidInput where it reverts whole.

    ``ahead`` is what ``read_signed`` gives for these very bytes, where that has been worked out already.
    """
    called = data[:4]
    if is_trails_call(contract, data):
        groups = calldata.read_trails_call(data)
        known: Iterable[Signed | None] = ahead or repeat(None, len(groups))
        return tuple(
            one for group, signed in zip(groups, known, strict=True) for one in judge_group(world, group, now, signed)
        )
    if contract == "council" and called == calldata.selector(calldata.COUNCIL_SUBMIT):
        return tuple(_ballot(world, one, now) for one in calldata.read_council_call(data))
    if contract == "council" and called == calldata.selector(calldata.COUNCIL_EXECUTE):
        return tuple(_execute(world, one, now) for one in calldata.read_execute_call(data))
    if contract in acts.ACTS and called == calldata.selector(calldata.ADMIN_SUBMIT):
        signed = calldata.read_admin_call(data)
        return tuple(judge_admin(world, contract, one, now) for one in signed)
    raise InvalidInput(
        "CALL_UNKNOWN", contract, f"no public call {called.hex()}", f"没有可公开调用的函数 {called.hex()}"
    )


def judge_admin(world: World, contract: str, signed: calldata.SignedAct, now: int) -> Outcome:
    """Judge one admin act: applied, refused (and then never judged again) or discarded."""
    try:
        act, extra = decode_admin(contract, signed)
    except InvalidInput:
        return Outcome(keccak(signed.body), 0, Reason.MALFORMED)
    act_id = digest(world.deployment.domain(contract), struct_hash(act))
    try:
        key = authorise(world, act, act_id, signed.signature, now)
        HANDLERS[type(act)](world, act, key, now, *extra)
    except Refusal as refusal:
        if not refusal.discarded:
            world.judged.add(act_id)
        return Outcome(act_id, act.officer, refusal.reason, act)
    world.judged.add(act_id)
    return Outcome(act_id, act.officer, OK, act)


def decode_admin(contract: str, signed: calldata.SignedAct) -> tuple[Any, tuple[Any, ...]]:
    """The struct of an admin act and what travels unsigned beside it; raises InvalidInput."""
    classes = acts.ACTS[contract]
    if not 1 <= signed.kind <= len(classes):
        raise InvalidInput("KIND_UNKNOWN", "kind", f"no act {signed.kind}", f"未知行为 {signed.kind}")
    cls = classes[signed.kind - 1]
    act, *extra = decode_body(cls, signed.body, extra=acts.unsigned_of(cls))
    return act, tuple(extra)


def judge_group(world: World, group: calldata.Group, now: int, signed: Signed | None = None) -> Iterator[Outcome]:
    """Judge each step that one signature covers, opens first; ``signed`` as ``read_group`` gives it."""
    if signed is None:
        signed = read_group(world.deployment.domain("trails"), group)
    key = _key_of(world, signed.signer)
    opens = len(group.opens)
    for act, (hashed, act_id) in zip(group.opens, signed.acts[:opens], strict=True):
        subject = case_key(act.officer, act.commitment)
        yield _step_outcome(act, act_id, subject, judge_open, (world, act, key, now, hashed))
    for carried, (hashed, act_id) in zip(group.steps, signed.acts[opens:], strict=True):
        step = carried.step
        yield _step_outcome(step, act_id, step.case_key, judge_step, (world, carried, key, now, hashed))


def _key_of(world: World, signer: bytes | None) -> Key | Refusal:
    if signer is None:
        return Refusal(Reason.BAD_SIGNATURE)
    return world.keys.get(signer) or Refusal(Reason.SIGNER_UNKNOWN)


def _step_outcome(
    act: acts.Open | acts.Step, act_id: bytes, subject: bytes, judged: Callable[..., CaseState], given: tuple[Any, ...]
) -> Outcome:
    try:
        state = judged(*given)
    except Refusal as refusal:
        return Outcome(act_id, act.officer, refusal.reason, act, subject)
    return Outcome(act_id, act.officer, OK, act, subject, state)


def _ballot(world: World, ballot: calldata.Ballot, now: int) -> Outcome:
    return _decision(world, ballot.proposal, partial(council.submit, world, ballot.proposal, ballot.signatures, now))


def _execute(world: World, proposal: acts.Proposal, now: int) -> Outcome:
    return _decision(world, proposal, partial(council.execute, world, proposal, now))


def _decision(world: World, proposal: acts.Proposal, run: Callable[[], bool]) -> Outcome:
    identity = council.proposal_id(world, proposal)
    try:
        executed = run()
    except Refusal as refusal:
        if not refusal.discarded:
            world.judged.add(identity)
        return Outcome(identity, 0, refusal.reason, proposal)
    world.judged.add(identity)
    return Outcome(identity, 0, OK, proposal, scheduled=not executed)
