"""One question to the algorithms: does this key's signature, of this algorithm, over these bytes hold?"""

from enum import Enum, auto
from functools import lru_cache
from typing import Protocol

from ledger.algorithms import digests, keys, oids
from ledger.algorithms.der import Element, read_oid
from ledger.algorithms.digests import DigestAlgorithm
from ledger.algorithms.keys import PublicKey
from ledger.algorithms.schemes import UnknownAlgorithmError, pss_parameters, signature_algorithm
from ledger.errors import InvalidInput


class Outcome(Enum):
    """What can be said of a signature value. WEAK holds, but anybody might have made it: MD5, SHA-1, short RSA keys."""

    HOLDS = auto()
    FAILS = auto()
    WEAK = auto()
    UNKNOWN_ALGORITHM = auto()


def verify(
    algorithm: str,
    public_key_info: bytes,
    message: bytes,
    signature: bytes,
    digest: DigestAlgorithm | None = None,
    parameters: bytes = b"",
) -> Outcome:
    """The outcome for an algorithm by dotted identifier and a SubjectPublicKeyInfo (DER), whatever the bytes are.

    Raises Unavailable where nothing on this machine computes it (SM2): that is an outage, and no outcome.

    ``digest`` is the algorithm named beside it, where a format does that (CMS), ``parameters`` the algorithm's own
    (DER). RSA-PSS needs them, and seals have no place for them: unknown there.
    """
    known = signature_algorithm(algorithm)
    pss = algorithm == oids.RSA_PSS
    if known is None or (pss and not parameters):
        return Outcome.UNKNOWN_ALGORITHM
    try:
        key = _key(public_key_info)
        if not key.verify(algorithm, message, signature, digest=digest, parameters=parameters):
            return Outcome.FAILS
        if pss and pss_parameters(parameters).weak:
            return Outcome.WEAK
    except UnknownAlgorithmError:
        return Outcome.UNKNOWN_ALGORITHM
    except InvalidInput:
        return Outcome.FAILS
    weak = known.weak or key.weak or (known.digest is None and digest is not None and digest.weak)
    return Outcome.WEAK if weak else Outcome.HOLDS


class Signed(Protocol):
    """A certificate, a revocation list, an OCSP response: what was signed, how, and the value."""

    @property
    def signed(self) -> bytes:
        """The bytes as they stood."""

    @property
    def algorithm(self) -> str:
        """The dotted identifier."""

    @property
    def parameters(self) -> bytes:
        """The algorithm's, as DER; empty where it has none."""

    @property
    def signature(self) -> bytes:
        """The value."""


def is_signed_by(one: Signed, public_key_info: bytes) -> Outcome:
    """The outcome for what comes again and again: kept."""
    return verify_kept(one.algorithm, public_key_info, one.signed, one.signature, one.parameters)


@lru_cache(maxsize=256)
def verify_kept(algorithm: str, public_key_info: bytes, message: bytes, signature: bytes, parameters: bytes) -> Outcome:
    return verify(algorithm, public_key_info, message, signature, parameters=parameters)


def read_algorithm(element: Element) -> tuple[str, bytes]:
    """An AlgorithmIdentifier: its dotted identifier and its parameters (DER, empty where absent)."""
    fields = element.fields()
    kind = read_oid(fields.take())
    parameters = fields.peek()
    if parameters is not None:
        fields.take()
    fields.done()
    return kind, b"" if parameters is None else parameters.raw


@lru_cache(maxsize=512)
def _key(public_key_info: bytes) -> PublicKey:
    return keys.public_key(public_key_info)


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
