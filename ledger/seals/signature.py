"""Electronic seal signatures 电子签章数据: ``SES_Signature`` of V1, V4 and V5, from raw DER.

V1: ``SEQUENCE{TBS_Sign{version, seal, timeInfo BIT STRING, dataHash, propertyInfo, cert, algorithm}, signature}``.
V4, V5: ``SEQUENCE{TBS_Sign{version, seal, timeInfo GeneralizedTime, dataHash, propertyInfo [, [0] extDatas]}, cert,
algorithm, signature [, [0] timeStamp]}``. The signature covers TBS_Sign as it stood.
"""

from dataclasses import dataclass, field

from ledger.algorithms.der import (
    BIT_STRING,
    GENERALIZED_TIME,
    IA5_STRING,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    UTC_TIME,
    Element,
    MalformedDer,
    decode,
    read_bits,
    read_integer,
    read_octets,
    read_oid,
    read_text,
)
from ledger.seals.certificates import Extension
from ledger.seals.findings import Finding
from ledger.seals.seal import VERSIONS, Form, Seal, read_custom, read_seal, read_seal_time


@dataclass(frozen=True, slots=True)
class SealSignature:
    """A seal signature as it stood.

    ``claimed_time`` is the signer's own word (Unix seconds); None where a time stamp token stands in its place.
    ``time_stamp`` is a token over the signature value; ``time_token`` the one that V1 allows as timeInfo.
    """

    form: Form
    raw: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    version: int
    seal: Seal
    claimed_time: int | None
    time_token: bytes | None = field(repr=False)
    data_hash: bytes
    property_info: str
    extensions: tuple[Extension, ...]
    signer: bytes = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)
    time_stamp: bytes | None = field(repr=False)
    findings: tuple[Finding, ...]


def parse_signature(data: bytes) -> SealSignature:
    """Read a seal signature; raises ``MalformedDer`` where it is none."""
    return read_signature(decode(data))


def read_signature(element: Element) -> SealSignature:
    """Read a seal signature from something decoded; raises ``MalformedDer``."""
    if element.expect(SEQUENCE).children[2:]:
        return _read_v4(element)
    return _read_v1(element)


def _read_v1(element: Element) -> SealSignature:
    outer = element.fields()
    signed = outer.take(SEQUENCE)
    signature = read_bits(outer.take())
    outer.done()
    odd: set[Finding] = set()
    fields = signed.fields()
    version = _version(fields.take(INTEGER), Form.V1, odd)
    seal = _seal(fields.take(SEQUENCE), Form.V1, odd)
    moment, token = _read_time_info(fields.take(BIT_STRING), odd)
    data_hash = read_bits(fields.take())
    property_info = read_text(fields.take(), IA5_STRING)
    signer, algorithm = read_octets(fields.take(OCTET_STRING)), read_oid(fields.take(OID))
    fields.done()
    return SealSignature(
        form=Form.V1, raw=element.raw, signed=signed.raw, version=version, seal=seal, claimed_time=moment,
        time_token=token, data_hash=data_hash, property_info=property_info, extensions=(), signer=signer,
        algorithm=algorithm, signature=signature, time_stamp=None, findings=tuple(sorted(odd)),
    )  # fmt: skip


def _read_v4(element: Element) -> SealSignature:
    outer = element.fields()
    signed = outer.take(SEQUENCE)
    signer, algorithm = read_octets(outer.take()), read_oid(outer.take())
    signature = read_bits(outer.take())
    stamp = outer.optional(0xA0)
    outer.done()
    odd: set[Finding] = set()
    fields = signed.fields()
    number = fields.take(INTEGER)
    form = Form.V5 if read_integer(number) == 5 else Form.V4
    version = _version(number, form, odd)
    seal = _seal(fields.take(SEQUENCE), form, odd)
    moment = read_seal_time(fields.take(), GENERALIZED_TIME, odd)
    data_hash = read_bits(fields.take())
    property_info = read_text(fields.take(), IA5_STRING)
    extensions = read_custom(fields, odd)
    fields.done()
    return SealSignature(
        form=form, raw=element.raw, signed=signed.raw, version=version, seal=seal, claimed_time=moment,
        time_token=None, data_hash=data_hash, property_info=property_info, extensions=extensions, signer=signer,
        algorithm=algorithm, signature=signature, time_stamp=None if stamp is None else read_bits(stamp.only()),
        findings=tuple(sorted(odd)),
    )  # fmt: skip


def _version(element: Element, form: Form, odd: set[Finding]) -> int:
    version = read_integer(element)
    if version != VERSIONS[form]:
        odd.add(Finding.VERSION_UNUSUAL)
    return version


def _seal(element: Element, form: Form, odd: set[Finding]) -> Seal:
    """The seal; one of another version than the signature's is tolerated, and noted."""
    seal = read_seal(element)
    if seal.form is not form:
        odd.add(Finding.SEAL_OF_ANOTHER_VERSION)
    return seal


def _read_time_info(element: Element, odd: set[Finding]) -> tuple[int | None, bytes | None]:
    """V1 keeps in a bit string either a UTCTime or a whole time stamp token."""
    content = read_bits(element)
    try:
        inner = decode(content)
        if inner.tag == SEQUENCE:
            return None, content
        return read_seal_time(inner, UTC_TIME, odd), None
    except MalformedDer as error:
        raise element.fault(error.code, "timeInfo holds neither a time nor a token", "时间信息格式错误") from error
