"""SM2 signatures (GB/T 32918.2-2016 with the curve of GB/T 32918.5-2017) over SM3.

Verifying is total: whatever is handed in, the answer is yes or no. Signing happens in constant time or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.algorithms import sm2_backends, sm2_curve
from ledger.algorithms.digests import sm3
from ledger.algorithms.sm2_backends import Backend, Tried
from ledger.algorithms.sm2_keys import (
    DEFAULT_IDENT,
    check_private_key,
    encode_signature,
    point_of,
    private_key_info,
    private_key_of,
    public_key_info,
    readings,
    z_value,
)

__all__ = [
    "DEFAULT_IDENT", "SigningKey", "Tried", "message_digest", "self_test", "sign", "verify", "verify_digest", "z_value",
]  # fmt: skip


def verify(public_key: bytes, message: bytes, signature: bytes, ident: bytes = DEFAULT_IDENT) -> bool:
    """Whether ``signature`` (strict DER, or raw r ‖ s) is the key's over ``message``.

    ``public_key`` is 04 ‖ x ‖ y. False for a point off the curve or at infinity, r or s of 0 or ≥ n, r + s = n,
    trailing bytes, lengths that are not DER, negative integers.
    """
    if point_of(public_key) is None or len(ident) > 8191:
        return False
    return verify_digest(public_key, message_digest(public_key, message, ident), signature)


def message_digest(public_key: bytes, message: bytes, ident: bytes = DEFAULT_IDENT) -> bytes:
    """What is signed: e = SM3(Z ‖ M), 32 bytes (GB/T 32918.2-2016, 6.1, steps A1 and A2)."""
    return sm3(z_value(public_key, ident) + message)


def verify_digest(public_key: bytes, digest: bytes, signature: bytes, backend: Backend | None = None) -> bool:
    """As ``verify``, over e = SM3(Z ‖ M) of 32 bytes, by ``backend`` or the chosen one."""
    if point_of(public_key) is None or len(digest) != 32:
        return False
    by = backend or sm2_backends.chosen()
    return any(by.verify(public_key, digest, way) for way in readings(signature))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in memory, for development and tests: officers' and seals' keys are on devices.

    ``SM2_PRIVATE_KEY_INVALID``; Unavailable ``SM2_CANNOT_SIGN`` where nothing here works in constant time.
    """

    _private: bytes = field(repr=False)
    public_key: bytes = field(init=False)
    _signer: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the public key, 04 ‖ x ‖ y."""
        check_private_key(self._private)
        backend = sm2_backends.chosen()
        object.__setattr__(self, "public_key", backend.public_key(self._private))
        object.__setattr__(self, "_signer", backend.signer(self._private, self.public_key))

    @classmethod
    def generate(cls, random_bytes: Callable[[int], bytes]) -> "SigningKey":
        """A new key; ``random_bytes`` must be fit for keys."""
        while True:
            private = random_bytes(32)
            if 0 < int.from_bytes(private) < sm2_curve.N - 1:
                return cls(private)

    @classmethod
    def decode(cls, encoded: bytes) -> "SigningKey":
        """From PKCS #8 or SEC 1 (DER)."""
        return cls(private_key_of(encoded))

    def encode(self) -> bytes:
        """PKCS #8 PrivateKeyInfo (DER), not encrypted."""
        return private_key_info(self._private, self.public_key)

    @property
    def public_key_info(self) -> bytes:
        """SubjectPublicKeyInfo (DER)."""
        return public_key_info(self.public_key)

    def sign(self, message: bytes, ident: bytes = DEFAULT_IDENT) -> bytes:
        """A signature over ``message``, in DER."""
        return encode_signature(self.sign_digest(message_digest(self.public_key, message, ident)))

    def sign_digest(self, digest: bytes) -> bytes:
        """The pair r ‖ s over e = SM3(Z ‖ M) of 32 bytes."""
        return self._signer(digest)


def sign(private_key: bytes, message: bytes, ident: bytes = DEFAULT_IDENT) -> bytes:
    """As ``SigningKey(private_key).sign``; who signs often keeps the ``SigningKey``."""
    return SigningKey(private_key).sign(message, ident)


def self_test() -> tuple[Tried, ...]:
    """Known-answer tests of every backend on this machine; the first that passed is in use."""
    return sm2_backends.tried()
