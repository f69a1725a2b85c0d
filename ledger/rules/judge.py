"""The verdict on a whole transaction: what each contract's ``submit`` emits, act by act.

A batch isolates failures: one act that is refused leaves the others as they are. ``judge`` takes
the world from before a transaction to after it and returns one outcome per act, in order; a
transaction that cannot be parsed has reverted as a whole and changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ledger import acts, calldata
from ledger.crypto import keccak
from ledger.eip712 import decode_body, digest, struct_hash
from ledger.errors import InvalidInput
from ledger.reasons import Reason, Refusal
from ledger.records import Key
from ledger.rules import catalogue, council, grants, licenses, registry, seals
from ledger.rules.authority import authorise, signer_of
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


def judge(world: World, contract: str, data: bytes, now: int) -> tuple[Outcome, ...]:
    """Judge a transaction to one of our contracts; raises InvalidInput where it reverts whole."""
    called = data[:4]
    if contract == "trails" and called == calldata.selector(calldata.TRAILS_SUBMIT):
        groups = calldata.read_trails_call(data)
        return tuple(one for group in groups for one in judge_group(world, group, now))
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
    return Outcome(act_id, act.officer, Reason.OK, act)


def decode_admin(contract: str, signed: calldata.SignedAct) -> tuple[Any, tuple[Any, ...]]:
    """The struct of an admin act and what travels unsigned beside it; raises InvalidInput."""
    classes = acts.ACTS[contract]
    if not 1 <= signed.kind <= len(classes):
        raise InvalidInput("KIND_UNKNOWN", "kind", f"no act {signed.kind}", f"未知行为 {signed.kind}")
    cls = classes[signed.kind - 1]
    act, *extra = decode_body(cls, signed.body, extra=acts.PROOF_TYPES if cls in acts.PROVEN else ())
    return act, tuple(extra)


def judge_group(world: World, group: calldata.Group, now: int) -> Iterator[Outcome]:
    """Judge each step that one signature covers, opens first."""
    domain = world.deployment.domain("trails")
    key = _key_of(world, digest(domain, struct_hash(group.signed)), group.signature)
    for act in group.opens:
        subject = case_key(act.officer, act.commitment)
        yield _step_outcome(domain, act, subject, partial(judge_open, world, act, key, now))
    for carried in group.steps:
        step = carried.step
        yield _step_outcome(domain, step, step.case_key, partial(judge_step, world, carried, key, now))


def _key_of(world: World, signed: bytes, signature: bytes) -> Key | Refusal:
    try:
        address = signer_of(signed, signature)
    except Refusal as refusal:
        return refusal
    return world.keys.get(address) or Refusal(Reason.SIGNER_UNKNOWN)


def _step_outcome(domain: bytes, act: acts.Open | acts.Step, subject: bytes, run: Callable[[], CaseState]) -> Outcome:
    act_id = digest(domain, struct_hash(act))
    try:
        state = run()
    except Refusal as refusal:
        return Outcome(act_id, act.officer, refusal.reason, act, subject)
    return Outcome(act_id, act.officer, Reason.OK, act, subject, state)


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
    return Outcome(identity, 0, Reason.OK, proposal, scheduled=not executed)
