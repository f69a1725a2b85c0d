"""One question to the algorithms: does this key's signature, of this algorithm, over these bytes hold?"""

from enum import Enum, auto
from functools import lru_cache

from ledger.algorithms import digests, oids, sm2
from ledger.algorithms.digests import DigestAlgorithm
from ledger.seals.der import SEQUENCE, MalformedDer, decode, read_bits, read_oid

# Some makers write the key's or the bare signature's identifier where SM2-with-SM3 belongs (met in GM/T 35275 data).
_SM2 = frozenset({oids.SM2_WITH_SM3, oids.SM2_SIGNATURE})


class Outcome(Enum):
    """What can be said of a signature value; only HOLDS and FAILS are mathematics."""

    HOLDS = auto()
    FAILS = auto()
    UNKNOWN_ALGORITHM = auto()


def verify(algorithm: str, public_key_info: bytes, message: bytes, signature: bytes) -> Outcome:
    """The outcome for an algorithm by dotted identifier and a SubjectPublicKeyInfo (DER); raises nothing."""
    key = _sm2_key(public_key_info)
    if key is None or algorithm not in _SM2:
        return Outcome.UNKNOWN_ALGORITHM
    return Outcome.HOLDS if sm2.verify(key, message, signature) else Outcome.FAILS


@lru_cache(maxsize=512)
def verify_cached(algorithm: str, public_key_info: bytes, message: bytes, signature: bytes) -> Outcome:
    """The same for what comes again and again: certificates of authorities, revocation lists."""
    return verify(algorithm, public_key_info, message, signature)


@lru_cache(maxsize=512)
def _sm2_key(public_key_info: bytes) -> bytes | None:
    """The point 04 ‖ x ‖ y of an SM2 key, None of any other."""
    try:
        fields = decode(public_key_info).fields()
        algorithm = fields.take(SEQUENCE)
        kinds = [read_oid(child) for child in algorithm.children]
        key = read_bits(fields.take())
    except MalformedDer:
        return None
    return key if kinds == [oids.EC_PUBLIC_KEY, oids.SM2_CURVE] else None


def is_raw(signature: bytes) -> bool:
    """Whether a value is r ‖ s without DER around it."""
    return len(signature) == 64 and not signature.startswith(b"\x30\x3e")


def digest_by_oid(name: str, data: bytes) -> bytes | None:
    """A digest by dotted identifier or name; None where unknown."""
    algorithm = digests.named(name)
    return None if algorithm is None else digests.digest(algorithm, data)


def matching_digest(value: bytes, data: bytes) -> DigestAlgorithm | None:
    """Which algorithm's digest of ``data`` the value is: where a format names none, SM3 before all others."""
    return next((one for one in DigestAlgorithm if one.size == len(value) and digests.digest(one, data) == value), None)
