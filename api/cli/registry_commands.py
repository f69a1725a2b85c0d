"""``huxin agency | window | officer | item | seal``: who and what is registered."""

from typing import Annotated

import typer

from api.cli import parsing
from api.cli.session import Session, command, group
from ledger import acts
from ledger.crypto import parse_address
from ledger.ids import FOREVER, parse_id

agency = group("agency", "机构 agencies (由理事会登记 entered by the council: huxin council propose)")
window = group("window", "窗口 windows of an agency")
officer = group("officer", "人员与密钥 officers and their keys")
item = group("item", "事项清单 catalogue of items")

AgencyNumber = Annotated[int, typer.Argument(help="机构编号 agency number")]
Id = Annotated[str, typer.Argument(help="编号,如 3-17 id, for example 3-17")]
Until = Annotated[str | None, typer.Option(help="止 until: 2026-12-31, 秒 seconds, forever")]
Status = Annotated[str, typer.Argument(help="suspend | resume | revoke")]
ReasonCode = Annotated[int, typer.Option(min=0, max=255, help="机构自定理由代码 the agency's own reason code")]


@command(agency, "list", "agency list")
def agency_list(session: Session) -> None:
    """列出机构。List agencies."""
    with session.client() as client:
        session.show(client.registry.agencies())


@command(agency, "show", "agency show 3")
def agency_show(session: Session, number: AgencyNumber) -> None:
    """查看一个机构。Show one agency."""
    with session.client() as client:
        session.show(client.registry.agency(number))


@command(window, "list", "window list 3")
def window_list(session: Session, number: AgencyNumber) -> None:
    """列出机构的窗口。List an agency's windows."""
    with session.client() as client:
        session.show(client.registry.windows(number))


@command(window, "show", "window show 3-1")
def window_show(session: Session, window_id: Id) -> None:
    """查看一个窗口。Show one window."""
    with session.client() as client:
        session.show(client.registry.window(parse_id(window_id)))


@command(window, "register", "window register 3-1 --name 一楼综合窗口 --region 4302 -k admin.json --password-file p")
def window_register(
    session: Session,
    window_id: Id,
    name: Annotated[str, typer.Option(help="名称 name")],
    region: Annotated[str, typer.Option(help="区划代码 region, up to 12 digits")],
    until: Until = None,
) -> None:
    """登记窗口。Register a window of the signer's agency."""
    session.act(
        acts.RegisterWindow, window=parse_id(window_id), name=name, region=parsing.region(region), valid_from=0,
        valid_until=parsing.moment(until, FOREVER),
    )  # fmt: skip


@command(window, "status", "window status 3-1 suspend -k admin.json --password-file p")
def window_status(session: Session, window_id: Id, status: Status, reason: ReasonCode = 0) -> None:
    """停用、恢复、撤销窗口。Suspend, resume or revoke a window."""
    session.act(acts.SetWindowStatus, window=parse_id(window_id), status=parsing.status(status), reason=reason)


@command(officer, "list", "officer list 3")
def officer_list(session: Session, number: AgencyNumber) -> None:
    """列出机构人员(只有编号,没有姓名)。List an agency's officers, by number."""
    with session.client() as client:
        session.show(client.registry.officers(number))


@command(officer, "show", "officer show 3-2")
def officer_show(session: Session, officer_id: Id) -> None:
    """查看一名人员。Show one officer."""
    with session.client() as client:
        session.show(client.registry.officer(parse_id(officer_id)))


@command(officer, "enrol", "officer enrol 3-2 --key 0xAb… --roles WINDOW --window 3-1 -k admin.json --password-file p")
def officer_enrol(
    session: Session,
    officer_id: Id,
    key: Annotated[str, typer.Option(help="本人密钥的地址 address of the officer's own key")],
    roles: Annotated[str, typer.Option(help="角色 roles, joined by commas, or ALL")],
    window_id: Annotated[str | None, typer.Option("--window", help="窗口,后台人员不填 window")] = None,
    until: Until = None,
) -> None:
    """登记人员及其密钥。Enrol an officer with the first key."""
    session.act(
        acts.EnrolOfficer, subject=parse_id(officer_id), window=parsing.optional_id(window_id),
        roles=parsing.roles(roles), key=parse_address(key), valid_from=0,
        valid_until=parsing.moment(until, FOREVER),
    )  # fmt: skip


@command(officer, "assign", "officer assign 3-2 --roles WINDOW,REVIEWER --window 3-1 -k admin.json --password-file p")
def officer_assign(
    session: Session,
    officer_id: Id,
    roles: Annotated[str, typer.Option(help="角色 roles")],
    window_id: Annotated[str | None, typer.Option("--window", help="窗口 window")] = None,
    until: Until = None,
) -> None:
    """调整人员的窗口、角色、期限。Give an officer another window, roles or end of validity."""
    session.act(
        acts.AssignOfficer, subject=parse_id(officer_id), window=parsing.optional_id(window_id),
        roles=parsing.roles(roles), valid_until=parsing.moment(until, FOREVER),
    )  # fmt: skip


@command(officer, "rotate", "officer rotate 3-2 --old 0xAb… --new 0xCd… -k own-old-key.json --password-file p")
def officer_rotate(
    session: Session,
    officer_id: Id,
    old: Annotated[str, typer.Option(help="旧密钥地址 old key's address")],
    new: Annotated[str, typer.Option(help="新密钥地址 new key's address")],
    until: Until = None,
    since: Annotated[
        str | None,
        typer.Option(help="旧密钥止于(限管理员) old key ended at (administrators only): 2026-12-31, 秒 seconds"),
    ] = None,
) -> None:
    """更换密钥。密钥可能泄露的,由管理员以 --since 填泄露时间:署此时间及以后而未上链的环节一律作废,本人须以新密钥重签。

    Replace an officer's key. When it may have leaked, an administrator gives the time of the leak as --since: steps
    dated then or later and not anchored yet no longer hold, and the officer signs them again with the new key.
    --old 可为此前已换下的密钥 --old may then be a key that was replaced before.
    """
    session.act(
        acts.RotateKey, subject=parse_id(officer_id), old_key=parse_address(old, "old"),
        new_key=parse_address(new, "new"), valid_until=parsing.moment(until, FOREVER), since=parsing.moment(since),
    )  # fmt: skip


@command(officer, "status", "officer status 3-2 revoke --since 2026-11-01 -k admin.json --password-file p")
def officer_status(
    session: Session,
    officer_id: Id,
    status: Status,
    reason: ReasonCode = 0,
    since: Annotated[str | None, typer.Option(help="撤销可溯及 a revocation may reach back to")] = None,
) -> None:
    """停用、恢复、撤销人员密钥。Suspend, resume or revoke an officer's key."""
    session.act(
        acts.SetOfficerStatus, subject=parse_id(officer_id), status=parsing.status(status), reason=reason,
        since=parsing.moment(since),
    )  # fmt: skip


@command(item, "list", "item list")
def item_list(session: Session) -> None:
    """列出事项。List items."""
    with session.client() as client:
        session.show(client.registry.items())


@command(item, "show", "item show 2-1")
def item_show(session: Session, item_id: Id) -> None:
    """查看一个事项及各版本。Show one item with its versions."""
    with session.client() as client:
        session.show(client.registry.item(parse_id(item_id)))


@command(
    item,
    "publish",
    "item publish 2-1 --version 1 --code X1 --name 食品经营许可 --entries 5 -k admin.json --password-file p",
)
def item_publish(
    session: Session,
    item_id: Id,
    version: Annotated[int, typer.Option(min=1, max=65_535)],
    code: Annotated[str, typer.Option(help="事项编码 item code")],
    name: Annotated[str, typer.Option(help="名称 name")],
    entries: Annotated[int, typer.Option(min=1, max=32, help="材料清单条数 entries of the material list")],
    materials: Annotated[str | None, typer.Option(help="材料清单摘要 digest of the list, 32 bytes hex")] = None,
    tolerable: Annotated[str, typer.Option(help="可容缺条目 places that may be missing, like 1,3")] = "",
    promisable: Annotated[str, typer.Option(help="可承诺条目 places a promise may stand for")] = "",
    grantable: Annotated[str, typer.Option(help="可授出的权限 rights that may be granted")] = "ALL",
    originals: Annotated[int, typer.Option(min=0, max=2, help="原件核验人数 persons to see originals")] = 0,
    modes: Annotated[str, typer.Option(help="通办模式 modes")] = "ALL",
    license_: Annotated[bool, typer.Option("--license", help="以证照办结 ends in a license")] = False,
    accept_days: Annotated[int, typer.Option(min=0, help="受理时限(工作日) working days")] = 5,
    decide_days: Annotated[int, typer.Option(min=0, help="办结时限(工作日) working days")] = 20,
) -> None:
    """发布事项的下一版本。Publish the next version of an item."""
    session.act(
        acts.PublishItem, item=parse_id(item_id), version=version, code=code, name=name,
        materials=parsing.word(materials, "materials"), entries=entries, tolerable=parsing.bits(tolerable),
        promisable=parsing.bits(promisable), grantable=parsing.rights(grantable), originals=originals,
        modes=parsing.modes(modes), license=int(license_), accept_days=accept_days, decide_days=decide_days,
        effective_from=0,
    )  # fmt: skip


@command(item, "retire", "item retire 2-1 --from 2027-01-01 -k admin.json --password-file p")
def item_retire(
    session: Session, item_id: Id, start: Annotated[str | None, typer.Option("--from", help="自何时 from when")] = None
) -> None:
    """停办事项。Retire an item."""
    session.act(acts.RetireItem, item=parse_id(item_id), retired_from=parsing.moment(start))
