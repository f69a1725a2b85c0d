"""OCSP responses (RFC 6960) given offline: signed by the issuer or by a responder that the issuer appointed."""

from dataclasses import dataclass, field, replace

from ledger.algorithms.der import (
    ENUMERATED,
    SEQUENCE,
    Element,
    decode,
    read_bits,
    read_integer,
    read_octets,
    read_oid,
)
from ledger.seals.certificates import (
    DIGITAL_SIGNATURE,
    NON_REPUDIATION,
    OCSP_SIGNING,
    Certificate,
    parse_certificate,
    read_extensions,
)
from ledger.seals.revocation import Revoked, Status
from ledger.seals.times import read_time
from ledger.seals.verifying import Outcome, digest_by_oid, is_signed_by, read_algorithm

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
    parameters: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def status_of(self, certificate: Certificate, issuer: Certificate) -> Status | None:
        """What it says of the certificate, if the issuer or an appointed responder signed it.

        An answer of a responder says nothing of what came after its certificate ended: whoever has the old key could
        have written it. Where several answers are about the certificate, one that says "revoked" counts.
        """
        responder = self._responder(issuer)
        about = [one.status for one in self.answers if _is_about(one, certificate, issuer)]
        if responder is None or not about:
            return None
        status = min(about, key=_weight)
        return status if responder is issuer or status is None else _until(status, responder.valid_until)

    def _responder(self, issuer: Certificate) -> Certificate | None:
        """Whose signature it carries: the issuer's, or that of somebody whom the issuer appointed."""
        keys = (issuer, *(one for one in self.certificates if _appointed(one, issuer, self.produced)))
        held = (
            key for key in keys
            if is_signed_by(self, key.public_key_info) is Outcome.HOLDS
        )  # fmt: skip
        return next(held, None)


def _weight(status: Status | None) -> int:
    """Revoked before not known before good."""
    return 1 if status is None else 0 if status.revoked else 2


def _until(status: Status, end: int) -> Status | None:
    """What is left of it where nothing of what came after ``end`` counts."""
    if status.this_update > end:
        return None
    return replace(status, next_update=None if status.next_update is None else min(status.next_update, end))


def _appointed(responder: Certificate, issuer: Certificate, moment: int) -> bool:
    """Issued by the issuer itself, for OCSP and signing, valid then (RFC 6960 4.2.2.2)."""
    signs = responder.key_usage is None or bool(responder.key_usage & {DIGITAL_SIGNATURE, NON_REPUDIATION})
    return (
        signs
        and OCSP_SIGNING in responder.extended_usage
        and responder.issuer.same_as(issuer.subject)
        and responder.valid_at(moment)
        and not responder.unknown_critical
        and is_signed_by(responder, issuer.public_key_info) is Outcome.HOLDS
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
    kind, answer = body.take(), body.take()
    body.done()
    if read_oid(kind) != _BASIC:
        raise kind.fault("OCSP_TYPE", "not a basic OCSP response", "不是基本 OCSP 响应")
    return _basic(decode(read_octets(answer)))


def _basic(element: Element) -> OcspResponse:
    fields = element.fields()
    signed, (algorithm, parameters) = fields.take(SEQUENCE), read_algorithm(fields.take(SEQUENCE))
    signature = read_bits(fields.take())
    certificates = fields.optional(0xA0)
    fields.done()
    data = signed.fields()
    data.optional(0xA0)
    data.take()
    produced = read_time(data.take())
    listed = data.take(SEQUENCE)
    understood = _understood(data.optional(0xA1))
    data.done()
    answers = tuple(_single(one, understood=understood) for one in listed.children)
    given = certificates.only().children if certificates else ()
    return OcspResponse(
        signed=signed.raw, answers=answers, produced=produced,
        certificates=tuple(parse_certificate(one.raw) for one in given),
        algorithm=algorithm, parameters=parameters, signature=signature,
    )  # fmt: skip


def _understood(explicit: Element | None) -> bool:
    """Whether no extension is critical: none is understood here, but none need be."""
    return explicit is None or not any(one.critical for one in read_extensions(explicit.only())[0])


def _single(element: Element, *, understood: bool) -> SingleStatus:
    fields = element.fields()
    about = fields.take(SEQUENCE).fields()
    digest = read_oid(about.take(SEQUENCE).fields().take())
    issuer_name, issuer_key = read_octets(about.take()), read_octets(about.take())
    serial = read_integer(about.take())
    about.done()
    answer = fields.take()
    this_update = read_time(fields.take())
    following = fields.optional(0xA0)
    next_update = None if following is None else read_time(following.only())
    understood = _understood(fields.optional(0xA1)) and understood
    fields.done()
    if answer.tag not in {_GOOD, _REVOKED, _UNKNOWN}:
        raise answer.fault("OCSP_ANSWER", "an answer is good, revoked or unknown", "OCSP 状态取值错误")
    revoked = (_read_revoked(answer),) if answer.tag == _REVOKED else ()
    status = None
    if understood and answer.tag != _UNKNOWN:
        status = Status("OCSP", this_update, next_update, revoked, expired_kept=False)
    return SingleStatus(digest, issuer_name, issuer_key, serial, status)


def _read_revoked(answer: Element) -> Revoked:
    fields = answer.fields(_REVOKED)
    moment = read_time(fields.take())
    reason = fields.optional(0xA0)
    return Revoked(moment, None if reason is None else read_integer(reason.only(), ENUMERATED))
