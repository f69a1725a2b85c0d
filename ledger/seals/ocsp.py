"""OCSP responses (RFC 6960) given offline: signed by the issuer or by a responder that the issuer appointed."""

from dataclasses import dataclass, field

from ledger.seals.certificates import OCSP_SIGNING, Certificate, parse_certificate
from ledger.seals.der import (
    ENUMERATED,
    SEQUENCE,
    Element,
    decode,
    read_bits,
    read_integer,
    read_octets,
    read_oid,
)
from ledger.seals.revocation import Revoked, Status
from ledger.seals.times import read_time
from ledger.seals.verifying import Outcome, digest_by_oid, verify_cached

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_UNKNOWN, _GOOD, _REVOKED = 0x82, 0x80, 0xA1


@dataclass(frozen=True, slots=True)
class SingleStatus:
    """One answer: for which certificate (digests of issuer name and key, serial number), and what."""

    digest: str
    issuer_name: bytes
    issuer_key: bytes
    serial: int
    status: Status | None


@dataclass(frozen=True, slots=True)
class OcspResponse:
    """A basic OCSP response as it stood; an answer "unknown" has no status."""

    signed: bytes = field(repr=False)
    answers: tuple[SingleStatus, ...]
    produced: int
    certificates: tuple[Certificate, ...] = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)

    def status_of(self, certificate: Certificate, issuer: Certificate) -> Status | None:
        """What it says of the certificate, if the issuer or an appointed responder signed it."""
        if not self._signed_for(issuer):
            return None
        return next((one.status for one in self.answers if _is_about(one, certificate, issuer)), None)

    def _signed_for(self, issuer: Certificate) -> bool:
        keys = [issuer] + [one for one in self.certificates if _appointed(one, issuer, self.produced)]
        return any(
            verify_cached(self.algorithm, key.public_key_info, self.signed, self.signature) is Outcome.HOLDS
            for key in keys
        )


def _appointed(responder: Certificate, issuer: Certificate, moment: int) -> bool:
    """Issued by the issuer itself, for OCSP, valid then (RFC 6960 4.2.2.2)."""
    return (
        OCSP_SIGNING in responder.extended_usage
        and responder.issuer.same_as(issuer.subject)
        and responder.valid_at(moment)
        and not responder.unknown_critical
        and verify_cached(responder.algorithm, issuer.public_key_info, responder.signed, responder.signature)
        is Outcome.HOLDS
    )


def _is_about(one: SingleStatus, certificate: Certificate, issuer: Certificate) -> bool:
    if one.serial != certificate.serial:
        return False
    names = {digest_by_oid(one.digest, name) for name in (issuer.subject.raw, certificate.issuer.raw)}
    return one.issuer_name in names and one.issuer_key == digest_by_oid(one.digest, issuer.public_key)


def parse_ocsp(data: bytes) -> OcspResponse:
    """Read a successful basic OCSP response; raises ``MalformedDer`` where it is none."""
    outer = decode(data).fields()
    state = outer.take(ENUMERATED)
    if read_integer(state, ENUMERATED) != 0:
        raise state.fault("OCSP_STATUS", "the responder refused to answer", "OCSP 服务未给出答复")
    body = outer.take(0xA0).only().fields()
    outer.done()
    kind = body.take()
    if read_oid(kind) != _BASIC:
        raise kind.fault("OCSP_TYPE", "not a basic OCSP response", "不是基本 OCSP 响应")
    return _basic(decode(read_octets(body.take())))


def _basic(element: Element) -> OcspResponse:
    fields = element.fields()
    signed, algorithm = fields.take(SEQUENCE), fields.take(SEQUENCE)
    signature = read_bits(fields.take())
    certificates = fields.optional(0xA0)
    fields.done()
    data = signed.fields()
    data.optional(0xA0)
    data.take()
    produced = read_time(data.take())
    answers = tuple(_single(one) for one in data.take(SEQUENCE).children)
    given = certificates.only().children if certificates else ()
    return OcspResponse(
        signed=signed.raw, answers=answers, produced=produced,
        certificates=tuple(parse_certificate(one.raw) for one in given),
        algorithm=read_oid(algorithm.fields().take()), signature=signature,
    )  # fmt: skip


def _single(element: Element) -> SingleStatus:
    fields = element.fields()
    about = fields.take(SEQUENCE).fields()
    digest = read_oid(about.take(SEQUENCE).fields().take())
    issuer_name, issuer_key = read_octets(about.take()), read_octets(about.take())
    serial = read_integer(about.take())
    answer = fields.take()
    this_update = read_time(fields.take())
    following = fields.optional(0xA0)
    next_update = None if following is None else read_time(following.only())
    revoked = _read_revoked(answer) if answer.tag == _REVOKED else None
    status = None
    if answer.tag in {_GOOD, _REVOKED}:
        status = Status("OCSP", this_update, next_update, revoked, expired_kept=False)
    elif answer.tag != _UNKNOWN:
        raise answer.fault("OCSP_ANSWER", "an answer is good, revoked or unknown", "OCSP 状态取值错误")
    return SingleStatus(digest, issuer_name, issuer_key, serial, status)


def _read_revoked(answer: Element) -> Revoked:
    fields = answer.fields(_REVOKED)
    moment = read_time(fields.take())
    reason = fields.optional(0xA0)
    return Revoked(moment, None if reason is None else read_integer(reason.only(), ENUMERATED))
