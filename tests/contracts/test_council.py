"""Council.sol and Directory.sol against the model: m of n, delays, and nothing but council calls."""

from typing import Any

import pytest
from eth_abi.abi import encode as abi_encode

from ledger import calldata
from ledger.acts import Proposal
from ledger.calldata import Ballot
from ledger.crypto import address_of, checksum, sign
from ledger.eip712 import digest, struct_hash
from ledger.reasons import Reason
from ledger.rules.council import CALLS, EXECUTION_WINDOW, LONGEST_DELAY
from tests.contracts.acting import decide, decide_late
from tests.contracts.evm import SENDER
from tests.contracts.pair import Pair
from tests.scene import DELAY, MEMBERS, secret

NAME = b"portal".ljust(32, b"\0")


def vote(pair: Pair, proposal: Proposal, *keys: bytes) -> Reason:
    return pair.reason(*pair.scene.ballot(proposal, keys))


def raw(pair: Pair, contract: str, data: bytes) -> Proposal:
    target = pair.deployment.addresses.get(contract, bytes.fromhex("ee" * 20))
    return Proposal(target, data, pair.scene.next_nonce(), pair.scene.now + 3600)


def entry(pair: Pair) -> Proposal:
    return pair.scene.proposal("enter", NAME, checksum(pair.deployment.addresses["registry"]))


def test_signatures_of_m_different_members_are_needed(bare: Pair) -> None:
    a, b, c = MEMBERS
    proposal = entry(bare)
    assert vote(bare, proposal) is Reason.NOT_ENOUGH_SIGNATURES
    assert vote(bare, proposal, a) is Reason.NOT_ENOUGH_SIGNATURES
    assert vote(bare, proposal, a, a) is Reason.BAD_SIGNATURE
    assert vote(bare, proposal, b, a) is Reason.BAD_SIGNATURE
    strangers = sorted((a, secret("stranger")), key=address_of)
    assert vote(bare, proposal, *strangers) is Reason.NOT_A_MEMBER
    assert vote(bare, proposal, b, c) is Reason.OK
    assert vote(bare, proposal, b, c) is Reason.ALREADY_JUDGED


def test_signature_over_another_proposal_does_not_count(bare: Pair) -> None:
    proposal, other = entry(bare), entry(bare)
    hashed = digest(bare.deployment.domain("council"), struct_hash(other))
    signatures = tuple(sign(key, hashed) for key in MEMBERS[:2])
    data = calldata.council_call([Ballot(proposal, signatures)])
    assert bare.reason("council", data) in (Reason.NOT_A_MEMBER, Reason.BAD_SIGNATURE)
    short = calldata.council_call([Ballot(proposal, (signatures[0][:63],))])
    assert bare.reason("council", short) is Reason.BAD_SIGNATURE


def test_proposal_has_a_deadline(bare: Pair) -> None:
    sent = bare.scene.ballot(entry(bare))
    assert bare.reason(*sent, bare.scene.now + 3601) is Reason.ACT_EXPIRED
    assert bare.reason(*sent, bare.scene.now + 3600) is Reason.OK


def test_dangerous_call_waits_for_the_delay_and_not_for_ever(bare: Pair) -> None:
    now = bare.scene.now
    proposal = bare.scene.proposal("setDelay", 5)
    data = calldata.execute_call([proposal])
    assert bare.reason("council", data) is Reason.PROPOSAL_UNKNOWN
    bare.applied(*bare.scene.ballot(proposal))
    assert bare.world.council.delay == DELAY
    assert bare.reason("council", data, now + DELAY - 1) is Reason.DELAY_NOT_OVER
    assert bare.reason("council", data, now + DELAY + EXECUTION_WINDOW + 1) is Reason.TOO_LATE_TO_EXECUTE
    assert bare.reason("council", data, now + DELAY + EXECUTION_WINDOW) is Reason.OK
    assert bare.reason("council", data, now + DELAY + EXECUTION_WINDOW) is Reason.PROPOSAL_UNKNOWN
    assert bare.reason(*bare.scene.ballot(proposal)) is Reason.ALREADY_JUDGED


def test_scheduled_proposal_can_be_cancelled(bare: Pair) -> None:
    proposal = bare.scene.proposal("setDelay", 5)
    identity = digest(bare.deployment.domain("council"), struct_hash(proposal))
    assert decide(bare, "cancel", identity) is Reason.BAD_FIELD
    bare.applied(*bare.scene.ballot(proposal))
    assert decide(bare, "cancel", identity) is Reason.OK
    bare.scene.now += DELAY
    assert bare.reason("council", calldata.execute_call([proposal])) is Reason.PROPOSAL_UNKNOWN


def test_proposal_that_fails_when_carried_out_is_over(bare: Pair) -> None:
    proposal = bare.scene.proposal("setDelay", LONGEST_DELAY + 1)
    bare.applied(*bare.scene.ballot(proposal))
    bare.scene.now += DELAY
    data = calldata.execute_call([proposal])
    assert bare.reason("council", data) is Reason.BAD_FIELD
    assert bare.reason("council", data) is Reason.PROPOSAL_UNKNOWN


@pytest.mark.parametrize(
    ("count", "threshold", "reason"),
    [(1, 1, Reason.OK), (32, 32, Reason.OK), (33, 2, Reason.BAD_FIELD), (0, 0, Reason.BAD_FIELD),
     (3, 0, Reason.BAD_FIELD), (3, 4, Reason.BAD_FIELD)],
)  # fmt: skip
def test_members_and_threshold(bare: Pair, count: int, threshold: int, reason: Reason) -> None:
    members = sorted(address_of(secret(f"new {number}")) for number in range(count))
    assert decide_late(bare, "setMembers", [checksum(one) for one in members], threshold) is reason


def test_members_must_rise(bare: Pair) -> None:
    a, b = sorted(address_of(secret(f"new {number}")) for number in range(2))
    for members in ((b, a), (a, a), (bytes(20), a)):
        assert decide_late(bare, "setMembers", [checksum(one) for one in members], 1) is Reason.BAD_FIELD


def test_former_member_signs_no_more(bare: Pair) -> None:
    stays = [checksum(address_of(key)) for key in MEMBERS[1:]]
    assert decide_late(bare, "setMembers", stays, 2) is Reason.OK
    assert vote(bare, entry(bare), *MEMBERS[:2]) is Reason.NOT_A_MEMBER
    assert vote(bare, entry(bare), *MEMBERS[1:]) is Reason.OK
    former = checksum(address_of(MEMBERS[0]))
    assert bare.ask("council", "isMember(address)", former) == 0


def test_directory_keeps_every_version(bare: Pair) -> None:
    first, second = (checksum(bare.deployment.addresses[name]) for name in ("registry", "seals"))
    assert decide_late(bare, "replace", NAME, first) is Reason.ENTRY_UNKNOWN
    assert decide(bare, "enter", NAME, checksum(b"\x11" * 20)) is Reason.NO_CODE
    assert decide(bare, "enter", NAME, first) is Reason.OK
    assert decide(bare, "enter", NAME, second) is Reason.ENTRY_EXISTS
    assert decide_late(bare, "replace", NAME, checksum(b"\x11" * 20)) is Reason.NO_CODE
    assert decide_late(bare, "replace", NAME, second) is Reason.OK
    for address in (first, second):
        assert bare.ask("directory", "isVersion(bytes32,address)", NAME, address) == 1
    assert bare.ask("directory", "current(bytes32)", bytes(32)) == 0


def test_clock_by_the_council(bare: Pair) -> None:
    assert decide_late(bare, "setClock", 10, 11, 10) is Reason.BAD_FIELD
    assert decide_late(bare, "setClock", 10, 11, 12) is Reason.OK


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_call_with_bytes_left_over_or_missing_fails(bare: Pair, call: Any) -> None:
    """Decoders differ in what they let pass; nothing is let pass."""
    samples = {"uint8": 1, "uint32": 1, "uint48": 0, "uint64": 1, "string": "123456789012345678",
               "address": checksum(address_of(secret("x"))), "bytes32": NAME, "address[]": []}  # fmt: skip
    data = call.selector + abi_encode(call.types, [samples[kind] for kind in call.types])
    for broken in (data + b"\0", data + bytes(32), data[:-1], data[:4]):
        proposal = raw(bare, call.contract, broken)
        reason = bare.reason(*bare.scene.ballot(proposal))
        if not call.prompt:
            assert reason is Reason.OK
            bare.scene.now += DELAY
            reason = bare.reason("council", calldata.execute_call([proposal]))
        assert reason is Reason.CALL_FAILED


@pytest.mark.parametrize(
    ("contract", "data"),
    [
        ("registry", b""),
        ("registry", b"\x01\x02\x03"),
        ("registry", calldata.selector("currentKey(uint64)") + bytes(32)),
        ("registry", calldata.admin_call([])),
        ("council", calldata.council_call([])),
        ("council", calldata.selector("carryOut((address,bytes,uint64,uint32))")),
        ("grants", calldata.selector("consume(uint64)") + bytes(32)),
        ("nobody", calldata.selector("setDelay(uint32)") + bytes(32)),
        ("registry", calldata.selector("setDelay(uint32)") + bytes(32)),
    ],
)
def test_council_makes_no_other_calls(bare: Pair, contract: str, data: bytes) -> None:
    proposal = raw(bare, contract, data)
    assert bare.reason(*bare.scene.ballot(proposal)) is Reason.OK
    bare.scene.now += DELAY
    assert bare.reason("council", calldata.execute_call([proposal])) is Reason.CALL_FAILED


def test_prompt_call_to_the_wrong_contract_fails(bare: Pair) -> None:
    enter = next(call for call in CALLS if call.name == "enter")
    data = enter.selector + abi_encode(enter.types, (NAME, checksum(bare.deployment.addresses["registry"])))
    for contract in ("registry", "council", "nobody"):
        assert bare.reason(*bare.scene.ballot(raw(bare, contract, data))) is Reason.CALL_FAILED


def test_agency_name_that_is_not_utf8_fails(bare: Pair) -> None:
    types = ("uint32", "bytes", "bytes", "uint48", "uint8", "uint32", "address")
    register = next(call for call in CALLS if call.name == "registerAgency")
    for code, name in ((b"123456789012345678", b"\xff"), (b"\xed\xa0\x80" * 6, b"n")):
        arguments = (5, code, name, 0, 0, 1, checksum(address_of(secret("x"))))
        proposal = raw(bare, "registry", register.selector + abi_encode(types, arguments))
        assert bare.reason(*bare.scene.ballot(proposal)) is Reason.CALL_FAILED


def test_a_bad_ballot_leaves_the_others(bare: Pair) -> None:
    ballots = []
    for proposal in (entry(bare), entry(bare), bare.scene.proposal("setDelay", 9)):
        hashed = digest(bare.deployment.domain("council"), struct_hash(proposal))
        ballots.append(Ballot(proposal, tuple(sign(key, hashed) for key in MEMBERS[:2])))
    outcomes = bare.run("council", calldata.council_call(ballots))
    assert outcomes is not None
    assert [one.reason for one in outcomes] == [Reason.OK, Reason.ENTRY_EXISTS, Reason.OK]


@pytest.mark.parametrize(
    ("contract", "signature", "arguments"),
    [
        ("council", "setMembers(address[],uint8)", ([checksum(SENDER)], 1)),
        ("council", "setDelay(uint32)", (0,)),
        ("council", "cancel(bytes32)", (NAME,)),
        ("directory", "enter(bytes32,address)", (NAME, checksum(SENDER))),
        ("directory", "replace(bytes32,address)", (NAME, checksum(SENDER))),
        ("trails", "setClock(uint32,uint32,uint32)", (0, 0, 0)),
    ],
)
def test_nobody_but_the_council_governs(bare: Pair, contract: str, signature: str, arguments: tuple[Any, ...]) -> None:
    result = bare.direct(contract, signature, *arguments)
    assert not result.succeeded
    assert result.output == calldata.selector("Refused(uint16)") + int(Reason.NOT_COUNCIL).to_bytes(32, "big")


def test_nobody_else_calls_judge_or_carry_out(bare: Pair) -> None:
    proposal = entry(bare)
    row = (checksum(proposal.target), proposal.data, proposal.nonce, proposal.deadline)
    kind = "(address,bytes,uint64,uint32)"
    for name, types, values in (
        ("judge", f"({kind},bytes[])", ((row, []),)),
        ("carryOut", kind, (row,)),
    ):
        data = calldata.selector(f"{name}({types})") + abi_encode((types,), values)
        result = bare.evm.call(bare.deployment.addresses["council"], data)
        assert result.output == calldata.selector("OnlySelf()")


def test_calldata_in_another_encoding_reverts(bare: Pair) -> None:
    _, data = bare.scene.ballot(entry(bare))
    for broken in (data + bytes(32), data[:-32], data[:4]):
        assert bare.run("council", broken) is None
    late = calldata.execute_call([entry(bare)])
    assert bare.run("council", late + b"\0") is None


def test_too_little_gas_is_never_a_verdict(pair: Pair) -> None:
    """A carrier cannot have a decision fail by giving its call too little gas."""
    register = ("registerAgency", 8, "11430000MB28000008", "名" * 42, 0, 1, 1, checksum(address_of(secret("x"))))
    _, data = pair.scene.ballot(pair.scene.proposal(*register))
    address, mark = pair.deployment.addresses["council"], pair.evm.mark()
    full = pair.evm.send(address, data, pair.scene.now)
    assert full.succeeded
    succeeded = 0
    for gas in range(60_000, full.gas * 2, 2_003):
        pair.evm.back(mark)
        result = pair.evm.send(address, data, pair.scene.now, gas=gas)
        assert not result.succeeded or result.logs == full.logs
        succeeded += result.succeeded
    assert succeeded
    pair.evm.back(mark)
