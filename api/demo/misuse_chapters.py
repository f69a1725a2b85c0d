"""Chapters six and seven: licenses verified and stopped, rights misused, cases read by those who may."""

import time
from dataclasses import replace

from api.client.proofs import checks_of
from api.demo.bureau import Paper
from api.demo.case_chapters import DECIDED
from api.demo.founding_chapters import AGREED, EXPIRING, HANDED_ON, PLAIN, REGIONAL, REVOKED, TOO_FAR, terms
from api.demo.stage import File, Stage, told
from ledger import acts
from ledger.crypto import sha256
from ledger.evidence import DocumentKind
from ledger.ids import format_id
from ledger.procedure import Mode
from ledger.records import GranteeKind, Status


def verify(stage: Stage, issued: Paper, expected: str = "valid") -> None:
    """A third window is shown the license: it verifies the file and the identifier."""
    third = stage.as_("third.window")
    got, zh = told(checks_of(third.proofs.verify_file(issued.path)))
    stage.verdict("third.window", "核验证照(文件)", expected, got, zh)
    got, zh = told(checks_of(third.proofs.verify_identifier(issued.identifier)))
    stage.verdict("third.window", "核验证照(证照标识)", expected, got, zh)


def check_before_printing(stage: Stage, issued: Paper) -> None:
    """The window does not print what it has not verified."""
    got, zh = told(checks_of(stage.as_("away.first").proofs.verify_file(issued.path)))
    stage.verdict("away.first", "打证前核验证照", "valid", got, zh)
    stage.mark("first_verified_license")


def forgery(stage: Stage, good: Paper) -> None:
    """A file that nobody issued, alone and with a share made up for it.

    By then the ledger holds the root of a batch whose licenses its issuer alone keeps: it could be one of them.
    """
    proofs, made_up = stage.as_("third.window").proofs, stage.client.random_bytes(32)
    digest = sha256(b"forged " + made_up)
    got, zh = told(checks_of(proofs.verify_digest(digest)))
    stage.verdict("third.window", "核验伪造的文件,无份额", "indeterminate:SHARE_NEEDED", got, zh)
    forged = replace(good.license, sm3=made_up, sha256=digest.value)
    got, zh = told(checks_of(proofs.verify_shown(forged, batch=made_up)))
    stage.verdict("third.window", "核验伪造的文件与份额", "invalid:LICENSE_UNKNOWN", got, zh)


def stop_license(stage: Stage, issued: Paper) -> None:
    """The home agency suspends the license; another agency cannot."""
    stage.act(
        "home.issuer", acts.SetLicenseStatus, "暂扣证照", license=issued.leaf, status=int(Status.SUSPENDED), reason=1
    )
    stage.settle()
    verify(stage, issued, "invalid:LICENSE_SUSPENDED")


def hand_on_and_revoke(stage: Stage) -> None:
    """What was handed on may be used, not handed on again; a grant is revoked."""
    cast = stage.cast
    parent = cast.id("away", HANDED_ON)
    further = terms(
        stage, "county", TOO_FAR, GranteeKind.WINDOW, cast.id("county", 1), parent=parent, rights=1, items=(PLAIN,)
    )
    stage.act("county.admin", acts.OfferGrant, "再次转授给窗口", "TOO_DEEP", terms=further)
    stage.act(
        "home.admin",
        acts.SetGrantStatus,
        "撤销授权",
        grant=cast.id("home", REVOKED),
        status=int(Status.REVOKED),
        reason=1,
    )
    stage.act(
        "third.admin", acts.SetGrantStatus, "非授权方撤销他人授权", "NOT_GRANTOR", grant=cast.id("home", AGREED),
        status=int(Status.REVOKED), reason=1,
    )  # fmt: skip
    stage.settle()


def misuse(stage: Stage) -> None:
    """Each way of using a right that one does not hold is refused by the chain, with its reason."""
    cast = stage.cast
    _until_expired(stage)
    uses = (
        ("county.window", "丁县窗口依转授收件", "away", HANDED_ON, "OK"),
        ("third.window", "使用已撤销的授权", "home", REVOKED, "GRANT_REVOKED"),
        ("third.window", "使用已到期的授权", "home", EXPIRING, "GRANT_EXPIRED"),
        ("third.window", "区划外使用区域授权", "home", REGIONAL, "WRONG_REGION"),
        ("third.window", "使用他人的授权", "home", AGREED, "GRANT_NOT_FOR_YOU"),
        ("county.window", "使用层级超限的转授", "county", TOO_FAR, "GRANT_UNKNOWN"),
        ("away.second", "区划内使用区域授权", "home", REGIONAL, "OK"),
    )  # fmt: skip
    for role, what, grantor, number, expected in uses:
        grant = cast.id(grantor, number)
        file = stage.file(role, cast.id("home", PLAIN), Mode.REMOTE_INTAKE, grant)
        stage.open(file, what, expected)
    stage.settle()


def _until_expired(stage: Stage) -> None:
    """The chain's time must have passed the grant's end; nothing is done to any clock."""
    grant = stage.client.registry.grant(stage.cast.id("home", EXPIRING))
    if grant.valid_until is not None and (left := grant.valid_until + 1 - stage.client.clock()) > 0:
        time.sleep(left)


def read(stage: Stage, file: File) -> None:
    """Parties and auditors read a case; others do not learn that it exists; reads are logged."""
    outsider = stage.signed_in("third.window")
    stage.refused("third.window", "案外人员读取案件", "CASE_NOT_FOUND", lambda: outsider.cases.show(file.key))
    auditor = stage.signed_in("auditor")
    steps = auditor.cases.steps(file.key)
    stage.verdict("auditor", "监督员读取全部环节", "12", str(len(steps)))
    refused = [one.reason.code for one in auditor.cases.refusals(file.key)]
    stage.verdict("auditor", "监督员读取被拒环节", "+".join(sorted(file.refused)), "+".join(sorted(refused)))
    listed = next(one for one in auditor.cases.documents(file.key) if one.kind == DocumentKind.DECISION)
    document = auditor.cases.document(file.key, bytes.fromhex(listed.root[2:]))
    stage.verdict("auditor", "监督员读取审批决定", DECIDED, "+".join(str(field.value) for field in document.fields))
    reads = [one for one in auditor.cases.reads(file.key) if (one.what, one.root) == ("document", listed.root)]
    reader = format_id(stage.cast["auditor"].officer)
    stage.verdict("auditor", "读取已留痕", reader, "+".join(one.officer for one in reads))
