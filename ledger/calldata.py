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
from functools import cache
from itertools import starmap
from struct import Struct
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from ledger.acts import PROVEN, HolderProof, License, Open, Proposal, Step, StepList, unsigned_of
from ledger.crypto import keccak
from ledger.eip712 import decode_canonical, encode_body
from ledger.errors import InvalidInput
from ledger.procedure import RULES, Effect, Subject
from ledger.state import NO_SUBJECT, Carried, CaseState

SIGNATURE_SIZE = 64
_OPEN, _STEP = Struct(">32sQHB32sQQ32sII"), Struct(">32s32s32sBQQI32sII")
OPEN_SIZE, STEP_SIZE = _OPEN.size, _STEP.size
TRAILS_SUBMIT = "submit(bytes)"
ADMIN_SUBMIT = "submit((uint8,bytes,bytes)[])"
COUNCIL_SUBMIT = "submit(((address,bytes,uint64,uint32),bytes[])[])"
COUNCIL_EXECUTE = "execute((address,bytes,uint64,uint32)[])"
_WORD_32 = (32).to_bytes(32, "big")
_NO_LICENSE = License(0, 0, *(NO_SUBJECT,) * 6, 0, 0)
NO_HOLDER = HolderProof(_NO_LICENSE, NO_SUBJECT, (), NO_SUBJECT, NO_SUBJECT)
"""A proof that proves nothing."""
NO_STATE = CaseState.unpack(bytes(32), 0)


@cache
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
    return _OPEN.pack(
        act.commitment, act.item, act.version, act.mode, act.parent, act.officer, act.grant, act.evidence,
        act.signed_at, act.deadline,
    )  # fmt: skip


def _pack_step(carried: Carried) -> bytes:
    step, state = carried.step, carried.state
    packed = _STEP.pack(
        step.case_key, state.trail, state.packed, step.action, step.officer, step.grant, step.detail,
        step.evidence, step.signed_at, step.deadline,
    )  # fmt: skip
    if step.action in _WITH_SUBJECT:
        packed += step.subject
    if step.action in _WITH_CHILD:
        child = carried.child or NO_STATE
        packed += child.trail + child.packed
    return packed


_WITH_SUBJECT = frozenset(action for action, rule in RULES.items() if rule.subject is not Subject.NONE)
_WITH_CHILD = frozenset(action for action, rule in RULES.items() if rule.effect is Effect.JOIN)


class _Reader:
    """Takes records off a batch; a batch that ends too early is malformed."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def skip(self, size: int) -> int:
        """Go on behind a record; where it starts."""
        start, self.place = self.place, self.place + size
        if self.place > len(self.data):
            raise InvalidInput(
                "BATCH_TRUNCATED",
                f"byte {start}",
                "the batch ends inside a record",
                "批次数据在记录中间截断",
            )
        return start

    def take(self, size: int) -> bytes:
        start = self.skip(size)
        return self.data[start : start + size]

    def fields(self, form: Struct) -> tuple[Any, ...]:
        return form.unpack_from(self.data, self.skip(form.size))

    @property
    def done(self) -> bool:
        return self.place == len(self.data)


def unpack_groups(batch: bytes) -> Iterator[Group]:
    """The groups of a packed batch; raises InvalidInput ``BATCH_TRUNCATED`` or ``GROUP_EMPTY``."""
    reader = _Reader(batch)
    while not reader.done:
        opens, steps = reader.take(2)
        if not opens + steps:
            raise InvalidInput("GROUP_EMPTY", f"byte {reader.place}", "an empty group", "空的签名组")
        signature = reader.take(SIGNATURE_SIZE)
        yield Group(
            tuple(_read_open(reader) for _ in range(opens)),
            tuple(_read_step(reader) for _ in range(steps)),
            signature,
        )


def _read_open(reader: _Reader) -> Open:
    return Open(*reader.fields(_OPEN))


def _read_step(reader: _Reader) -> Carried:
    case, trail, word, action, officer, grant, detail, evidence, signed_at, deadline = reader.fields(_STEP)
    state = CaseState.read(trail, word)
    subject = reader.take(32) if action in _WITH_SUBJECT else NO_SUBJECT
    child = CaseState.read(reader.take(32), reader.take(32)) if action in _WITH_CHILD else None
    seq = (state.seq + 1) % 2**16
    step = Step(case, seq, action, officer, grant, detail, subject, evidence, trail, signed_at, deadline)
    return Carried(step, state, None if child == NO_STATE else child)


def trails_call(groups: Iterable[Group]) -> bytes:
    """Calldata of ``Trails.submit``."""
    return selector(TRAILS_SUBMIT) + _abi_bytes(b"".join(map(pack_group, groups)))


def _abi_bytes(content: bytes) -> bytes:
    """``abi.encode`` of one byte string: where it starts, its length, itself filled up to words."""
    return _WORD_32 + len(content).to_bytes(32, "big") + content + bytes(-len(content) % 32)


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
    batch = data[68 : 68 + int.from_bytes(data[36:68], "big")]
    if data[4:] != _abi_bytes(batch):
        raise InvalidInput(
            "CALLDATA_MALFORMED",
            "data",
            "not the canonical ABI encoding of one byte string",
            "调用数据不是单个字节串的规范 ABI 编码",
        )
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


def signed_body(
    act: Any, batch: bytes | None = None, proof: Sequence[bytes] = (), holder: HolderProof | None = None
) -> bytes:
    """ABI body of an admin act; for ``PROVEN`` acts with the unsigned batch and proof behind it.

    ``UseLicense`` has the holder's proof before them; without one nothing is proven.
    """
    if type(act) not in PROVEN:
        return encode_body(act)
    unsigned = unsigned_of(type(act))
    before = (holder or NO_HOLDER,) if HolderProof in unsigned else ()
    return encode_body(act, *before, batch or NO_SUBJECT, tuple(proof), extra=unsigned)
