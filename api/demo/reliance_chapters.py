"""Chapters on a case that rests on verified licenses in the place of papers 免提交, and on the use of its seal 用印."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from api.client.documents import Shown, Verified, verify_document
from api.client.reliance import of_verified
from api.client.sealing import seal_use
from api.client.uses import terms_of
from api.demo.bureau import HOLDER, Paper
from api.demo.case_chapters import seal_subject
from api.demo.founding_chapters import AGREED, SEAL
from api.demo.license_chapters import Papers
from api.demo.stage import File, Stage
from api.demo.use_chapters import Given, Phone
from api.wire.cases import VerifiedLicenseView
from ledger.crypto import parse_digest, sm3
from ledger.documents.ofd_making import Sheet
from ledger.evidence import Document, DocumentKind
from ledger.evidence_license import KIND, VerifiedLicense, Written
from ledger.evidence_seal import SealUse
from ledger.holding import authorization_digest
from ledger.procedure import Action
from ledger.verdict import Report, Verdict

BY_AUTHORIZATION, BY_COMPARING = 2, 3
"""Entries of the item's list that licenses stand for: used as the holder authorised, or the holder compared."""
_CLERK = "away.first"


@dataclass(frozen=True, slots=True)
class Rested:
    """A license in the place of a paper, and the step that rests on it."""

    one: VerifiedLicense
    seq: int

    @property
    def told(self) -> str:
        """Which license, which step, verified when, with what result, and how that is judged now."""
        return f"0x{self.one.leaf.hex()[:8]} #{self.seq} {self.one.verified_at} valid/valid"


def rely(stage: Stage, papers: Papers, phone: Phone, used: Given) -> tuple[Rested, ...]:
    """The window accepts on licenses; what does not hold is refused where it is stored."""
    file, grant = phone.case, stage.cast.id("home", AGREED)
    seen = _verify(stage, phone.held.path)
    _refusals(stage, papers, phone, seen)
    authorised = of_verified(seen, BY_AUTHORIZATION, authorization=_digest(stage, used))
    compared = of_verified(_verify(stage, papers.good.path, papers.good), BY_COMPARING, papers.good.share)
    rested = []
    for one, action, what in (
        (compared, Action.VERIFY, "以电子证照代替原件核验"),
        (authorised, Action.ACCEPT, "免提交受理,依据持证人授权的证照"),
    ):
        stage.step(file, _CLERK, action, what, grant=grant, evidence=_keep(stage, file, one))
        rested.append(Rested(one, file.cursor.seq if file.cursor else 0))
    stage.step(file, _CLERK, Action.FORWARD, "转办", grant=grant)
    stage.step(file, "home.reviewer", Action.REVIEW, "审查")
    return tuple(rested)


def _refusals(stage: Stage, papers: Papers, phone: Phone, seen: Verified) -> None:
    """No step can rest on these: nobody has the root of what was not kept."""
    stopped = of_verified(_verify(stage, papers.suspended.path, papers.suspended), BY_COMPARING, papers.suspended.share)
    cancelled = of_verified(
        _verify(stage, papers.cancelled.path, papers.cancelled), BY_COMPARING, papers.cancelled.share
    )
    for what, expected, one in (
        ("免提交:证照已注销", "VERDICT_NOT_VALID+LICENSE_CANCELLED", cancelled),
        ("免提交:证照已暂扣", "VERDICT_NOT_VALID+LICENSE_SUSPENDED", stopped),
        ("免提交:已暂扣,把核验报告改成有效", "LICENSE_SUSPENDED", _forged(stopped)),
        ("免提交:未核对持证人,也无授权", "HOLDER_NOT_SHOWN", of_verified(seen, BY_AUTHORIZATION)),
        ("免提交:授权没有用过", "AUTHORIZATION_UNKNOWN", of_verified(
            seen, BY_AUTHORIZATION, authorization=_digest(stage, phone.brief))),
        ("免提交:授权用在了别处", "AUTHORIZATION_OF_ANOTHER_CASE", of_verified(
            seen, BY_AUTHORIZATION, authorization=_digest(stage, phone.entrusted))),
    ):  # fmt: skip
        stage.refused(_CLERK, what, expected, partial(_keep, stage, phone.case, one))


def _forged(one: VerifiedLicense) -> VerifiedLicense:
    """A clerk rewrites the report: every check is made to say valid, and the report's digest is made to fit."""
    checks = tuple(replace(check, verdict=Verdict.VALID, reason_code="OK") for check in one.written.report.checks)
    written = Written.of(Report(checks))
    return replace(one, verdict=Verdict.VALID, written=written, report_sm3=sm3(written.source).value)


def _verify(stage: Stage, path: Path, paper: Paper | None = None) -> Verified:
    """What a window finds; with the holder's paper the code on the holder's own card is compared."""
    client, shown = stage.as_(_CLERK), Shown(paper.share, HOLDER) if paper else Shown()
    with path.open("rb") as file:
        return verify_document(client.proofs, file, stage.bureau.trust, client.now(), shown)


def _digest(stage: Stage, given: Given) -> bytes:
    return authorization_digest(stage.client.deployment.domain("licenses"), terms_of(given))


def _keep(stage: Stage, file: File, one: VerifiedLicense) -> bytes:
    kept = Document.make(KIND, one.entries(), stage.client.random_bytes)
    return stage.signed_in(_CLERK).cases.store(file.key, kept)


def decide(stage: Stage, phone: Phone) -> tuple[SealUse, int]:
    """The home agency decides, and says which document it has sealed; the use, and its step."""
    file, grant = phone.case, stage.cast.id("home", AGREED)
    use, foreign = (_sealed(stage, agency) for agency in ("home", "away"))

    def keep(one: SealUse) -> bytes:
        decision = {"决定": "准予备案(演示)"}
        return stage.document(file, DocumentKind.DECISION, "home.decider", one.entries(), **decision)

    stage.refused("home.decider", "决定书盖的是他机构的印章", "SEAL_OF_ANOTHER", lambda: keep(foreign))
    stage.step(file, "home.decider", Action.APPROVE, "准予备案,用印留痕", evidence=keep(use),
               subject=seal_subject(stage, "home"))  # fmt: skip
    seq = file.cursor.seq if file.cursor else 0
    stage.step(file, _CLERK, Action.DELIVER, "送达", grant=grant)
    stage.settle()
    return use, seq


def _sealed(stage: Stage, agency: str) -> SealUse:
    """A decision under an agency's seal, ``decision.ofd`` or ``decision-away.ofd``, and what it says of the seal."""
    name = "decision" if agency == "home" else f"decision-{agency}"
    path, _ = stage.bureau.sealed(
        name,
        Sheet("准予备案决定书(演示)", ("事项:户外招牌备案(演示)",)),
        stage.bureau.held(agency, SEAL),
        stage.client.now(),
    )
    seal = stage.cast.id(agency, SEAL)
    registered = parse_digest(stage.client.registry.seal(seal).sm3, "seal").value
    with path.open("rb") as file:
        return seal_use(file, seal, registered)


def read(stage: Stage, phone: Phone, rested: tuple[Rested, ...], used: tuple[SealUse, int]) -> None:
    """The trail shows which licenses, verified when, with what result; the seal's agency sees what it has sealed."""
    case, seal = phone.case.key, stage.cast.id("home", SEAL)
    seen = {one.entry: one for one in stage.signed_in("auditor").cases.licenses(case)}
    for expected in rested:
        got = _told(seen[expected.one.entry]) if expected.one.entry in seen else "-"
        what, zh = f"免提交证照:材料第 {expected.one.entry} 项", "证照、环节、核验时间、核验结论/今日复核"
        stage.verdict("auditor", what, expected.told, got, zh)
    stage.verdict("auditor", "免提交证照份数", str(len(rested)), str(len(seen)))
    outsider = stage.signed_in("third.window")
    stage.refused("third.window", "案外人员查看免提交证照", "CASE_NOT_FOUND", lambda: outsider.cases.licenses(case))
    use, seq = used
    mine = [one for one in stage.signed_in("home.sealer").uses.of_seal(seal) if one.case_key == "0x" + case.hex()]
    told = [f"{one.action} #{one.seq} {one.record.document_sm3[:10]} {one.record.judged.verdict}"
            for one in mine if one.record]  # fmt: skip
    expected_use = f"APPROVE #{seq} 0x{use.document_sm3.hex()[:8]} valid"
    zh = "环节、所盖文件、今日复核"
    stage.verdict("home.sealer", "用印记录:本件的决定", expected_use, ", ".join(told) or "-", zh)
    stage.refused("third.window", "他机构查看用印记录", "SEAL_NOT_FOUND", lambda: outsider.uses.of_seal(seal))


def _told(view: VerifiedLicenseView) -> str:
    steps = ",".join(map(str, view.steps))
    return f"{(view.leaf or '-')[:10]} #{steps} {view.verified_at} {view.verdict}/{view.judged.verdict}"
