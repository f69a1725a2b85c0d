"""What every contract of administration checks before it looks at what an act wants."""

import pytest
from eth_abi.abi import encode as abi_encode

from ledger import acts, calldata
from ledger.calldata import SignedAct
from ledger.crypto import CURVE_ORDER, keccak, sign
from ledger.eip712 import digest, domain_separator, encode_body, struct_hash
from ledger.ids import FOREVER, scoped
from ledger.reasons import Reason
from ledger.territory import contains
from tests.contracts.evm import SENDER
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_ADMIN, AWAY_CLERK, HOME_ADMIN, WINDOW
from tests.scene import PROVINCE, secret


def window_act(pair: Pair, officer: int = HOME_ADMIN, number: int = 9, **fields: object) -> acts.RegisterWindow:
    defaults = {
        "window": scoped(officer >> 32, number), "name": "综合窗口", "region": PROVINCE, "valid_from": 0,
        "valid_until": FOREVER,
    }  # fmt: skip
    made: acts.RegisterWindow = pair.scene.make(acts.RegisterWindow, officer, **(defaults | fields))
    return made


def carried(pair: Pair, act: acts.RegisterWindow, key: bytes | None = None) -> SignedAct:
    return pair.scene.carry(act, pair.scene.key_of(act.officer) if key is None else key)


def one(pair: Pair, signed: SignedAct) -> Reason:
    return pair.reason("registry", calldata.admin_call([signed]))


def test_an_act_signed_by_its_officer_is_applied(pair: Pair) -> None:
    assert one(pair, carried(pair, window_act(pair))) is Reason.OK


def test_an_act_is_judged_once(pair: Pair) -> None:
    signed = carried(pair, window_act(pair))
    assert one(pair, signed) is Reason.OK
    assert one(pair, signed) is Reason.ALREADY_JUDGED


def test_a_refused_act_is_never_judged_again(pair: Pair) -> None:
    signed = carried(pair, window_act(pair, window=scoped(AWAY, 9)))
    assert one(pair, signed) is Reason.NOT_YOUR_AGENCY
    assert one(pair, signed) is Reason.ALREADY_JUDGED


def test_an_act_spoiled_by_its_carrier_can_be_carried_again(pair: Pair) -> None:
    signed = carried(pair, window_act(pair))
    assert one(pair, SignedAct(signed.kind, signed.body, bytes(64))) is Reason.BAD_SIGNATURE
    assert one(pair, signed) is Reason.OK


def test_deadline_is_the_last_second(pair: Pair) -> None:
    signed = carried(pair, window_act(pair, deadline=pair.scene.now))
    assert pair.reason("registry", calldata.admin_call([signed]), pair.scene.now + 1) is Reason.ACT_EXPIRED
    assert one(pair, signed) is Reason.OK


@pytest.mark.parametrize("length", [0, 1, 63, 65])
def test_signature_of_another_length_is_bad(pair: Pair, length: int) -> None:
    signed = carried(pair, window_act(pair))
    signature = (signed.signature + b"\x1b")[:length]
    assert one(pair, SignedAct(signed.kind, signed.body, signature)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("scalar", [0, CURVE_ORDER, 2**256 - 1])
def test_r_out_of_range_is_bad(pair: Pair, scalar: int) -> None:
    signed = carried(pair, window_act(pair))
    signature = scalar.to_bytes(32) + signed.signature[32:]
    assert one(pair, SignedAct(signed.kind, signed.body, signature)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("s", [0, CURVE_ORDER // 2 + 1, 2**255 - 1])
def test_high_or_impossible_s_is_bad(pair: Pair, s: int) -> None:
    signed = carried(pair, window_act(pair))
    signature = signed.signature[:32] + s.to_bytes(32)
    assert one(pair, SignedAct(signed.kind, signed.body, signature)) is Reason.BAD_SIGNATURE


def test_unregistered_key_is_unknown(pair: Pair) -> None:
    assert one(pair, carried(pair, window_act(pair), secret("stranger"))) is Reason.SIGNER_UNKNOWN


def test_act_in_anothers_name_is_refused(pair: Pair) -> None:
    assert one(pair, carried(pair, window_act(pair), pair.scene.key_of(AWAY_ADMIN))) is Reason.WRONG_ACTOR


@pytest.mark.parametrize("contract", ["catalogue", "grants", "trails"])
def test_signature_for_another_contract_does_not_count(pair: Pair, contract: str) -> None:
    act = window_act(pair)
    signature = pair.scene.signed(act, pair.scene.key_of(HOME_ADMIN), contract=contract)
    assert one(pair, SignedAct(1, encode_body(act), signature)) is Reason.SIGNER_UNKNOWN


def test_signature_for_another_chain_does_not_count(pair: Pair) -> None:
    act = window_act(pair)
    domain = domain_separator(1, pair.deployment.addresses["registry"])
    signature = sign(pair.scene.key_of(HOME_ADMIN), digest(domain, struct_hash(act)))
    assert one(pair, SignedAct(1, encode_body(act), signature)) is Reason.SIGNER_UNKNOWN


@pytest.mark.parametrize("contract", ["council", "registry", "catalogue", "grants", "seals", "licenses"])
def test_domain_follows_a_chain_split(pair: Pair, contract: str) -> None:
    address = pair.deployment.addresses[contract]
    data = calldata.selector("domainSeparator()")
    assert pair.evm.call(address, data).output == pair.deployment.domain(contract)
    assert pair.evm.call(address, data, chain_id=77).output == domain_separator(77, address)


@pytest.mark.parametrize("kind", [0, 7, 255])
def test_unknown_kind_is_malformed(pair: Pair, kind: int) -> None:
    signed = carried(pair, window_act(pair))
    assert one(pair, SignedAct(kind, signed.body, signed.signature)) is Reason.MALFORMED


def test_act_read_as_another_kind_is_not_the_signed_one(pair: Pair) -> None:
    act = pair.scene.make(acts.SetSealStatus, AWAY_CLERK, seal=scoped(AWAY, 1), status=2, reason=0)
    signed = pair.scene.carry(act, pair.scene.key_of(AWAY_CLERK))
    as_window = SignedAct(acts.kind_of(acts.SetWindowStatus), signed.body, signed.signature)
    assert pair.reason("registry", calldata.admin_call([as_window])) is Reason.SIGNER_UNKNOWN


def test_body_with_bytes_left_over_is_malformed(pair: Pair) -> None:
    signed = carried(pair, window_act(pair))
    assert one(pair, SignedAct(signed.kind, signed.body + bytes(32), signed.signature)) is Reason.MALFORMED


def test_truncated_body_is_malformed(pair: Pair) -> None:
    signed = carried(pair, window_act(pair))
    for length in (0, 31, 32, len(signed.body) - 32, len(signed.body) - 1):
        assert one(pair, SignedAct(1, signed.body[:length], signed.signature)) is Reason.MALFORMED


def test_every_flipped_bit_of_a_head_word_is_malformed_or_another_act(pair: Pair) -> None:
    signed = carried(pair, window_act(pair))
    for place in range(0, len(signed.body), 31):
        body = bytearray(signed.body)
        body[place] ^= 0x80
        verdict = one(pair, SignedAct(1, bytes(body), signed.signature))
        assert verdict in (Reason.MALFORMED, Reason.SIGNER_UNKNOWN, Reason.BAD_SIGNATURE, Reason.ACT_EXPIRED)


def test_string_that_begins_elsewhere_is_malformed(pair: Pair) -> None:
    """The same values in an encoding with a gap before the string: decoders take it, we do not."""
    signed = carried(pair, window_act(pair))
    head, tail = bytearray(signed.body[: 32 * 9]), signed.body[32 * 9 :]
    head[32 + 63] += 32
    gap = bytes(head) + bytes(32) + tail
    assert one(pair, SignedAct(1, gap, signed.signature)) is Reason.MALFORMED


@pytest.mark.parametrize(
    "name",
    [
        b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"ab\xe4\xbd",
        b"\xe4\xbd\xa0\xe5", b"\xf0\x9f\x98", b"\xc3\x28", b"\xe2\x28\xa1", b"\xe2\x82\x28",
    ],
)  # fmt: skip
def test_name_that_is_not_utf8_is_malformed(pair: Pair, name: bytes) -> None:
    assert one(pair, with_name(pair, name)) is Reason.MALFORMED


@pytest.mark.parametrize(
    "name", ["a", "\x00", "\x7f", "\x80", "߿", "ࠀ", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "窗口①é"]
)
def test_name_at_the_edges_of_utf8_is_taken(pair: Pair, name: str) -> None:
    assert one(pair, with_name(pair, name.encode())) is Reason.OK


def with_name(pair: Pair, name: bytes) -> SignedAct:
    """An act whose name is any bytes, correctly signed over them."""
    act = window_act(pair)
    fields = (act.region, act.valid_from, act.valid_until, act.officer, act.nonce, act.deadline)
    types = ("uint48", "uint32", "uint32", "uint64", "uint64", "uint32")
    body = abi_encode((f"(uint64,bytes,{','.join(types)})",), ((act.window, name, *fields),))
    hashed = keccak(
        keccak(b"RegisterWindow(uint64 window,string name,uint48 region,uint32 validFrom,uint32 validUntil,"
               b"uint64 officer,uint64 nonce,uint32 deadline)")
        + abi_encode(("uint64", "bytes32", *types), (act.window, keccak(name), *fields))
    )  # fmt: skip
    signature = sign(pair.scene.key_of(act.officer), digest(pair.deployment.domain("registry"), hashed))
    return SignedAct(1, body, signature)


def test_a_bad_act_leaves_the_others_of_its_batch(pair: Pair) -> None:
    good = [carried(pair, window_act(pair, number=number)) for number in (11, 12)]
    bad = carried(pair, window_act(pair, window=WINDOW))
    broken = SignedAct(1, b"\x01", bytes(64))
    outcomes = pair.run("registry", calldata.admin_call([good[0], bad, broken, good[1], good[0]]))
    assert outcomes is not None
    verdicts = [outcome.reason for outcome in outcomes]
    assert verdicts == [Reason.OK, Reason.WINDOW_EXISTS, Reason.MALFORMED, Reason.OK, Reason.ALREADY_JUDGED]


def test_empty_batch_is_nothing(pair: Pair) -> None:
    assert pair.run("registry", calldata.admin_call([])) == ()


@pytest.mark.parametrize("contract", ["registry", "catalogue", "grants", "seals", "licenses"])
def test_calldata_in_another_encoding_reverts(pair: Pair, contract: str) -> None:
    data = calldata.admin_call([carried(pair, window_act(pair))])
    assert pair.run(contract, data + bytes(32)) is None
    assert pair.run(contract, data[:-32]) is None
    moved = bytearray(data[:4] + data[4:36] + bytes(32) + data[36:])
    moved[4 + 31] = 64
    assert pair.run(contract, bytes(moved)) is None


@pytest.mark.parametrize("contract", ["registry", "catalogue", "grants", "seals", "licenses"])
def test_nobody_else_calls_judge(pair: Pair, contract: str) -> None:
    act = (1, b"", bytes(64))
    data = calldata.selector("judge((uint8,bytes,bytes))") + abi_encode(("(uint8,bytes,bytes)",), (act,))
    result = pair.evm.call(pair.deployment.addresses[contract], data, sender=SENDER)
    assert not result.succeeded
    assert result.output == calldata.selector("OnlySelf()")


def test_too_little_gas_is_never_a_verdict(pair: Pair) -> None:
    """At every gas limit the batch does all or nothing: a carrier cannot have an act refused by starving it."""
    acts_ = [carried(pair, window_act(pair, number=number)) for number in (11, 12)]
    broken = SignedAct(1, b"\x01" * 640, bytes(64))
    refused = carried(pair, window_act(pair, window=WINDOW))
    data = calldata.admin_call([acts_[0], broken, refused, acts_[1]])
    address, now = pair.deployment.addresses["registry"], pair.scene.now
    mark = pair.evm.mark()
    full = pair.evm.send(address, data, now)
    assert full.succeeded
    succeeded = 0
    for gas in range(60_000, full.gas * 2, 3_001):
        pair.evm.back(mark)
        result = pair.evm.send(address, data, now, gas=gas)
        assert not result.succeeded or result.logs == full.logs
        succeeded += result.succeeded
    assert succeeded
    pair.evm.back(mark)


def test_region_rules_are_those_of_the_model(pair: Pair) -> None:
    regions = (0, 0x43 << 40, 0x4301 << 32, 0x430102 << 24, 0x430102003000, 0x430102003004, 0x11 << 40)
    for number, region in enumerate(regions, 20):
        verdict = one(pair, carried(pair, window_act(pair, AWAY_ADMIN, number, region=region)))
        assert (verdict is Reason.OK) == contains(0x4301 << 32, region)
    for number, shift in enumerate(range(0, 48, 4), 40):
        signed = carried(pair, window_act(pair, AWAY_ADMIN, number, region=10 << shift))
        assert one(pair, signed) is Reason.BAD_FIELD
