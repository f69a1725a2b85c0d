"""Chapters four and five: one case across regions up to its license, and a parent case with children."""

import time
from typing import Any

from api.demo.bureau import OnPhone, Paper, metadata_of
from api.demo.cast import AGENCIES, credit_code
from api.demo.founding_chapters import AGREED, BACK, IDLE_SEAL, LICENSED, PLAIN, SEAL, set_idle_seal
from api.demo.stage import File, Stage
from api.wire.acts import PreflightRequest
from ledger import acts
from ledger.evidence import Document, DocumentKind
from ledger.evidence_rules import Entry
from ledger.ids import format_id
from ledger.licenses.metadata import LicenseMetadata
from ledger.licenses.share import Sealed
from ledger.procedure import Action, Mode
from ledger.records import Status

NOTIFIED = 0b00010
"""The second entry of the item's list is missing."""
GOOD = 1
DECIDED = "决定:准予许可(演示)"


def seal_subject(stage: Stage, agency: str, place: int = SEAL) -> bytes:
    """An agency's seal as a step names it."""
    return stage.cast.id(agency, place).to_bytes(32)


def preflight(stage: Stage) -> None:
    """A window asks before it acts: may I, and if not, who could grant it?"""
    for role, expected in (("away.first", "OK"), ("third.window", "GRANT_UNKNOWN")):
        answer = stage.client.preflight(
            PreflightRequest(
                officer=format_id(stage.cast[role].officer), action="COLLECT", mode=Mode.REMOTE_ACCEPTANCE.name,
                item=format_id(stage.cast.id("home", LICENSED)), version=1,
            )
        )  # fmt: skip
        stage.verdict(role, "事前查询:可否收件", expected, answer.reason.code, answer.reason.zh)


def take_in(stage: Stage) -> File:
    """The away window takes the case in, notifies once, checks originals by two, accepts, forwards."""
    grant = stage.cast.id("home", AGREED)
    file = stage.file("away.first", stage.cast.id("home", LICENSED), Mode.REMOTE_ACCEPTANCE, grant)
    stage.open(file, "收件")
    told = stage.document(file, DocumentKind.NOTIFICATION, 缺少="场地使用证明(演示)")
    given = stage.document(file, DocumentKind.SUPPLEMENT, 补正="场地使用证明(演示)")
    seen = stage.document(file, DocumentKind.ORIGINALS_SEEN, 核验="原件与复印件一致(演示)")
    _evidence_guard(stage, file)

    def step(
        role: str, action: Action, what: str, expected: str = "OK", evidence: bytes = bytes(32), detail: int = 0
    ) -> None:
        stage.step(file, role, action, what, expected, grant=grant, evidence=evidence, detail=detail)

    step("away.first", Action.NOTIFY, "一次性告知", evidence=told, detail=NOTIFIED)
    step("away.first", Action.NOTIFY, "第二次告知", "ALREADY_NOTIFIED", told, 0b00100)
    step("away.first", Action.ACCEPT, "材料未齐即受理", "STILL_MISSING")
    step("away.first", Action.SUPPLEMENT, "补正", evidence=given)
    step("away.first", Action.ACCEPT, "未核验原件即受理", "ORIGINALS_NOT_VERIFIED")
    step("away.first", Action.VERIFY, "原件核验(第一人)", evidence=seen)
    step("away.first", Action.VERIFY, "同一人再次核验", "SAME_OFFICER_TWICE", seen)
    step("away.second", Action.VERIFY, "原件核验(第二人)", evidence=seen)
    step("away.first", Action.ACCEPT, "受理")
    step("away.first", Action.FORWARD, "转办")
    _hide_and_seek(stage, file, grant)
    stage.step(file, "home.reviewer", Action.REVIEW, "审查")
    step("away.first", Action.APPROVE, "窗口越权作决定", "HOME_AGENCY_ONLY")
    idle = seal_subject(stage, "home", IDLE_SEAL)
    stage.step(file, "home.decider", Action.APPROVE, "以停用的印章作决定", "SEAL_SUSPENDED", subject=idle)
    stage.settle()
    return file


def _evidence_guard(stage: Stage, file: File) -> None:
    entry = Entry("applicant.id", "11010519491231002X", public=True)  # the standard's own example

    def attempt() -> None:
        Document.make(DocumentKind.MATERIALS, (entry,), stage.client.random_bytes)

    stage.refused(file.opener.role, "公开字段中写身份证号", "PERSONAL_DATA", attempt)


def _hide_and_seek(stage: Stage, file: File, grant: int) -> None:
    def attempt() -> None:
        stage.step(file, "stranger", Action.DELIVER, "-", "-", grant=grant)

    stage.refused("stranger", "陌生密钥冒充窗口送达", "SIGNER_UNKNOWN", attempt)


def decide(stage: Stage, file: File) -> Paper:
    """The home agency decides under its seal and issues the e-license; the other seal is resumed."""
    decision = stage.document(file, DocumentKind.DECISION, "home.decider", 决定=DECIDED.partition(":")[2])
    issued = sealed_license(stage, "license", 1, case_key=file.key)
    stage.step(file, "home.decider", Action.APPROVE, "准予许可", evidence=decision, subject=seal_subject(stage, "home"))
    stage.act("home.issuer", acts.IssueLicense, "签发电子证照", license=issued.license)
    stage.settle()
    set_idle_seal(stage, Status.ACTIVE, "恢复备用印章")
    return issued


def sealed_license(
    stage: Stage, name: str, serial: int, *, under: int = SEAL, by: str = "home", **fields: Any
) -> Paper:
    """A license of the home agency's item, sealed by ``by`` and recorded by its issuer; not yet on the ledger."""
    now = fields.pop("at", None) or stage.client.now()
    metadata = _metadata(stage, serial, now)
    on = Sealed(stage.cast.id("home", LICENSED), stage.cast.id("home", under))
    held = stage.bureau.held(by, under if by == "home" else SEAL)
    paper = stage.bureau.issue(name, metadata, held, on, now, **fields)
    stage.signed_in("home.issuer").proofs.record(paper.license, paper.identifier, paper.share.salts.identifier)
    return paper


def license_on_phone(stage: Stage, name: str, serial: int, holder: str) -> OnPhone:
    """The same under the agency's own seal, bound to a key that ``holder`` has for this license alone."""
    now = stage.client.now()
    metadata, on = _metadata(stage, serial, now), Sealed(stage.cast.id("home", LICENSED), stage.cast.id("home", SEAL))
    key = stage.cast[holder].signer.address
    made = stage.bureau.issue_to_key(name, metadata, stage.bureau.held("home", SEAL), on, now, key)
    stage.signed_in("home.issuer").proofs.record(made.card.license, made.identifier, made.salt)
    return made


def _metadata(stage: Stage, serial: int, now: int) -> LicenseMetadata:
    home = next(one for one in AGENCIES if one.role == "home")
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    code = credit_code(stage.cast.number("home"), home.region)
    return metadata_of(home.name, code, f"{stage.cast.round:07d}{serial:04d}", day)


def print_and_deliver(stage: Stage, file: File, issued: Paper) -> None:
    """The window prints, delivers and is rated; nothing of that before its time."""
    grant = stage.cast.id("home", AGREED)
    first = "away.first"
    receipt = stage.document(file, DocumentKind.DELIVERY, 送达="窗口领取(演示)")
    stage.step(file, first, Action.DELIVER, "未出证即送达", "LICENSE_REQUIRED", grant=grant)
    stage.step(file, first, Action.ISSUE, "打证出证", grant=grant, subject=issued.leaf)
    stage.step(file, first, Action.DELIVER, "送达", grant=grant, evidence=receipt)
    stage.step(file, first, Action.RATE, "好差评", grant=grant, detail=GOOD)
    stage.step(file, first, Action.RATE, "重复评价", "ALREADY_RATED", grant=grant, detail=GOOD)
    stage.settle()


def family(stage: Stage) -> None:
    """One matter, several departments 一件事: a parent with two children, one of them under the grant back."""
    cast = stage.cast
    given, back = cast.id("home", AGREED), cast.id("away", BACK)
    parent = stage.file("away.first", cast.id("home", PLAIN), Mode.JOINT, given)
    children = (
        stage.file("away.first", cast.id("home", PLAIN), Mode.UNDIFFERENTIATED, given, parent.key),
        stage.file("home.window", cast.id("away", PLAIN), Mode.UNDIFFERENTIATED, back, parent.key),
    )
    stage.open_with_links(parent, children, "主件收件并关联子件(一次签名)")
    stage.settle()
    for child, home in zip(children, (("home.reviewer", "home.decider"), ("away.office", "away.office")), strict=True):
        _run_child(stage, child, home)
    stage.settle()
    opener = parent.opener.role
    for place, child in enumerate(children, start=1):
        stage.step(parent, opener, Action.JOIN, f"子件汇总 {place}", grant=given, subject=child.key)
    stage.step(parent, opener, Action.ACCEPT, "主件受理", grant=given)
    stage.step(parent, opener, Action.FORWARD, "主件转办", grant=given)
    stage.step(parent, "home.reviewer", Action.REVIEW, "主件审查")
    stage.step(parent, "home.decider", Action.APPROVE, "主件准予", subject=seal_subject(stage, "home"))
    stage.step(parent, opener, Action.DELIVER, "主件送达", grant=given)
    stage.settle()


def _run_child(stage: Stage, child: File, home: tuple[str, str]) -> None:
    role, agency = child.opener.role, home[1].partition(".")[0]
    stage.open(child, "子件收件")
    stage.step(child, role, Action.ACCEPT, "子件受理", grant=child.grant)
    stage.step(child, role, Action.FORWARD, "子件转办", grant=child.grant)
    stage.step(child, home[0], Action.REVIEW, "子件审查")
    stage.step(child, home[1], Action.APPROVE, "子件准予", subject=seal_subject(stage, agency))
    stage.step(child, role, Action.DELIVER, "子件送达", grant=child.grant)
