"""An OFD document under seals, checked as a whole (GB/T 33190-2016, GM/T 0099-2020): a report of every rule.

1. it is an OFD, and its container can only be read one way;
2. its structure leads to parts that are there;
3. it carries signatures, each of which can be read;
4. for each: seal and signature value over the bytes of Signature.xml (``ledger.seals``), every reference, strength of
   the digests, what is protected and what not, the seal's file, the stamps;
5. for each that breaks only on the list of signatures: whether later signatures explain that.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from ledger.documents import kinds, ofd_integrity
from ledger.documents.container import Container
from ledger.documents.ofd import Package, Role, read_package
from ledger.documents.ofd_digests import PartDigests
from ledger.documents.ofd_rules import (
    Compared,
    check_coverage,
    check_list_change,
    check_location,
    check_references,
    check_seal_part,
    check_stamps,
    check_strength,
    check_time,
    compare,
)
from ledger.documents.ofd_signatures import Signature, listed, read_signature
from ledger.documents.zip_directory import LIMITS, Bounds
from ledger.documents.zip_names import shown
from ledger.errors import InvalidInput
from ledger.seals.checks import ANY, SignatureReport, check_signature
from ledger.seals.judging import Expected
from ledger.seals.trust import TrustStores
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid

_UNREADABLE_HERE = LIMITS | {
    "OFD_ENCRYPTED",
    "PART_TOO_LARGE",
    "XML_TOO_LARGE",
    "XML_ENCODING",
    "OFD_SIGNATURES_TOO_MANY",
}
"""Codes that say nothing against the document: it was not read."""


_NEEDED = frozenset({Role.PAGE, Role.SIGNATURE_LIST})
"""Without these no document is whole. What else is named and not there was perhaps never there: that shows nothing."""
Judge = Callable[[bytes, bytes], SignatureReport]
"""Judges a signature value (SES_Signature or GM/T 35275 SignedData) over the original's bytes."""


def judge_by(trust: TrustStores, at: int, *, proven_at: int | None = None, expected: Expected = ANY) -> Judge:
    """The judge of ``ledger.seals.checks.check_signature``, whose parameters these are; times are Unix seconds."""
    return partial(check_signature, trust=trust, at=at, proven_at=proven_at, expected=expected)


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """One signature as it was found: its number in the report, the parts it protects, its seal and signer.

    ``value`` is None where the signature's value is missing; ``verdict`` is over everything about this signature.
    """

    number: int
    signature: Signature
    protected: tuple[str, ...]
    verdict: Verdict
    value: SignatureReport | None


@dataclass(frozen=True, slots=True)
class Examination:
    """The report, and what a caller may want to look up elsewhere (registry of seals, register of licenses)."""

    report: Report
    signatures: tuple[SignatureSeen, ...] = ()
    custom: tuple[tuple[str, str], ...] = ()
    """CustomDatas of the first document: of use only where the report is valid."""


def check_ofd(file: bytes | BinaryIO, judge: Judge, bounds: Bounds | None = None) -> Report:
    """Every check of a document; a reader must be seekable. Raises nothing for what stands in the file."""
    return examine(file, judge, bounds).report


def examine(file: bytes | BinaryIO, judge: Judge, bounds: Bounds | None = None) -> Examination:
    """The checks and what was found."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    source.seek(0)
    kind = kinds.kind_of(source.read(1024))
    if kind is not kinds.ZIP:
        return Examination(report([_wrong_kind(kind)]))
    try:
        container = Container.open(source, bounds)
    except InvalidInput as error:
        return Examination(report([_refused("document.container", error)]))
    kind = kinds.kind_of_parts(container.entries)
    if kind is not kinds.OFD:
        return Examination(report([_wrong_kind(kind)]))
    opened = (
        valid("document.kind", "an OFD document", "OFD 版式文件"),
        valid("document.container", "the container can be read in one way only", "容器结构唯一、完整"),
    )
    try:
        rest = _examine(container, judge)
    except InvalidInput as error:
        rest = Examination(report([_refused("ofd.structure", error)]))
    return replace(rest, report=Report(opened) + rest.report)


def _wrong_kind(kind: kinds.Kind) -> Check:
    en = f"this is {kind.en}; bring the original OFD file as it was issued, not a print, a picture or a conversion"
    zh = f"这是{kind.zh}；请提供签发时的 OFD 原件，而非打印件、图片或转换件"
    return indeterminate("document.kind", f"KIND_{kind.code}", en, zh)


def _refused(name: str, error: InvalidInput) -> Check:
    made = indeterminate if error.code in _UNREADABLE_HERE else invalid
    return made(name, error.code, error.en, error.zh)


def _examine(container: Container, judge: Judge) -> Examination:
    package = read_package(container)
    digests = PartDigests(container)
    read = _read_all(package)
    checks = [_structure(package)]
    integrity = ofd_integrity.find(package)
    if integrity is not None:
        checks += _integrity(package, integrity, judge)
    if not read:
        en, zh = "the document carries no signature: anybody can have made it", "文档没有签名或签章，任何人都可能制作"
        checks.append(indeterminate("ofd.signatures", "OFD_UNSIGNED", en, zh))
        return Examination(report(checks), custom=package.bodies[0].custom)
    checks.append(valid("ofd.signatures", "the document carries signatures", "文档带有签名", {"count": len(read)}))
    judged = [_judge(package, digests, number, one, judge) for number, one in enumerate(read, 1)]
    seen = _settle(judged)
    for one in seen:
        checks += one.checks
    signatures = tuple(one.seen() for one in seen if one.signature is not None)
    return Examination(report(checks), signatures, package.bodies[0].custom)


def _structure(package: Package) -> Check:
    odd = sorted({code for code, _ in package.findings})
    facts = {"documents": len(package.bodies), "pages": sum(len(body.pages) for body in package.bodies)}
    if package.missing:
        en, zh = "the document names parts that are not there", "文档引用的部件缺失"
        grave = [said for said, role in package.missing if role in _NEEDED]
        made = invalid if grave else indeterminate
        first = shown((grave or [said for said, _ in package.missing])[0])
        return made("ofd.structure", "OFD_PART_MISSING", en, zh, {**facts, "first": first})
    if "OFD_PAGE_ID_TWICE" in odd:
        return invalid("ofd.structure", "OFD_PAGE_ID_TWICE", "two pages have one ID", "两个页面使用同一标识", facts)
    return valid("ofd.structure", "every part named is there", "引用的部件齐全", {**facts, "oddities": " ".join(odd)})


def _integrity(package: Package, found: ofd_integrity.Integrity, judge: Judge) -> list[Check]:
    judgement = judge(found.value, found.xml)
    return [*_prefixed("ofd.integrity", judgement.report), ofd_integrity.check("ofd.integrity.list", found, package)]


def _prefixed(prefix: str, judged: Report) -> list[Check]:
    return [
        Check(f"{prefix}.{one.name}", one.verdict, one.reason_code, one.zh, one.en, one.facts) for one in judged.checks
    ]


def _read_all(package: Package) -> list[Signature | InvalidInput]:
    """Every listed signature, or why it cannot be read; all are read first, for their files are no stray parts."""
    found: list[Signature | InvalidInput] = []
    for place, body in enumerate(package.bodies):
        for entry in listed(package, body):
            try:
                found.append(read_signature(package, place, entry))
            except InvalidInput as error:
                found.append(error)
    return found


@dataclass(slots=True)
class _Judged:
    """One signature on its way to its verdict."""

    number: int
    checks: list[Check]
    signature: Signature | None = None
    compared: Compared | None = None
    list_part: str | None = None
    """Where the list of signatures alone has changed."""
    vouches: bool = False
    """Whether it protects the list of signatures as it stands."""
    value: SignatureReport | None = None

    def seen(self) -> SignatureSeen:
        assert self.signature is not None  # noqa: S101 - callers have looked
        protected = self.compared.same if self.compared else ()
        return SignatureSeen(self.number, self.signature, protected, Report(tuple(self.checks)).overall, self.value)


def _judge(
    package: Package, digests: PartDigests, number: int, read: Signature | InvalidInput, judge: Judge
) -> _Judged:
    prefix = f"ofd.{number}"
    if isinstance(read, InvalidInput):
        return _Judged(number, [_refused(f"{prefix}.form", read)])
    compared = compare(read, digests)
    one = _Judged(number, [_form(f"{prefix}.form", read)], read, compared)
    if read.value_part is None:
        en, zh = "the signature's value is not there", "签名值文件缺失"
        one.checks.append(invalid(f"{prefix}.value", "OFD_VALUE_MISSING", en, zh))
    else:
        one.value = judge(read.value, read.xml)
        one.checks += _prefixed(prefix, one.value.report)
        one.checks.append(check_time(f"{prefix}.time", read, one.value.signed_at))
        one.checks += _around(prefix, read, package, one.value)
    list_part = package.bodies[read.body].signatures
    one.vouches = compared is not None and list_part in compared.same
    if compared is not None and compared.list_only and compared.changed[0] == list_part:
        one.list_part = list_part
    else:
        one.checks.append(check_references(f"{prefix}.references", read, compared, package))
    one.checks.append(check_strength(f"{prefix}.digests", read))
    protected = frozenset(compared.same + compared.changed) if compared else frozenset[str]()
    one.checks.append(check_coverage(f"{prefix}.coverage", protected, package))
    one.checks.append(check_stamps(f"{prefix}.stamps", read, package))
    return one


def _around(prefix: str, read: Signature, package: Package, value: SignatureReport) -> list[Check]:
    """What the value says of seal and place, beside what stands in the package."""
    found = (
        check_seal_part(f"{prefix}.seal_part", read, package, value),
        check_location(f"{prefix}.location", read, package, value.property_info),
    )
    return [one for one in found if one is not None]


def _form(name: str, signature: Signature) -> Check:
    facts = {
        "type": shown(signature.kind),
        "provider": shown(" ".join(value for _, value in signature.provider)),
        "method": shown(signature.signature_method),
        "time": shown(signature.time),
        "protected": len(signature.references),
    }
    return valid(name, "the signature can be read", "签名结构可读", facts)


def _settle(judged: Sequence[_Judged]) -> list[_Judged]:
    """Judge what broke only on the list of signatures, the last first: each may rest on later ones."""
    verdicts: dict[int, Verdict] = {}
    for one in reversed(judged):
        if one.list_part is not None and one.signature is not None:
            body = one.signature.body
            lists = {
                other.number: verdicts[other.number]
                for other in judged
                if other.number > one.number
                and other.vouches
                and other.signature is not None
                and other.signature.body == body
            }
            one.checks.append(check_list_change(f"ofd.{one.number}.references", one.number, lists, one.list_part))
        verdicts[one.number] = Report(tuple(one.checks)).overall
    return list(judged)
