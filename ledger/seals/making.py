"""Making seals and seal signatures (V1, V4, V5), GM/T 35275 signed data and time stamp tokens.

Who signs comes in as an ``Identity``: its port may be a device. The same draft gives the same bytes, but for the
signature values, in which SM2 has randomness.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.algorithms import oids
from ledger.algorithms.der import (
    IA5_STRING,
    NULL,
    OCTET_STRING,
    PRINTABLE_STRING,
    SEQUENCE,
    SET,
    UTF8_STRING,
    write,
    write_bits,
    write_integer,
    write_oid,
)
from ledger.algorithms.digests import sm3
from ledger.seals.certificates import Extension
from ledger.seals.issuing import Identity, write_extensions
from ledger.seals.seal import VERSIONS, Form
from ledger.seals.times import write_generalized, write_utc

Stamper = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class SealDraft:
    """What a seal is to say; times are Unix seconds, sizes millimetres; ``signers`` are certificates (DER).

    ``by_digest`` lists the signers' certificates by their SM3 digests (V4, V5). ``kind``: 1 unit, 2 person.
    """

    es_id: str
    name: str
    signers: tuple[bytes, ...] = field(repr=False)
    created: int
    valid_from: int
    valid_until: int
    picture_type: str
    picture: bytes = field(repr=False)
    width: int = 40
    height: int = 40
    vendor: str = "HUXIN"
    kind: int = 1
    by_digest: bool = False
    extensions: tuple[Extension, ...] = ()


def make_seal(form: Form, draft: SealDraft, maker: Identity, stamper: Stamper | None = None) -> bytes:
    """A seal (DER) of the form, signed by the maker; ``stamper`` (V5) makes a token over the signature value."""
    info = _seal_info(form, draft)
    certificate, algorithm = write(OCTET_STRING, maker.certificate), write_oid(maker.algorithm)
    if form is Form.V1:
        value = maker.sign(write(SEQUENCE, info, certificate, algorithm))
        return write(SEQUENCE, info, write(SEQUENCE, certificate, algorithm, write_bits(value)))
    value = maker.sign(info)
    return write(SEQUENCE, info, certificate, algorithm, write_bits(value), _stamp(stamper, value))


def _stamp(stamper: Stamper | None, value: bytes) -> bytes:
    return b"" if stamper is None else write(0xA0, write_bits(stamper(value)))


def _ia5(text: str) -> bytes:
    return write(IA5_STRING, text.encode("ascii"))


def _custom(extensions: tuple[Extension, ...]) -> bytes:
    return write(0xA0, write_extensions(extensions)) if extensions else b""


def _seal_info(form: Form, draft: SealDraft) -> bytes:
    header = write(SEQUENCE, _ia5("ES"), write_integer(VERSIONS[form]), _ia5(draft.vendor))
    picture = write(
        SEQUENCE, _ia5(draft.picture_type), write(OCTET_STRING, draft.picture), write_integer(draft.width),
        write_integer(draft.height),
    )  # fmt: skip
    return write(SEQUENCE, header, _ia5(draft.es_id), _property(form, draft), picture, _custom(draft.extensions))


def _property(form: Form, draft: SealDraft) -> bytes:
    owned = write_integer(draft.kind), write(UTF8_STRING, draft.name.encode())
    moments = (draft.created, draft.valid_from, draft.valid_until)
    whole = write(SEQUENCE, *(write(OCTET_STRING, one) for one in draft.signers))
    if form is Form.V1:
        return write(SEQUENCE, *owned, whole, *(write_utc(one) for one in moments))
    listed = write(SEQUENCE, *(_listed(one) for one in draft.signers)) if draft.by_digest else whole
    kind = write_integer(2 if draft.by_digest else 1)
    return write(SEQUENCE, *owned, kind, listed, *(write_generalized(one) for one in moments))


def _listed(certificate: bytes) -> bytes:
    return write(SEQUENCE, write(PRINTABLE_STRING, oids.SM3.encode()), write(OCTET_STRING, sm3(certificate)))


@dataclass(frozen=True, slots=True)
class SignatureDraft:
    """What a seal signature is to say: the seal (DER), the digest of the document, the signed part's path, the time."""

    seal: bytes = field(repr=False)
    data_hash: bytes
    property_info: str
    signed_at: int
    extensions: tuple[Extension, ...] = ()


def make_signature(form: Form, draft: SignatureDraft, signer: Identity, stamper: Stamper | None = None) -> bytes:
    """A seal signature (DER) of the form; ``stamper`` (V4, V5) makes a token over the signature value."""
    certificate, algorithm = write(OCTET_STRING, signer.certificate), write_oid(signer.algorithm)
    begin = write_integer(VERSIONS[form]), draft.seal
    rest = write_bits(draft.data_hash), _ia5(draft.property_info)
    if form is Form.V1:
        signed = write(SEQUENCE, *begin, write_bits(write_utc(draft.signed_at)), *rest, certificate, algorithm)
        return write(SEQUENCE, signed, write_bits(signer.sign(signed)))
    signed = write(SEQUENCE, *begin, write_generalized(draft.signed_at), *rest, _custom(draft.extensions))
    value = signer.sign(signed)
    return write(SEQUENCE, signed, certificate, algorithm, write_bits(value), _stamp(stamper, value))


def make_signed_data(
    content: bytes,
    signer: Identity,
    signing_time: int | None = None,
    *,
    detached: bool = False,
    kind: str = oids.GM_DATA,
) -> bytes:
    """GM/T 35275 signed data (DER) over the content's octets, or over attributes where there is a signing time."""
    algorithm = write(SEQUENCE, write_oid(oids.SM3))
    attributes = b""
    if signing_time is not None or kind != oids.GM_DATA:
        attributes = _signed_attributes(content, kind, signing_time)
    value = signer.sign(write(SET, attributes) if attributes else content)
    certificate = signer.parsed
    signer_info = write(
        SEQUENCE, write_integer(1), write(SEQUENCE, certificate.issuer.raw, write_integer(certificate.serial)),
        algorithm, write(0xA0, attributes) if attributes else b"",
        write(SEQUENCE, write_oid(_beside_digest(signer.algorithm))), write(OCTET_STRING, value),
    )  # fmt: skip
    inner = b"" if detached else write(0xA0, write(OCTET_STRING, content))
    body = write(
        SEQUENCE, write_integer(1), write(SET, algorithm), write(SEQUENCE, write_oid(kind), inner),
        write(0xA0, signer.certificate), write(SET, signer_info),
    )  # fmt: skip
    return write(SEQUENCE, write_oid(oids.GM_SIGNED_DATA), write(0xA0, body))


def _beside_digest(algorithm: str) -> str:
    """GM/T 35275 names SM2 alone, for the digest stands beside it."""
    return oids.SM2_SIGNATURE if algorithm == oids.SM2_WITH_SM3 else algorithm


def _signed_attributes(content: bytes, kind: str, signing_time: int | None) -> bytes:
    said = {3: write_oid(kind), 4: write(OCTET_STRING, sm3(content))}
    if signing_time is not None:
        said[5] = write_utc(signing_time)
    written = (write(SEQUENCE, write_oid(f"1.2.840.113549.1.9.{i}"), write(SET, one)) for i, one in said.items())
    return b"".join(sorted(written))


def make_time_stamp(stamped: bytes, moment: int, serial: int, stamper: Identity) -> bytes:
    """A time stamp token (DER) for the SM3 digest of ``stamped`` at ``moment``."""
    imprint = write(SEQUENCE, write(SEQUENCE, write_oid(oids.SM3), write(NULL)), write(OCTET_STRING, sm3(stamped)))
    policy = write_oid("2.5.29.32.0")
    info = write(SEQUENCE, write_integer(1), policy, imprint, write_integer(serial), write_generalized(moment))
    return make_signed_data(info, stamper, moment, kind="1.2.840.113549.1.9.16.1.4")
