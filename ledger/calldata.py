"""How acts travel to the chain: the calldata of each contract's ``submit``.

Trails take a packed form, because its size is most of what a step costs. A batch is a run of
groups; a group is signed once::

    group  = opens u8 | steps u8 | signature 64 (EIP-2098) | open × opens | step × steps
    open   = commitment 32 | item 8 | version 2 | mode 1 | parent 32 | officer 8 | grant 8
             | evidence 32 | signedAt 4 | deadline 4                                      (131)
    step   = caseKey 32 | trail 32 | word 32 | action 1 | officer 8 | grant 8 | detail 4
             | evidence 32 | signedAt 4 | deadline 4                                      (157)
             | subject 32, where the action has one | child trail 32 | child word 32, for JOIN

``trail`` and ``word`` are the state the step starts from; ``previous`` and ``seq`` of the signed
struct are read from them. A group of one is signed as the bare ``Open`` or ``Step``, a larger one
as ``StepList``. All numbers are big-endian.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from ledger.acts import PROOF_TYPES, PROVEN, Open, Proposal, Step, StepList
from ledger.crypto import keccak
from ledger.eip712 import decode_canonical, encode_body
from ledger.errors import InvalidInput
from ledger.procedure import RULES, Effect, Subject
from ledger.state import NO_SUBJECT, Carried, CaseState

SIGNATURE_SIZE = 64
OPEN_SIZE, STEP_SIZE = 131, 157
TRAILS_SUBMIT = "submit(bytes)"
ADMIN_SUBMIT = "submit((uint8,bytes,bytes)[])"
COUNCIL_SUBMIT = "submit(((address,bytes,uint64,uint32),bytes[])[])"
COUNCIL_EXECUTE = "execute((address,bytes,uint64,uint32)[])"
NO_STATE = CaseState.unpack(bytes(32), 0)


def selector(signature: str) -> bytes:
    """First four bytes of the hash of a Solidity function signature."""
    return keccak(signature.encode())[:4]


@dataclass(frozen=True, slots=True)
class Group:
    """What one signature covers (64 bytes); at most 255 opens and 255 steps."""

    opens: tuple[Open, ...]
    steps: tuple[Carried, ...]
    signature: bytes

    @property
    def signed(self) -> Open | Step | StepList:
        """The struct whose hash was signed."""
        if len(self.opens) == 1 and not self.steps:
            return self.opens[0]
        if len(self.steps) == 1 and not self.opens:
            return self.steps[0].step
        return StepList(self.opens, tuple(carried.step for carried in self.steps))


@dataclass(frozen=True, slots=True)
class SignedAct:
    """An admin act as carried: kind byte, ABI body, 64-byte signature."""

    kind: int
    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Ballot:
    """A council proposal with its members' signatures, by rising signer address."""

    proposal: Proposal
    signatures: tuple[bytes, ...]


def pack_group(group: Group) -> bytes:
    """One group in the packed form."""
    parts = [bytes((len(group.opens), len(group.steps))), group.signature]
    parts += map(_pack_open, group.opens)
    parts += map(_pack_step, group.steps)
    return b"".join(parts)


def _pack_open(act: Open) -> bytes:
    return b"".join((
        act.commitment, act.item.to_bytes(8, "big"), act.version.to_bytes(2, "big"),
        act.mode.to_bytes(1, "big"), act.parent, act.officer.to_bytes(8, "big"),
        act.grant.to_bytes(8, "big"), act.evidence, act.signed_at.to_bytes(4, "big"),
        act.deadline.to_bytes(4, "big"),
    ))  # fmt: skip


def _pack_step(carried: Carried) -> bytes:
    step, state = carried.step, carried.state
    packed = b"".join((
        step.case_key, state.trail, state.word.to_bytes(32, "big"), step.action.to_bytes(1, "big"),
        step.officer.to_bytes(8, "big"), step.grant.to_bytes(8, "big"),
        step.detail.to_bytes(4, "big"), step.evidence, step.signed_at.to_bytes(4, "big"),
        step.deadline.to_bytes(4, "big"),
    ))  # fmt: skip
    if _has_subject(step.action):
        packed += step.subject
    if _has_child(step.action):
        child = carried.child or NO_STATE
        packed += child.trail + child.word.to_bytes(32, "big")
    return packed


def _has_subject(action: int) -> bool:
    return action in RULES and RULES[action].subject is not Subject.NONE


def _has_child(action: int) -> bool:
    return action in RULES and RULES[action].effect is Effect.JOIN


class _Reader:
    """Takes fixed runs of bytes off a batch; a batch that ends too early is malformed."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, size: int) -> bytes:
        end = self.place + size
        if end > len(self.data):
            raise InvalidInput(
                "BATCH_TRUNCATED",
                f"byte {self.place}",
                "the batch ends inside a record",
                "批次数据在记录中间截断",
            )
        taken, self.place = self.data[self.place : end], end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    @property
    def done(self) -> bool:
        return self.place == len(self.data)


def unpack_groups(batch: bytes) -> Iterator[Group]:
    """The groups of a packed batch; raises InvalidInput ``BATCH_TRUNCATED`` or ``GROUP_EMPTY``."""
    reader = _Reader(batch)
    while not reader.done:
        opens, steps = reader.number(1), reader.number(1)
        if not opens + steps:
            raise InvalidInput("GROUP_EMPTY", f"byte {reader.place}", "an empty group", "空的签名组")
        signature = reader.take(SIGNATURE_SIZE)
        yield Group(
            tuple(_read_open(reader) for _ in range(opens)),
            tuple(_read_step(reader) for _ in range(steps)),
            signature,
        )


def _read_open(reader: _Reader) -> Open:
    return Open(
        commitment=reader.take(32), item=reader.number(8), version=reader.number(2),
        mode=reader.number(1), parent=reader.take(32), officer=reader.number(8),
        grant=reader.number(8), evidence=reader.take(32), signed_at=reader.number(4),
        deadline=reader.number(4),
    )  # fmt: skip


def _read_step(reader: _Reader) -> Carried:
    case, trail, word = reader.take(32), reader.take(32), reader.number(32)
    state = CaseState.unpack(trail, word)
    action, officer, grant = reader.number(1), reader.number(8), reader.number(8)
    detail, evidence = reader.number(4), reader.take(32)
    signed_at, deadline = reader.number(4), reader.number(4)
    subject = reader.take(32) if _has_subject(action) else NO_SUBJECT
    child = None
    if _has_child(action):
        child = CaseState.unpack(reader.take(32), reader.number(32))
    step = Step(
        case_key=case, seq=(state.seq + 1) % 2**16, action=action, officer=officer, grant=grant,
        detail=detail, subject=subject, evidence=evidence, previous=trail, signed_at=signed_at,
        deadline=deadline,
    )  # fmt: skip
    return Carried(step, state, None if child == NO_STATE else child)


def trails_call(groups: Iterable[Group]) -> bytes:
    """Calldata of ``Trails.submit``."""
    batch = b"".join(map(pack_group, groups))
    return selector(TRAILS_SUBMIT) + abi_encode(("bytes",), (batch,))


def admin_call(signed: Sequence[SignedAct]) -> bytes:
    """Calldata of ``submit`` of Registry, Catalogue, Grants, Seals and Licenses."""
    rows = [(act.kind, act.body, act.signature) for act in signed]
    return selector(ADMIN_SUBMIT) + abi_encode(("(uint8,bytes,bytes)[]",), (rows,))


def council_call(ballots: Sequence[Ballot]) -> bytes:
    """Calldata of ``Council.submit``."""
    rows = [(_plain(ballot.proposal), ballot.signatures) for ballot in ballots]
    return selector(COUNCIL_SUBMIT) + abi_encode(("((address,bytes,uint64,uint32),bytes[])[]",), (rows,))


def execute_call(proposals: Sequence[Proposal]) -> bytes:
    """Calldata of ``Council.execute``."""
    rows = list(map(_plain, proposals))
    return selector(COUNCIL_EXECUTE) + abi_encode(("(address,bytes,uint64,uint32)[]",), (rows,))


def _plain(proposal: Proposal) -> tuple[bytes, bytes, int, int]:
    return (proposal.target, proposal.data, proposal.nonce, proposal.deadline)


def _arguments(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    try:
        return decode_canonical(types, data)
    except (DecodingError, OverflowError) as error:
        raise InvalidInput("CALLDATA_MALFORMED", "data", str(error), f"调用数据无法解码:{error}") from error


def read_trails_call(data: bytes) -> tuple[Group, ...]:
    """Inverse of :func:`trails_call`; raises InvalidInput."""
    (batch,) = _arguments(("bytes",), data[4:])
    return tuple(unpack_groups(batch))


def read_admin_call(data: bytes) -> tuple[SignedAct, ...]:
    """Inverse of :func:`admin_call`; raises InvalidInput."""
    (rows,) = _arguments(("(uint8,bytes,bytes)[]",), data[4:])
    return tuple(starmap(SignedAct, rows))


def read_council_call(data: bytes) -> tuple[Ballot, ...]:
    """Inverse of :func:`council_call`; raises InvalidInput."""
    (rows,) = _arguments(("((address,bytes,uint64,uint32),bytes[])[]",), data[4:])
    return tuple(Ballot(_proposal(proposal), tuple(signed)) for proposal, signed in rows)


def read_execute_call(data: bytes) -> tuple[Proposal, ...]:
    """Inverse of :func:`execute_call`; raises InvalidInput."""
    (rows,) = _arguments(("(address,bytes,uint64,uint32)[]",), data[4:])
    return tuple(map(_proposal, rows))


def _proposal(row: tuple[str, bytes, int, int]) -> Proposal:
    target, data, nonce, deadline = row
    return Proposal(bytes.fromhex(target[2:]), data, nonce, deadline)


def signed_body(act: Any, batch: bytes | None = None, proof: Sequence[bytes] = ()) -> bytes:
    """ABI body of an admin act; for ``PROVEN`` acts with the unsigned batch and proof behind it."""
    if type(act) in PROVEN:
        return encode_body(act, batch or NO_SUBJECT, tuple(proof), extra=PROOF_TYPES)
    return encode_body(act)
