"""``huxin seal | license | verify``: e-seals and e-licenses entered, stopped, verified."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import parsing
from api.cli.session import INDETERMINATE, REFUSED, Session, command, group
from api.client.forms import read_act
from api.client.proofs import digests_of
from api.client.uses import Card
from api.wire.proofs import CheckView, ReportView
from ledger import acts
from ledger.codes.findings import canonical
from ledger.commitments import holder_commitment, identifier_commitment
from ledger.crypto import parse_address, parse_digest
from ledger.errors import InvalidInput
from ledger.holding import Holder, holder_document, key_opening
from ledger.ids import FOREVER, parse_id
from ledger.rules.licenses import leaf_of
from ledger.verdict import Check, Verdict

seal = group("seal", "电子印章 e-seals")
license_ = group("license", "电子证照 e-licenses")
verify = group("verify", "核验(公开,文件不离开本机)verify; files never leave this machine")

SealId = Annotated[str, typer.Argument(help="印章编号 seal id")]
Leaf = Annotated[str, typer.Argument(help="证照叶值 leaf, 32 bytes hex")]
Status = Annotated[str, typer.Argument(help="suspend | resume | revoke")]
ReasonCode = Annotated[int, typer.Option(min=0, max=255, help="理由代码 reason code")]
File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="文件 file")]
DigestText = Annotated[str | None, typer.Option(help="sm3:… 或 or sha256:…")]


@command(seal, "list", "seal list")
def seal_list(session: Session) -> None:
    """列出印章。List seals."""
    with session.client() as client:
        session.show(client.registry.seals())


@command(seal, "show", "seal show 2-1")
def seal_show(session: Session, seal_id: SealId) -> None:
    """查看一枚印章。Show one seal."""
    with session.client() as client:
        session.show(client.registry.seal(parse_id(seal_id)))


@command(
    seal,
    "register",
    "seal register 2-1 --name 审批专用章 --object seal.der --certificate cert.der -k s.json --password-file p",
)
def seal_register(
    session: Session,
    seal_id: SealId,
    name: Annotated[str, typer.Option(help="名称 name")],
    seal_object: Annotated[Path, typer.Option("--object", exists=True, help="印章 DER(GB/T 38540)seal's DER")],
    certificate: Annotated[Path, typer.Option(exists=True, help="签章证书 certificate")],
    change: Annotated[bool, typer.Option("--change", help="变更已登记的印章 replace the registered object")] = False,
    until: Annotated[str | None, typer.Option(help="止 until")] = None,
) -> None:
    """登记或变更印章:链上只有摘要。Register or change a seal; only digests go on chain."""
    sm3, sha256 = digests_of(seal_object)
    session.act(
        acts.ChangeSeal if change else acts.RegisterSeal, seal=parse_id(seal_id), name=name, sm3=sm3.value,
        sha256=sha256.value, certificate=digests_of(certificate)[0].value, valid_from=0,
        valid_until=parsing.moment(until, FOREVER),
    )  # fmt: skip


@command(seal, "status", "seal status 2-1 suspend -k sealer.json --password-file p")
def seal_status(session: Session, seal_id: SealId, status: Status, reason: ReasonCode = 0) -> None:
    """停用、恢复、注销印章。Suspend, resume or cancel a seal."""
    session.act(acts.SetSealStatus, seal=parse_id(seal_id), status=parsing.status(status), reason=reason)


@command(license_, "show", "license show 0x5e…")
def license_show(session: Session, leaf: Leaf) -> None:
    """查看证照的链上状态。Show a license's state on chain."""
    with session.client() as client:
        session.show(client.registry.license(parsing.word(leaf, "leaf")))


@command(
    license_,
    "issue",
    "license issue license.ofd --item 2-1 --seal 2-1 --identifier 1.2.156… --holder 9137… -k i.json --password-file p",
)
def license_issue(
    session: Session,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="证照文件 the license's file")],
    item: Annotated[str, typer.Option(help="事项 item")],
    seal_id: Annotated[str, typer.Option("--seal", help="印章 seal")],
    identifier: Annotated[str, typer.Option(help="证照标识,加盐承诺 identifier; committed with a salt")],
    holder: Annotated[str, typer.Option(help="持证主体代码,加盐承诺 holder's code; committed with a salt")],
    case: Annotated[str | None, typer.Option(help="办件 case key")] = None,
    supersedes: Annotated[str | None, typer.Option(help="取代的证照 leaf that it replaces")] = None,
    until: Annotated[str | None, typer.Option(help="有效期止 until")] = None,
    holder_key: Annotated[str | None, typer.Option(help="持证人密钥地址 address of the holder's key")] = None,
    holder_name: Annotated[str, typer.Option(help="持证人姓名,加盐承诺 holder's name; committed with a salt")] = "",
    holder_type: Annotated[str, typer.Option(help="持证主体代码类型 type of the holder's code")] = "111",
    card: Annotated[Path | None, typer.Option(dir_okay=False, help="写出证照卡,交给持证人 card for the holder")] = None,
) -> None:
    """签发一份证照。打印的盐值须保存。Issue one license; keep the printed salts."""
    if (holder_key is None) != (card is None):
        raise InvalidInput(
            "CARD_NEEDS_KEY", "card", "--holder-key and --card go together", "--holder-key 与 --card 须同时给出"
        )
    holder = canonical(holder, keep="-")  # as whoever compares it with the person's card will write it
    with session.officer_client() as client:
        salts = client.random_bytes(32), client.random_bytes(32)
        held, opening = holder_commitment(salts[1], holder), None
        if holder_key is not None:
            document = holder_document(
                Holder(holder_type, holder, holder_name), parse_address(holder_key), client.random_bytes
            )
            held, opening = document.root, key_opening(document)
        sm3, sha256 = digests_of(path)
        one = acts.License(
            item=parse_id(item), seal=parse_id(seal_id), sm3=sm3.value, sha256=sha256.value,
            identifier=identifier_commitment(salts[0], identifier), holder=held,
            case_key=parsing.word(case, "case"), supersedes=parsing.word(supersedes, "supersedes"),
            valid_from=client.now(), valid_until=parsing.moment(until, FOREVER),
        )  # fmt: skip
        client.proofs.record(one, identifier, salts[0])
        act: Any = client.make(acts.IssueLicense, client.officer, license=one)
        kept = {"leaf": leaf_of(one), "identifierSalt": salts[0]}
        if opening is None or card is None:
            kept["holderSalt"] = salts[1]
        else:
            parsing.write_private(card, json.dumps(Card(one, opening).written(), ensure_ascii=False))
        session.hand_in(client, act, {name: "0x" + value.hex() for name, value in kept.items()})


@command(license_, "batch", "license batch licenses.json --seal 2-1 -k issuer.json --password-file p")
def license_batch(
    session: Session,
    path: Annotated[Path, typer.Argument(exists=True, help="JSON 数组 array of licenses (EIP-712 fields)")],
    seal_id: Annotated[str, typer.Option("--seal", help="印章 seal")],
) -> None:
    """成批签发:一个默克尔根。Issue many licenses under one Merkle root."""
    rows = parsing.json_file(path)
    if not isinstance(rows, list):
        raise InvalidInput("BATCH_MALFORMED", str(path), "an array of licenses", "须为证照数组")
    licenses = tuple(read_act(acts.License, row) for row in rows)
    with session.officer_client() as client:
        made = client.proofs.batch(licenses)
        values = {"root": bytes.fromhex(made.root[2:]), "count": made.count, "seal": parse_id(seal_id)}
        act: Any = client.make(acts.IssueBatch, client.officer, **values)
        session.hand_in(client, act, {"root": made.root, "count": made.count})


@command(license_, "status", "license status 0x5e… suspend --reason 2 -k issuer.json --password-file p")
def license_status(
    session: Session,
    leaf: Leaf,
    status: Status,
    reason: ReasonCode = 0,
    batch: Annotated[str | None, typer.Option(help="所属批次根值 root of its batch")] = None,
) -> None:
    """暂扣、恢复、注销证照。Suspend, resume or cancel a license."""
    with session.officer_client() as client:
        leaf_hash, change = parsing.word(leaf, "leaf"), parsing.status(status)
        act: Any = client.make(acts.SetLicenseStatus, client.officer, license=leaf_hash, status=change, reason=reason)
        if batch is None:
            session.hand_in(client, act)
            return
        root = parsing.word(batch, "batch")
        words = client.proofs.proof(root, leaf_hash).proof
        session.hand_in(client, act, batch=root, proof=tuple(bytes.fromhex(word[2:]) for word in words))


@command(verify, "license", "verify license --file license.ofd")
def verify_license(
    session: Session,
    file: File = None,
    digest: DigestText = None,
    identifier: Annotated[str | None, typer.Option(help="证照标识 identifier")] = None,
    leaf: Annotated[str | None, typer.Option(help="叶值 leaf")] = None,
    code: Annotated[str | None, typer.Option(help="持证人出示的亮证码 code that its holder shows")] = None,
    challenge: Annotated[
        str | None, typer.Option(help="给持证人的随机码 what the holder was given, with --code")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="批量签发的证照卡 card of a batch, with --code")
    ] = None,
) -> None:
    """核验证照。退出码:0 有效,1 无效,3 无法判定。Verify a license; exit 0 valid, 1 invalid, 3 indeterminate."""
    _exactly_one(file=file, digest=digest, identifier=identifier, leaf=leaf, code=code)
    if code is None and (challenge is not None or card is not None):
        raise InvalidInput("OPTIONS_CONFLICT", "--code", "only with --code", "--challenge、--card 须与 --code 同用")
    with session.client() as client:
        if code is not None:
            shown = Card.read(parsing.json_object(card)) if card else None
            more = (shown.license, shown.batch, shown.proof) if shown else ()
            _conclude(session, client.proofs.verify_code(code, challenge, *more))
        elif file is not None:
            _conclude(session, client.proofs.verify_file(file))
        elif digest is not None:
            _conclude(session, client.proofs.verify_digest(parse_digest(digest)))
        elif identifier is not None:
            _conclude(session, client.proofs.verify_identifier(identifier))
        else:
            _conclude(session, client.proofs.verify_leaf(parsing.word(leaf, "leaf")))


@command(verify, "seal", "verify seal --id 2-1")
def verify_seal(
    session: Session,
    seal_id: Annotated[str | None, typer.Option("--id", help="印章编号 seal id")] = None,
    file: File = None,
    digest: DigestText = None,
) -> None:
    """核验印章。退出码同上。Verify a seal; exit codes as above."""
    _exactly_one(id=seal_id, file=file, digest=digest)
    with session.client() as client:
        if seal_id is not None:
            _conclude(session, client.proofs.verify_seal(parse_id(seal_id)))
        elif file is not None:
            _conclude(session, client.proofs.verify_seal_file(file))
        else:
            _conclude(session, client.proofs.verify_seal_digest(parse_digest(digest or "")))


def _exactly_one(**options: object) -> None:
    if sum(value is not None for value in options.values()) != 1:
        names = ", ".join(f"--{name}" for name in options)
        raise InvalidInput("ONE_OF", names, f"give exactly one of {names}", f"须且只须给出 {names} 之一")


def _conclude(session: Session, report: ReportView) -> None:
    if session.as_json:
        session.show(report)
    else:
        show_checks(session, report.checks, report.verdict)
    end_with(report.verdict)


def show_checks(session: Session, checks: Iterable[CheckView | Check], verdict: str) -> None:
    """Every check in a table, the verdict below."""
    session.show([{"核验 check": one.name, "结论 verdict": one.verdict, "说明": one.zh, "": one.en} for one in checks])
    session.show({"结论 verdict": verdict})


def end_with(verdict: str) -> None:
    """Exit code 0 for valid, 1 for invalid, 3 for indeterminate."""
    if verdict != Verdict.VALID:
        raise typer.Exit(REFUSED if verdict == Verdict.INVALID else INDETERMINATE)
