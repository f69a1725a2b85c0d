"""Signature algorithms by object identifier: what family of keys they need, over which digest, and whether weak."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.algorithms import der, oids
from ledger.algorithms.digests import DigestAlgorithm, named
from ledger.errors import InvalidInput

_MAXIMUM_SALT = 2048  # bytes; an RSA key of 16,384 bits


class KeyFamily(StrEnum):
    """Keys that can stand in for one another in no algorithm."""

    SM2 = "sm2"
    RSA = "rsa"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """One algorithm; ``digest`` is None where it is named beside it (in CMS) or in parameters (in PSS)."""

    oid: str
    name: str
    family: KeyFamily
    digest: DigestAlgorithm | None

    @property
    def weak(self) -> bool:
        """Whether its own digest has known collisions."""
        return self.digest is not None and self.digest.weak


def _row(oid: str, name: str, family: KeyFamily, digest: DigestAlgorithm | None) -> tuple[str, SignatureAlgorithm]:
    return oid, SignatureAlgorithm(oid, name, family, digest)


_KNOWN = dict(
    (
        _row(oids.SM2_WITH_SM3, "SM2-SM3", KeyFamily.SM2, DigestAlgorithm.SM3),
        # GM/T 0006 names the algorithm itself; GM/T 35275 puts it beside a digest, seals use it for SM2 with SM3
        _row(oids.SM2_SIGNATURE, "SM2", KeyFamily.SM2, DigestAlgorithm.SM3),
        _row(oids.SM2_CURVE, "SM2", KeyFamily.SM2, DigestAlgorithm.SM3),
        _row(oids.RSA, "RSA", KeyFamily.RSA, None),
        _row(oids.RSA_PSS, "RSA-PSS", KeyFamily.RSA, None),
        _row(oids.RSA_WITH_SM3, "RSA-SM3", KeyFamily.RSA, DigestAlgorithm.SM3),
        _row(oids.RSA_WITH_MD5, "RSA-MD5", KeyFamily.RSA, DigestAlgorithm.MD5),
        _row(oids.RSA_WITH_SHA1, "RSA-SHA1", KeyFamily.RSA, DigestAlgorithm.SHA1),
        _row(oids.RSA_WITH_SHA256, "RSA-SHA256", KeyFamily.RSA, DigestAlgorithm.SHA256),
        _row(oids.RSA_WITH_SHA384, "RSA-SHA384", KeyFamily.RSA, DigestAlgorithm.SHA384),
        _row(oids.RSA_WITH_SHA512, "RSA-SHA512", KeyFamily.RSA, DigestAlgorithm.SHA512),
        _row(oids.EC_PUBLIC_KEY, "ECDSA", KeyFamily.ECDSA, None),
        _row(oids.ECDSA_WITH_SHA1, "ECDSA-SHA1", KeyFamily.ECDSA, DigestAlgorithm.SHA1),
        _row(oids.ECDSA_WITH_SHA256, "ECDSA-SHA256", KeyFamily.ECDSA, DigestAlgorithm.SHA256),
        _row(oids.ECDSA_WITH_SHA384, "ECDSA-SHA384", KeyFamily.ECDSA, DigestAlgorithm.SHA384),
        _row(oids.ECDSA_WITH_SHA512, "ECDSA-SHA512", KeyFamily.ECDSA, DigestAlgorithm.SHA512),
    )
)


def signature_algorithm(oid: str) -> SignatureAlgorithm | None:
    """The algorithm of this object identifier, or None where it is not known here."""
    return _KNOWN.get(oid)


class UnknownAlgorithmError(InvalidInput):
    """``ALGORITHM_UNKNOWN``: whether the signature holds cannot be told; that is not the same as that it does not."""

    def __init__(self, named: str) -> None:
        super().__init__(
            "ALGORITHM_UNKNOWN", "algorithm", f"algorithm {named} is not known here", f"不认识的算法 {named}"
        )


@dataclass(frozen=True, slots=True)
class PssParameters:
    """RSASSA-PSS-params (RFC 8017, A.2.3); the salt's length is in bytes."""

    digest: DigestAlgorithm
    mask_digest: DigestAlgorithm
    salt: int

    @property
    def weak(self) -> bool:
        """Whether either digest has known collisions."""
        return self.digest.weak or self.mask_digest.weak


def pss_parameters(encoded: bytes) -> PssParameters:
    """Read them (DER); what is absent is as in RFC 8017: SHA-1, 20 bytes. UnknownAlgorithmError where malformed."""
    try:
        read = _pss_parameters(encoded or der.write(der.SEQUENCE))
    except der.MalformedDer as error:
        raise UnknownAlgorithmError("RSASSA-PSS, malformed parameters") from error
    if not 0 <= read.salt <= _MAXIMUM_SALT:
        raise UnknownAlgorithmError(f"RSASSA-PSS, salt of {read.salt} bytes")
    return read


def _pss_parameters(encoded: bytes) -> PssParameters:
    fields = der.decode(encoded).fields()
    named_digest, generator, length = fields.optional(0xA0), fields.optional(0xA1), fields.optional(0xA2)
    trailer = fields.optional(0xA3)
    fields.done()
    if trailer is not None and der.read_integer(trailer.only()) != 1:
        raise UnknownAlgorithmError("RSASSA-PSS, another trailer")
    digest = DigestAlgorithm.SHA1 if named_digest is None else _digest(named_digest.only())
    mask = DigestAlgorithm.SHA1 if generator is None else _mask_digest(generator.only().fields())
    return PssParameters(digest, mask, 20 if length is None else der.read_integer(length.only()))


def _mask_digest(generator: der.Fields) -> DigestAlgorithm:
    kind = der.read_oid(generator.take())
    if kind != oids.MGF1:
        raise UnknownAlgorithmError(kind)
    return _digest(generator.take())


def _digest(identifier: der.Element) -> DigestAlgorithm:
    oid = der.read_oid(identifier.fields().take())
    found = named(oid)
    if found is None:
        raise UnknownAlgorithmError(oid)
    return found
