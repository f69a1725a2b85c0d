"""Electronic seals 电子印章: GM/T 0031-2014 (V1), GB/T 38540-2020 (V4), GM/T 0031-2025 (V5), from raw DER.

V1: ``SEQUENCE{SES_SealInfo, SEQUENCE{cert, algorithm, signature}}``, signed over the sequence of seal
information, certificate and algorithm. V4, V5: ``SEQUENCE{eSealInfo, cert, algorithm, signature [, [0] timeStamp]}``,
signed over the seal information alone.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ledger.algorithms.der import (
    GENERALIZED_TIME,
    IA5_STRING,
    INTEGER,
    OCTET_STRING,
    OID,
    PRINTABLE_STRING,
    SEQUENCE,
    UTC_TIME,
    UTF8_STRING,
    Element,
    Fields,
    MalformedDer,
    decode,
    read_bits,
    read_integer,
    read_octets,
    read_oid,
    read_text,
    write,
)
from ledger.algorithms.digests import DigestAlgorithm, digest, sm3
from ledger.seals.certificates import Extension, read_extensions
from ledger.seals.findings import Finding
from ledger.seals.times import in_utc, read_time


class Form(StrEnum):
    """Which structure a seal or signature has."""

    V1 = "SES V1"
    V4 = "SES V4"
    V5 = "SES V5"
    SIGNED_DATA = "GM/T 35275"


STANDARDS = {
    Form.V1: "GM/T 0031-2014",
    Form.V4: "GB/T 38540-2020",
    Form.V5: "GM/T 0031-2025",
    Form.SIGNED_DATA: "GM/T 35275-2017",
}
VERSIONS = {Form.V1: 1, Form.V4: 4, Form.V5: 5}
# Far more than the officers of any agency; each listed certificate may have to be read.
_MOST_LISTED = 1_000
PICTURES = {"GIF", "BMP", "JPG", "JPEG", "SVG"}


@dataclass(frozen=True, slots=True)
class CertificateDigest:
    """One entry of a list of digests: the algorithm as it is named there, and the value."""

    algorithm: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as it stood; times are Unix seconds, sizes millimetres; ``signed`` is what the maker signed."""

    form: Form
    raw: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    version: int
    vendor: str
    es_id: str
    kind: int
    name: str
    certificates: tuple[bytes, ...] = field(repr=False)
    digests: tuple[CertificateDigest, ...]
    created: int
    valid_from: int
    valid_until: int
    picture_type: str
    picture: bytes = field(repr=False)
    width: int
    height: int
    extensions: tuple[Extension, ...]
    maker: bytes = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)
    time_stamp: bytes | None = field(repr=False)
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What a ledger needs to know of a seal: identity, period, picture, digests over its whole DER."""

    version: int
    es_id: str
    name: str
    kind: int
    vendor: str
    created: int
    valid_from: int
    valid_until: int
    picture_type: str
    picture_size: int
    width_mm: int
    height_mm: int
    sm3: bytes
    sha256: bytes


def facts_of(seal: Seal) -> SealFacts:
    """The facts of a seal."""
    return SealFacts(
        version=seal.version, es_id=seal.es_id, name=seal.name, kind=seal.kind, vendor=seal.vendor,
        created=seal.created, valid_from=seal.valid_from, valid_until=seal.valid_until,
        picture_type=seal.picture_type, picture_size=len(seal.picture), width_mm=seal.width, height_mm=seal.height,
        sm3=sm3(seal.raw), sha256=digest(DigestAlgorithm.SHA256, seal.raw),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Property:
    kind: int
    name: str
    certificates: tuple[bytes, ...]
    digests: tuple[CertificateDigest, ...]
    times: tuple[int, int, int]


def parse_seal(data: bytes) -> Seal:
    """Read a seal; raises ``MalformedDer`` where it is none."""
    return read_seal(decode(data))


def read_seal(element: Element) -> Seal:
    """Read a seal from its place in something decoded; raises ``MalformedDer``."""
    fields = element.fields()
    info = fields.take(SEQUENCE)
    odd: set[Finding] = set()
    if len(element.children) == 2:
        return _Reader(Form.V1, element, odd).seal(info, fields.take(SEQUENCE).fields())
    header_version = _version_of(info)
    form = Form.V5 if header_version == 5 or len(element.children) == 5 else Form.V4
    return _Reader(form, element, odd).seal(info, fields)


def _version_of(info: Element) -> int:
    header = info.fields().take(SEQUENCE).fields()
    header.take(IA5_STRING)
    return read_integer(header.take(INTEGER))


class _Reader:
    """Reads one seal of a known form, collecting what is odd."""

    def __init__(self, form: Form, element: Element, odd: set[Finding]) -> None:
        self._form = form
        self._element = element
        self._odd = odd

    def seal(self, info: Element, rest: Fields) -> Seal:
        maker, algorithm, signature = rest.take(OCTET_STRING), rest.take(OID), rest.take()
        stamp = None if self._form is Form.V1 else rest.optional(0xA0)
        rest.done()
        fields = info.fields()
        version, vendor = self._header(fields.take(SEQUENCE))
        es_id = read_text(fields.take(), IA5_STRING)
        owned = self._property(fields.take(SEQUENCE).fields())
        picture_type, picture, width, height = self._picture(fields.take(SEQUENCE).fields())
        extensions = read_custom(fields, self._odd)
        fields.done()
        covered = write(SEQUENCE, info.raw, maker.raw, algorithm.raw) if self._form is Form.V1 else info.raw
        return Seal(
            form=self._form, raw=self._element.raw, signed=covered, version=version, vendor=vendor, es_id=es_id,
            kind=owned.kind, name=owned.name, certificates=owned.certificates, digests=owned.digests,
            created=owned.times[0], valid_from=owned.times[1], valid_until=owned.times[2],
            picture_type=picture_type, picture=picture, width=width, height=height, extensions=extensions,
            maker=read_octets(maker), algorithm=read_oid(algorithm), signature=read_bits(signature),
            time_stamp=None if stamp is None else read_bits(stamp.only()), findings=tuple(sorted(self._odd)),
        )  # fmt: skip

    def _header(self, element: Element) -> tuple[int, str]:
        fields = element.fields()
        identifier = fields.take()
        if read_text(identifier, IA5_STRING) != "ES":
            raise identifier.fault("SEAL_HEADER", "a seal begins with the identifier ES", "印章头标识不是 ES")
        version = read_integer(fields.take())
        vendor = read_text(fields.take(), IA5_STRING)
        fields.done()
        if version != VERSIONS[self._form]:
            self._odd.add(Finding.VERSION_UNUSUAL)
        return version, vendor

    def _property(self, fields: Fields) -> _Property:
        kind = read_integer(fields.take())
        if self._form is Form.V1 and kind not in {1, 2}:
            self._odd.add(Finding.UNKNOWN_SEAL_TYPE)
        name = read_text(fields.take(), UTF8_STRING)
        listed = 1 if self._form is Form.V1 else read_integer(fields.take())
        certificates, digests = _read_list(listed, fields.take(SEQUENCE))
        wanted = UTC_TIME if self._form is Form.V1 else GENERALIZED_TIME
        created, start, end = (read_seal_time(fields.take(), wanted, self._odd) for _ in range(3))
        fields.done()
        return _Property(kind, name, certificates, digests, (created, start, end))

    def _picture(self, fields: Fields) -> tuple[str, bytes, int, int]:
        kind = read_text(fields.take(), IA5_STRING, 32)
        if kind.upper() not in PICTURES:
            self._odd.add(Finding.UNKNOWN_PICTURE_TYPE)
        data = read_octets(fields.take())
        width, height = read_integer(fields.take()), read_integer(fields.take())
        fields.done()
        return kind, data, width, height


def _read_list(kind: int, element: Element) -> tuple[tuple[bytes, ...], tuple[CertificateDigest, ...]]:
    """The signers' certificates (kind 1) or their digests (kind 2); one of the two is empty."""
    if len(element.children) > _MOST_LISTED:
        raise element.fault("SEAL_CERTIFICATE_LIST", "absurdly many certificates are listed", "证书列表过长")
    if kind == 1:
        return tuple(read_octets(entry) for entry in element.children), ()
    if kind != 2:
        raise element.fault("SEAL_CERTIFICATE_LIST", "type of list is neither 1 nor 2", "签章者证书信息类型不是 1 或 2")
    return (), tuple(_read_digest(entry.fields()) for entry in element.children)


def _read_digest(fields: Fields) -> CertificateDigest:
    digest = CertificateDigest(read_text(fields.take(), PRINTABLE_STRING, 64), read_octets(fields.take()))
    fields.done()
    return digest


def read_seal_time(element: Element, wanted: int, odd: set[Finding]) -> int:
    """A time of a seal; the other ASN.1 type than the version demands, or an offset, is tolerated and noted."""
    moment = read_time(element)
    if element.tag != wanted:
        odd.add(Finding.TIME_TYPE_UNUSUAL)
    if not in_utc(element):
        odd.add(Finding.TIME_NOT_UTC)
    return moment


def read_custom(fields: Fields, odd: set[Finding]) -> tuple[Extension, ...]:
    """Custom data 自定义数据, explicitly tagged [0] or, as met in real files, untagged."""
    tagged = fields.optional(0xA0)
    listed = fields.optional(SEQUENCE) if tagged is None else tagged.only()
    if listed is None:
        return ()
    if tagged is None:
        odd.add(Finding.EXTENSIONS_UNTAGGED)
    extensions, found = read_extensions(listed)
    odd.update(found)
    return extensions


__all__ = [
    "PICTURES", "STANDARDS", "CertificateDigest", "Form", "MalformedDer", "Seal", "SealFacts", "facts_of", "parse_seal",
    "read_custom", "read_seal", "read_seal_time",
]  # fmt: skip
