"""X.509 certificates (GB/T 20518, RFC 5280) from raw DER, SM2 keys included.

Own code because the usual libraries refuse SM2 keys and strict-parse names and serials that real seal certificates
have. Only what a verification needs is read; the signed part is kept as it stood.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from ledger.algorithms.der import (
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    Element,
    Fields,
    Limits,
    decode,
    read_bits,
    read_boolean,
    read_flags,
    read_integer,
    read_octets,
    read_oid,
)
from ledger.algorithms.digests import DigestAlgorithm, digest, sm3
from ledger.seals.findings import Finding
from ledger.seals.names import Name, read_name
from ledger.seals.times import as_text, in_utc, read_time
from ledger.seals.verifying import read_algorithm

DIGITAL_SIGNATURE, NON_REPUDIATION, CERTIFICATE_SIGN, LIST_SIGN = 0, 1, 5, 6
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
SERVER, PROGRAM = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"
# Whose certificate is for these alone signs neither seals nor documents.
FOR_OTHERS = frozenset({SERVER, PROGRAM, TIME_STAMPING, OCSP_SIGNING})
# Marks what our own development authority issues (an arc of X.667, derived from a UUID).
DEVELOPMENT_MARK = "2.25.322652823523283174448444461937896647618"

_KEY_IDENTIFIER, _KEY_USAGE, _BASIC, _DISTRIBUTION = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.31"
_AUTHORITY_KEY, _EXTENDED_USAGE = "2.5.29.35", "2.5.29.37"
_READ = frozenset({_KEY_IDENTIFIER, _KEY_USAGE, _BASIC, _DISTRIBUTION, _AUTHORITY_KEY, _EXTENDED_USAGE})
# Harmless to a judgement whether this key signed this, and not even read: alternative names, policies.
_UNDERSTOOD = _READ | {"2.5.29.17", "2.5.29.32"}

_LIMITS = Limits(size=1 << 15, elements=2_000, depth=24)
# Bytes of a certificate that is kept read: what is larger is odd, and must not fill the memory.
_KEPT = 8_192


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its dotted type, whether it is critical, and its value (the octets, DER inside)."""

    kind: str
    critical: bool
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a verification needs of a certificate; times are Unix seconds, both inclusive.

    ``key_usage`` is None where the extension is missing; ``path_length`` is None where unbounded.
    """

    raw: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    serial: int
    issuer: Name
    subject: Name
    valid_from: int
    valid_until: int
    public_key_info: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    algorithm: str
    parameters: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    extensions: tuple[Extension, ...]
    key_usage: frozenset[int] | None
    extended_usage: tuple[str, ...]
    is_authority: bool
    path_length: int | None
    key_identifier: bytes | None
    authority_key: bytes | None
    distribution_points: tuple[bytes, ...]
    findings: tuple[Finding, ...]

    @property
    def unknown_critical(self) -> tuple[str, ...]:
        """Types of critical extensions that this code does not understand."""
        return tuple(e.kind for e in self.extensions if e.critical and e.kind not in _UNDERSTOOD)

    @property
    def self_issued(self) -> bool:
        """Whether issuer and subject are the same name."""
        return self.issuer.same_as(self.subject)

    def valid_at(self, moment: int) -> bool:
        """Whether the moment is inside the certificate's period."""
        return self.valid_from <= moment <= self.valid_until

    def extension(self, kind: str) -> Extension | None:
        """The extension of this dotted type, if there is one."""
        return next((e for e in self.extensions if e.kind == kind), None)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a ledger and a reader need to know of a certificate; names are tolerant text."""

    sm3: bytes
    sha256: bytes
    subject: str
    issuer: str
    serial: str
    valid_from: int
    valid_until: int

    def to_facts(self) -> dict[str, object]:
        """For a check's ``facts``: digests, serial and period; names may be of persons and stay out."""
        period = f"{as_text(self.valid_from)}/{as_text(self.valid_until)}"
        return {"certificate_sm3": self.sm3.hex(), "serial": self.serial, "period": period}


def facts_of(certificate: Certificate) -> CertificateFacts:
    """The facts of a certificate, digests over its DER included."""
    national, international = _digests(certificate.raw)
    return CertificateFacts(
        sm3=national,
        sha256=international,
        subject=str(certificate.subject),
        issuer=str(certificate.issuer),
        serial=f"{certificate.serial:x}",
        valid_from=certificate.valid_from,
        valid_until=certificate.valid_until,
    )


@lru_cache(maxsize=256)
def _digests(raw: bytes) -> tuple[bytes, bytes]:
    return sm3(raw), digest(DigestAlgorithm.SHA256, raw)


def parse_certificate(data: bytes) -> Certificate:
    """Read a certificate; raises ``MalformedDer`` where it is none. The same few come again and again: kept."""
    return _parse_kept(data) if len(data) <= _KEPT else _parse(data)


@lru_cache(maxsize=256)
def _parse_kept(data: bytes) -> Certificate:
    return _parse(data)


def _parse(data: bytes) -> Certificate:
    outer = decode(data, _LIMITS).fields()
    signed = outer.take(SEQUENCE)
    algorithm_info = outer.take(SEQUENCE)
    signature = read_bits(outer.take())
    outer.done()
    return _Body(signed, algorithm_info).certificate(bytes(data), signature)


class _Body:
    """Reads a TBSCertificate field by field."""

    def __init__(self, signed: Element, algorithm_info: Element) -> None:
        self._signed = signed
        self._algorithm_info = algorithm_info
        self._findings: list[Finding] = []
        self._values: dict[str, Element] = {}

    def certificate(self, raw: bytes, signature: bytes) -> Certificate:
        fields = self._signed.fields()
        fields.optional(0xA0)
        serial = read_integer(fields.take(INTEGER))
        inner = fields.take(SEQUENCE)
        if inner.raw != self._algorithm_info.raw:
            raise inner.fault("CERTIFICATE_ALGORITHM", "inner and outer algorithm differ", "证书内外签名算法不一致")
        issuer = read_name(fields.take(SEQUENCE))
        valid_from, valid_until = self._validity(fields.take(SEQUENCE))
        subject = read_name(fields.take(SEQUENCE))
        key_info = fields.take(SEQUENCE)
        extensions = self._extensions(fields)
        is_authority, path_length = self._basic()
        algorithm, parameters = read_algorithm(inner)
        return Certificate(
            raw=raw, signed=self._signed.raw, serial=serial, issuer=issuer, subject=subject,
            valid_from=valid_from, valid_until=valid_until,
            public_key_info=key_info.raw, public_key=_key_of(key_info), algorithm=algorithm, parameters=parameters,
            signature=signature, extensions=extensions, key_usage=self._key_usage(),
            extended_usage=self._extended_usage(), is_authority=is_authority, path_length=path_length,
            key_identifier=self._key_identifier(), authority_key=self._authority_key(),
            distribution_points=locations(self._values.get(_DISTRIBUTION)), findings=tuple(self._findings),
        )  # fmt: skip

    def _validity(self, element: Element) -> tuple[int, int]:
        fields = element.fields()
        start, end = fields.take(), fields.take()
        fields.done()
        if not (in_utc(start) and in_utc(end)):
            self._findings.append(Finding.TIME_NOT_UTC)
        return read_time(start), read_time(end)

    def _extensions(self, fields: Fields) -> tuple[Extension, ...]:
        fields.optional(0x81)
        fields.optional(0x82)
        explicit = fields.optional(0xA3)
        fields.done()
        if explicit is None:
            return ()
        extensions, findings = read_extensions(explicit.only())
        self._findings.extend(findings)
        if any(extension.kind == DEVELOPMENT_MARK for extension in extensions):
            self._findings.append(Finding.DEVELOPMENT_CERTIFICATE)
        if len({extension.kind for extension in extensions}) != len(extensions):
            raise explicit.fault("CERTIFICATE_EXTENSION", "an extension occurs twice", "扩展项重复出现")
        self._values = {one.kind: decode(one.value) for one in extensions if one.kind in _READ}
        return extensions

    def _basic(self) -> tuple[bool, int | None]:
        value = self._values.get(_BASIC)
        if value is None:
            return False, None
        fields = value.fields()
        flag = fields.optional(BOOLEAN)
        length = fields.optional(INTEGER)
        fields.done()
        is_authority = flag is not None and read_boolean(flag)
        if flag is not None and not is_authority:
            self._findings.append(Finding.DEFAULT_WRITTEN_OUT)
        return is_authority, None if length is None else read_integer(length)

    def _key_usage(self) -> frozenset[int] | None:
        value = self._values.get(_KEY_USAGE)
        if value is None:
            self._findings.append(Finding.KEY_USAGE_ABSENT)
            return None
        return read_flags(value)

    def _extended_usage(self) -> tuple[str, ...]:
        value = self._values.get(_EXTENDED_USAGE)
        return () if value is None else tuple(read_oid(usage) for usage in value.fields())

    def _key_identifier(self) -> bytes | None:
        value = self._values.get(_KEY_IDENTIFIER)
        return None if value is None else read_octets(value)

    def _authority_key(self) -> bytes | None:
        value = self._values.get(_AUTHORITY_KEY)
        key = None if value is None else value.fields().optional(0x80)
        return None if key is None else key.content


def read_extensions(element: Element) -> tuple[tuple[Extension, ...], tuple[Finding, ...]]:
    """A list of ``SEQUENCE{type OID, critical BOOLEAN DEFAULT FALSE, value OCTET STRING}``, and what is odd in it."""
    extensions: list[Extension] = []
    odd: set[Finding] = set()
    for child in element.fields():
        fields = child.fields()
        kind = read_oid(fields.take())
        flag = fields.optional(BOOLEAN)
        critical = flag is not None and read_boolean(flag)
        if flag is not None and not critical:
            odd.add(Finding.DEFAULT_WRITTEN_OUT)
        extensions.append(Extension(kind, critical, read_octets(fields.take(OCTET_STRING))))
        fields.done()
    return tuple(extensions), tuple(sorted(odd))


def locations(element: Element | None) -> tuple[bytes, ...]:
    """Every URI (GeneralName [6]) anywhere inside, as it stood."""
    if element is None:
        return ()
    own = (element.content,) if element.tag == 0x86 else ()
    return own + tuple(uri for child in element.children for uri in locations(child))


def _key_of(key_info: Element) -> bytes:
    fields = key_info.fields()
    fields.take(SEQUENCE)
    key = read_bits(fields.take())
    fields.done()
    return key
