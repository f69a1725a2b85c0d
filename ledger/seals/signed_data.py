"""SignedData of GM/T 35275-2017 (and, for time stamps, of CMS, RFC 5652): reading, and the signers' signatures.

The same structure under two families of identifiers: 1.2.156.10197.6.1.4.2.x and 1.2.840.113549.1.7.x. The signature
covers the content's octets or, where there are signed attributes, their SET, one of them holding the content's digest.
"""

from dataclasses import dataclass, field
from functools import partial

from ledger.algorithms import oids
from ledger.algorithms.der import (
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Fields,
    MalformedDer,
    decode,
    read_integer,
    read_octets,
    read_oid,
)
from ledger.algorithms.digests import digest, named
from ledger.seals.certificates import Certificate, parse_certificate
from ledger.seals.names import Name, read_name
from ledger.seals.times import read_time
from ledger.seals.verifying import Outcome, read_algorithm, verify

# Content of any other type must be named in signed attributes (RFC 5652 5.3), or one thing could pass for another.
_PLAIN = frozenset({oids.GM_DATA, oids.CMS_DATA})
_SIGNED_DATA = frozenset({oids.GM_SIGNED_DATA, oids.CMS_SIGNED_DATA})
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{i}" for i in (3, 4, 5))

# Each signer costs a signature check and a look at each certificate: nobody may make that a product of thousands.
_MOST_SIGNERS, _MOST_CERTIFICATES = 16, 64


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer's part; ``attributes`` is the SET that was signed, None where the content itself was."""

    issuer: Name | None
    serial: int | None
    key_identifier: bytes | None
    digest: str
    attributes: bytes | None = field(repr=False)
    content_type: str | None
    message_digest: bytes | None
    signing_time: int | None
    algorithm: str
    parameters: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    unsigned: tuple[tuple[str, bytes], ...] = field(repr=False)

    def is_of(self, certificate: Certificate) -> bool:
        """Whether it names this certificate."""
        if self.issuer is None or self.serial is None:
            return self.key_identifier is not None and self.key_identifier == certificate.key_identifier
        return self.serial == certificate.serial and self.issuer.same_as(certificate.issuer)


@dataclass(frozen=True, slots=True)
class SignedData:
    """Signed data as they stood; ``content`` is None where it is detached."""

    raw: bytes = field(repr=False)
    national: bool
    content_type: str
    content: bytes | None = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    lists: tuple[bytes, ...] = field(repr=False)
    signers: tuple[SignerInfo, ...]


def is_signed_data(element: Element) -> bool:
    """Whether it begins like ContentInfo of SignedData; nothing more is looked at."""
    first = element.children[0] if element.tag == SEQUENCE and element.children else None
    try:
        return first is not None and read_oid(first) in _SIGNED_DATA
    except MalformedDer:
        return False


def parse_signed_data(data: bytes) -> SignedData:
    """Read signed data; raises ``MalformedDer`` where they are none."""
    return read_signed_data(decode(data))


def read_signed_data(element: Element) -> SignedData:
    """Read signed data from something decoded; raises ``MalformedDer``."""
    outer = element.fields()
    kind = outer.take()
    identifier = read_oid(kind)
    if identifier not in _SIGNED_DATA:
        raise kind.fault("SIGNED_DATA_TYPE", "not signed data", "不是签名数据类型")
    fields = outer.take(0xA0).only().fields()
    outer.done()
    fields.take(INTEGER)
    fields.take(SET)
    content_type, content = _content(fields.take(SEQUENCE).fields())
    certificates, lists = fields.optional(0xA0), fields.optional(0xA1)
    signers = fields.take(SET)
    fields.done()
    if not 1 <= len(signers.children) <= _MOST_SIGNERS:
        raise signers.fault("SIGNED_DATA_SIGNERS", "nobody signed, or absurdly many", "没有签名者，或签名者过多")
    if certificates is not None and len(certificates.children) > _MOST_CERTIFICATES:
        raise certificates.fault("SIGNED_DATA_CERTIFICATES", "absurdly many certificates", "证书过多")
    return SignedData(
        raw=element.raw, national=identifier == oids.GM_SIGNED_DATA, content_type=content_type, content=content,
        certificates=tuple(one.raw for one in certificates.children) if certificates else (),
        lists=tuple(one.raw for one in lists.children) if lists else (),
        signers=tuple(_signer(one.fields()) for one in signers.children),
    )  # fmt: skip


def _content(fields: Fields) -> tuple[str, bytes | None]:
    """The content's type and octets: those of an OCTET STRING, or of any other type as it stands without header."""
    kind = read_oid(fields.take())
    explicit = fields.optional(0xA0)
    fields.done()
    return kind, None if explicit is None else explicit.only().content


def _signer(fields: Fields) -> SignerInfo:
    fields.take(INTEGER)
    key = fields.optional(0x80)
    issuer = serial = None
    if key is None:
        named_by = fields.take(SEQUENCE).fields()
        issuer, serial = read_name(named_by.take()), read_integer(named_by.take())
        named_by.done()
    digest_name = read_oid(fields.take(SEQUENCE).fields().take())
    listed = fields.optional(0xA0)
    algorithm, parameters = read_algorithm(fields.take(SEQUENCE))
    signature = read_octets(fields.take(OCTET_STRING))
    unsigned = fields.optional(0xA1)
    fields.done()
    values = _attributes(listed)
    kind, value, moment = values.get(_CONTENT_TYPE), values.get(_MESSAGE_DIGEST), values.get(_SIGNING_TIME)
    return SignerInfo(
        issuer=issuer, serial=serial, key_identifier=None if key is None else key.content, digest=digest_name,
        # What is signed is the SET, not the [0] in whose place it stands (RFC 5652 5.4).
        attributes=None if listed is None else bytes((SET,)) + listed.raw[1:],
        content_type=None if kind is None else read_oid(kind),
        message_digest=None if value is None else read_octets(value),
        signing_time=None if moment is None else read_time(moment),
        algorithm=algorithm, parameters=parameters, signature=signature,
        unsigned=tuple((kind, value.raw) for kind, value in _attributes(unsigned).items()),
    )  # fmt: skip


def _attributes(element: Element | None) -> dict[str, Element]:
    """By type; each attribute has one value and occurs once, or it is refused."""
    found: dict[str, Element] = {}
    for attribute in element.children if element else ():
        fields = attribute.fields()
        kind = read_oid(fields.take())
        values = fields.take(SET)
        fields.done()
        if kind in found:
            raise attribute.fault("SIGNED_DATA_ATTRIBUTE", "an attribute occurs twice", "属性重复出现")
        found[kind] = values.only()
    return found


def signer_certificate(data: SignedData, signer: SignerInfo) -> bytes | None:
    """The signer's certificate among those given, None where it is not there; those that cannot be read are passed."""
    for der in data.certificates:
        try:
            if signer.is_of(parse_certificate(der)):
                return der
        except MalformedDer:
            continue
    return None


def verify_signer(data: SignedData, signer: SignerInfo, certificate: Certificate, content: bytes) -> Outcome:
    """Whether the signer's value holds over ``content`` (the data's own, or the detached one)."""
    algorithm = named(signer.digest)
    if algorithm is None:
        return Outcome.UNKNOWN_ALGORITHM
    value = partial(
        verify, signer.algorithm, certificate.public_key_info,
        signature=signer.signature, digest=algorithm, parameters=signer.parameters,
    )  # fmt: skip
    if signer.attributes is None:
        return value(message=content) if data.content_type in _PLAIN else Outcome.FAILS
    if signer.message_digest != digest(algorithm, content) or signer.content_type != data.content_type:
        return Outcome.FAILS
    outcome = value(message=signer.attributes)
    return Outcome.WEAK if outcome is Outcome.HOLDS and algorithm.weak else outcome
