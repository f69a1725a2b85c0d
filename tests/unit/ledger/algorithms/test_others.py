"""SM3, SM4, digests by name, DER, and public keys of the other families."""

import hashlib
import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ledger.algorithms import der, digests, keys, oids, sm2, sm4
from ledger.algorithms.digests import DigestAlgorithm
from ledger.algorithms.schemes import KeyFamily, UnknownAlgorithmError, pss_parameters, signature_algorithm
from ledger.errors import InvalidInput

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "gm.json").read_text("utf-8"))
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def _info(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(params=[True, False], ids=["hashlib", "cryptography"])
def both_sm3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without hashlib's SM3."""
    monkeypatch.setattr(digests, "_hashlib_has_sm3", lambda: request.param)


@pytest.mark.usefixtures("both_sm3")
@pytest.mark.parametrize("case", VECTORS["sm3"]["cases"])
def test_sm3(case: dict[str, str]) -> None:
    message = bytes.fromhex(case["message"])
    assert digests.sm3(message).hex() == case["digest"]
    hasher = digests.hasher(DigestAlgorithm.SM3)
    for octet in message:
        hasher.update(bytes((octet,)))
    assert hasher.digest().hex() == case["digest"]


def test_digests_by_the_names_of_files() -> None:
    for algorithm in DigestAlgorithm:
        assert digests.named(algorithm.oid) is digests.named(algorithm.name) is algorithm
        assert len(digests.digest(algorithm, b"")) == algorithm.size
        hasher = digests.hasher(algorithm)
        hasher.update(b"abc")
        assert hasher.digest() == digests.digest(algorithm, b"abc") == hashlib.new(algorithm.label, b"abc").digest()
    assert digests.named("SHA-256") is DigestAlgorithm.SHA256
    assert digests.named("SHA3-256") is None
    assert [one for one in DigestAlgorithm if one.weak] == [DigestAlgorithm.SHA1, DigestAlgorithm.MD5]


def test_sm4_blocks() -> None:
    case = VECTORS["sm4"]
    key, block = bytes.fromhex(case["key"]), bytes.fromhex(case["plaintext"])
    assert sm4.encrypt_block(key, block).hex() == case["once"]
    assert sm4.decrypt_block(key, bytes.fromhex(case["once"])) == block


def test_sm4_a_million_times() -> None:
    case = VECTORS["sm4"]
    key, block = bytes.fromhex(case["key"]), bytes.fromhex(case["plaintext"])
    # CBC of zeros feeds each block into the next: block i + 1 = E(block i), the standard's iteration
    made = sm4.encrypt_cbc(key, block, bytes(16 * 1_000_000))
    assert made[16 * 999_999 : 16 * 1_000_000].hex() == case["million_times"]


def test_sm4_gcm() -> None:
    case = VECTORS["sm4_gcm"]
    key, nonce, associated, plain = (bytes.fromhex(case[name]) for name in ("key", "nonce", "associated", "plaintext"))
    sealed = sm4.encrypt_gcm(key, nonce, plain, associated)
    assert sealed.hex() == case["ciphertext"] + case["tag"]
    assert sm4.decrypt_gcm(key, nonce, sealed, associated) == plain
    for changed in (sealed[:-1] + b"\0", sealed[1:], sealed[:15], b"\0" + sealed):
        with pytest.raises(InvalidInput, match="SM4_TAG"):
            sm4.decrypt_gcm(key, nonce, changed, associated)
    with pytest.raises(InvalidInput, match="SM4_TAG"):
        sm4.decrypt_gcm(key, nonce, sealed, associated + b".")


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=100))
def test_sm4_cbc_there_and_back(key: bytes, data: bytes) -> None:
    assert sm4.decrypt_cbc(key, key, sm4.encrypt_cbc(key, key, data)) == data


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: sm4.encrypt_block(bytes(15), bytes(16)), "SM4_KEY_LENGTH"),
        (lambda: sm4.encrypt_block(bytes(16), bytes(15)), "SM4_BLOCK_LENGTH"),
        (lambda: sm4.decrypt_block(bytes(16), bytes(17)), "SM4_BLOCK_LENGTH"),
        (lambda: sm4.encrypt_cbc(bytes(16), bytes(12), b""), "SM4_IV_LENGTH"),
        (lambda: sm4.encrypt_gcm(bytes(16), bytes(16), b""), "SM4_NONCE_LENGTH"),
        (lambda: sm4.decrypt_cbc(bytes(16), bytes(16), bytes(15)), "SM4_PADDING"),
    ],
)
def test_sm4_misused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.code == code


RSA_SCHEMES = [
    (oids.RSA_WITH_MD5, hashes.MD5(), True),  # noqa: S303 - files have it
    (oids.RSA_WITH_SHA1, hashes.SHA1(), True),  # noqa: S303 - files have it
    (oids.RSA_WITH_SHA256, hashes.SHA256(), False),
    (oids.RSA_WITH_SHA384, hashes.SHA384(), False),
    (oids.RSA_WITH_SHA512, hashes.SHA512(), False),
    (oids.RSA_WITH_SM3, hashes.SM3(), False),
]


@pytest.mark.parametrize(("oid", "algorithm", "weak"), RSA_SCHEMES)
def test_rsa(oid: str, algorithm: hashes.HashAlgorithm, *, weak: bool) -> None:
    key = keys.public_key(_info(RSA.public_key()))
    signature = RSA.sign(b"message", padding.PKCS1v15(), algorithm)
    known = signature_algorithm(oid)
    assert known is not None
    assert known.weak is weak
    assert key.verify(oid, b"message", signature)
    assert not key.verify(oid, b"messagf", signature)
    assert key.verify(oids.RSA, b"message", signature, digest=known.digest)


@pytest.mark.parametrize("salt", [0, 20, 32])
def test_rsa_pss(salt: int) -> None:
    key = keys.public_key(_info(RSA.public_key()))
    signature = RSA.sign(b"message", padding.PSS(padding.MGF1(hashes.SHA256()), salt), hashes.SHA256())
    sha256 = der.write(der.SEQUENCE, der.write_oid(oids.SHA256))
    mgf = der.write(der.SEQUENCE, der.write_oid(oids.MGF1), sha256)
    parameters = der.write(
        der.SEQUENCE, der.write(0xA0, sha256), der.write(0xA1, mgf), der.write(0xA2, der.write_integer(salt))
    )
    assert key.verify(oids.RSA_PSS, b"message", signature, parameters=parameters)
    assert not key.verify(oids.RSA_PSS, b"message.", signature, parameters=parameters)
    assert not key.verify(oids.RSA_PSS, b"message", signature)  # the defaults are SHA-1
    assert pss_parameters(b"").digest.weak


@given(st.binary(max_size=80))
def test_malformed_pss_parameters_are_an_unknown_algorithm(parameters: bytes) -> None:
    key = keys.public_key(_info(RSA.public_key()))
    try:
        assert not key.verify(oids.RSA_PSS, b"", bytes(256), parameters=parameters)
    except UnknownAlgorithmError:
        return


@pytest.mark.parametrize(
    ("curve", "oid", "algorithm"),
    [
        (ec.SECP256R1(), oids.ECDSA_WITH_SHA256, hashes.SHA256()),
        (ec.SECP384R1(), oids.ECDSA_WITH_SHA384, hashes.SHA384()),
        (ec.SECP521R1(), oids.ECDSA_WITH_SHA512, hashes.SHA512()),
        (ec.SECP256R1(), oids.ECDSA_WITH_SHA1, hashes.SHA1()),  # noqa: S303 - files have it
    ],
)
def test_ecdsa(curve: ec.EllipticCurve, oid: str, algorithm: hashes.HashAlgorithm) -> None:
    private = ec.generate_private_key(curve)
    key = keys.public_key(_info(private.public_key()))
    signature = private.sign(b"message", ec.ECDSA(algorithm))
    assert (key.family, key.bits) == (KeyFamily.ECDSA, curve.key_size)
    assert key.verify(oid, b"message", signature)
    for changed in (signature + b"\0", signature[:-1], b"", signature[:-1] + bytes((signature[-1] ^ 1,))):
        assert not key.verify(oid, b"message", changed)


def test_sm2_key_of_a_certificate() -> None:
    private = sm2.SigningKey.generate(secrets.token_bytes)
    key = keys.public_key(private.public_key_info)
    assert key == keys.sm2_public_key(private.public_key)
    for oid in (oids.SM2_WITH_SM3, oids.SM2_SIGNATURE):
        assert key.verify(oid, b"m", private.sign(b"m"))
        assert not key.verify(oid, b"m", private.sign(b"m", b"another"))
    assert not key.verify(oids.ECDSA_WITH_SHA256, b"m", private.sign(b"m"))
    with pytest.raises(UnknownAlgorithmError):
        key.verify(oids.SM2_SIGNATURE, b"m", private.sign(b"m"), digest=DigestAlgorithm.SHA256)


def test_unknown_algorithm_is_not_an_invalid_signature() -> None:
    key = keys.public_key(_info(P256.public_key()))
    with pytest.raises(UnknownAlgorithmError) as caught:
        key.verify("1.3.101.112", b"", b"")
    assert caught.value.code == "ALGORITHM_UNKNOWN"
    with pytest.raises(UnknownAlgorithmError):
        key.verify(oids.EC_PUBLIC_KEY, b"", b"")  # no digest named


@pytest.mark.parametrize(
    "info",
    [
        _info(ed25519.Ed25519PrivateKey.generate().public_key()),
        _info(ec.generate_private_key(ec.SECP256K1()).public_key()),
    ],
    ids=["Ed25519", "secp256k1"],
)
def test_key_of_an_unknown_algorithm(info: bytes) -> None:
    with pytest.raises(UnknownAlgorithmError):
        keys.public_key(info)


@given(st.binary(max_size=120))
def test_malformed_keys_are_refused(info: bytes) -> None:
    with pytest.raises(InvalidInput):
        keys.public_key(info)


@given(st.integers(0, 90), st.integers(1, 255))
def test_changed_sm2_key_is_another_or_refused(place: int, change: int) -> None:
    info = bytearray(sm2.SigningKey(bytes(31) + b"\7").public_key_info)
    info[place] ^= change
    try:
        assert keys.public_key(bytes(info)).info != sm2.SigningKey(bytes(31) + b"\7").public_key_info
    except InvalidInput:
        return


def test_short_rsa_keys_are_weak() -> None:
    short = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - files have it
    assert keys.public_key(_info(short)).weak
    assert not keys.public_key(_info(RSA.public_key())).weak
