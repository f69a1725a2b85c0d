"""Whether a step may rest on a verified license: what its evidence says of itself, and what the ledger says of it.

Checks, in this order:
1 the report is the one whose digest was committed to · 2 it is of this license and this time · 3 it says valid, and
its checks do · 4 the holder was there: compared with the person, or authorised the use · 5 the ledger holds the
license · 6 the document is the license's · 7 the license stood at that time · 8 the authorization was used for this
very case · 9 the entry is one of the item's list · 10 verified before the steps that rest on it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.crypto import sm3
from ledger.evidence_license import AT, BATCH, LEAF, VerifiedLicense
from ledger.merkle import double_hash
from ledger.reasons import TEXTS, Reason
from ledger.verdict import Check, Report, Verdict, indeterminate, invalid, report, valid

NEEDED = ("license.anchored", "license.issuer", "license.seal", "license.status", "license.period")
"""Checks without which a report says nothing of a license."""
SHOWN = ("holder", "presentation.holder")
"""Checks that tell that the person at the window is the holder."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of a license: whether it stood at the time asked about, and its document's digests.

    ``standing`` is None, and so are the digests, where only the license's own fields would tell.
    """

    standing: Reason | None
    sm3: bytes | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Consumed:
    """An authorization of a holder that was used: of which license, for which case (zeros: for none)."""

    license: bytes
    case_key: bytes


@dataclass(frozen=True, slots=True)
class Resting:
    """The case: how many entries the item's list has, and when the steps were signed that rest on the document."""

    case_key: bytes
    entries: int
    signed_at: tuple[int, ...] = ()
    skew: int = 30


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger was asked: the license (or why it had none), the authorization named, the case."""

    known: Known | Reason
    consumed: Consumed | None
    resting: Resting
    is_fresh: bool = True
    """Whether whoever was asked has read the whole ledger: else what is not found is not known."""


def check(one: VerifiedLicense, ledger: Ledger) -> Report:
    """Every check; the report is valid only where the step may rest on the license."""
    return report(_checks(one, ledger))


def _checks(one: VerifiedLicense, ledger: Ledger) -> Iterator[Check]:
    yield _digest(one)  # 1
    yield _subject(one)  # 2
    yield _verdict(one)  # 3
    yield _holder(one)  # 4
    yield from _ledger(one, ledger.known, _missing(is_fresh=ledger.is_fresh))  # 5, 6 and 7
    if one.authorization is not None:
        yield _authorization(one, ledger)  # 8
    yield _entry(one, ledger.resting)  # 9
    yield _order(one, ledger.resting)  # 10


def _missing(*, is_fresh: bool) -> Callable[[str, str, str, str], Check]:
    return invalid if is_fresh else indeterminate


def _digest(one: VerifiedLicense) -> Check:
    name = "reliance.report"
    if sm3(one.written.source).value == one.report_sm3:
        return valid(name, "the report is the one committed to", "核验报告与其摘要一致")
    return invalid(name, "REPORT_DIFFERS", "the report was replaced by another", "核验报告与其摘要不一致")


def _subject(one: VerifiedLicense) -> Check:
    name, batch = "reliance.subject", "0x" + one.batch.hex() if one.batch else None
    if (one.written.fact(*LEAF), one.written.fact(*BATCH)) != ("0x" + one.leaf.hex(), batch):
        en, zh = "the report is of another license", "核验报告对应的是另一份证照"
        return invalid(name, "REPORT_OF_ANOTHER_LICENSE", en, zh)
    if one.body is not None and double_hash(one.body) != one.leaf:
        return invalid(name, "LICENSE_DIFFERS", "the fields are another license's", "证照字段属于另一份证照")
    if one.written.fact(*AT) != str(one.verified_at):
        return invalid(name, "REPORT_OF_ANOTHER_TIME", "the report is of another time", "核验报告对应的是另一时间")
    facts = {"leaf": "0x" + one.leaf.hex(), "verifiedAt": one.verified_at}
    return valid(name, "the report is of this license and this time", "核验报告对应本证照与本时间", facts)


def _verdict(one: VerifiedLicense) -> Check:
    name, made = "reliance.verdict", one.written.report
    facts = {"verdict": one.verdict.value, "checks": len(made.checks)}
    if {one.verdict, one.written.verdict} != {made.overall}:
        en, zh = "the verdict is not what the report's checks come to", "核验结论与报告中各项检查不符"
        return invalid(name, "VERDICT_DIFFERS", en, zh, facts | {"overall": made.overall.value})
    if one.verdict is not Verdict.VALID:
        en, zh = "a step may rest on a license found valid only", "只有核验为有效的证照可以免提交"
        return invalid(name, "VERDICT_NOT_VALID", en, zh, facts)
    missing = [needed for needed in NEEDED if needed not in {check.name for check in made.checks}]
    if missing:
        en, zh = "the report leaves out what must be checked", "核验报告缺少必要的检查"
        return invalid(name, "REPORT_INCOMPLETE", en, zh, {"missing": ", ".join(missing)})
    return valid(name, "found valid, by every check that must be made", "核验有效,必要的检查齐全", facts)


def _holder(one: VerifiedLicense) -> Check:
    name, by = "reliance.holder", None
    if any(check.name in SHOWN and check.verdict is Verdict.VALID for check in one.written.report.checks):
        by = "compared"
    if one.authorization is not None:
        by = "authorized"
    if by is None:
        en = "nobody looked whether the license is that of the person, nor did its holder authorise the use"
        return invalid(name, "HOLDER_NOT_SHOWN", en, "未核对持证主体,也没有持证人授权")
    return valid(name, "the license's holder was there", "已核对持证主体或已获持证人授权", {"by": by})


def _ledger(
    one: VerifiedLicense, known: Known | Reason, missing: Callable[[str, str, str, str], Check]
) -> Iterator[Check]:
    name = "reliance.known"
    if not isinstance(known, Known):
        yield missing(name, known.name, TEXTS[known].en, TEXTS[known].zh)
        return
    yield valid(name, "the ledger holds this license", "账本载有此证照")
    yield _file(one, known)
    yield _standing(one, known)


def _file(one: VerifiedLicense, known: Known) -> Check:
    name = "reliance.file"
    if known.sm3 is None or known.sha256 is None:
        return _unsaid(name)
    if (known.sm3, known.sha256) != (one.sm3, one.sha256):
        en, zh = "the document is not the license's", "文件与证照不是同一份"
        return invalid(name, "LICENSE_OF_ANOTHER_FILE", en, zh)
    return valid(name, "the document is the license's", "文件与证照的摘要一致")


def _standing(one: VerifiedLicense, known: Known) -> Check:
    name, facts = "reliance.standing", {"at": one.verified_at}
    if known.standing is None:
        return _unsaid(name)
    if known.standing is not Reason.OK:
        text = TEXTS[known.standing]
        return invalid(name, known.standing.name, text.en, text.zh, facts)
    return valid(name, "the license stood when it was verified", "核验时证照有效", facts)


def _unsaid(name: str) -> Check:
    en = "the ledger has this license's root alone: its own fields must be kept with the evidence"
    return indeterminate(name, "LICENSE_BODY_NEEDED", en, "账本仅载批次根,须一并存入证照字段")


def _authorization(one: VerifiedLicense, ledger: Ledger) -> Check:
    name, consumed, case_key = "reliance.authorization", ledger.consumed, ledger.resting.case_key
    if consumed is None:
        en, zh = "no such authorization was ever used", "没有使用过这一授权"
        return _missing(is_fresh=ledger.is_fresh)(name, "AUTHORIZATION_UNKNOWN", en, zh)
    if consumed.license != one.leaf:
        en, zh = "the holder authorised the use of another license", "该授权属于另一份证照"
        return invalid(name, "AUTHORIZATION_OF_ANOTHER_LICENSE", en, zh)
    if consumed.case_key != case_key:
        en, zh = "the authorization was used for another case, or for none", "该授权用于其他办件,或未用于办件"
        return invalid(name, "AUTHORIZATION_OF_ANOTHER_CASE", en, zh)
    return valid(name, "the holder's authorization was used for this very case", "持证人的授权已用于本办件")


def _entry(one: VerifiedLicense, resting: Resting) -> Check:
    name, facts = "reliance.entry", {"entry": one.entry, "entries": resting.entries}
    if one.entry <= resting.entries:
        return valid(name, "stands for an entry of the item's list", "对应材料清单中的一项", facts)
    return invalid(name, "ENTRY_UNKNOWN", "the item's list has no such entry", "材料清单中没有这一项", facts)


def _order(one: VerifiedLicense, resting: Resting) -> Check:
    name, facts = "reliance.order", {"steps": len(resting.signed_at)}
    if all(one.verified_at <= at + resting.skew for at in resting.signed_at):
        return valid(name, "no step was signed before", "核验先于依据它的环节", facts)
    en, zh = "a step rests on it that was signed before", "依据它的环节签署于核验之前"
    return invalid(name, "VERIFIED_AFTER_THE_STEP", en, zh, facts)
