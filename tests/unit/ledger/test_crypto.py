"""Keccak, signatures and digests: known answers first, then what an attacker may try."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from coincurve import PublicKey
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from ledger.crypto import (
    CURVE_ORDER,
    InvalidSignature,
    address_of,
    checksum,
    compact,
    expand_65,
    file_digests,
    keccak,
    parse_address,
    parse_digest,
    recover,
    sha256,
    sign,
    sm3,
)
from ledger.errors import HuxinError, InvalidInput

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "crypto.json").read_text("utf-8"))
KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
DIGEST = keccak(b"act")


def _code(broken: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        broken(*arguments)
    assert caught.value.en
    assert caught.value.zh
    return caught.value.code


def _word(number: int) -> bytes:
    return number.to_bytes(32)


@pytest.mark.parametrize("vector", VECTORS["keccak"], ids=lambda v: v["utf8"][:12] or "empty")
def test_keccak_known_answers(vector: dict[str, str]) -> None:
    """The Keccak of Ethereum, not SHA3-256."""
    data = vector["utf8"].encode()
    assert keccak(data).hex() == vector["keccak"]
    assert keccak(data) != hashlib.sha3_256(data).digest()


@pytest.mark.parametrize("vector", VECTORS["eip2098"], ids=lambda v: v["name"])
def test_compact_known_answers(vector: dict[str, str]) -> None:
    """The two test cases of EIP-2098, in both directions, and their signer."""
    full, short = bytes.fromhex(vector["signature65"]), bytes.fromhex(vector["signature64"])
    assert compact(full) == short
    assert expand_65(short) == full
    digest = bytes.fromhex(vector["digest"])
    assert sign(bytes.fromhex(vector["private_key"]), digest) == short
    assert recover(digest, short) == address_of(bytes.fromhex(vector["private_key"]))


@pytest.mark.parametrize("address", VECTORS["eip55"])
def test_checksum_known_answers(address: str) -> None:
    """The addresses of EIP-55."""
    assert checksum(bytes.fromhex(address[2:])) == address
    assert checksum(parse_address(address)) == address


@pytest.mark.parametrize("vector", VECTORS["sm3"], ids=lambda v: v["utf8"][:8])
def test_sm3_known_answers(vector: dict[str, str]) -> None:
    """The two examples of GB/T 32905-2016, appendix A."""
    assert sm3(vector["utf8"].encode()).value.hex() == vector["sm3"]


def test_signs_like_other_implementations() -> None:
    """Deterministic (RFC 6979) and the same bytes as eth_keys and eth_account make."""
    other = PrivateKey(KEY).sign_msg_hash(DIGEST)
    assert sign(KEY, DIGEST) == compact(other.to_bytes())
    assert checksum(address_of(KEY)) == Account.from_key(KEY).address
    assert recover(DIGEST, sign(KEY, DIGEST)) == address_of(KEY)
    assert recover(keccak(b"another act"), sign(KEY, DIGEST)) != address_of(KEY)


def _high_s(signature: bytes) -> tuple[bytes, int]:
    full = expand_65(signature)
    return full[:32] + _word(CURVE_ORDER - int.from_bytes(full[32:64])), 55 - full[64]


def test_attack_malleable_twin_of_a_signature() -> None:
    """(r, n - s) recovers to the same key in the library and is refused here."""
    twin, v = _high_s(sign(KEY, DIGEST))
    recovered = PublicKey.from_signature_and_message(twin + bytes((v - 27,)), DIGEST, hasher=None)
    assert keccak(recovered.format(compressed=False)[1:])[12:] == address_of(KEY)
    with pytest.raises(InvalidSignature) as caught:
        compact(twin + bytes((v,)))
    assert caught.value.code == "SIGNATURE_HIGH_S"


def test_attack_high_s_in_the_gap_of_the_compact_form() -> None:
    """s between n/2 and 2^255 is the only high s that 255 bits can express."""
    crafted = _word(1) + _word((1 << 255) - 1)
    assert _code(recover, DIGEST, crafted) == _code(expand_65, crafted) == "SIGNATURE_HIGH_S"


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (CURVE_ORDER, 1), (CURVE_ORDER + 1, 1), (2**256 - 1, 1)])
def test_attack_scalars_out_of_range(r: int, s: int) -> None:
    """Zero and anything from the order up, in both forms."""
    short = _word(r) + _word(s)
    assert _code(recover, DIGEST, short) == "SIGNATURE_OUT_OF_RANGE"
    assert _code(expand_65, short) == "SIGNATURE_OUT_OF_RANGE"
    assert _code(compact, short + b"\x1b") == "SIGNATURE_OUT_OF_RANGE"


def test_compact_refuses_s_from_the_order_up() -> None:
    """65 bytes can express it, 64 cannot."""
    with pytest.raises(InvalidSignature) as caught:
        compact(_word(1) + _word(CURVE_ORDER) + b"\x1b")
    assert caught.value.code == "SIGNATURE_OUT_OF_RANGE"


def test_attack_point_that_does_not_exist() -> None:
    """r = 5 is the x coordinate of no point."""
    with pytest.raises(InvalidSignature) as caught:
        recover(DIGEST, _word(5) + _word(1))
    assert caught.value.code == "SIGNATURE_NO_KEY"


@pytest.mark.parametrize("v", [2, 26, 29, 35, 37, 255])
def test_compact_refuses_other_v(v: int) -> None:
    """Nor the v of EIP-155, which names a chain."""
    with pytest.raises(InvalidSignature) as caught:
        compact(expand_65(sign(KEY, DIGEST))[:64] + bytes((v,)))
    assert caught.value.code == "SIGNATURE_V"


@pytest.mark.parametrize("v", [0, 1])
def test_compact_takes_bare_parity(v: int) -> None:
    """v = 0, 1 stand for 27, 28."""
    body = expand_65(sign(KEY, DIGEST))[:64]
    assert compact(body + bytes((v,))) == compact(body + bytes((27 + v,)))


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_protocol_path_takes_64_bytes_only(length: int) -> None:
    """A 65-byte signature would be a second form of the same act."""
    assert _code(recover, DIGEST, bytes(length)) == "SIGNATURE_LENGTH"
    assert _code(expand_65, bytes(length)) == "SIGNATURE_LENGTH"
    assert _code(compact, bytes(64)) == "SIGNATURE_LENGTH"


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33), b"a message, not its digest"])
def test_digest_must_have_32_bytes(digest: bytes) -> None:
    """Neither signing nor recovering hashes behind one's back."""
    assert _code(sign, KEY, digest) == "DIGEST_LENGTH"
    assert _code(recover, digest, sign(KEY, DIGEST)) == "DIGEST_LENGTH"


@pytest.mark.parametrize("key", [bytes(32), _word(CURVE_ORDER), KEY[:31], KEY + b"\0", b""])
def test_bad_private_key_is_refused_without_showing_it(key: bytes) -> None:
    """Zero, the order, and other lengths; the message holds no part of the key."""
    with pytest.raises(HuxinError) as caught:
        sign(key, DIGEST)
    assert caught.value.code == "PRIVATE_KEY_INVALID"
    assert not key or key[:8].hex() not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"[:-1],
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "",
    ],
)
def test_address_with_a_slip_is_refused(text: str) -> None:
    """No checksum, a digit short, no prefix, one letter's case, nothing."""
    with pytest.raises(InvalidInput) as caught:
        parse_address(text, "officer.address")
    assert (caught.value.code, caught.value.where) == ("ADDRESS_MALFORMED", "officer.address")


def test_checksum_wants_20_bytes() -> None:
    """A public key or a padded word is no address."""
    with pytest.raises(InvalidInput) as caught:
        checksum(bytes(32))
    assert caught.value.code == "ADDRESS_LENGTH"


def test_file_digests_do_not_depend_on_the_chunks() -> None:
    """Both algorithms, named, in one pass."""
    data = bytes(range(256)) * 9
    whole = (sm3(data), sha256(data))
    assert file_digests([data]) == whole == file_digests(data[i : i + 7] for i in range(0, 2304, 7))
    assert [str(d).split(":")[0] for d in whole] == ["sm3", "sha256"]
    assert [parse_digest(str(d)) for d in whole] == list(whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sm3",
        "md5:" + "0" * 64,
        "0" * 64,
        "sm3:" + "0" * 63,
        "sm3:" + "A" * 64,
        "SM3:" + "0" * 64,
    ],
)
def test_digest_without_a_known_name_is_refused(text: str) -> None:
    """The algorithm is never guessed from the length."""
    with pytest.raises(InvalidInput) as caught:
        parse_digest(text)
    assert caught.value.code == "DIGEST_MALFORMED"


def test_silent_fall_back_to_slow_signatures_is_refused() -> None:
    """A process whose eth_keys would compute in pure Python does not start."""
    done = subprocess.run(
        [sys.executable, "-c", "import ledger.crypto"],
        env={"ECC_BACKEND_CLASS": "eth_keys.backends.NativeECCBackend", "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "install coincurve" in done.stderr
