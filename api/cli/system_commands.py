"""``huxin up | demo | doctor | act``: the ledger on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import parsing
from api.cli.session import REFUSED, Session, command, group

DEFAULT_DATA = Path(".huxin")
_COUNTS = ("blocks", "transactions", "acts", "steps", "refusals", "words", "index_rows")
Data = Annotated[Path, typer.Option("--data", envvar="HUXIN_DATA", help="数据目录 data folder")]
HttpPort = Annotated[int, typer.Option("--port", min=0, max=65_535, help="HTTP 端口,0 任选 port, 0: any free one")]
RpcPort = Annotated[int, typer.Option("--rpc-port", min=0, max=65_535, help="链的端口 the chain's port")]


def register(app: typer.Typer) -> None:
    """Add the commands that stand alone."""
    command(app, "up", "up --data .huxin --port 8600")(up)
    command(app, "demo", "demo")(demo)
    command(app, "doctor", "doctor --data .huxin")(doctor)
    command(app, "act", "act 0x5e…")(act)
    command(app, "audit", "audit --data .huxin")(audit)
    command(app, "backup", "backup --data .huxin --to huxin-20261122.tar")(backup)
    command(app, "restore", "restore --from huxin-20261122.tar --data .huxin-restored")(restore)
    index = group("index", "索引 the index of the chain")
    command(index, "rebuild", "index rebuild --data .huxin")(rebuild)
    app.add_typer(index)


def up(
    session: Session,
    data: Data = DEFAULT_DATA,
    port: HttpPort = 8600,
    rpc_port: RpcPort = 8545,
    gateways: Annotated[int, typer.Option(min=1, max=32, help="HTTP 网关数,端口递增 gateways, on the next ports")] = 1,
    relays: Annotated[int, typer.Option(min=1, max=8, help="中继数,一主余备 relays, one at work")] = 1,
    database_url: Annotated[
        str | None,
        typer.Option(help="外部 PostgreSQL;含口令时用 HUXIN_DATABASE_URL a database; with a password by environment"),
    ] = None,
    rpc_url: Annotated[
        str | None, typer.Option(help="外部链(或 HUXIN_RPC_URL),不启动内置链 a chain that runs elsewhere")
    ] = None,
) -> None:
    """启动账本:链、中继、HTTP 服务,仅限本机。Run the ledger on loopback; Ctrl-C stops it."""
    from api.fleet import Fleet, Ports, shown, with_addresses
    from api.supervisor import STANDBY, Supervisor, run

    environment = session.environment
    variables = {STANDBY: "1", **with_addresses(environment.variables, database_url, rpc_url)}
    supervisor = Supervisor(
        data, Ports(port, rpc_port), variables, environment.random_bytes, session.say, fleet=Fleet(gateways, relays)
    )

    def ready() -> None:
        urls = {"url": supervisor.url, "urls": supervisor.urls, "rpc": shown(supervisor.rpc_url)}
        session.show({"ready": True, **urls, "pids": supervisor.pids()})

    run(supervisor, ready)


def demo(
    session: Session,
    data: Data = DEFAULT_DATA / "demo",
    port: HttpPort = 0,
    rpc_port: RpcPort = 0,
    with_audit: Annotated[bool, typer.Option("--audit/--no-audit", help="结束后审计全链 audit at the end")] = True,
) -> None:
    """演示:跨区域办件全过程,真链、真接口。The whole story on a real chain through the HTTP API."""
    from api.demo.run import play
    from api.fleet import Ports

    result = play(data, Ports(port, rpc_port), session.environment, session.say, audit=with_audit)
    result.show(session)
    if not result.met:
        raise typer.Exit(REFUSED)


def doctor(session: Session, data: Data = DEFAULT_DATA) -> None:
    """体检:签名、写读、密钥、链、合约、中继、索引、时钟。Do each thing the ledger needs; exit 1 wrong, 3 unknown."""
    import time

    from api.doctor.examine import examine, exit_code, row
    from api.settings import Settings

    findings = examine(Settings(data=data), session.url, session.environment, time.sleep)
    session.show([row(one, machine=session.as_json) for one in findings])
    if code := exit_code(findings):
        raise typer.Exit(code)


def act(session: Session, act_id: Annotated[str, typer.Argument(help="行为标识 act id, 32 bytes hex")]) -> None:
    """查询一个行为的结论。What became of an act."""
    with session.client() as client:
        session.show(client.status(parsing.word(act_id, "act")))


def audit(session: Session, data: Data = DEFAULT_DATA) -> None:
    """全链审计:只凭链重算一切,与合约、索引比对。Recompute everything from the chain; exit 1 on any difference."""
    from api import audit as auditing
    from api.cli.progress import staged
    from api.settings import Settings

    with staged(quiet=session.as_json) as progress:
        report = auditing.run(Settings(data=data), progress)
    counts = {name: getattr(report, name) for name in _COUNTS}
    if session.as_json or report.differences:
        rows = [{"code": one.code, "where": one.where, "zh": one.zh, "en": one.en} for one in report.differences]
        session.show({"clean": report.clean, **counts, "differences": rows} if session.as_json else rows)
    if not session.as_json:
        session.show({"无差异 clean": report.clean, **counts})
    if not report.clean:
        raise typer.Exit(REFUSED)


def rebuild(session: Session, data: Data = DEFAULT_DATA) -> None:
    """由链重建索引,中断后再次执行即续建。Rebuild the index from the chain; interrupted, it goes on next time."""
    from api.cli.progress import staged
    from api.settings import Settings
    from api.upkeep import rebuild_index

    with staged(quiet=session.as_json) as progress:
        done = rebuild_index(Settings(data=data), session.environment, lambda at, of: progress("index", at, of))
    session.say(
        "索引已由链重建。链上没有而须从备份恢复的:材料、证照记录、未上链的待发行为、读取记录。"
        f"链上提到而此处缺少:材料 {done.documents_missing} 份,证照记录 {done.licenses_missing} 条。",
        "the index is rebuilt. Not on the chain, and only in a backup: documents, license records, acts not yet"
        f" anchored, the log of reads. The chain refers to {done.documents_missing} documents and"
        f" {done.licenses_missing} license records that are not here.",
    )
    session.show({
        "blocks": done.blocks, "rebuilt": True, "resumed": done.resumed,
        "documentsMissing": done.documents_missing, "licenseRecordsMissing": done.licenses_missing,
    })  # fmt: skip


def backup(
    session: Session,
    to: Annotated[Path, typer.Option("--to", help="备份文件,须不存在 the file to make, which must not exist")],
    data: Data = DEFAULT_DATA,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="含密钥,以口令加密 with the keys, sealed under the password")
    ] = False,
) -> None:
    """备份:账本运行时亦可,先数据库后链。Back up a ledger, running or not, into one file."""
    from api.backup.making import Machine
    from api.backup.making import backup as make
    from api.cli.progress import staged
    from api.settings import Settings

    environment = session.environment
    machine = Machine(environment.clock, environment.random_bytes, environment.variables)
    password = session.password() if with_keys else None
    with staged(quiet=session.as_json) as progress:
        manifest, digest = make(Settings(data=data), to, machine, password, progress)
    if not with_keys:
        session.say(
            "警告:未含密钥(master.key、relay.key、chain/validator.key、keys/)。没有 master.key,材料无法解密;"
            "没有 validator.key,链无法继续。请另行妥善保管,或加 --with-keys。",
            "WARNING: the keys are not in it (master.key, relay.key, chain/validator.key, keys/). Without master.key"
            " the documents cannot be read, without validator.key the chain cannot go on: keep them elsewhere, or"
            " add --with-keys.",
        )
    session.show({
        "backup": str(to), "manifestSha256": digest, "keys": "sealed" if with_keys else "excluded",
        "chainHead": None if manifest.chain is None else manifest.chain.number,
        "indexHead": manifest.index.number, "acts": manifest.acts,
        "parts": [f"{one.name} {one.size} {one.sha256}" for one in manifest.parts],
    })  # fmt: skip


def restore(
    session: Session,
    source: Annotated[Path, typer.Option("--from", help="备份文件 the file that `huxin backup` made")],
    data: Data = DEFAULT_DATA,
    keys_from: Annotated[
        Path | None, typer.Option("--keys-from", help="另行保管密钥的目录 folder in which the keys were kept apart")
    ] = None,
) -> None:
    """恢复到新目录:先校验清单,再放置,再审计。Restore into a new folder: checked first, put in place, then audited."""
    from api.backup.restoring import Secrets
    from api.backup.restoring import restore as put_back
    from api.cli.progress import staged
    from api.settings import Settings

    secrets = Secrets(None if keys_from else session.password, keys_from)
    with staged(quiet=session.as_json) as progress:
        restored = put_back(source, Settings(data=data), secrets, session.environment.variables, progress)
    if restored.missing_keys:
        names = "、".join(restored.missing_keys)
        session.say(
            f"密钥未恢复:{names}。请放回(权限 0600)后运行 huxin audit;此前只校验了链库。",
            f"keys are missing: {names}. Put them back (mode 0600) and run huxin audit; so far only the chain's store"
            " was checked",
        )
    differences = [] if restored.audit is None else [f"{one.code} {one.where}" for one in restored.audit.differences]
    session.show({
        "data": str(data), "clean": restored.clean, "audited": restored.audit is not None,
        "missingKeys": restored.missing_keys, "chainHead": restored.manifest.chain and restored.manifest.chain.number,
        "differences": [*restored.faults, *differences],
    })  # fmt: skip
    if not restored.clean:
        raise typer.Exit(REFUSED)
