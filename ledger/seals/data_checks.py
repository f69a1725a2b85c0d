"""The checks D1 to D11 of GM/T 35275 signed data, also where they stand in a seal signature's place."""

from ledger.algorithms import digests
from ledger.seals.certificates import Certificate
from ledger.seals.checklist import DATA_CONTENT, DATA_EXPECTED, DATA_FORMAT, DATA_SIGNER, DATA_TIME, DATA_VALUE
from ledger.seals.judging import Question, is_of_owner, time_check, value_check
from ledger.seals.seal import Form
from ledger.seals.signed_data import SignedData, SignerInfo, signer_certificate, verify_signer
from ledger.seals.validity import Moments, judge_certificate
from ledger.verdict import Check

_FORM = Form.SIGNED_DATA


def judge_signed_data(
    data: SignedData, original: bytes, question: Question
) -> tuple[tuple[Check, ...], Certificate | None]:
    """All checks, for every signer; the certificate is the first signer's."""
    content = original if data.content is None else data.content
    kind = "national" if data.national else "CMS"
    checks: list[Check] = [DATA_FORMAT.ok(_FORM, {"identifiers": kind, "signers": len(data.signers)})]
    found: list[Certificate] = []
    for signer in data.signers:
        made, certificate = _judge_signer(data, signer, content, question)
        checks.extend(made)
        found += [certificate] if certificate else []
    checks += [_content(data, original), _expected(found, question)]
    return tuple(checks), found[0] if found else None


def _judge_signer(
    data: SignedData, signer: SignerInfo, content: bytes, question: Question
) -> tuple[list[Check], Certificate | None]:
    store = question.trust.documents
    der = signer_certificate(data, signer)
    if der is None:
        known = (*store.anchors, *store.intermediates)
        der = next((one.raw for one in known if signer.is_of(one)), None)
    if der is None:
        en, zh = "the signer's certificate is not at hand", "缺少签名者证书"
        value = value_check(DATA_VALUE, _FORM, None, signer.algorithm, signer.signature)
        return [*value, DATA_SIGNER.form.unknown(_FORM, "SIGNER_NO_CERTIFICATE", en, zh)], None
    moments = Moments(signer.signing_time, question.reference, proven=question.proven_at is not None)
    judged = judge_certificate(DATA_SIGNER, _FORM, der, store, moments)
    certificate = judged.certificate
    outcome = verify_signer(data, signer, certificate, content) if certificate else None
    value = value_check(DATA_VALUE, _FORM, outcome, signer.algorithm, signer.signature)
    return [*value, *judged.checks, time_check(DATA_TIME, _FORM, signer.signing_time, question)], certificate


def _expected(signers: list[Certificate], question: Question) -> Check:
    """Signed data carry no seal: where one is asked for, they are no answer; an owner must be among the signers."""
    item, expected = DATA_EXPECTED, question.expected
    if expected.seals:
        en, zh = "there is no seal in it, and one is asked for", "其中没有印章，不是所要求的那枚印章"
        return item.fails(_FORM, "SEAL_MISSING", en, zh)
    if not expected.owners:
        return item.ok(_FORM, {"asked": "nothing"})
    if not signers:
        en, zh = "without a certificate nobody can say who signed", "没有证书，无法得知签名者"
        return item.unknown(_FORM, "SIGNER_UNKNOWN", en, zh)
    if any(is_of_owner(one, expected) for one in signers):
        return item.ok(_FORM, {"asked": "owner"})
    return item.fails(_FORM, "SIGNED_BY_ANOTHER", "it is signed by another agency", "由其他机构签名")


def _content(data: SignedData, original: bytes) -> Check:
    if data.content is None:
        return DATA_CONTENT.ok(_FORM, {"content": "detached"})
    if data.content == original:
        return DATA_CONTENT.ok(_FORM, {"content": "whole"})
    algorithm = digests.named(data.signers[0].digest)
    if algorithm is not None and digests.digest(algorithm, original) == data.content:
        if algorithm.weak:
            en, zh = "only a weak digest of the document is signed", "只签了原文的弱杂凑值"
            return DATA_CONTENT.fails(_FORM, "DIGEST_WEAK", en, zh, {"digest": algorithm.label})
        return DATA_CONTENT.ok(_FORM, {"content": f"{algorithm.label} digest"})
    en, zh = "something else than this document was signed", "签名的内容不是本文件"
    return DATA_CONTENT.fails(_FORM, "DOCUMENT_CHANGED", en, zh)
