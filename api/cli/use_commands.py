"""``huxin license present | authorize | use | uses`` and ``huxin seal uses``: licenses shown, used, and the traces."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import parsing
from api.cli.proof_commands import license_, seal
from api.cli.session import Session, command
from api.client.uses import Card, Wanted, authorize, show, show_to_holder, terms_of
from api.wire.uses import SealUseView
from ledger import acts
from ledger.ids import parse_id
from ledger.presentation import NONCE_SIZE

__all__ = ["license_", "seal"]

CardFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="证照卡 the holder's card")]
_DAY = 86_400
_TO_READ = 60
"""Seconds for which the code with which a holder reads is good."""


@command(license_, "present", "license present card.json --challenge 4711 -k holder.json --password-file p")
def license_present(
    session: Session,
    card: CardFile,
    challenge: Annotated[str, typer.Option(help="窗口给出的随机码 what the window gave")] = "",
    seconds: Annotated[int, typer.Option(min=1, max=300, help="有效秒数 seconds that it is valid")] = 60,
) -> None:
    """亮证:由持证人密钥签名的短时码。Show a license: a short-lived code, signed with the holder's key."""
    with session.client() as client:
        domain, nonce = client.deployment.domain("licenses"), client.random_bytes(NONCE_SIZE)
        code = show(_card(card), session.signer(), domain, client.now(), seconds, nonce, challenge)
        session.show({"code": code, "seconds": seconds})


@command(
    license_, "authorize",
    "license authorize card.json a.json --window 2-1 --item 1-1 --until 2030-01-01 -k holder.json --password-file p",
)  # fmt: skip
def license_authorize(
    session: Session,
    card: CardFile,
    out: Annotated[Path, typer.Argument(dir_okay=False, help="授权文件,交给窗口 file for the window")],
    window: Annotated[str, typer.Option(help="窗口 window")],
    item: Annotated[str, typer.Option(help="事项 item")],
    until: Annotated[str | None, typer.Option(help="止,缺省一天 until; a day if not said")] = None,
    agent_code: Annotated[str, typer.Option(help="受托人证件号,只在授权文件中 code of who is entrusted")] = "",
    agent_name: Annotated[str, typer.Option(help="受托人姓名,只在授权文件中 name of who is entrusted")] = "",
) -> None:
    """授权用证、委托用证:一个窗口、一个事项、一次。Authorise one use, at one window, for one item."""
    with session.client() as client:
        now = client.now()
        wanted = Wanted(
            parse_id(window), parse_id(item), now - 60, parsing.moment(until, now + _DAY), agent_code, agent_name
        )
        domain = client.deployment.domain("licenses")
        given = authorize(_card(card), session.signer(), domain, wanted, client.random_bytes)
        parsing.write_private(out, json.dumps(given, ensure_ascii=False))
        session.show({"file": str(out), "window": window, "item": item, "until": wanted.not_after})


@command(license_, "use", "license use a.json --case 0x5e… -k clerk.json --password-file p")
def license_use(
    session: Session,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="授权文件 what the holder handed over")],
    case: Annotated[str | None, typer.Option(help="办件 case key")] = None,
) -> None:
    """窗口按授权使用证照,只能一次。Use a license as authorised, once."""
    given = parsing.json_object(path)
    with session.officer_client() as client:
        act: Any = client.make(
            acts.UseLicense, client.officer, authorization=terms_of(given), case_key=parsing.word(case, "case")
        )
        submitted = client.uses.hand_in(act, client.signer.sign(client.digest_of(act)), given)
        with session.working("等待上链 waiting for the chain"):
            views = client.wait_for([bytes.fromhex(submitted.act_id[2:])], 60.0)
        session.show_verdicts(views)


@command(license_, "uses", "license uses card.json -k holder.json --password-file p")
def license_uses(
    session: Session,
    license_or_card: Annotated[str, typer.Argument(help="证照卡文件(持证人),或叶值(签发机构、审计) card, or leaf")],
) -> None:
    """证照使用记录:持证人、签发机构和审计可看。The uses of a license: for its holder, issuer and auditors."""
    path = Path(license_or_card)
    if path.suffix == ".json":
        card = _card(path)
        with session.client() as client:
            domain, nonce = client.deployment.domain("licenses"), client.random_bytes(NONCE_SIZE)
            code = show_to_holder(card, session.signer(), domain, client.now(), _TO_READ, nonce)
            session.show(client.uses.of_license(card.leaf, code))
        return
    with session.officer_client() as client:
        session.show(client.uses.of_license(parsing.word(license_or_card, "leaf")))


@command(seal, "uses", "seal uses 2-1 -k sealer.json --password-file p")
def seal_uses(session: Session, seal_id: Annotated[str, typer.Argument(help="印章编号 seal id")]) -> None:
    """用印记录:每次用印及其办件环节、所盖文件。Each use of a seal, with its case and step, and what was sealed."""
    with session.officer_client() as client:
        found = client.uses.of_seal(parse_id(seal_id))
    session.show(found if session.as_json else [_flat(one) for one in found])


def _flat(use: SealUseView) -> dict[str, Any]:
    """One line of a table; the record's checks are in the JSON."""
    row = use.model_dump(mode="json", by_alias=True, exclude={"record", "evidence"})
    record = use.record
    named = {"documentSm3": record.document_sm3, "record": record.judged.verdict} if record else {}
    return row | {"documentSm3": None, "record": None} | named


def _card(path: Path) -> Card:
    return Card.read(parsing.json_object(path))
