"""The rules that one signature of an OFD package must pass, a check each.

References: every protected part has the digest that was signed. Coverage: every part that a reader shows is protected.
What stands outside is harmless only where nothing that is shown depends on it: the list of signatures, and what belongs
to the signatures themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ledger.documents.ofd import Package, Role
from ledger.documents.ofd_digests import PartDigests
from ledger.documents.ofd_signatures import Reference, Signature
from ledger.documents.zip_names import shown
from ledger.seals.checks import SignatureReport
from ledger.seals.times import as_text
from ledger.verdict import Check, Verdict, indeterminate, invalid, valid

_BEIJING = timezone(timedelta(hours=8))
_TIME_FORMS = ("", "%Y%m%d%H%M%S", "%Y%m%d%H%M%SZ", "%Y/%m/%d %H:%M:%S")
"""ISO 8601, and forms met in files beside it."""
_DAY = 86_400
_NAMED = 10
"""Parts that a report names; it always counts all."""
_SHOWN_TO_READERS = frozenset(
    {Role.DOCUMENT, Role.PAGE, Role.RESOURCE, Role.ANNOTATION, Role.ATTACHMENT, Role.EXTENSION},
)
_PLUMBING = frozenset({Role.SIGNATURE_LIST, Role.SIGNATURE})


@dataclass(frozen=True, slots=True)
class Compared:
    """How the parts that a signature protects stand, in the order of its references."""

    same: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    renamed: tuple[str, ...] = ()
    """Parts whose bytes are those that were signed, under a name that is not."""

    @property
    def list_only(self) -> bool:
        """Whether nothing else than one part has changed."""
        return len(self.changed) == 1 and not (self.missing or self.unreadable or self.renamed)


def compare(signature: Signature, digests: PartDigests) -> Compared | None:
    """Every reference against the bytes; None where the digest algorithm is not known."""
    if signature.method is None:
        return None
    same: list[str] = []
    changed: list[str] = []
    missing: list[str] = []
    unreadable: list[str] = []
    for one in signature.references:
        if one.part is None:
            missing.append(one.location)
        elif one.digest is None:
            unreadable.append(one.part)
        else:
            (same if matches(one, one.part, digests, signature) else changed).append(one.part)
    found = (same, changed, missing, unreadable, _renamed(signature))
    return Compared(*(tuple(dict.fromkeys(names)) for names in found))


def _renamed(signature: Signature) -> list[str]:
    """Found under a name of other case or form, or by another reading of its location than its neighbours.

    Whoever renames a part so keeps its bytes, and programs that take names to the letter no longer show it.
    """
    found = [one for one in signature.references if one.part is not None]
    usual = min((one.base for one in found if one.base >= 0), default=0)
    return [one.part or "" for one in found if not one.exact or one.base > usual]


def matches(reference: Reference, part: str, digests: PartDigests, signature: Signature) -> bool:
    """Whether a part's bytes have the digest that was written down."""
    return signature.method is not None and digests.of(part, signature.method) == reference.digest


def _parts(names: Iterable[str], roles: Callable[[str], Role] | None = None) -> dict[str, object]:
    listed = list(names)
    facts: dict[str, object] = {"count": len(listed)}
    for place, name in enumerate(listed[:_NAMED], 1):
        facts[f"part_{place}"] = f"{shown(name)} ({roles(name).value})" if roles else shown(name)
    return facts


def check_references(name: str, signature: Signature, compared: Compared | None, package: Package) -> Check:
    """Every protected part is there as it was signed.

    ``OFD_DIGEST_UNKNOWN`` and ``OFD_PART_RENAMED`` indeterminate; ``OFD_REFERENCES_NONE``, ``OFD_REFERENCE_MISSING``,
    ``OFD_CHECK_VALUE`` and ``OFD_PART_CHANGED`` invalid.
    """
    if compared is None:
        facts = {"method": shown(signature.method_said)}
        return indeterminate(name, "OFD_DIGEST_UNKNOWN", "the digest algorithm is not known", "摘要算法无法识别", facts)
    if not signature.references:
        return invalid(name, "OFD_REFERENCES_NONE", "the signature protects nothing", "签名未保护任何内容")
    renamed = "a part does not bear the name that was signed: programs may not find it and show something else"
    for made, parts, code, en, zh in (
        (invalid, compared.missing, "OFD_REFERENCE_MISSING", "a protected part is gone", "受保护的部件缺失"),
        (invalid, compared.unreadable, "OFD_CHECK_VALUE", "a written digest cannot be read", "摘要值无法读取"),
        (invalid, compared.changed, "OFD_PART_CHANGED", "a part was changed after signing", "部件在签署后被更改"),
        (indeterminate, compared.renamed, "OFD_PART_RENAMED", renamed, "部件名称与签署时不一致，其他软件可能找不到"),
    ):
        if parts:
            return made(name, code, en, zh, _parts(parts, None if parts is compared.missing else package.role))
    return valid(name, "every protected part is as it was signed", "受保护的部件均未更改", _parts(compared.same))


def check_strength(name: str, signature: Signature) -> Check:
    """OFD_DIGEST_WEAK where MD5 or SHA-1 protects the parts."""
    method = signature.method
    facts = {"method": method.label if method else shown(signature.method_said), "said": bool(signature.method_said)}
    if method is not None and method.weak:
        en = "the parts are protected by a digest for which collisions can be made"
        return indeterminate(name, "OFD_DIGEST_WEAK", en, "部件摘要使用弱算法，可被构造碰撞", facts)
    if method is None:
        return indeterminate(name, "OFD_DIGEST_UNKNOWN", "the digest algorithm is not known", "摘要算法无法识别", facts)
    return valid(name, "the digest algorithm is sound", "摘要算法可靠", facts)


def check_coverage(name: str, protected: frozenset[str], package: Package) -> Check:
    """Every part that readers show must be protected.

    ``OFD_CONTENT_UNPROTECTED`` invalid; ``OFD_ROOT_UNPROTECTED``, ``OFD_VERSION_UNPROTECTED`` and
    ``OFD_STRAY_PARTS`` (carried along, named by nothing) indeterminate.
    """
    outside = [part for part in package.container.entries if part not in protected]
    by_role: dict[Role, list[str]] = {}
    for part in outside:
        by_role.setdefault(package.role(part), []).append(part)
    content = [part for role in Role if role in _SHOWN_TO_READERS for part in by_role.get(role, ())]
    if content:
        en, zh = "something that readers show is not protected", "有显示内容未受签名保护"
        return invalid(name, "OFD_CONTENT_UNPROTECTED", en, zh, _parts(content, package.role))
    for role, code, en, zh in (
        (Role.ROOT, "OFD_ROOT_UNPROTECTED", "the document's description is not protected", "OFD.xml 未受签名保护"),
        (Role.VERSION, "OFD_VERSION_UNPROTECTED", "a version stands outside the signature", "版本信息未受签名保护"),
        (Role.OTHER, "OFD_STRAY_PARTS", "parts are carried along that nothing protects", "夹带未受保护的文件"),
    ):
        if role in by_role:
            return indeterminate(name, code, en, zh, _parts(by_role[role], package.role))
    facts = {"protected": len(protected), **_parts(outside, package.role)}
    return valid(name, "all that readers show is protected", "显示内容均受签名保护", facts)


def check_list_change(name: str, place: int, lists: Mapping[int, Verdict], list_part: str) -> Check:
    """A signature breaks only on the list of signatures, to which later ones were added: that is no forgery.

    It is shown where a later signature that is itself valid protects the list as it stands. ``lists`` has, by place,
    the verdict over each signature that does; ``OFD_SIGNATURES_CHANGED`` where none does.
    """
    later = {other: verdict for other, verdict in lists.items() if other > place}
    facts = {"part": shown(list_part), "later": len(later)}
    if Verdict.VALID in later.values():
        en = "only the list of signatures has grown since, and a later signature protects it as it stands"
        zh = "仅签名列表在此后增加了签名，且已由后续有效签名保护"
        return Check(
            name, Verdict.VALID, "OFD_SIGNATURES_APPENDED", zh, en, tuple((k, str(v)) for k, v in facts.items())
        )
    en = "the list of signatures was changed after signing: signatures were added, or one was taken away"
    zh = "签名列表在签署后被更改：可能追加或移除了签名"
    return indeterminate(name, "OFD_SIGNATURES_CHANGED", en, zh, facts)


def check_seal_part(name: str, signature: Signature, package: Package, value: SignatureReport) -> Check | None:
    """The seal beside the signature is the one inside it; None where there is nothing to compare.

    ``OFD_SEAL_MISSING`` and ``OFD_SEAL_UNUSED`` indeterminate, ``OFD_SEAL_REPLACED`` invalid.
    """
    if not signature.seal_said or not value.form:
        return None
    if value.seal_der is None:
        en = "a seal lies beside a signature that was made without it: anybody can put it there"
        return indeterminate(name, "OFD_SEAL_UNUSED", en, "签名值中没有印章，旁附的印章未参与签署，任何人都可附上")
    return _same_seal(name, signature, package, value.seal_der)


def _same_seal(name: str, signature: Signature, package: Package, seal: bytes) -> Check:
    if signature.seal_part is None:
        return indeterminate(name, "OFD_SEAL_MISSING", "the seal's own file is not there", "印章文件缺失")
    entry = package.container.entries[signature.seal_part]
    if entry.size == len(seal) and package.container.read(signature.seal_part, len(seal)) == seal:
        return valid(name, "the seal's file is the seal that was signed with", "印章文件与签章值中的印章一致")
    en = "the seal's file is not the seal that was signed with"
    return invalid(
        name, "OFD_SEAL_REPLACED", en, "印章文件与签章值中的印章不一致", {"part": shown(signature.seal_part)}
    )


def check_location(name: str, signature: Signature, package: Package, said: str | None) -> Check | None:
    """The path that the seal's signature says it signs (propertyInfo) is this signature's: ``OFD_SIGNED_ELSEWHERE``.

    None where it says none. What is no path to a part of XML is passed over: makers write other things there too.
    """
    if not said:
        return None
    facts = {"said": shown(said), "part": shown(signature.part)}
    found = package.find("/" + said.lstrip("/"), signature.part)
    if said.lower().endswith(".xml") and (found is None or found.part != signature.part):
        en = "the signature was made for another place than where it stands"
        return indeterminate(name, "OFD_SIGNED_ELSEWHERE", en, "签章值所称的签名文件路径与实际位置不符", facts)
    return valid(name, "the signature stands where it was made for", "签名文件位于签章值所称位置", facts)


def check_stamps(name: str, signature: Signature, package: Package) -> Check:
    """Where the seal is shown: ``OFD_STAMP_PAGE`` where that page is not there."""
    pages = package.bodies[signature.body].pages
    facts: dict[str, object] = {"stamps": len(signature.stamps)}
    for place, stamp in enumerate(signature.stamps[:_NAMED], 1):
        facts[f"stamp_{place}"] = f"page {shown(stamp.page)}: {shown(stamp.boundary)}"
    if any(stamp.page not in pages for stamp in signature.stamps):
        return indeterminate(name, "OFD_STAMP_PAGE", "a stamp stands on no page", "签章所在页面不存在", facts)
    return valid(name, "the stamps stand on pages of this document", "签章位于本文档页面", facts)


def check_time(name: str, signature: Signature, signed_at: int | None) -> Check:
    """The time in Signature.xml, which people are shown, is about that of the signature value: ``OFD_TIME_DIFFERS``.

    Both are the signer's word. Clocks, zones (18.2.2 names none) and a value made some minutes later are borne with.
    """
    written = _moment(signature.time)
    facts = {"written": shown(signature.time), "signed": "-" if signed_at is None else as_text(signed_at)}
    if written is None or signed_at is None:
        return valid(name, "there are no two times to compare", "没有可比对的两个时间", facts)
    if abs(written - signed_at) > _DAY:
        en, zh = "the time shown and the time signed are days apart", "签名描述时间与签章值中的时间相差一天以上"
        return indeterminate(name, "OFD_TIME_DIFFERS", en, zh, facts)
    return valid(name, "the time shown is that of the signature", "签名描述时间与签章时间一致", facts)


def _moment(said: str) -> int | None:
    """Unix seconds; Beijing time unless a zone is written; None where it cannot be read."""
    plain = said.strip()
    for form in _TIME_FORMS:
        try:
            moment = datetime.strptime(plain, form) if form else datetime.fromisoformat(plain)  # noqa: DTZ007 - below
            zone = moment.tzinfo or (UTC if form.endswith("Z") else _BEIJING)
            return int(moment.replace(tzinfo=zone).timestamp())
        except (ValueError, OverflowError):
            continue
    return None
