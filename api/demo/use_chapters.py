"""Chapters on a license in its holder's phone: shown 亮证, its use authorised once 授权用证, the trace of its uses."""

import time
from dataclasses import dataclass, field
from typing import Any

from api.client.proofs import checks_of
from api.client.uses import Wanted, authorize, show, show_to_holder, terms_of
from api.demo.bureau import OnPhone
from api.demo.case_chapters import license_on_phone
from api.demo.founding_chapters import AGREED, LICENSED, PLAIN
from api.demo.stage import File, Stage, told
from ledger import acts
from ledger.ids import format_id
from ledger.presentation import NONCE_SIZE
from ledger.procedure import Mode
from ledger.records import Status

WINDOW = 1
"""Number of each agency's window."""
_DAY = 86_400
_SKEW = 60
Given = dict[str, Any]
"""What a phone hands to a window: ``api.client.uses.authorize``."""


@dataclass(frozen=True, slots=True)
class Phone:
    """The holder's licenses, the short-lived things made at first, and the case that a license will be used in."""

    held: OnPhone
    stopped: OnPhone
    case: File
    brief: Given = field(repr=False)
    """An authorization for one second."""
    brief_code: tuple[str, str] = field(repr=False)
    """A presentation code for one second, and the challenge that it was made for."""
    entrusted: Given = field(repr=False)
    """委托用证: another person may have it used at another window, for no case."""


def issue(stage: Stage) -> tuple[OnPhone, OnPhone]:
    """Two licenses, each bound to a key of its own on their holder's phone; on the ledger once the stage settles."""
    held = license_on_phone(stage, "phone", 12, "holder")
    stopped = license_on_phone(stage, "phone-suspended", 13, "holder.second")
    for one in (held, stopped):
        stage.act("home.issuer", acts.IssueLicense, "签发证照,绑定持证人密钥", license=one.card.license)
    return held, stopped


def take_out(stage: Stage, held: OnPhone, stopped: OnPhone) -> Phone:
    """One of the licenses is suspended; a window takes a case in; what will have expired is made."""
    status = int(Status.SUSPENDED)
    stage.act("home.issuer", acts.SetLicenseStatus, "暂扣其中一份", license=stopped.card.leaf, status=status, reason=1)
    case = stage.file("away.first", stage.cast.id("home", PLAIN), Mode.REMOTE_ACCEPTANCE, stage.cast.id("home", AGREED))
    stage.open(case, "收件(免提交证照)")
    brief = given(stage, held, seconds=1)
    challenge = _challenge(stage)
    brief_code = code_of(stage, held, "holder", challenge, seconds=1), challenge
    entrusted = given(stage, held, agency="home", agent_code="DEMO-AGENT", agent_name="受托人(虚构)")
    stage.settle()
    time.sleep(max(0.0, terms_of(brief).not_after + 1 - stage.client.clock()))  # a block has come: seldom anything
    return Phone(held, stopped, case, brief, brief_code, entrusted)


def given(
    stage: Stage, license_: OnPhone, *, agency: str = "away", item: int = PLAIN, seconds: int = _DAY,
    key: str = "holder", **agent: str,
) -> Given:  # fmt: skip
    """What the holder authorises: one use, at an agency's window, for one of the home agency's items."""
    now, domain = stage.client.now(), stage.client.deployment.domain("licenses")
    wanted = Wanted(stage.cast.id(agency, WINDOW), stage.cast.id("home", item), now - _SKEW, now + seconds, **agent)
    return authorize(license_.card, stage.cast[key].signer, domain, wanted, stage.client.random_bytes)


def code_of(stage: Stage, license_: OnPhone, key: str, challenge: str, seconds: int = 60) -> str:
    """The code on the phone's screen, made for ``challenge``."""
    domain, nonce = stage.client.deployment.domain("licenses"), stage.client.random_bytes(NONCE_SIZE)
    return show(license_.card, stage.cast[key].signer, domain, stage.client.now(), seconds, nonce, challenge)


def _own_code(stage: Stage, license_: OnPhone, key: str) -> str:
    """The code with which a holder reads of his own license."""
    domain, nonce = stage.client.deployment.domain("licenses"), stage.client.random_bytes(NONCE_SIZE)
    return show_to_holder(license_.card, stage.cast[key].signer, domain, stage.client.now(), 60, nonce)


def present(stage: Stage, phone: Phone) -> None:
    """亮证: each window gives a challenge of its own; a code holds for it alone, and not for long."""
    here, there, later = (_challenge(stage) for _ in range(3))
    code = code_of(stage, phone.held, "holder", here)
    _scan(stage, "away.first", code, here, "亮证:当场查验", "valid")
    _scan(stage, "third.window", code, there, "亮证码拿到另一窗口再用", "invalid:PRESENTATION_FOR_ANOTHER")
    _scan(stage, "away.first", code, later, "亮证码在同一窗口再用", "invalid:PRESENTATION_FOR_ANOTHER")
    copied = code_of(stage, phone.held, "stranger", here)
    _scan(stage, "away.first", copied, here, "复制证照卡,用他人密钥亮证", "invalid:HOLDER_NOT_PROVEN")
    stopped = code_of(stage, phone.stopped, "holder.second", here)
    _scan(stage, "away.first", stopped, here, "出示已暂扣的证照", "invalid:LICENSE_SUSPENDED")
    _scan(stage, "away.first", *phone.brief_code, "亮证码过期后出示", "invalid:PRESENTATION_EXPIRED")


def _challenge(stage: Stage) -> str:
    return stage.client.random_bytes(4).hex()


def _scan(stage: Stage, role: str, code: str, challenge: str, what: str, expected: str) -> None:
    found = checks_of(stage.as_(role).proofs.verify_code(code, challenge))
    stage.verdict(role, what, expected, *told(found))


def use(stage: Stage, phone: Phone) -> Given:
    """授权用证: once, at the window named, for the item named, in its time; the authorization that was used."""
    case = phone.case.key
    one = given(stage, phone.held)
    stage.bureau.hand_over("authorization.json", one)
    another_item, forged = given(stage, phone.held, item=LICENSED), given(stage, phone.held, key="stranger")
    stage.refused(
        "away.first", "授权用于另一事项", "AUTHORIZED_FOR_ANOTHER_ITEM",
        lambda: stage.use("away.first", another_item, "-", "-", case),
    )  # fmt: skip
    stage.refused(
        "away.first", "他人冒签的授权", "HOLDER_NOT_PROVEN", lambda: stage.use("away.first", forged, "-", "-", case)
    )
    stage.use("away.first", one, "按授权使用证照", case=case)
    stage.use("away.first", one, "同一授权再用一次", "AUTHORIZATION_USED", case)
    stage.use("third.window", one, "另一窗口使用该授权", "AUTHORIZATION_ELSEWHERE")
    stage.use("away.first", phone.brief, "授权过期后使用", "AUTHORIZATION_EXPIRED", case)
    stopped = given(stage, phone.stopped, key="holder.second")
    stage.use("away.first", stopped, "授权使用已暂扣的证照", "LICENSE_SUSPENDED", case)
    stage.use("home.window", phone.entrusted, "委托用证:受托人在另一窗口使用")
    stage.settle()
    return one


def trace(stage: Stage, phone: Phone) -> None:
    """The holder and the issuer read who used the license where; to others it has no trace."""
    leaf = phone.held.card.leaf
    mine = _own_code(stage, phone.held, "holder")
    seen = stage.as_("holder").uses.of_license(leaf, mine).uses
    here, there = (format_id(stage.cast.id(agency, WINDOW)) for agency in ("away", "home"))
    expected = sorted((f"{here} 0x{phone.case.key.hex()[:8]}", f"{there} -"))
    got = sorted(f"{one.window} {(one.case_key or '-')[:10]}" for one in seen)
    stage.verdict("holder", "持证人查看用证记录", ", ".join(expected), ", ".join(got), "窗口、办件")
    seen = stage.signed_in("home.issuer").uses.of_license(leaf).uses
    stage.verdict("home.issuer", "签发机构查看用证记录", "2", str(len(seen)))
    outsider = stage.signed_in("third.window").uses
    stage.refused("third.window", "他人查看用证记录", "LICENSE_NOT_FOUND", lambda: outsider.of_license(leaf))
    copied = _own_code(stage, phone.held, "stranger")
    thief = stage.as_("stranger").uses
    stage.refused("stranger", "冒充持证人查看用证记录", "LICENSE_NOT_FOUND", lambda: thief.of_license(leaf, copied))
