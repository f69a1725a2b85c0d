"""What the outbox takes: a signature with the acts it covers, and how several become one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode

from api.store.lanes import lanes_of, lanes_of_proposal
from ledger import acts, calldata
from ledger.crypto import keccak
from ledger.eip712 import digest, struct_hash
from ledger.procedure import Action
from ledger.rules.judge import decode_admin
from ledger.state import CaseState, case_key
from ledger.world import Deployment

NO_SUBJECT = bytes(32)
EXECUTE = "Execute"
_EXECUTION_TAG = b"huxin:outbox:execute:1"
_ADMIN_HEADER = 1 + calldata.SIGNATURE_SIZE

BASE_GAS = 60_000
"""A transaction by itself, with the batch's frame."""
PER_BYTE = 40
"""Calldata of bytes that are not zero, by the floor price of EIP-7623."""
ACT_GAS = {
    "Open": 75_000, "Step": 50_000, "RegisterWindow": 250_000, "EnrolOfficer": 300_000,
    "RotateKey": 300_000, "PublishItem": 350_000, "OfferGrant": 450_000,
    "OfferAgreement": 400_000, "RegisterSeal": 250_000, "ChangeSeal": 250_000,
    "IssueLicense": 350_000, "Proposal": 600_000, EXECUTE: 600_000,
}  # fmt: skip
"""Upper estimates; what is not named costs ``OTHER_GAS``."""
OTHER_GAS = 200_000
TERMS_GAS = 450_000
"""For each grant that accepting an agreement enters."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's key: with the same body it gives the same answer, with another a conflict."""

    owner: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class EntryAct:
    """One act. ``after`` is the case's state if the rules predict that the step will be taken.

    ``child`` is the case that a LINK names.
    """

    act_id: bytes
    name: str
    officer: int
    subject: bytes = NO_SUBJECT
    after: CaseState | None = None
    child: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one signature covers, as it will be carried. ``lanes`` are kept in order."""

    contract: str
    payload: bytes
    lanes: tuple[str, ...]
    acts: tuple[EntryAct, ...]
    gas: int
    received_at: int
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Steps under one signature whose signer is known, and of which the rules have said nothing yet.

    ``hashes`` (struct hashes), ``act_ids`` and ``cases`` (32 bytes each) are of the opens, then of the steps;
    ``signer`` is an address. They are judged while they are written (``Outbox``), with all that shares their commit.
    """

    opens: tuple[acts.Open, ...]
    steps: tuple[acts.Step, ...]
    hashes: tuple[bytes, ...]
    act_ids: tuple[bytes, ...]
    cases: tuple[bytes, ...]
    signature: bytes
    signer: bytes
    received_at: int
    idempotency: Idempotency | None = None


def claim_of(
    domain: bytes, opens: tuple[acts.Open, ...], steps: tuple[acts.Step, ...], signature: bytes,
    recover: Callable[[tuple[bytes, ...]], bytes], received_at: int,
) -> Claim:  # fmt: skip
    """A claim under the domain of Trails; ``recover`` gives the signer's address from the acts' ids."""
    hashes = tuple(map(struct_hash, (*opens, *steps)))
    ids = tuple([digest(domain, hashed) for hashed in hashes])
    cases = tuple([case_key(act.officer, act.commitment) for act in opens] + [step.case_key for step in steps])
    return Claim(opens, steps, hashes, ids, cases, signature, recover(ids), received_at)


def entry_of_claim(claim: Claim, group: calldata.Group, after: Sequence[CaseState | None]) -> Entry:
    """A claim as it will be carried; ``after`` are the predicted states, opens first, None: refused."""
    structs: tuple[acts.Open | acts.Step, ...] = (*claim.opens, *claim.steps)
    entered = tuple(map(_step_act, structs, claim.act_ids, claim.cases, after))
    lanes = tuple(sorted({case.hex() for case in claim.cases}))
    payload = calldata.pack_group(group)
    return Entry("trails", payload, lanes, entered, _gas(entered, payload), claim.received_at, claim.idempotency)


def steps_entry(
    deployment: Deployment, group: calldata.Group, after: Sequence[CaseState | None], received_at: int,
) -> Entry:  # fmt: skip
    """Steps under one signature whose starting states are known."""
    steps = tuple(carried.step for carried in group.steps)
    claim = claim_of(deployment.domain("trails"), group.opens, steps, group.signature, _unrecovered, received_at)
    return entry_of_claim(claim, group, after)


def _unrecovered(_ids: tuple[bytes, ...]) -> bytes:
    return b""


def _step_act(act: acts.Open | acts.Step, act_id: bytes, case: bytes, after: CaseState | None) -> EntryAct:
    if isinstance(act, acts.Open):
        return EntryAct(act_id, "Open", act.officer, case, after)
    child = act.subject if act.action == Action.LINK and after else None
    return EntryAct(act_id, "Step", act.officer, case, after, child)


def admin_entry(
    deployment: Deployment,
    contract: str,
    signed: calldata.SignedAct,
    received_at: int,
    idempotency: Idempotency | None = None,
) -> Entry:
    """An act of administration; its lanes are the agencies concerned. Raises InvalidInput."""
    act, _ = decode_admin(contract, signed)
    act_id = digest(deployment.domain(contract), struct_hash(act))
    payload = bytes((signed.kind,)) + signed.signature + signed.body
    entered = (EntryAct(act_id, type(act).__name__, act.officer),)
    gas = _gas(entered, payload) + _terms_gas(act)
    return Entry(contract, payload, lanes_of(act), entered, gas, received_at, idempotency)


def ballot_entry(
    deployment: Deployment,
    ballot: calldata.Ballot,
    received_at: int,
    idempotency: Idempotency | None = None,
) -> Entry:
    """A council's proposal with its signatures."""
    entered = (EntryAct(_proposal_id(deployment, ballot.proposal), "Proposal", 0),)
    payload = b"\0" + _pack_ballot(ballot)
    lanes = lanes_of_proposal(deployment, ballot.proposal)
    return Entry("council", payload, lanes, entered, _gas(entered, payload), received_at, idempotency)


def execute_entry(
    deployment: Deployment,
    proposal: acts.Proposal,
    received_at: int,
    idempotency: Idempotency | None = None,
) -> Entry:
    """Carrying out a proposal whose delay is over; anybody may ask for it."""
    act_id = execution_id(_proposal_id(deployment, proposal))
    entered = (EntryAct(act_id, EXECUTE, 0),)
    payload = b"\1" + _pack_ballot(calldata.Ballot(proposal, ()))
    lanes = lanes_of_proposal(deployment, proposal)
    return Entry("council", payload, lanes, entered, _gas(entered, payload), received_at, idempotency)


def execution_id(proposal_id: bytes) -> bytes:
    """The outbox's id of carrying a proposal out, which has the same act id as submitting it."""
    return keccak(_EXECUTION_TAG + proposal_id)


def kind_of_payload(contract: str, payload: bytes) -> str:
    """Payloads of one kind can share a transaction."""
    return "council execute" if contract == "council" and payload[0] else contract


def calldata_of(contract: str, payloads: Sequence[bytes]) -> bytes:
    """One transaction's calldata for payloads of one kind, in this order."""
    if contract == "trails":
        frame = abi_encode(("bytes",), (b"".join(payloads),))
        return calldata.selector(calldata.TRAILS_SUBMIT) + frame
    if contract == "council":
        ballots = [_unpack_ballot(payload[1:]) for payload in payloads]
        if payloads[0][0]:
            return calldata.execute_call([ballot.proposal for ballot in ballots])
        return calldata.council_call(ballots)
    return calldata.admin_call([_unpack_admin(payload) for payload in payloads])


def _unpack_admin(payload: bytes) -> calldata.SignedAct:
    return calldata.SignedAct(payload[0], payload[_ADMIN_HEADER:], payload[1:_ADMIN_HEADER])


_BALLOT = ("address", "bytes", "uint64", "uint32", "bytes[]")


def _pack_ballot(ballot: calldata.Ballot) -> bytes:
    one = ballot.proposal
    return abi_encode(_BALLOT, (one.target, one.data, one.nonce, one.deadline, ballot.signatures))


def _unpack_ballot(packed: bytes) -> calldata.Ballot:
    target, data, nonce, deadline, signatures = abi_decode(_BALLOT, packed)
    return calldata.Ballot(acts.Proposal(bytes.fromhex(target[2:]), data, nonce, deadline), tuple(signatures))


def _proposal_id(deployment: Deployment, proposal: acts.Proposal) -> bytes:
    return digest(deployment.domain("council"), struct_hash(proposal))


def _gas(entered: Sequence[EntryAct], payload: bytes) -> int:
    return sum(ACT_GAS.get(act.name, OTHER_GAS) for act in entered) + PER_BYTE * len(payload)


def _terms_gas(act: Any) -> int:
    if isinstance(act, acts.AcceptAgreement):
        return TERMS_GAS * (len(act.given) + len(act.received))
    return 0
