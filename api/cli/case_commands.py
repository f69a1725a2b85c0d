"""``huxin case``: open, step, look; ask first whether it is allowed; keep and read documents."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import parsing
from api.cli.proof_commands import show_checks
from api.cli.session import REFUSED, Session, command, group
from api.client import HuxinClient
from api.client.paper import read_record
from api.wire.acts import PreflightRequest
from ledger.acts import Open, Step
from ledger.commitments import case_commitment
from ledger.crypto import parse_digest
from ledger.errors import InvalidInput
from ledger.evidence import Document
from ledger.evidence_json import read_draft
from ledger.evidence_license import KIND as VERIFIED_LICENSE
from ledger.evidence_rules import Entry
from ledger.ids import format_id, parse_id
from ledger.privacy import refuse_personal_data
from ledger.state import case_key

case = group("case", "办件 cases")
document = group("document", "办件材料 documents of a case")
case.add_typer(document)

DEADLINE_SECONDS = 600
Key = Annotated[str, typer.Argument(help="案件标识 case key, 32 bytes hex")]
Grant = Annotated[str | None, typer.Option(help="依据的授权,属地部门不填 grant; none for the home agency")]
Evidence = Annotated[Path | None, typer.Option("--document", help="材料草稿 JSON document draft")]


@command(
    case, "open", "case open --number DEMO1 --item 2-1 --mode REMOTE_ACCEPTANCE --grant 2-1 -k w.json --password-file p"
)
def case_open(
    session: Session,
    number: Annotated[str, typer.Option(help="办件编号,不上链 case number; stays off the chain")],
    item: Annotated[str, typer.Option(help="事项 item")],
    mode: Annotated[str, typer.Option(help="通办模式 mode")],
    version: Annotated[int, typer.Option(min=1, help="事项版本 version of the item")] = 1,
    grant: Grant = None,
    parent: Annotated[str | None, typer.Option(help="主件 parent's case key")] = None,
    evidence: Evidence = None,
) -> None:
    """收件:开立办件。打印的 salt 须与编号一起保存。Open a case; keep the printed salt with the number."""
    refuse_personal_data(number, "number")
    with session.officer_client() as client:
        salt = client.random_bytes(32)
        commitment = case_commitment(salt, number)
        key = case_key(client.officer, commitment)
        root = bytes(32)
        if evidence:
            root = client.cases.store(key, _made(client, evidence), commitment)
        now = client.now()
        act = Open(
            commitment=commitment, item=parse_id(item), version=version, mode=parsing.mode(mode),
            parent=parsing.word(parent, "parent"), officer=client.officer, grant=parsing.optional_id(grant),
            evidence=root, signed_at=now, deadline=now + DEADLINE_SECONDS,
        )  # fmt: skip
        session.hand_in(client, act, {"caseKey": "0x" + key.hex(), "salt": "0x" + salt.hex()})


@command(case, "step", "case step 0x5e… ACCEPT --grant 2-1 -k w.json --password-file p")
def case_step(
    session: Session,
    key: Key,
    action: Annotated[str, typer.Argument(help="环节,如 ACCEPT action")],
    grant: Grant = None,
    detail: Annotated[str, typer.Option(help="材料清单条目 places in the list, like 1,3")] = "",
    rating: Annotated[int | None, typer.Option(min=1, max=5, help="评价 rating, 1 best")] = None,
    subject: Annotated[
        str | None, typer.Option(help="印章编号、证照叶值或子件 seal id, license leaf or child case")
    ] = None,
    evidence: Evidence = None,
    root: Annotated[
        str | None, typer.Option("--evidence", help="已存材料的根值,如免提交证照 root of a document that is kept")
    ] = None,
    sealed: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="盖章文件,其用印记录并入 --document sealed OFD of a decision"),
    ] = None,
    seal: Annotated[str | None, typer.Option(help="印章,缺省为 subject seal; the subject if not said")] = None,
    forms: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="纸质证照记录 JSON,并入 --document what became of the paper form"
        ),
    ] = None,
) -> None:
    """办理一个环节。Take one step of a case."""
    if (evidence and root) or ((sealed or forms) and not evidence):
        en, zh = (
            "--evidence or --document; --sealed and --forms with --document",
            "只能给出其中一个;--sealed、--forms 须与 --document 同用",
        )
        raise InvalidInput("OPTIONS_CONFLICT", "--evidence", en, zh)
    with session.officer_client() as client:
        name, identity = parsing.action(action), parsing.word(key, "case")
        cursor = client.cases.cursor(identity)
        named = _sealed(client, sealed, seal or subject, parsing.subject(subject)) if sealed else ()
        named += read_record(parsing.text_file(forms)).entries() if forms else ()
        kept = parsing.word(root, "evidence")
        if evidence:
            kept = client.cases.store(identity, _made(client, evidence, named))
        now = client.now()
        act = Step(
            case_key=identity, seq=cursor.seq + 1, action=name, officer=client.officer,
            grant=parsing.optional_id(grant), detail=parsing.bits(detail), subject=parsing.subject(subject),
            evidence=kept, previous=cursor.trail, signed_at=now, deadline=now + DEADLINE_SECONDS,
        )  # fmt: skip
        session.hand_in(client, act if rating is None else replace(act, detail=rating))


@command(case, "show", "case show 0x5e… -k w.json --password-file p")
def case_show(session: Session, key: Key) -> None:
    """查看办件状态与全部环节。Show a case's state and its steps."""
    with session.officer_client() as client:
        identity = parsing.word(key, "case")
        view, steps = client.cases.show(identity), client.cases.steps(identity)
        if session.as_json:
            session.show({"case": view, "steps": steps})
        else:
            session.show(view)
            session.show([_short(step.model_dump(mode="json", by_alias=True)) for step in steps])


@command(case, "refusals", "case refusals 0x5e… -k w.json --password-file p")
def case_refusals(session: Session, key: Key) -> None:
    """查看被拒的环节及理由。Show the steps that were refused, with their reasons."""
    with session.officer_client() as client:
        session.show(client.cases.refusals(parsing.word(key, "case")))


@command(case, "preflight", "case preflight COLLECT --officer 3-2 --item 2-1 --mode REMOTE_ACCEPTANCE")
def case_preflight(
    session: Session,
    action: Annotated[str, typer.Argument(help="环节 action")],
    officer: Annotated[str, typer.Option(help="人员 officer")],
    key: Annotated[str | None, typer.Option("--case", help="案件 case key")] = None,
    item: Annotated[str | None, typer.Option(help="事项 item")] = None,
    mode: Annotated[str | None, typer.Option(help="模式 mode")] = None,
    grant: Grant = None,
) -> None:
    """事前查询:可否办理,缺什么权,谁能授。May this officer do this now; if not, what is missing?"""
    request = PreflightRequest(
        officer=format_id(parse_id(officer)), action=action.upper(), case_key=key, item=item,
        mode=mode.upper() if mode else None, grant=grant,
    )  # fmt: skip
    with session.officer_client() if session.keystore else session.client() as client:
        answer = client.preflight(request)
    session.show(answer)
    if not answer.allowed:
        raise typer.Exit(REFUSED)


@command(case, "license", "case license 0x5e… 2 verified.json --share share.json -k w.json --password-file p")
def case_license(
    session: Session,
    key: Key,
    entry: Annotated[int, typer.Argument(min=1, max=32, help="代替材料清单第几项 entry of the list it stands for")],
    verified: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="verify document --json 的输出 what it printed")
    ],
    share: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="持证人份额,批量签发的须有 the holder's share")
    ] = None,
    authorization: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="已用于本办件的授权文件 authorization used for it")
    ] = None,
) -> None:
    """免提交:以已核验的电子证照代替材料,输出根值,作为环节的 evidence。Keep a verified license in place of a paper."""
    from api.client.reliance import of_printed

    with session.officer_client() as client:
        one = of_printed(
            parsing.text_file(verified), entry, client.deployment.domain("licenses"),
            parsing.text_file(share) if share else None, parsing.text_file(authorization) if authorization else None,
        )  # fmt: skip
        kept = Document.make(VERIFIED_LICENSE, one.entries(), client.random_bytes)
        root = client.cases.store(parsing.word(key, "case"), kept)
        session.show({"root": "0x" + root.hex(), "leaf": "0x" + one.leaf.hex(), "verifiedAt": one.verified_at})


@command(case, "licenses", "case licenses 0x5e… -k w.json --password-file p")
def case_licenses(session: Session, key: Key) -> None:
    """免提交证照:何证、何时核验、结论,并重新核对(留痕)。Licenses in place of papers, judged again; reads are logged."""
    with session.officer_client() as client:
        found = client.cases.licenses(parsing.word(key, "case"))
        if session.as_json:
            session.show(found)
            return
        for one in found:
            session.show(one.model_dump(mode="json", by_alias=True, exclude={"judged"}))
            show_checks(session, one.judged.checks, one.judged.verdict)


@command(document, "store", "case document store 0x5e… draft.json -k w.json --password-file p")
def document_store(session: Session, key: Key, path: Annotated[Path, typer.Argument(help="草稿 draft")]) -> None:
    """加密保存材料,输出根值。Keep a document for a case, encrypted; prints its root."""
    with session.officer_client() as client:
        root = client.cases.store(parsing.word(key, "case"), _made(client, path))
        session.show({"root": "0x" + root.hex()})


@command(document, "list", "case document list 0x5e… -k w.json --password-file p")
def document_list(session: Session, key: Key) -> None:
    """列出材料与查阅记录。List a case's documents and who read them."""
    with session.officer_client() as client:
        identity = parsing.word(key, "case")
        session.show({"documents": client.cases.documents(identity), "reads": client.cases.reads(identity)})


@command(document, "show", "case document show 0x5e… 0x7c… -k w.json --password-file p")
def document_show(session: Session, key: Key, root: Annotated[str, typer.Argument(help="根值 root")]) -> None:
    """查看材料内容(留痕)。Read a document; the read is logged."""
    with session.officer_client() as client:
        wanted = parsing.word(root, "root")
        found = client.cases.document(parsing.word(key, "case"), wanted)
        if found.root != wanted:
            raise InvalidInput("DOCUMENT_DIFFERS", "root", "the document is not the one signed", "材料与所签根值不符")
        session.show({field.name: _value(field.value) for field in found.fields})


@command(document, "destroy", "case document destroy 0x7c… applicant.name --yes -k w.json --password-file p")
def document_destroy(
    session: Session,
    root: Annotated[str, typer.Argument(help="根值 root")],
    field: Annotated[str, typer.Argument(help="字段 field")],
    yes: Annotated[bool, typer.Option("--yes", help="确认:不可恢复 it cannot be undone")] = False,
) -> None:
    """销毁字段的盐值与内容,不可恢复。Destroy a field's salt and value for good."""
    if not yes:
        raise InvalidInput("CONFIRM", "--yes", "this cannot be undone: repeat with --yes", "不可恢复,确认请加 --yes")
    with session.officer_client() as client:
        client.cases.destroy(parsing.word(root, "root"), field)
        session.show({"root": root, "field": field, "destroyed": True})


def _made(client: HuxinClient, path: Path, more: tuple[Entry, ...] = ()) -> Document:
    kind, entries = read_draft(parsing.text_file(path))
    return Document.make(kind, (*entries, *more), client.random_bytes)


def _sealed(client: HuxinClient, file: Path, seal: str | None, subject: bytes) -> tuple[Entry, ...]:
    """The record of the seal's use: under a seal the subject is the seal itself, else the license's leaf."""
    from api.client.sealing import seal_use

    number = parse_id(seal or "")
    registered = parse_digest(client.registry.seal(number).sm3, "seal").value
    leaf = None if subject == number.to_bytes(32) else subject
    with file.open("rb") as opened:
        return seal_use(opened, number, registered, leaf).entries()


def _short(step: dict[str, Any]) -> dict[str, Any]:
    wanted = ("seq", "action", "officer", "grant", "signedAt", "block", "late")
    return {name: step[name] for name in wanted}


def _value(value: str | bytes | None) -> str:
    if value is None:
        return "(已销毁 destroyed)"
    return value if isinstance(value, str) else "0x" + value.hex()
