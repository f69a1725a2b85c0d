"""Council.sol and Directory.sol: m of n members decide; what is dangerous waits for the delay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError

from ledger import acts
from ledger.crypto import keccak
from ledger.eip712 import decode_canonical, digest, struct_hash
from ledger.reasons import Reason, Refusal
from ledger.rules import grants, registry
from ledger.rules.authority import require, signer_of
from ledger.world import Clock, World

EXECUTION_WINDOW = 14 * 86_400
"""Seconds after the delay in which a scheduled proposal can be carried out."""
LONGEST_DELAY = 30 * 86_400
MOST_MEMBERS = 32


@dataclass(frozen=True, slots=True)
class Call:
    """A function that only the council may call: where, its ABI types, and whether it waits."""

    contract: str
    name: str
    types: tuple[str, ...]
    prompt: bool
    run: Callable[..., None]

    @property
    def signature(self) -> str:
        """The canonical Solidity signature."""
        return f"{self.name}({','.join(self.types)})"

    @property
    def selector(self) -> bytes:
        """The first four bytes of the calldata."""
        return keccak(self.signature.encode())[:4]


def set_members(world: World, now: int, members: Sequence[bytes], threshold: int) -> None:
    """Council on itself: other members (rising addresses) and how many must sign."""
    del now
    check_members(members, threshold)
    world.council.members, world.council.threshold = frozenset(members), threshold


def set_delay(world: World, now: int, delay: int) -> None:
    """Council on itself: the delay of dangerous acts, at most 30 days."""
    del now
    require(delay <= LONGEST_DELAY, Reason.BAD_FIELD)
    world.council.delay = delay


def cancel(world: World, now: int, proposal: bytes) -> None:
    """Council on itself: drop a scheduled proposal."""
    del now
    require(proposal in world.council.scheduled, Reason.BAD_FIELD)
    del world.council.scheduled[proposal]


def enter(world: World, now: int, name: bytes, contract: bytes) -> None:
    """Directory: a contract under a name that is new."""
    del now
    require(name not in world.directory, Reason.ENTRY_EXISTS)
    require(world.has_code(contract), Reason.NO_CODE)
    world.directory[name] = [contract]


def replace(world: World, now: int, name: bytes, contract: bytes) -> None:
    """Directory: a new version beside the old ones."""
    del now
    require(name in world.directory, Reason.ENTRY_UNKNOWN)
    require(world.has_code(contract), Reason.NO_CODE)
    world.directory[name].append(contract)


def set_clock(world: World, now: int, skew: int, prompt: int, late_limit: int) -> None:
    """Trails: the tolerances of time."""
    del now
    require(prompt <= late_limit, Reason.BAD_FIELD)
    world.clock = Clock(skew, prompt, late_limit)


def check_members(members: Sequence[bytes], threshold: int) -> None:
    """1..32 rising addresses that are not zero, and a threshold within their number."""
    rising = all(a < b for a, b in zip((bytes(20), *members), members, strict=False))
    in_range = 0 < threshold <= len(members) <= MOST_MEMBERS
    require(rising and in_range, Reason.BAD_FIELD)


CALLS: tuple[Call, ...] = (
    Call("registry", "registerAgency",
         ("uint32", "string", "string", "uint48", "uint8", "uint32", "address"),
         True, registry.register_agency),
    Call("registry", "setAgencyStatus", ("uint32", "uint8", "uint8"), True,
         registry.set_agency_status),
    Call("registry", "revokeAgency", ("uint32", "uint8"), False, registry.revoke_agency),
    Call("registry", "appointAdmin", ("uint32", "uint32", "address"), False,
         registry.appoint_admin),
    Call("grants", "setGrantStatus", ("uint64", "uint8", "uint8"), True,
         grants.council_set_grant_status),
    Call("directory", "enter", ("bytes32", "address"), True, enter),
    Call("directory", "replace", ("bytes32", "address"), False, replace),
    Call("council", "cancel", ("bytes32",), True, cancel),
    Call("council", "setMembers", ("address[]", "uint8"), False, set_members),
    Call("council", "setDelay", ("uint32",), False, set_delay),
    Call("trails", "setClock", ("uint32", "uint32", "uint32"), False, set_clock),
)  # fmt: skip
"""All functions that only the council may call. A selector that is not among the prompt ones waits."""

_PROMPT = frozenset(call.selector for call in CALLS if call.prompt)


def proposal_id(world: World, proposal: acts.Proposal) -> bytes:
    """The EIP-712 digest that the members sign."""
    return digest(world.deployment.domain("council"), struct_hash(proposal))


def submit(world: World, proposal: acts.Proposal, signatures: Sequence[bytes], now: int) -> bool:
    """Judge a signed proposal; True where it was carried out, False where it was scheduled."""
    identity = proposal_id(world, proposal)
    require(now <= proposal.deadline, Reason.ACT_EXPIRED)
    require(identity not in world.judged, Reason.ALREADY_JUDGED)
    _check_signatures(world, identity, signatures)
    if proposal.data[:4] in _PROMPT:
        _call(world, proposal, now)
        return True
    world.council.scheduled[identity] = now + world.council.delay
    return False


def execute(world: World, proposal: acts.Proposal, now: int) -> bool:
    """Carry out what was scheduled, once its delay is over; anybody may ask for it. True: done."""
    identity = proposal_id(world, proposal)
    ready = world.council.scheduled.get(identity)
    if ready is None:
        raise Refusal(Reason.PROPOSAL_UNKNOWN)
    require(now >= ready, Reason.DELAY_NOT_OVER)
    require(now <= ready + EXECUTION_WINDOW, Reason.TOO_LATE_TO_EXECUTE)
    del world.council.scheduled[identity]
    _call(world, proposal, now)
    return True


def _check_signatures(world: World, identity: bytes, signatures: Sequence[bytes]) -> None:
    last = bytes(20)
    for signature in signatures:
        signer = signer_of(identity, signature)
        require(signer > last, Reason.BAD_SIGNATURE)
        require(signer in world.council.members, Reason.NOT_A_MEMBER)
        last = signer
    require(len(signatures) >= world.council.threshold, Reason.NOT_ENOUGH_SIGNATURES)


def _call(world: World, proposal: acts.Proposal, now: int) -> None:
    target = world.deployment.name_of(proposal.target)
    for call in CALLS:
        if call.contract == target and call.selector == proposal.data[:4]:
            call.run(world, now, *decode_arguments(call, proposal.data))
            return
    raise Refusal(Reason.CALL_FAILED)


def decode_arguments(call: Call, data: bytes) -> tuple[Any, ...]:
    """The call's arguments, addresses as 20 bytes; refuses CALL_FAILED."""
    try:
        values = decode_canonical(call.types, data[4:])
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise Refusal(Reason.CALL_FAILED) from error
    return tuple(map(_address_bytes, call.types, values))


def _address_bytes(kind: str, value: Any) -> Any:
    if kind == "address":
        return bytes.fromhex(value[2:])
    if kind == "address[]":
        return tuple(bytes.fromhex(item[2:]) for item in value)
    return value
