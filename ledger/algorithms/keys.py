"""Public keys as certificates carry them, and what they say of signatures: SM2, RSA, ECDSA."""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ledger.algorithms import der, oids, sm2
from ledger.algorithms.digests import DigestAlgorithm
from ledger.algorithms.schemes import (
    KeyFamily,
    SignatureAlgorithm,
    UnknownAlgorithmError,
    pss_parameters,
    signature_algorithm,
)
from ledger.algorithms.sm2_keys import INFO_HEADER, check_public_key, public_key_info
from ledger.errors import InvalidInput

_HASHES: dict[DigestAlgorithm, hashes.HashAlgorithm] = {
    DigestAlgorithm.SM3: hashes.SM3(),
    DigestAlgorithm.SHA256: hashes.SHA256(),
    DigestAlgorithm.SHA384: hashes.SHA384(),
    DigestAlgorithm.SHA512: hashes.SHA512(),
    DigestAlgorithm.SHA1: hashes.SHA1(),  # noqa: S303 - what is signed with it is verified, and called weak
    DigestAlgorithm.MD5: hashes.MD5(),  # noqa: S303 - likewise
}
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MINIMUM_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of one family; ``bits`` is its size, ``info`` the SubjectPublicKeyInfo (DER) it was read from."""

    family: KeyFamily
    bits: int
    info: bytes = field(repr=False)
    _key: bytes | rsa.RSAPublicKey | ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    @property
    def weak(self) -> bool:
        """RSA of fewer than 2,048 bits."""
        return self.family is KeyFamily.RSA and self.bits < _MINIMUM_RSA_BITS

    def verify(
        self,
        algorithm_oid: str,
        message: bytes,
        signature: bytes,
        *,
        digest: DigestAlgorithm | None = None,
        parameters: bytes = b"",
        ident: bytes = sm2.DEFAULT_IDENT,
    ) -> bool:
        """Whether ``signature`` is this key's over ``message``; False where the algorithm needs another family.

        ``digest`` is the one named beside the algorithm (CMS), ``parameters`` the algorithm's own (DER; PSS),
        ``ident`` the signer's identifier for SM2. UnknownAlgorithmError ``ALGORITHM_UNKNOWN``.
        """
        algorithm = signature_algorithm(algorithm_oid)
        if algorithm is None:
            raise UnknownAlgorithmError(algorithm_oid)
        if algorithm.family is not self.family:
            return False
        if isinstance(self._key, bytes):
            if digest not in {None, DigestAlgorithm.SM3}:
                raise UnknownAlgorithmError(f"SM2 + {digest}")
            return sm2.verify(self._key, message, signature, ident)
        try:
            return _verify(self._key, algorithm, message, signature, digest, parameters)
        except UnsupportedAlgorithm as error:
            raise UnknownAlgorithmError(algorithm_oid) from error


def public_key(info: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo (DER).

    InvalidInput ``KEY_MALFORMED``; UnknownAlgorithmError ``ALGORITHM_UNKNOWN`` for algorithms and curves that
    are not among SM2, RSA, P-256, P-384, P-521; ``SM2_KEY_INVALID`` for a point off SM2's curve.
    """
    try:
        if info.startswith(INFO_HEADER):
            return _sm2_key(info, info[len(INFO_HEADER) :])
        return _other_key(info, der.read_oid(der.decode(info).fields().take(der.SEQUENCE).fields().take()))
    except (der.MalformedDer, ValueError) as error:
        raise InvalidInput("KEY_MALFORMED", "public_key", "the public key cannot be read", "公钥无法解析") from error


def sm2_public_key(point: bytes) -> PublicKey:
    """From 04 ‖ x ‖ y (65 bytes); ``SM2_KEY_INVALID``."""
    return _sm2_key(public_key_info(point), point)


def _sm2_key(info: bytes, point: bytes) -> PublicKey:
    check_public_key(point)
    return PublicKey(KeyFamily.SM2, 256, info, point)


def _other_key(info: bytes, oid: str) -> PublicKey:
    try:
        key = load_der_public_key(info)
    except UnsupportedAlgorithm as error:
        raise UnknownAlgorithmError(oid) from error
    if isinstance(key, rsa.RSAPublicKey):
        return PublicKey(KeyFamily.RSA, key.key_size, info, key)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return PublicKey(KeyFamily.ECDSA, key.curve.key_size, info, key)
    raise UnknownAlgorithmError(key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else oid)


def _verify(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    algorithm: SignatureAlgorithm,
    message: bytes,
    signature: bytes,
    beside: DigestAlgorithm | None,
    parameters: bytes,
) -> bool:
    pss = pss_parameters(parameters) if algorithm.oid == oids.RSA_PSS else None
    digest = pss.digest if pss else algorithm.digest or beside
    if digest is None:
        raise UnknownAlgorithmError(f"{algorithm.oid} without a digest")
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(_HASHES[digest]))
        elif pss:
            mask = padding.MGF1(_HASHES[pss.mask_digest])
            key.verify(signature, message, padding.PSS(mask, pss.salt), _HASHES[digest])
        else:
            key.verify(signature, message, padding.PKCS1v15(), _HASHES[digest])
    except (InvalidSignature, ValueError):  # ValueError: the key is too small for the digest
        return False
    return True
