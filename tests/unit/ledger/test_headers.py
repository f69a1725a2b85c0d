"""QBFT headers: Besu's own encoding, and headers that somebody tampered with."""

from dataclasses import replace

import pytest
import rlp

from ledger import crypto, headers
from ledger.errors import InvalidInput
from ledger.headers import ExtraData, Vote

# the vector of Besu's QbftExtraDataCodecTest
BESU_EXTRA_DATA = bytes.fromhex(
    "f8f0a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20ea940000000000000000"
    "000000000000000000000001940000000000000000000000000000000000000002d7940000000000000000"
    "00000000000000000000000181ff83fedcbaf886b841000000000000000000000000000000000000000000"
    "0000000000000000000001000000000000000000000000000000000000000000000000000000000000000a"
    "00b841000000000000000000000000000000000000000000000000000000000000000a0000000000000000"
    "00000000000000000000000000000000000000000000000100"
)
KEYS = tuple(bytes((index,)) * 32 for index in range(1, 5))
VALIDATORS = tuple(sorted(crypto.address_of(key) for key in KEYS))


def _word(value: int) -> bytes:
    return value.to_bytes(32)


def _header(extra: ExtraData, **changed: bytes) -> bytes:
    fields = {
        "parent": _word(5),
        "ommers": headers.EMPTY_OMMERS_HASH,
        "proposer": VALIDATORS[0],
        "state": _word(1),
        "transactions": _word(2),
        "receipts": _word(3),
        "bloom": bytes(256),
        "difficulty": b"\x01",
        "number": b"\x07",
        "gas_limit": b"\x05\xf5\xe1\x00",
        "gas_used": b"",
        "timestamp": b"\x6b\x02\x46\x75",
        "extra": headers.encode_extra_data(extra),
        "mix": headers.MIX_HASH,
        "nonce": bytes(8),
        "base_fee": b"",
    }
    return bytes(rlp.encode(list((fields | changed).values())))


def _sealed(round_: int = 0, keys: tuple[bytes, ...] = KEYS, **changed: bytes) -> bytes:
    extra = ExtraData(bytes(32), VALIDATORS, round=round_)
    return headers.seal_header(_header(extra, **changed), keys)


def _failed(header: bytes, validators: tuple[bytes, ...] = VALIDATORS) -> set[str]:
    report = headers.verify_header_seals(header, validators)
    return {check.code for check in report.checks if not check.passed}


def test_besus_own_vector_is_read_and_written_byte_for_byte() -> None:
    extra = headers.decode_extra_data(BESU_EXTRA_DATA)
    assert extra.vanity == bytes(range(1, 33))
    assert extra.validators == (b"\0" * 19 + b"\x01", b"\0" * 19 + b"\x02")
    assert extra.vote == Vote(b"\0" * 19 + b"\x01", add=True)
    assert extra.round == 0xFEDCBA
    assert extra.seals == (_word(1) + _word(10) + b"\0", _word(10) + _word(1) + b"\0")
    assert headers.encode_extra_data(extra) == BESU_EXTRA_DATA


@pytest.mark.parametrize("drop", [b"", b"\0"])
def test_a_vote_to_drop_is_an_empty_string_and_besu_also_reads_a_zero_byte(drop: bytes) -> None:
    raw = bytes(rlp.encode([bytes(32), [], [VALIDATORS[0], drop], b"", []]))
    extra = headers.decode_extra_data(raw)
    assert extra.vote == Vote(VALIDATORS[0], add=False)
    assert rlp.decode(headers.encode_extra_data(extra))[2] == [VALIDATORS[0], b""]


def test_seals_of_a_quorum_make_a_header_valid() -> None:
    for sealers in (KEYS, KEYS[:3]):
        report = headers.verify_header_seals(_sealed(keys=sealers), VALIDATORS)
        assert report.valid
        assert report.number == 7


def test_the_blocks_hash_depends_on_neither_seals_nor_round() -> None:
    hashes = {headers.block_hash(_sealed(round_, keys)) for round_ in (0, 3) for keys in (KEYS, KEYS[1:])}
    assert len(hashes) == 1
    unsealed = _header(ExtraData(bytes(32), VALIDATORS))
    assert hashes == {crypto.keccak(unsealed)}


def test_a_seal_signs_the_round_the_block_was_agreed_in() -> None:
    assert headers.seal_digest(_sealed(0)) != headers.seal_digest(_sealed(1))


def test_the_genesis_block_has_the_plain_hash_of_its_header() -> None:
    genesis = _header(ExtraData(bytes(32), VALIDATORS, round=4), number=b"")
    assert headers.block_hash(genesis) == crypto.keccak(genesis)


@pytest.mark.parametrize(("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 4), (7, 5), (9, 6)])
def test_the_quorum_is_two_thirds_rounded_up(validators: int, needed: int) -> None:
    assert headers.quorum(validators) == needed


def test_attack_too_few_seals() -> None:
    assert _failed(_sealed(keys=KEYS[:2])) == {"QUORUM"}
    assert _failed(_sealed(keys=())) == {"QUORUM"}


def test_attack_one_validator_seals_often() -> None:
    assert _failed(_sealed(keys=(KEYS[0],) * 3)) == {"SEALS_DIFFERENT", "QUORUM"}


def test_attack_a_stranger_helps_sealing() -> None:
    stranger = b"\x77" * 32
    assert _failed(_sealed(keys=(*KEYS[:2], stranger))) == {"SEALS_BY_VALIDATORS", "QUORUM"}
    assert _failed(_sealed(keys=(*KEYS, stranger))) == {"SEALS_BY_VALIDATORS"}


def test_attack_a_header_that_names_its_own_validators() -> None:
    usurpers = tuple(bytes((index,)) * 32 for index in range(20, 24))
    own = tuple(sorted(crypto.address_of(key) for key in usurpers))
    header = headers.seal_header(_header(ExtraData(bytes(32), own), proposer=own[0]), usurpers)
    assert headers.verify_header_seals(header, own).valid
    failed = {"VALIDATORS_REPEATED", "PROPOSER_IS_VALIDATOR", "SEALS_BY_VALIDATORS", "QUORUM"}
    assert _failed(header) == failed


def test_attack_no_validators_at_all_never_reach_a_quorum() -> None:
    header = _header(ExtraData(bytes(32), ()))
    assert "QUORUM" in _failed(header, ())


def test_attack_any_field_changed_after_sealing() -> None:
    sealed = headers.decode_header(_sealed())
    for index, field in enumerate(sealed.fields):
        if index == 12 or not field:
            continue
        changed = bytes((field[0] ^ 2,)) + field[1:]
        forged = headers.Header((*sealed.fields[:index], changed, *sealed.fields[index + 1 :]))
        assert not headers.verify_header_seals(forged.encode(), VALIDATORS).valid, index


def test_attack_the_round_changed_after_sealing() -> None:
    sealed = headers.decode_header(_sealed())
    extra = replace(headers.decode_extra_data(sealed.extra_data), round=1)
    forged = sealed.with_extra_data(headers.encode_extra_data(extra))
    assert "QUORUM" in _failed(forged.encode())


def test_attack_a_high_s_seal_is_nobodys() -> None:
    sealed = headers.decode_header(_sealed(keys=KEYS[:3]))
    extra = headers.decode_extra_data(sealed.extra_data)
    seal = extra.seals[0]
    high = crypto.CURVE_ORDER - int.from_bytes(seal[32:64])
    twisted = seal[:32] + high.to_bytes(32) + bytes((seal[64] ^ 1,))
    changed = replace(extra, seals=(twisted, *extra.seals[1:]))
    forged = sealed.with_extra_data(headers.encode_extra_data(changed))
    assert "SEALS_READABLE" in _failed(forged.encode())


def test_attack_constants_of_another_consensus() -> None:
    assert _failed(_sealed(mix=bytes(32))) == {"MIX_HASH"}
    assert _failed(_sealed(difficulty=b"\x02")) == {"DIFFICULTY"}
    assert _failed(_sealed(ommers=bytes(32))) == {"NO_OMMERS"}


@pytest.mark.parametrize(
    "garbage", [b"", b"\x80", b"\xc0", b"\xff" * 40, bytes(600), bytes(100_000), b"\xc1" * 5000, BESU_EXTRA_DATA]
)
def test_attack_garbage_is_reported_not_raised(garbage: bytes) -> None:
    report = headers.verify_header_seals(garbage, VALIDATORS)
    assert not report.valid
    assert report.block_hash is None
    with pytest.raises(InvalidInput) as caught:
        headers.block_hash(garbage)
    assert caught.value.code == "HEADER_MALFORMED"


@pytest.mark.parametrize(
    "items",
    [
        [bytes(31), [], [], b"", []],
        [bytes(32), [bytes(19)], [], b"", []],
        [bytes(32), [], [bytes(20), b"\x01"], b"", []],
        [bytes(32), [], [bytes(20)], b"", []],
        [bytes(32), [], [], b"\0\xdc\xba", []],
        [bytes(32), [], [], b"\x01" * 5, []],
        [bytes(32), [], [], b"", [bytes(64)]],
        [bytes(32), [], [], b""],
        [bytes(32), [], [], [], []],
    ],
)
def test_attack_extra_data_that_is_not_qbfts(items: list[object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        headers.decode_extra_data(bytes(rlp.encode(items)))
    assert caught.value.code == "EXTRA_DATA_MALFORMED"


def test_attack_bytes_after_the_header_are_not_overlooked() -> None:
    assert not headers.verify_header_seals(_sealed() + b"\0", VALIDATORS).valid
