"""Keccak-256, secp256k1 signatures in the 64-byte form of EIP-2098, and named file digests.

Signatures on the protocol path are r (32 bytes) ‖ yParityAndS (32 bytes): the top bit of the second
word is the parity of the nonce point, the rest is s, which must be in the lower half of the order
(EIP-2), so that nobody can turn one valid signature into another.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from coincurve import PrivateKey, PublicKey
from cryptography.hazmat.primitives import hashes
from eth_keys.backends import get_backend
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_utils.address import is_checksum_address, to_checksum_address
from sha3 import keccak_256

from ledger.errors import InvalidInput

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HALF_ORDER = CURVE_ORDER // 2
_LOW_255_BITS = (1 << 255) - 1
_ORDER_BYTES, _HALF_ORDER_BYTES, _ZERO = CURVE_ORDER.to_bytes(32), HALF_ORDER.to_bytes(32), bytes(32)
_V_TO_PARITY = {0: 0, 1: 1, 27: 0, 28: 1}

# eth_keys falls back to pure Python in silence, three times slower for the whole chain
if not isinstance(get_backend(), CoinCurveECCBackend):
    msg = "eth_keys does not use coincurve: install coincurve, unset ECC_BACKEND_CLASS"
    raise ImportError(msg)  # noqa: TRY004 - the environment is wrong, not an argument's type


def keccak(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (not SHA3-256): 32 bytes."""
    # safe-pysha3 takes 0.9 us for 64 bytes, pycryptodome (behind eth_hash) 5.8 us
    digest: bytes = keccak_256(data).digest()
    return digest


class InvalidSignature(InvalidInput):
    """The bytes are no signature of anybody over this digest."""


def _refuse(code: str, en: str, zh: str) -> InvalidSignature:
    return InvalidSignature(code, "signature", en, zh)


def _check_digest(digest: bytes) -> None:
    if len(digest) != 32:
        raise InvalidInput(
            "DIGEST_LENGTH",
            "digest",
            f"a digest to be signed has 32 bytes, this one has {len(digest)}",
            f"待签名的摘要须为 32 字节,实为 {len(digest)} 字节",
        )


def _check_scalars(r: int, s: int) -> None:
    if not 0 < r < CURVE_ORDER or not 0 < s < CURVE_ORDER:
        raise _refuse(
            "SIGNATURE_OUT_OF_RANGE",
            "r and s must lie between 1 and the curve's order; sign again",
            "签名的 r、s 须在 1 与曲线阶之间,请重新签名",
        )
    if s > HALF_ORDER:
        raise _refuse(
            "SIGNATURE_HIGH_S",
            "s is in the upper half of the curve's order (EIP-2); sign again in the low-s form",
            "签名的 s 位于曲线阶的上半区(EIP-2),请以 low-s 形式重新签名",
        )


def _private_key(private_key: bytes) -> PrivateKey:
    scalar = int.from_bytes(private_key)
    if len(private_key) != 32 or not 0 < scalar < CURVE_ORDER:
        # the key itself must never appear in a message
        raise InvalidInput(
            "PRIVATE_KEY_INVALID",
            "private_key",
            "a private key has 32 bytes and lies between 1 and the curve's order",
            "私钥须为 32 字节,且在 1 与曲线阶之间",
        )
    return PrivateKey(private_key)


def _address(key: PublicKey) -> bytes:
    return keccak(key.format(compressed=False)[1:])[12:]


def address_of(private_key: bytes) -> bytes:
    """The 20-byte address of a 32-byte private key; InvalidInput ``PRIVATE_KEY_INVALID``."""
    return _address(_private_key(private_key).public_key)


def sign(private_key: bytes, digest: bytes) -> bytes:
    """Sign a 32-byte digest, deterministically (RFC 6979); 64 bytes as EIP-2098 has them."""
    _check_digest(digest)
    return compact(_private_key(private_key).sign_recoverable(digest, hasher=None))


def recover(digest: bytes, signature: bytes) -> bytes:
    """The 20-byte address that signed a 32-byte digest.

    Raises InvalidSignature: ``SIGNATURE_LENGTH`` (not 64 bytes), ``SIGNATURE_OUT_OF_RANGE`` (r or s
    zero or not below the order), ``SIGNATURE_HIGH_S``, ``SIGNATURE_NO_KEY`` (no point has this r).
    """
    if len(digest) != 32 or len(signature) != 64:
        _check_digest(digest)
        _split(signature)
    parity = signature[32] >> 7
    s = bytes((signature[32] & 0x7F,)) + signature[33:] if parity else signature[32:]
    # of equally long big-endian numbers, the bytes compare as the numbers do
    if not (_ZERO < signature[:32] < _ORDER_BYTES and _ZERO < s <= _HALF_ORDER_BYTES):
        _check_scalars(int.from_bytes(signature[:32]), int.from_bytes(s))
    try:
        key = PublicKey.from_signature_and_message(
            signature[:32] + s + (b"\1" if parity else b"\0"), digest, hasher=None
        )
    except ValueError as error:
        raise _refuse(
            "SIGNATURE_NO_KEY",
            "no key can have made this signature over this digest; sign again",
            "没有任何密钥能对该摘要作出此签名,请重新签名",
        ) from error
    return _address(key)


def _split(signature: bytes) -> tuple[int, int, int]:
    if len(signature) != 64:
        raise _refuse(
            "SIGNATURE_LENGTH",
            f"a signature has 64 bytes (EIP-2098), this one has {len(signature)}",
            f"签名须为 64 字节(EIP-2098),实为 {len(signature)} 字节",
        )
    parity_and_s = int.from_bytes(signature[32:])
    return int.from_bytes(signature[:32]), parity_and_s & _LOW_255_BITS, parity_and_s >> 255


def compact(signature: bytes) -> bytes:
    """Turn r ‖ s ‖ v (65 bytes, v one of 0, 1, 27, 28) into the 64 bytes of EIP-2098.

    Raises InvalidSignature: ``SIGNATURE_LENGTH``, ``SIGNATURE_V``, ``SIGNATURE_OUT_OF_RANGE``,
    ``SIGNATURE_HIGH_S``.
    """
    if len(signature) != 65:
        raise _refuse(
            "SIGNATURE_LENGTH",
            f"a signature r, s, v has 65 bytes, this one has {len(signature)}",
            f"r、s、v 形式的签名须为 65 字节,实为 {len(signature)} 字节",
        )
    parity = _V_TO_PARITY.get(signature[64])
    if parity is None:
        raise _refuse(
            "SIGNATURE_V",
            f"v must be 0, 1, 27 or 28, not {signature[64]}",
            f"签名的 v 须为 0、1、27 或 28,实为 {signature[64]}",
        )
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    _check_scalars(r, s)
    return signature[:32] + (s | parity << 255).to_bytes(32)


def expand_65(signature: bytes) -> bytes:
    """Turn the 64 bytes of EIP-2098 into r ‖ s ‖ v with v = 27 or 28, as wallets and tools want it.

    Raises InvalidSignature as ``recover`` does, except ``SIGNATURE_NO_KEY``.
    """
    r, s, parity = _split(signature)
    _check_scalars(r, s)
    return signature[:32] + s.to_bytes(32) + bytes((27 + parity,))


def checksum(address: bytes) -> str:
    """Write a 20-byte address in the mixed-case form of EIP-55."""
    if len(address) != 20:
        raise InvalidInput(
            "ADDRESS_LENGTH",
            "address",
            f"an address has 20 bytes, this one has {len(address)}",
            f"地址须为 20 字节,实为 {len(address)} 字节",
        )
    return to_checksum_address(address)


def parse_address(text: str, where: str = "address") -> bytes:
    """Read an EIP-55 address; one letter in the wrong case is refused as ``ADDRESS_MALFORMED``."""
    if not is_checksum_address(text):
        raise InvalidInput(
            "ADDRESS_MALFORMED",
            where,
            f"{text[:64]!r} is no address with an EIP-55 checksum; copy it again",
            f"{text[:64]!r} 不是带 EIP-55 校验的地址,请重新复制",
        )
    return bytes.fromhex(text[2:])


@dataclass(frozen=True, slots=True)
class Digest:
    """A 32-byte digest that never travels without its algorithm: ``sm3`` or ``sha256``."""

    algorithm: str
    value: bytes

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value.hex()}"


def sha256(data: bytes) -> Digest:
    """SHA-256 (FIPS 180-4)."""
    return Digest("sha256", hashlib.sha256(data).digest())


def sm3(data: bytes) -> Digest:
    """SM3 (GB/T 32905-2016)."""
    hasher = hashes.Hash(hashes.SM3())
    hasher.update(data)
    return Digest("sm3", hasher.finalize())


def file_digests(chunks: Iterable[bytes]) -> tuple[Digest, Digest]:
    """SM3 and SHA-256 of one file in one pass over its chunks, in this order."""
    file = FileDigests()
    for chunk in chunks:
        file.update(chunk)
    return file.finish()


class FileDigests:
    """SM3 and SHA-256 of a file that comes part by part."""

    __slots__ = ("_sha256", "_sm3")

    def __init__(self) -> None:
        self._sm3, self._sha256 = hashes.Hash(hashes.SM3()), hashlib.sha256()

    def update(self, part: bytes) -> None:
        """The file's next bytes."""
        self._sm3.update(part)
        self._sha256.update(part)

    def finish(self) -> tuple[Digest, Digest]:
        """SM3, SHA-256; nothing may follow."""
        return Digest("sm3", self._sm3.finalize()), Digest("sha256", self._sha256.digest())


def parse_digest(text: str, where: str = "digest") -> Digest:
    """Read ``sm3:…`` or ``sha256:…`` (64 lower-case hex digits); ``DIGEST_MALFORMED`` otherwise."""
    algorithm, _, digits = text.partition(":")
    lower_hex = len(digits) == 64 and set(digits) <= set("0123456789abcdef")
    if algorithm not in {"sm3", "sha256"} or not lower_hex:
        raise InvalidInput(
            "DIGEST_MALFORMED",
            where,
            f"{text[:80]!r}: write sm3: or sha256: and 64 lower-case hexadecimal digits",
            f"{text[:80]!r}:请写成 sm3: 或 sha256: 加 64 位小写十六进制",
        )
    return Digest(algorithm, bytes.fromhex(digits))
