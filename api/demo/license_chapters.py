"""A chapter on sealed documents: the same window is shown one after another, and says what is wrong with each."""

import time
from dataclasses import dataclass, replace
from typing import Any

from api.client.documents import Shown, verify_document
from api.demo.bureau import HOLDER, Paper
from api.demo.case_chapters import sealed_license
from api.demo.founding_chapters import IDLE_SEAL, SEAL, set_idle_seal
from api.demo.stage import Stage, told
from ledger import acts
from ledger.documents import ofd_making
from ledger.merkle import MerkleTree
from ledger.records import Status

_PAGE = "Doc_0/Pages/Page_0/Content.xml"
_SOON = 6
"""Seconds until the license that expires has done so."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What the window is shown, by what becomes of it."""

    good: Paper
    suspended: Paper
    cancelled: Paper
    superseded: Paper
    expired: Paper
    by_another: Paper
    before: Paper
    """Sealed with the second seal, which is suspended later."""


def show(stage: Stage) -> Papers:
    """Issue them, let things happen to them, and verify each with file, share and the holder's own code."""
    papers = _issue(stage)
    during = _suspend(stage, papers)
    not_competent = _batch_of_another(stage)
    _verify_files(stage, papers)
    _wait_until(stage, papers.expired.license.valid_until + 1)
    for paper, what, expected in (
        (papers.good, "核验:真实有效", "valid"),
        (papers.before, "核验:用印后印章才停用", "valid"),
        (during, "核验:印章停用期间加盖", "invalid:SEAL_SUSPENDED"),
        (papers.by_another, "核验:加盖他机构印章", "invalid:SEAL_OF_ANOTHER+SEAL_DIFFERS"),
        (not_competent, "核验:签发机构无权颁发", "invalid:NOT_YOUR_AGENCY"),
        (papers.suspended, "核验:证照已暂扣", "invalid:LICENSE_SUSPENDED"),
        (papers.cancelled, "核验:证照已注销", "invalid:LICENSE_CANCELLED"),
        (papers.superseded, "核验:证照已被取代", "invalid:LICENSE_SUPERSEDED"),
        (papers.expired, "核验:证照已过期", "invalid:LICENSE_EXPIRED"),
    ):
        _check(stage, paper, what, expected)
    _check(stage, papers.good, "核验:持证人不是本人", "invalid:HOLDER_DIFFERS", holder="91430100MA4L16JQ7H")
    return papers


def _issue(stage: Stage) -> Papers:
    def paper(name: str, serial: int, **more: Any) -> Paper:
        return sealed_license(stage, name, serial, **more)

    # it was resumed a moment ago by a chain whose clock may be ahead of this one
    _wait_until(stage, stage.client.registry.seal(stage.cast.id("home", IDLE_SEAL)).valid_from + 1)
    soon = stage.client.now() + _SOON
    papers = Papers(
        good=paper("good", 2), suspended=paper("suspended", 3), cancelled=paper("cancelled", 4),
        superseded=paper("superseded", 5), expired=paper("expired", 6, valid_until=soon),
        by_another=paper("by-another", 7, by="away"), before=paper("before", 8, under=IDLE_SEAL),
    )  # fmt: skip
    for name in Papers.__slots__:
        stage.act("home.issuer", acts.IssueLicense, f"签发证照 {name}", license=getattr(papers, name).license)
    stage.settle()
    return papers


def _suspend(stage: Stage, papers: Papers) -> Paper:
    """Stop licenses and the second seal; one more document is sealed with it while it is suspended."""
    for paper, what, status in (
        (papers.suspended, "暂扣证照", Status.SUSPENDED),
        (papers.cancelled, "注销证照", Status.REVOKED),
    ):
        stage.act("home.issuer", acts.SetLicenseStatus, what, license=paper.leaf, status=int(status), reason=1)
    newer = sealed_license(stage, "newer", 9, supersedes=papers.superseded.leaf)
    stage.act("home.issuer", acts.IssueLicense, "换发证照", license=newer.license)
    _wait_until(stage, stage.client.now() + 1)  # a later second than that in which it was last used
    set_idle_seal(stage, Status.SUSPENDED, "停用备用印章")
    stage.settle()
    stopped = stage.client.registry.seal(stage.cast.id("home", IDLE_SEAL)).stopped_at
    # the very second from which it was suspended; on some chains blocks share one, so the next one waits
    during = sealed_license(stage, "during", 10, under=IDLE_SEAL, at=stopped)
    _wait_until(stage, (stopped or 0) + 1)
    stage.act("home.issuer", acts.IssueLicense, "以停用的印章签发", "SEAL_SUSPENDED", license=during.license)
    set_idle_seal(stage, Status.ACTIVE, "恢复备用印章")
    stage.settle()
    stage.act("home.issuer", acts.IssueLicense, "印章恢复后补录", license=during.license)
    return during


def _wait_until(stage: Stage, moment: int) -> None:
    """Nothing is done to any clock."""
    time.sleep(max(0.0, moment - stage.client.clock()))


def _batch_of_another(stage: Stage) -> Paper:
    """An agency puts another's license into a batch of its own: the chain sees the root alone."""
    paper = sealed_license(stage, "not-competent", 11, by="away")
    seal = stage.cast.id("away", SEAL)
    license_ = replace(paper.license, seal=seal)
    tree = MerkleTree([replace(paper.share, license=license_).leaf])
    stage.act("away.issuer", acts.IssueBatch, "成批签发(含他机构事项)", root=tree.root, count=1, seal=seal)
    stage.settle()
    return stage.bureau.shared(replace(paper, share=replace(paper.share, license=license_, batch=tree.root)))


def _verify_files(stage: Stage, papers: Papers) -> None:
    """The file itself: one character changed; the whole sealed anew with another seal."""
    content = papers.good.path.read_bytes()
    parts = ofd_making.unpack(content)
    parts[_PAGE] = parts[_PAGE].replace("演示".encode(), "正式".encode(), 1)
    changed = papers.good.path.with_name("changed.ofd")
    changed.write_bytes(ofd_making.pack(parts))
    other_file = "OFD_PART_CHANGED+LICENSE_OF_ANOTHER_FILE"
    _check(stage, replace(papers.good, path=changed), "核验:文件改动一字", f"invalid:{other_file}")
    resealed = papers.good.path.with_name("resealed.ofd")
    parts = ofd_making.unpack(papers.by_another.path.read_bytes())
    resealed.write_bytes(ofd_making.pack(ofd_making.unpack(content) | {
        name: data for name, data in parts.items() if name.startswith("Doc_0/Signs/")
    }))  # fmt: skip
    other_seal = f"invalid:{other_file}+SEAL_OF_ANOTHER+SEAL_DIFFERS"
    _check(stage, replace(papers.good, path=resealed), "核验:印章被替换", other_seal)


def _check(stage: Stage, paper: Paper, what: str, expected: str, holder: str = HOLDER) -> None:
    """Whether the verdict is as expected, with the expected reasons and no others."""
    client = stage.as_("third.window")
    with paper.path.open("rb") as file:
        shown = Shown(paper.share, holder)
        found = verify_document(client.proofs, file, stage.bureau.trust, client.now(), shown).report
    stage.verdict("third.window", what, expected, *told(found))
