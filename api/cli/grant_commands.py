"""``huxin grant``: offer, accept, agree mutually, stop, look."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import parsing
from api.cli.session import Session, command, group
from api.client.forms import read_act
from ledger import acts
from ledger.errors import InvalidInput
from ledger.ids import FOREVER, parse_id
from ledger.strict_json import loads

grant = group("grant", "授权 grants between agencies")

Id = Annotated[str, typer.Argument(help="授权编号,如 2-1 grant id")]


@command(grant, "list", "grant list --grantor 2 --status ACTIVE")
def grant_list(
    session: Session,
    grantor: Annotated[int | None, typer.Option(help="授权机构 grantor")] = None,
    grantee: Annotated[str | None, typer.Option(help="被授权方 grantee: 3-1, 3, 430200000000")] = None,
    status: Annotated[str | None, typer.Option(help="状态 status")] = None,
) -> None:
    """列出授权。List grants."""
    asked = {"grantor": grantor, "grantee": grantee, "status": status}
    with session.client() as client:
        session.show(client.registry.grants(**{key: value for key, value in asked.items() if value is not None}))


@command(grant, "show", "grant show 2-1")
def grant_show(session: Session, grant_id: Id) -> None:
    """查看授权:来源链、用量、此刻是否有效。Show a grant: its chain, its use, whether it holds now."""
    with session.client() as client:
        session.show(client.registry.grant(parse_id(grant_id)))


@command(
    grant, "offer", "grant offer 2-1 --to agency:3 --rights COLLECT,ACCEPT --items 1,2 -k admin.json --password-file p"
)
def grant_offer(
    session: Session,
    grant_id: Id,
    to: Annotated[str, typer.Option(help="window:3-1, agency:3, region:4302")],
    rights: Annotated[str, typer.Option(help="权限 rights, joined by commas, or ALL")],
    items: Annotated[str, typer.Option(help="事项编号,空为全部 item numbers, empty for all")] = "",
    parent: Annotated[str | None, typer.Option(help="转授自 handed on from")] = None,
    since: Annotated[str | None, typer.Option("--from", help="起 from")] = None,
    until: Annotated[str | None, typer.Option(help="止 until")] = None,
    quota: Annotated[int, typer.Option(min=0, help="次数上限,0 为不限 number of steps, 0: no limit")] = 0,
    depth: Annotated[int, typer.Option(min=0, max=3, help="可转授层级 how often it may be handed on")] = 0,
) -> None:
    """提出授权,对方接受后生效。Offer a grant; it holds once the grantee has accepted."""
    kind, grantee = parsing.grantee(to)
    numbers = [part for part in items.split(",") if part]
    if not all(part.isascii() and part.isdigit() for part in numbers):
        raise InvalidInput("ITEMS_MALFORMED", "items", f"{items!r}: like 1,2", f"{items!r}:请写成 1,2")
    terms = acts.GrantTerms(
        grant=parse_id(grant_id), parent=parsing.optional_id(parent), grantee_kind=kind, grantee=grantee,
        rights=parsing.rights(rights), valid_from=parsing.moment(since), valid_until=parsing.moment(until, FOREVER),
        quota=quota, depth=depth, items=tuple(sorted(map(int, numbers))),
    )  # fmt: skip
    session.act(acts.OfferGrant, terms=terms)


@command(grant, "accept", "grant accept 2-1 -k admin.json --password-file p")
def grant_accept(session: Session, grant_id: Id) -> None:
    """接受授权。Accept a grant for the grantee."""
    session.act(acts.AcceptGrant, grant=parse_id(grant_id))


@command(grant, "decline", "grant decline 2-1 -k admin.json --password-file p")
def grant_decline(session: Session, grant_id: Id) -> None:
    """谢绝授权。Decline an offered grant."""
    session.act(acts.DeclineGrant, grant=parse_id(grant_id))


@command(grant, "agree", "grant agree 2-1 --terms terms.json --accept -k admin.json --password-file p")
def grant_agree(
    session: Session,
    agreement: Annotated[str, typer.Argument(help="协议编号 agreement id")],
    terms: Annotated[Path, typer.Option(help="JSON: {given: [GrantTerms…], received: [GrantTerms…]}")],
    accept: Annotated[bool, typer.Option("--accept", help="接受对方提出的协议 accept what the other offered")] = False,
) -> None:
    """互授协议:双向同时生效。Mutual grants: both directions become active together."""
    document = _terms(terms)
    sides = {side: tuple(read_act(acts.GrantTerms, one) for one in document[side]) for side in ("given", "received")}
    cls = acts.AcceptAgreement if accept else acts.OfferAgreement
    session.act(cls, agreement=parse_id(agreement), **sides)


@command(grant, "withdraw", "grant withdraw 2-1 -k admin.json --password-file p")
def grant_withdraw(session: Session, agreement: Annotated[str, typer.Argument(help="协议编号 agreement id")]) -> None:
    """撤回未被接受的互授协议。Take back an agreement that was not accepted."""
    session.act(acts.WithdrawAgreement, agreement=parse_id(agreement))


@command(grant, "status", "grant status 2-1 revoke --reason 3 -k admin.json --password-file p")
def grant_status(
    session: Session,
    grant_id: Id,
    status: Annotated[str, typer.Argument(help="suspend | resume | revoke")],
    reason: Annotated[int, typer.Option(min=0, max=255, help="理由代码 reason code")] = 0,
) -> None:
    """暂停、恢复、撤销授权,及于全部转授。Suspend, resume or revoke a grant and all that stems from it."""
    session.act(acts.SetGrantStatus, grant=parse_id(grant_id), status=parsing.status(status), reason=reason)


def _terms(path: Path) -> dict[str, list[object]]:
    try:
        document = loads(parsing.text_file(path))
        if set(document) == {"given", "received"} and all(isinstance(side, list) for side in document.values()):
            return dict(document)
    except (ValueError, RecursionError, TypeError, AttributeError):
        pass
    raise InvalidInput(
        "TERMS_MALFORMED",
        str(path),
        "an object with the arrays given and received",
        "须为含 given、received 两个数组的 JSON 对象",
    )
