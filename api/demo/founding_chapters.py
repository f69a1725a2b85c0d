"""Chapters one to three: agencies, windows and officers; items and seals; mutual grants."""

from typing import Any

from api.client.council import call_named, make_proposal, sign_proposal
from api.demo.cast import ADMIN, AGENCIES, OFFICERS, Agency, credit_code
from api.demo.stage import STEP_SECONDS, Stage
from api.signers import Signer
from ledger import acts
from ledger.crypto import keccak, sha256, sm3
from ledger.ids import FOREVER
from ledger.procedure import ALL_MODES, ALL_RIGHTS, Right
from ledger.records import GranteeKind, Status

LICENSED, PLAIN = 1, 2
"""The home agency's items: one that ends in a license and wants originals seen by two, a plain one."""
AGREED, REGIONAL, REVOKED, EXPIRING = 1, 2, 3, 4
"""The home agency's grants."""
BACK, HANDED_ON = 1, 2
"""The away agency's grants: back to the home agency, and on to its county."""
TOO_FAR = 1
SEAL, IDLE_SEAL = 1, 2
"""Seals of an agency: the one it decides under, and one that is suspended for a while."""
EXPIRES_AFTER = 6


def register_agencies(stage: Stage, council: tuple[Signer, ...]) -> None:
    """The council enters the agencies, each with its first administrator."""
    for agency in AGENCIES:
        number = stage.cast.number(agency.role)
        arguments = (
            number, credit_code(number, agency.region), agency.name, agency.region, int(agency.flags), ADMIN,
            stage.cast.admin(agency.role).signer.address,
        )  # fmt: skip
        client = stage.client
        call = call_named("registry", "registerAgency")
        proposal = make_proposal(client.deployment, call, arguments, client.nonce(), client.now() + STEP_SECONDS)
        signatures = sign_proposal(client.deployment, proposal, council)
        stage.council(proposal, signatures, f"登记机构 {number} {agency.name}")
    stage.settle()


def staff_and_publish(stage: Stage) -> None:
    """Agencies enter their windows and officers and publish items; the mutual agreement is offered."""
    for agency in AGENCIES:
        _register_windows(stage, agency)
    for one in OFFICERS:
        window = stage.cast.id(one.agency, one.window) if one.window else 0
        stage.act(
            f"{one.agency}.admin", acts.EnrolOfficer, f"登记人员 {one.zh}", subject=stage.cast[one.role].officer,
            window=window, roles=int(one.roles), key=stage.cast[one.role].signer.address, valid_from=0,
            valid_until=FOREVER,
        )  # fmt: skip
    _publish(stage, "home", LICENSED, "食品经营许可(演示)", originals=2, license=1)
    _publish(stage, "home", PLAIN, "户外招牌备案(演示)", originals=0, license=0)
    _publish(stage, "away", PLAIN, "餐厨垃圾备案(演示)", originals=0, license=0)
    given, received = agreed_terms(stage)
    stage.act(
        "home.admin", acts.OfferAgreement, "提出互授协议", agreement=stage.cast.id("home", 1), given=given,
        received=received,
    )  # fmt: skip
    stage.settle()


def _register_windows(stage: Stage, agency: Agency) -> None:
    for number, name, region in agency.windows:
        stage.act(
            f"{agency.role}.admin", acts.RegisterWindow, f"登记窗口 {name}", name=name, region=region,
            window=stage.cast.id(agency.role, number), valid_from=0, valid_until=FOREVER,
        )  # fmt: skip


def _publish(stage: Stage, agency: str, number: int, name: str, *, originals: int, license: int) -> None:  # noqa: A002
    stage.act(
        f"{agency}.admin", acts.PublishItem, f"发布事项 {name}", item=stage.cast.id(agency, number), version=1,
        code=f"DEMO{stage.cast.number(agency):08d}{number:02d}", name=name, materials=keccak(name.encode()),
        entries=5, tolerable=0b10000, promisable=0b1000, grantable=ALL_RIGHTS, originals=originals, modes=ALL_MODES,
        license=license, accept_days=5, decide_days=20, effective_from=0,
    )  # fmt: skip


def terms(stage: Stage, grantor: str, number: int, kind: GranteeKind, grantee: int, **values: Any) -> acts.GrantTerms:
    """Terms of a grant, all rights on all items for good unless said otherwise."""
    filled: dict[str, Any] = {
        "parent": 0, "rights": ALL_RIGHTS, "valid_from": 0, "valid_until": FOREVER, "quota": 0, "depth": 0, "items": (),
    }  # fmt: skip
    return acts.GrantTerms(
        grant=stage.cast.id(grantor, number), grantee_kind=kind, grantee=grantee, **(filled | values)
    )


def agreed_terms(stage: Stage) -> tuple[tuple[acts.GrantTerms, ...], tuple[acts.GrantTerms, ...]]:
    """What the two agencies give one another."""
    away, home = stage.cast.number("away"), stage.cast.number("home")
    given = terms(stage, "home", AGREED, GranteeKind.AGENCY, away, items=(LICENSED, PLAIN), depth=1)
    received = terms(stage, "away", BACK, GranteeKind.AGENCY, home, items=(PLAIN,))
    return (given,), (received,)


def agree_and_seal(stage: Stage) -> None:
    """The agreement is accepted as it was offered, not otherwise; seals are entered, one is suspended."""
    given, received = agreed_terms(stage)
    wider = terms(stage, "away", BACK, GranteeKind.AGENCY, stage.cast.number("home"))
    agreement = stage.cast.id("home", 1)
    stage.act(
        "away.admin", acts.AcceptAgreement, "以改动过的条款接受协议", "AGREEMENT_DIFFERS", agreement=agreement,
        given=given, received=(wider,),
    )  # fmt: skip
    stage.act(
        "away.admin", acts.AcceptAgreement, "接受互授协议,双向同时生效", agreement=agreement, given=given,
        received=received,
    )  # fmt: skip
    _register_seal(stage, "home.sealer", "home", SEAL)
    _register_seal(stage, "home.sealer", "home", IDLE_SEAL)
    _register_seal(stage, "away.office", "away", SEAL)
    set_idle_seal(stage, Status.SUSPENDED, "停用备用印章")
    stage.settle()


def _register_seal(stage: Stage, role: str, agency: str, place: int) -> None:
    name = f"机构 {stage.cast.number(agency)} 审批专用章(演示)"
    held = stage.bureau.seal(agency, place, name, stage.client.now())
    stage.act(
        role, acts.RegisterSeal, "登记电子印章" if place == SEAL else "登记备用印章", seal=stage.cast.id(agency, place),
        name=name, sm3=sm3(held.der).value, sha256=sha256(held.der).value,
        certificate=sm3(held.signer.certificate).value, valid_from=0, valid_until=FOREVER,
    )  # fmt: skip


def set_idle_seal(stage: Stage, status: Status, what: str) -> None:
    """Change the status of the home agency's second seal."""
    stage.act("home.sealer", acts.SetSealStatus, what, seal=stage.cast.id("home", IDLE_SEAL), status=status, reason=1)


def offer_others(stage: Stage) -> None:
    """Grants that will be misused: to a region, one to be revoked, one soon to expire, one handed on."""
    cast = stage.cast
    window = cast.id("third", 1)
    intake = int(Right.COLLECT | Right.NOTIFY)
    soon = stage.client.now() + EXPIRES_AFTER
    offers = (
        ("home", "乙市全域", terms(stage, "home", REGIONAL, GranteeKind.REGION, 0x430200000000, rights=intake)),
        ("home", "丙市窗口", terms(stage, "home", REVOKED, GranteeKind.WINDOW, window, rights=intake)),
        ("home", "丙市,数秒后到期", terms(
            stage, "home", EXPIRING, GranteeKind.AGENCY, cast.number("third"), rights=intake, valid_until=soon)),
        ("away", "转授丁县", terms(
            stage, "away", HANDED_ON, GranteeKind.AGENCY, cast.number("county"), parent=cast.id("home", AGREED),
            rights=intake, items=(PLAIN,))),
    )  # fmt: skip
    for grantor, whom, offered in offers:
        stage.act(f"{grantor}.admin", acts.OfferGrant, f"授权:{whom}", terms=offered)
    beyond = terms(
        stage, "away", 9, GranteeKind.AGENCY, cast.number("county"), parent=cast.id("home", AGREED), items=(PLAIN,),
        depth=1,
    )  # fmt: skip
    stage.act("away.admin", acts.OfferGrant, "转授时不缩减层级", "TOO_DEEP", terms=beyond)
    stage.settle()
    for grantor, number, role in (
        ("home", REGIONAL, "away.admin"), ("home", REVOKED, "third.admin"), ("home", EXPIRING, "third.admin"),
        ("away", HANDED_ON, "county.admin"),
    ):  # fmt: skip
        stage.act(role, acts.AcceptGrant, "接受授权", grant=cast.id(grantor, number))
    stage.settle()
