"""Check a seal or a seal signature in full: every check of the standard, each reported, whatever came before it.

Nothing that is handed in makes these functions raise; what cannot be read is a finding like any other.
"""

from dataclasses import dataclass, field

from ledger.algorithms import digests
from ledger.algorithms.der import Element, MalformedDer, decode
from ledger.errors import Unavailable
from ledger.seals import certificates, seal, signature, signed_data
from ledger.seals.certificates import CertificateFacts
from ledger.seals.checklist import (
    CUSTOM,
    DATA_FORMAT,
    DATA_HASH,
    FORMAT,
    LISTED,
    SEAL_AT_SIGNING,
    SEAL_FORMAT,
    SIGNER,
    TIME,
    VALUE,
    Item,
)
from ledger.seals.data_checks import judge_signed_data
from ledger.seals.findings import as_check
from ledger.seals.judging import SKEW, Expected, Question, custom_check, time_check, value_check
from ledger.seals.seal import Form, SealFacts
from ledger.seals.seal_checks import judge_seal
from ledger.seals.signature import SealSignature
from ledger.seals.stamps import StampJudged, judge_time_stamp
from ledger.seals.times import as_text
from ledger.seals.trust import TrustStores
from ledger.seals.validity import Moments, judge_certificate
from ledger.seals.verifying import matching_digest, verify
from ledger.verdict import Check, Report, Verdict

__all__ = ["ANY", "Expected", "SealReport", "SignatureReport", "check_seal", "check_signature"]

ANY = Expected()


@dataclass(frozen=True, slots=True)
class SealReport:
    """Every check of a seal, and the facts of seal and maker where they could be read."""

    report: Report
    seal: SealFacts | None = None
    maker: CertificateFacts | None = None

    @property
    def overall(self) -> Verdict:
        """The verdict over all checks."""
        return self.report.overall


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """Every check of a signature, and what it says where it could be read.

    ``form`` names the structure ("SES V1", "SES V4", "SES V5", "GM/T 35275", "" where unreadable); ``signed_at`` is
    the signer's word; ``property_info`` the path of the signed part; ``seal_der`` the seal as it stood in there.
    """

    report: Report
    form: str = ""
    signed_at: int | None = None
    property_info: str | None = None
    seal_der: bytes | None = field(default=None, repr=False)
    seal: SealFacts | None = None
    signer: CertificateFacts | None = None
    maker: CertificateFacts | None = None

    @property
    def overall(self) -> Verdict:
        """The verdict over all checks."""
        return self.report.overall


def check_seal(
    der: bytes, trust: TrustStores, at: int, *, proven_at: int | None = None, expected: Expected = ANY
) -> SealReport:
    """Check a seal (``.esl``) for the time ``at`` (Unix seconds); ``proven_at`` as in ``check_signature``."""
    try:
        found = seal.parse_seal(der)
    except MalformedDer as error:
        return SealReport(Report((_no_seal(der, error),)))
    try:
        judged = judge_seal(found, Question(trust, at, proven_at, expected))
    except Unavailable as error:
        return SealReport(Report((SEAL_FORMAT.outage(None, error),)))
    maker = None if judged.maker is None else certificates.facts_of(judged.maker)
    return SealReport(Report(judged.checks), judged.facts, maker)


def check_signature(
    der: bytes,
    original: bytes,
    trust: TrustStores,
    at: int,
    *,
    proven_at: int | None = None,
    expected: Expected = ANY,
) -> SignatureReport:
    """Check a seal signature of any version, or GM/T 35275 signed data, over ``original``.

    ``original`` is what the signed digest was taken over: in an OFD the bytes of Signature.xml. ``at`` is the time
    the question is asked for; ``proven_at`` a time (Unix seconds) by which this signature is known to have existed,
    from the ledger: certificates that expired after it do no harm.
    """
    question = Question(trust, at, proven_at, expected)
    try:
        element = decode(der)
    except MalformedDer as error:
        return SignatureReport(Report((_unreadable(FORMAT, error),)))
    try:
        if signed_data.is_signed_data(element):
            return _check_signed_data(element, original, question)
        return _check_seal_signature(signature.read_signature(element), original, question)
    except MalformedDer as error:
        return SignatureReport(Report((_no_signature(element, error),)))
    except Unavailable as error:
        return SignatureReport(Report((FORMAT.outage(None, error),)))


def _unreadable(item: Item, error: MalformedDer) -> Check:
    return item.unreadable(None, error, "unreadable", "无法解析")


def _no_signature(element: Element, error: MalformedDer) -> Check:
    """What cannot be read as a signature; a seal by itself is no rubbish, and yet signs nothing."""
    try:
        seal.read_seal(element)
    except MalformedDer:
        return _unreadable(FORMAT, error)
    en, zh = (
        "this is a seal by itself: nothing is sealed with it",
        "这是印章本身而非签章，未对任何文件签章",
    )
    return FORMAT.fails(None, "SEAL_INSTEAD_OF_SIGNATURE", en, zh)


def _no_seal(der: bytes, error: MalformedDer) -> Check:
    """What cannot be read as a seal; with a signature, a seal may be in it, but it is another thing."""
    try:
        signature.parse_signature(der)
    except MalformedDer:
        return _unreadable(SEAL_FORMAT, error)
    en, zh = "this is a seal signature over a document, not the seal itself", "这是对文件的签章，而非印章本身"
    return SEAL_FORMAT.fails(None, "SIGNATURE_INSTEAD_OF_SEAL", en, zh)


def _check_signed_data(element: Element, original: bytes, question: Question) -> SignatureReport:
    try:
        data = signed_data.read_signed_data(element)
    except MalformedDer as error:
        return SignatureReport(Report((_unreadable(DATA_FORMAT, error),)), Form.SIGNED_DATA)
    checks, certificate = judge_signed_data(data, original, question)
    signer = None if certificate is None else certificates.facts_of(certificate)
    return SignatureReport(Report(checks), Form.SIGNED_DATA, data.signers[0].signing_time, signer=signer)


def _check_seal_signature(found: SealSignature, original: bytes, question: Question) -> SignatureReport:
    form = found.form
    stamp = _judge_stamp(found, original, question)
    signed_at = stamp.claimed if found.claimed_time is None else found.claimed_time
    # A token inside what is signed (V1) shows that the signature is younger, not that it is as old.
    known = question.proven(stamp.proven if found.time_stamp is not None else None)
    moment = known.reference if signed_at is None else signed_at
    moments = Moments(signed_at, known.reference, proven=known.proven_at is not None)
    judged = judge_certificate(SIGNER, form, found.signer, question.trust.signers, moments)
    certificate = judged.certificate
    outcome = (
        verify(found.algorithm, certificate.public_key_info, found.signed, found.signature) if certificate else None
    )
    sealed = judge_seal(found.seal, known, certificate)
    checks = (
        FORMAT.ok(form, {"version": found.version}),
        *(as_check(finding, FORMAT.name) for finding in found.findings),
        *value_check(VALUE, form, outcome, found.algorithm, found.signature),
        *judged.checks,
        time_check(TIME, form, signed_at, known),
        _data_hash(found, original),
        _listed(found),
        _seal_at_signing(found, moment),
        custom_check(CUSTOM, form, found.extensions),
        *stamp.checks,
        *sealed.checks,
    )
    return SignatureReport(
        report=Report(checks), form=form, signed_at=signed_at, property_info=found.property_info,
        seal_der=found.seal.raw, seal=sealed.facts,
        signer=None if certificate is None else certificates.facts_of(certificate),
        maker=None if sealed.maker is None else certificates.facts_of(sealed.maker),
    )  # fmt: skip


def _judge_stamp(found: SealSignature, original: bytes, question: Question) -> StampJudged:
    if found.time_stamp is not None:
        return judge_time_stamp(found.time_stamp, found.form, (found.signature,), question)
    if found.time_token is not None:
        return judge_time_stamp(found.time_token, found.form, (original, found.data_hash), question)
    return StampJudged((), None, None)


def _data_hash(found: SealSignature, original: bytes) -> Check:
    algorithm = matching_digest(found.data_hash, original)
    if algorithm is None:
        en, zh = "the document is not the one that was signed", "原文已被改动，或不是所签的文件"
        return DATA_HASH.fails(found.form, "DOCUMENT_CHANGED", en, zh, {"signed": found.data_hash[:64].hex()})
    if algorithm.weak:
        en, zh = f"only a {algorithm.label} digest of the document is signed", f"只签了原文的 {algorithm.label} 杂凑值"
        return DATA_HASH.fails(found.form, "DIGEST_WEAK", en, zh)
    return DATA_HASH.ok(found.form, {"digest": algorithm.label, "value": found.data_hash.hex()})


def _listed(found: SealSignature) -> Check:
    """The signer's certificate itself, or its digest, must stand in the seal's list."""
    if found.signer in found.seal.certificates:
        return LISTED.ok(found.form, {"by": "certificate"})
    given = [(digests.named(one.algorithm), one.value) for one in found.seal.digests]
    by = {named for named, value in given if named is not None and digests.digest(named, found.signer) == value}
    strong = [named.label for named in by if not named.weak]
    if strong:
        return LISTED.ok(found.form, {"by": f"{strong[0]} digest"})
    if by:
        en, zh = "the seal names its signer by a weak digest only", "印章只以弱杂凑值列出签章者证书"
        return LISTED.fails(found.form, "LIST_DIGEST_WEAK", en, zh)
    if any(named is None for named, _ in given):
        en, zh = "the seal lists certificates by a digest that is not known here", "印章证书列表使用无法识别的杂凑算法"
        return LISTED.unknown(found.form, "LIST_UNKNOWN_DIGEST", en, zh)
    en, zh = "the signer's certificate is not among those the seal may be used with", "签章者证书不在印章证书列表内"
    return LISTED.fails(found.form, "SIGNER_NOT_LISTED", en, zh)


def _seal_at_signing(found: SealSignature, moment: int) -> Check:
    start, end = found.seal.valid_from, found.seal.valid_until
    facts = {"signed": as_text(moment), "valid_from": as_text(start), "valid_until": as_text(end)}
    if not start <= moment <= end:
        en, zh = "signed outside the seal's period", "签章时间不在印章有效期内"
        return SEAL_AT_SIGNING.fails(found.form, "SIGNED_OUTSIDE_SEAL_PERIOD", en, zh, facts)
    if moment + SKEW < found.seal.created:
        en, zh = "signed before the seal in it was made", "签章时间早于印章制作时间"
        facts["created"] = as_text(found.seal.created)
        return SEAL_AT_SIGNING.fails(found.form, "SIGNED_BEFORE_SEAL_WAS_MADE", en, zh, facts)
    return SEAL_AT_SIGNING.ok(found.form, facts)
