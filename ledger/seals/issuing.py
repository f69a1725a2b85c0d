"""Writing certificates, revocation lists and OCSP responses: for development and tests, not for authorities in use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ledger.algorithms import oids
from ledger.algorithms.der import (
    BOOLEAN,
    ENUMERATED,
    NULL,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTF8_STRING,
    write,
    write_bits,
    write_flags,
    write_integer,
    write_oid,
)
from ledger.algorithms.digests import sm3
from ledger.seals.certificates import Certificate, Extension, parse_certificate
from ledger.seals.revocation import Revoked
from ledger.seals.times import write_generalized, write_validity_time

Attributes = tuple[tuple[str, str], ...]
_CRITICAL = write(BOOLEAN, b"\xff")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: a certificate and the port that signs with its key (a device, or a key in memory)."""

    certificate: bytes = field(repr=False)
    sign: Callable[[bytes], bytes] = field(repr=False)
    algorithm: str = oids.SM2_WITH_SM3

    @property
    def parsed(self) -> Certificate:
        """The certificate, read."""
        return parse_certificate(self.certificate)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate is to say; times are Unix seconds; ``subject`` are pairs of dotted type and text."""

    subject: Attributes
    valid_from: int
    valid_until: int
    serial: int
    key_usage: frozenset[int] | None
    authority: bool = False
    path_length: int | None = None
    extended_usage: tuple[str, ...] = ()
    others: tuple[Extension, ...] = ()


def make_certificate(
    profile: Profile, key_info: bytes, issuer: Identity | None, sign: Callable[[bytes], bytes]
) -> bytes:
    """A certificate (DER) for ``key_info``, signed by ``sign``; ``issuer`` is None where it is its own."""
    subject = write_name(profile.subject)
    issuer_name = issuer.parsed.subject.raw if issuer else subject
    authority_key = _key_identifier(issuer.parsed.public_key_info if issuer else key_info)
    algorithm = write(SEQUENCE, write_oid(issuer.algorithm if issuer else oids.SM2_WITH_SM3))
    period = write(SEQUENCE, write_validity_time(profile.valid_from), write_validity_time(profile.valid_until))
    extensions = (
        Extension("2.5.29.35", critical=False, value=write(SEQUENCE, write(0x80, authority_key))),
        Extension("2.5.29.14", critical=False, value=write(OCTET_STRING, _key_identifier(key_info))),
        *_standard(profile),
        *profile.others,
    )
    signed = write(
        SEQUENCE, write(0xA0, write_integer(2)), write_integer(profile.serial), algorithm, issuer_name, period,
        subject, key_info, write(0xA3, write_extensions(extensions)),
    )  # fmt: skip
    return write(SEQUENCE, signed, algorithm, write_bits(sign(signed)))


def _standard(profile: Profile) -> list[Extension]:
    found = []
    if profile.authority:
        length = b"" if profile.path_length is None else write_integer(profile.path_length)
        found.append(Extension("2.5.29.19", critical=True, value=write(SEQUENCE, _CRITICAL, length)))
    if profile.key_usage is not None:
        found.append(Extension("2.5.29.15", critical=True, value=write_flags(profile.key_usage)))
    if profile.extended_usage:
        usages = write(SEQUENCE, *(write_oid(usage) for usage in profile.extended_usage))
        found.append(Extension("2.5.29.37", critical=True, value=usages))
    return found


def _key_identifier(key_info: bytes) -> bytes:
    return sm3(key_info)[:20]


def write_name(attributes: Attributes) -> bytes:
    """A distinguished name, one attribute in each set, as UTF8String."""
    pairs = (write(SEQUENCE, write_oid(kind), write(UTF8_STRING, text.encode())) for kind, text in attributes)
    return write(SEQUENCE, *(write(SET, pair) for pair in pairs))


def write_extensions(extensions: Iterable[Extension]) -> bytes:
    """A list of extensions; FALSE is the default and stays out."""
    return write(SEQUENCE, *(_extension(one) for one in extensions))


def _extension(one: Extension) -> bytes:
    return write(SEQUENCE, write_oid(one.kind), _CRITICAL if one.critical else b"", write(OCTET_STRING, one.value))


def make_revocation_list(
    issuer: Identity,
    this_update: int,
    next_update: int | None,
    revoked: Iterable[tuple[int, Revoked]] = (),
    extensions: tuple[Extension, ...] = (),
) -> bytes:
    """A revocation list (X.509 v2, DER) of pairs of serial number and revocation."""
    algorithm = write(SEQUENCE, write_oid(issuer.algorithm))
    entries = b"".join(_entry(serial, one) for serial, one in revoked)
    signed = write(
        SEQUENCE, write_integer(1), algorithm, issuer.parsed.subject.raw, write_validity_time(this_update),
        b"" if next_update is None else write_validity_time(next_update),
        write(SEQUENCE, entries) if entries else b"",
        write(0xA0, write_extensions(extensions)) if extensions else b"",
    )  # fmt: skip
    return write(SEQUENCE, signed, algorithm, write_bits(issuer.sign(signed)))


def _entry(serial: int, revoked: Revoked) -> bytes:
    said = []
    if revoked.reason is not None:
        said.append(Extension("2.5.29.21", critical=False, value=write_integer(revoked.reason, ENUMERATED)))
    if revoked.suspect_since is not None:
        said.append(Extension("2.5.29.24", critical=False, value=write_generalized(revoked.suspect_since)))
    listed = write_extensions(said) if said else b""
    return write(SEQUENCE, write_integer(serial), write_validity_time(revoked.moment), listed)


def make_ocsp_response(
    responder: Identity,
    issuer: Certificate,
    about: Certificate,
    this_update: int,
    next_update: int | None,
    revoked: Revoked | None = None,
) -> bytes:
    """A basic OCSP response about one certificate, with the responder's certificate in it."""
    hashed = write(SEQUENCE, write_oid(oids.SM3), write(NULL))
    names = write(OCTET_STRING, sm3(issuer.subject.raw)), write(OCTET_STRING, sm3(issuer.public_key))
    certificate_id = write(SEQUENCE, hashed, *names, write_integer(about.serial))
    following = b"" if next_update is None else write(0xA0, write_generalized(next_update))
    single = write(SEQUENCE, certificate_id, _answer(revoked), write_generalized(this_update), following)
    by_key = write(0xA2, write(OCTET_STRING, sm3(responder.parsed.public_key)[:20]))
    signed = write(SEQUENCE, by_key, write_generalized(this_update), write(SEQUENCE, single))
    algorithm = write(SEQUENCE, write_oid(responder.algorithm))
    given = write(0xA0, write(SEQUENCE, responder.certificate))
    basic = write(SEQUENCE, signed, algorithm, write_bits(responder.sign(signed)), given)
    body = write(SEQUENCE, write_oid("1.3.6.1.5.5.7.48.1.1"), write(OCTET_STRING, basic))
    return write(SEQUENCE, write_integer(0, ENUMERATED), write(0xA0, body))


def _answer(revoked: Revoked | None) -> bytes:
    if revoked is None:
        return write(0x80)
    reason = b"" if revoked.reason is None else write(0xA0, write_integer(revoked.reason, ENUMERATED))
    return write(0xA1, write_generalized(revoked.moment), reason)


__all__ = [
    "Attributes", "Identity", "Profile", "make_certificate", "make_ocsp_response",
    "make_revocation_list", "write_extensions", "write_name",
]  # fmt: skip
