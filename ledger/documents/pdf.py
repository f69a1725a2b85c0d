"""Signatures of a PDF (ISO 32000-2, 12.8), judged: what was signed, what was changed after, by whom, and when.

Whoever reads the file (``api.documents.pdf_reading``) hands over each signature as a ``PdfSignature``. The value may be
CMS or GM/T 35275 signed data, or an e-seal's signature (GB/T 38540): all are judged by ``ledger.seals``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ledger.algorithms.der import MalformedDer, decode
from ledger.seals.certificates import Certificate, parse_certificate
from ledger.seals.checks import SignatureReport, check_signature
from ledger.seals.judging import Question
from ledger.seals.seal import Form
from ledger.seals.signed_data import SignedData, is_signed_data, read_signed_data
from ledger.seals.stamps import judge_time_stamp
from ledger.seals.trust import TrustStores
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid

_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"  # id-aa-timeStampToken, RFC 3161


class Change(StrEnum):
    """What was added to the file after a signature, from nothing to what may show another document."""

    NONE = "none"
    VALIDATION_DATA = "validation data"
    SIGNATURES = "signatures"
    FORMS = "forms"
    ANNOTATIONS = "annotations"
    OTHER = "other"


_PERMISSION = {Change.FORMS: 2, Change.ANNOTATIONS: 3, Change.SIGNATURES: 2}
"""The DocMDP level that expressly allows a change (ISO 32000-2, table 257)."""


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """One signature as it stands in the file.

    ``value`` is the DER without its padding, ``signed`` the bytes of the byte range; ``whole`` says that these are all
    bytes up to the signature's revision, the value alone left out. ``permitted`` is the DocMDP level, None where
    nothing is said.
    """

    sub_filter: str
    is_time_stamp: bool
    value: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    whole: bool
    change: Change
    permitted: int | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A signature that cannot be read, and whether that speaks against the file."""

    code: str
    en: str
    zh: str
    against: bool = True


Found = PdfSignature | Unreadable


@dataclass(frozen=True, slots=True)
class Judged:
    """The report, and what was found in each value that could be read: e-seals among them."""

    report: Report
    values: tuple[SignatureReport, ...] = ()


def judge_signatures(signatures: Iterable[Found], question: Question) -> Judged:
    """Every check of every signature, numbered from 1 as they follow one another in the file.

    Document time stamps prove all that was there before them, and who signs last answers for what was added before,
    so the last signature is judged first.
    """
    found = tuple(signatures)
    if not found:
        en, zh = "the PDF carries no signature: anybody can have made it", "PDF 没有签名,任何人都可能制作"
        return Judged(report([indeterminate("pdf.signatures", "PDF_UNSIGNED", en, zh)]))
    counted = valid("pdf.signatures", "the PDF carries signatures", "PDF 带有签名", {"count": len(found)})
    parts: list[_Part] = []
    answered = False
    for number, one in reversed(tuple(enumerate(found, 1))):
        part = _judge(f"pdf.{number}", one, question, answered=answered)
        parts.insert(0, part)
        question = question.proven(part.proven)
        answered = answered or (part.value is not None and report(part.checks).overall is Verdict.VALID)
    values = tuple(part.value for part in parts if part.value is not None)
    return Judged(report([counted, *(check for part in parts for check in part.checks)]), values)


@dataclass(frozen=True, slots=True)
class _Part:
    """What was found of one signature; ``proven`` is the time by which all that it covers existed."""

    checks: tuple[Check, ...]
    proven: int | None = None
    value: SignatureReport | None = None


def _judge(prefix: str, one: Found, question: Question, *, answered: bool) -> _Part:
    if isinstance(one, Unreadable):
        made = invalid if one.against else indeterminate
        return _Part((made(f"{prefix}.form", one.code, one.en, one.zh),))
    form = valid(f"{prefix}.form", "the signature can be read", "签名结构可读", {"sub_filter": one.sub_filter})
    part = _value(one, question)
    named = tuple(replace(check, name=f"{prefix}.{check.name}") for check in part.checks)
    around = (_range(prefix, one), _change(prefix, one, answered=answered))
    return _Part((form, *around, *named), part.proven if one.whole else None, part.value)


def _range(prefix: str, one: PdfSignature) -> Check:
    name = f"{prefix}.range"
    if one.whole:
        return valid(name, "every byte up to the signature is signed", "签名覆盖其之前的全部内容")
    en = "the signature leaves out bytes of its own revision: what they show is not signed"
    return invalid(name, "PDF_RANGE_ODD", en, "签名未覆盖其版本的全部字节,遗漏部分不受保护")


def _change(prefix: str, one: PdfSignature, *, answered: bool) -> Check:
    """What was added; ``answered`` says that a later signature, itself valid, covers all but what came after it.

    A signer who allows forms to be filled in allows it to anybody: that alone does not make true what stands in them.
    """
    name, facts = f"{prefix}.changes", {"added": one.change.value, "permitted": one.permitted or "-"}
    if one.change is Change.OTHER:
        en, zh = "the document was changed after it was signed", "文件在签名之后被改动"
        return invalid(name, "PDF_CHANGED", en, zh, facts)
    needed = _PERMISSION.get(one.change)
    if needed is not None and one.permitted is not None and one.permitted < needed:
        en, zh = "something was added after signing that the signer did not allow", "签名之后添加了签名者不允许的内容"
        return invalid(name, "PDF_CHANGE_FORBIDDEN", en, zh, facts)
    if one.change in {Change.FORMS, Change.ANNOTATIONS} and (one.permitted is None or not answered):
        en = "forms were filled in or notes added after signing; look at what was signed"
        return indeterminate(name, "PDF_ADDED_TO", en, "签名之后填写了表单或添加了批注,请查看签名时的版本", facts)
    return valid(name, "nothing was added after signing but what may be", "签名之后没有不允许的改动", facts)


def _value(one: PdfSignature, question: Question) -> _Part:
    if one.is_time_stamp:
        judged = judge_time_stamp(one.value, Form.SIGNED_DATA, (one.signed,), question)
        return _Part(judged.checks, judged.proven)
    data = _signed_data(one.value)
    stamped: tuple[Check, ...] = ()
    if data is not None:
        stamped, question = _stamps(data, replace(question, trust=_with_given(question.trust, data)))
    made = check_signature(
        one.value, one.signed, question.trust, question.at,
        proven_at=question.proven_at, expected=question.expected,
    )  # fmt: skip
    return _Part((*made.report.checks, *stamped), value=made)


def _signed_data(value: bytes) -> SignedData | None:
    try:
        element = decode(value)
        return read_signed_data(element) if is_signed_data(element) else None
    except MalformedDer:
        return None  # said by the check of its form


def _stamps(data: SignedData, question: Question) -> tuple[tuple[Check, ...], Question]:
    """Time stamps over the signers' values, and what they prove together: when the last of the values existed.

    A stamp speaks of one signer's value. Whoever has an old key can put himself beside a signer whose value was
    stamped, so they prove nothing until each signer has one that holds. No signer has two: an attribute that occurs
    twice makes the value unreadable.
    """
    judged = [
        judge_time_stamp(token, Form.SIGNED_DATA, (signer.signature,), question)
        for signer in data.signers
        for kind, token in signer.unsigned
        if kind == _TIME_STAMP
    ]
    proven = [one.proven for one in judged if one.proven is not None]
    checks = tuple(check for one in judged for check in one.checks)
    return checks, question.proven(max(proven)) if len(proven) == len(data.signers) else question


def _with_given(trust: TrustStores, data: SignedData) -> TrustStores:
    """The same trust; the certificates that came with the signature may be on the way to it."""
    given: list[Certificate] = []
    for der in data.certificates[:16]:
        try:
            given.append(parse_certificate(der))
        except MalformedDer:
            continue
    store = replace(trust.documents, intermediates=(*trust.documents.intermediates, *given))
    return replace(trust, documents=store)
