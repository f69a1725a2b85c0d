"""Signatures of a PDF file, taken out with pyHanko: structure, byte ranges, coverage and what was added later.

Nothing is fetched, whatever addresses stand in the file. pyHanko's own verification is not used: it knows no SM2, and
``ledger.documents.pdf`` judges.
"""

import io
import logging
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ledger.algorithms import der
from ledger.documents import kinds
from ledger.documents.pdf import Change, Found, PdfSignature, Unreadable
from ledger.verdict import Check, indeterminate, invalid, valid

# it reports what it stumbles on with pieces of the file, and nothing of a document's content is logged
logging.getLogger("pyhanko").setLevel(logging.CRITICAL + 1)

MOST_SIGNATURES = 64
MOST_BYTES = 200 * 2**20
_LEVELS = {
    ModificationLevel.NONE: Change.NONE,
    ModificationLevel.LTA_UPDATES: Change.VALIDATION_DATA,
    ModificationLevel.FORM_FILLING: Change.FORMS,
    ModificationLevel.ANNOTATIONS: Change.ANNOTATIONS,
}


@dataclass(frozen=True, slots=True)
class Read:
    """The checks of the file itself and, where it could be opened, its signatures in their order."""

    checks: tuple[Check, ...]
    signatures: tuple[Found, ...] | None = None


class _Refused(Exception):
    def __init__(self, check: Check) -> None:
        super().__init__(check.reason_code)
        self.check = check


def read_pdf(data: bytes, password: str | None = None) -> Read:
    """Open a PDF and take its signatures out; raises nothing for what stands in it."""
    opened: list[Check] = []
    try:
        opened.append(_kind(data))
        reader = _open(data, opened)
        _decrypt(reader, password)
        return Read((*opened, _structure(reader)), _signatures(reader, data))
    except _Refused as refused:
        return Read((*opened, refused.check))
    except PdfDecodeLimitError:
        en, zh = "something in the PDF expands beyond every measure", "PDF 内容解压后超出限制"
        return Read((*opened, invalid("pdf.structure", "PDF_BOMB", en, zh)))
    except Exception:  # noqa: BLE001 - the library may stumble in any way over a file made to make it stumble
        return Read((*opened, _broken(data)))


def _kind(data: bytes) -> Check:
    kind = kinds.kind_of(data[:1024])
    if kind is not kinds.PDF:
        en, zh = f"this is {kind.en}; bring the PDF as it was issued", f"这是{kind.zh};请提供签发时的 PDF 原件"
        raise _Refused(indeterminate("document.kind", f"KIND_{kind.code}", en, zh))
    if len(data) > MOST_BYTES:
        en, zh = "the PDF is larger than is read here", "PDF 超过可处理的大小"
        raise _Refused(indeterminate("document.kind", "PDF_TOO_LARGE", en, zh, {"bytes": len(data)}))
    return valid("document.kind", "a PDF document", "PDF 文件")


def _broken(data: bytes) -> Check:
    if b"%%EOF" not in data[-1024:]:
        en, zh = "the PDF is cut off: its end is missing", "PDF 不完整,缺少结尾"
        return invalid("pdf.structure", "PDF_TRUNCATED", en, zh)
    return invalid("pdf.structure", "PDF_MALFORMED", "the PDF cannot be read", "PDF 结构损坏,无法解析")


def _open(data: bytes, opened: list[Check]) -> PdfFileReader:
    try:
        return PdfFileReader(io.BytesIO(data), strict=True)
    except PdfError:
        reader = PdfFileReader(io.BytesIO(data), strict=False)
    en = "the PDF breaks its own format's rules; other programs may show something else"
    opened.append(indeterminate("pdf.strict", "PDF_IRREGULAR", en, "PDF 不符合规范,不同软件可能显示不同内容"))
    return reader


def _decrypt(reader: PdfFileReader, password: str | None) -> None:
    name = "pdf.encryption"
    try:
        if not reader.encrypted:
            return
    except PdfError as error:
        en, zh = "the PDF is encrypted in a way that is not known here", "PDF 使用无法识别的加密方式"
        raise _Refused(indeterminate(name, "PDF_ENCRYPTION_UNKNOWN", en, zh)) from error
    if type(reader.security_handler).__name__ != "StandardSecurityHandler":
        en, zh = "the PDF is encrypted for certain people's keys", "PDF 已用证书加密"
        raise _Refused(indeterminate(name, "PDF_ENCRYPTED_FOR_KEYS", en, zh))
    # many are encrypted with no password at all, to mark what may be done with them
    if any(reader.decrypt(one).status is not AuthStatus.FAILED for one in {password or "", ""}):
        return
    if password:
        raise _Refused(indeterminate(name, "PDF_PASSWORD_WRONG", "the password is wrong", "口令错误"))
    en, zh = "the PDF is encrypted; its password is needed", "PDF 已加密,需要口令"
    raise _Refused(indeterminate(name, "PDF_ENCRYPTED", en, zh))


def _structure(reader: PdfFileReader) -> Check:
    facts = {"revisions": reader.total_revisions, "encrypted": reader.encrypted}
    if reader.xrefs.hybrid_xrefs_present:
        en, zh = "the PDF has two tables of contents that may differ", "PDF 含有两套可能不一致的对象表"
        return indeterminate("pdf.structure", "PDF_HYBRID", en, zh, facts)
    return valid("pdf.structure", "the PDF can be read", "PDF 结构可读", facts)


def _signatures(reader: PdfFileReader, data: bytes) -> tuple[Found, ...]:
    fields = list(enumerate_sig_fields(reader, filled_status=True))
    if len(fields) > MOST_SIGNATURES:
        en, zh = "more signatures than are read here", "签名数量超出限制"
        raise _Refused(indeterminate("pdf.signatures", "PDF_SIGNATURES_TOO_MANY", en, zh, {"count": len(fields)}))
    names = frozenset(name for name, _, _ in fields)
    found = [_read(reader, data, name, one, names) for name, _, one in fields]
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


def _read(
    reader: PdfFileReader, data: bytes, name: str, one: generic.DictionaryObject, names: frozenset[str]
) -> tuple[int, Found]:
    """The revision in which the signature was made, and the signature."""
    try:
        embedded = _Embedded(reader, one, name)
        return embedded.signed_revision, embedded.found(data, names)
    except Exception:  # noqa: BLE001 - as in ``read_pdf``; the other signatures are still read
        text = "the signature's dictionary cannot be read", "签名字典损坏,无法解析"
        return reader.total_revisions, Unreadable("PDF_SIGNATURE_MALFORMED", *text)


class _Embedded(EmbeddedPdfSignature):
    """pyHanko's view of a signature, for its place in the file alone: the value may be of a kind it does not know."""

    def __init__(self, reader: PdfFileReader, sig_field: generic.DictionaryObject, fq_name: str) -> None:
        # not its own __init__, which reads the value as CMS with algorithms it knows
        self.reader, self.fq_name = reader, fq_name
        self.sig_field = sig_field.get_object()
        reference = self.sig_field.raw_get("/V")
        self.sig_object = reference.get_object()
        self.byte_range = self.sig_object["/ByteRange"]
        self.pkcs7_content = extract_contents(self.sig_object)
        self.signed_revision = (
            reader.xrefs.get_last_change(reference.reference)
            if isinstance(reference, generic.IndirectObject) else reader.total_revisions - 1
        )  # fmt: skip
        self.coverage = None
        self._docmdp = self._fieldmdp = None
        self._docmdp_queried = self._fieldmdp_queried = False

    def found(self, data: bytes, names: frozenset[str]) -> Found:
        """What ``ledger.documents.pdf`` judges; ``names`` are those of all signatures' fields."""
        sub_filter = str(self.sig_object.get("/SubFilter", "-"))
        if sub_filter == "/adbe.x509.rsa_sha1":
            en, zh = "a kind of signature given up long ago, over SHA-1", "签名类型已废弃(SHA-1)"
            return Unreadable("PDF_SIGNATURE_OBSOLETE", en, zh, against=False)
        ranges = [int(part) for part in self.byte_range]
        coverage = self.evaluate_signature_coverage()
        self.coverage = coverage  # type: ignore[assignment]  # there it is declared as None alone
        whole = _is_whole(ranges, data, self.pkcs7_content)
        whole = whole and coverage >= SignatureCoverageLevel.ENTIRE_REVISION
        permitted = self.docmdp_level
        return PdfSignature(
            sub_filter=sub_filter, is_time_stamp=self.sig_object_type == "/DocTimeStamp",
            value=_without_padding(self.pkcs7_content), signed=_covered(ranges, data), whole=whole,
            change=self._change(names, data[sum(ranges[2:4]) :]) if whole else Change.OTHER,
            permitted=None if permitted is None else permitted.value,
        )  # fmt: skip

    def _change(self, names: frozenset[str], rest: bytes) -> Change:
        if self.signed_revision == self.reader.total_revisions - 1 and rest.strip():
            return Change.OTHER  # bytes that no table lists, which pyHanko passes over
        result = self.evaluate_modifications(DEFAULT_DIFF_POLICY)
        if not isinstance(result, DiffResult):
            return Change.OTHER
        change = _LEVELS.get(result.modification_level, Change.OTHER)
        if change is Change.FORMS and result.changed_form_fields <= names:
            return Change.SIGNATURES
        return change


def _is_whole(ranges: list[int], data: bytes, value: bytes) -> bool:
    """Whether the range is [0 a b c] and the gap from a to b the value in hexadecimal, padded with zeros: no more."""
    if len(ranges) != 4 or ranges[0] != 0 or min(ranges) < 0:
        return False
    _, start, end, rest = ranges
    gap = data[start:end]
    if end + rest > len(data) or not (gap.startswith(b"<") and gap.endswith(b">")):
        return False
    try:
        same = bytes.fromhex(gap[1:-1].decode("ascii")) == value
    except ValueError:
        return False
    return same and not value[len(_without_padding(value)) :].strip(b"\0")


def _covered(ranges: list[int], data: bytes) -> bytes:
    pairs = zip(ranges[::2], ranges[1::2], strict=True)
    parts = [data[start : start + size] for start, size in pairs if start >= 0 and size >= 0]
    return b"".join(parts[:2])  # a range of more pieces is refused, so only its size would matter


def _without_padding(value: bytes) -> bytes:
    try:
        return der.decode_first(value).raw
    except der.MalformedDer:
        return value
