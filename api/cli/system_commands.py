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
    index = group("index", "索引 the index of the chain")
    command(index, "rebuild", "index rebuild --data .huxin")(rebuild)
    app.add_typer(index)


def up(session: Session, data: Data = DEFAULT_DATA, port: HttpPort = 8600, rpc_port: RpcPort = 8545) -> None:
    """启动账本:链、中继、HTTP 服务,仅限本机。Run the ledger on loopback; Ctrl-C stops it."""
    from api.supervisor import Ports, Supervisor, run

    environment = session.environment
    supervisor = Supervisor(data, Ports(port, rpc_port), environment.variables, environment.random_bytes, session.say)

    def ready() -> None:
        facts = {"ready": True, "url": supervisor.url, "rpc": supervisor.rpc_url, "pids": supervisor.pids()}
        session.show(facts)

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
    from api.supervisor import Ports

    result = play(data, Ports(port, rpc_port), session.environment, session.say, audit=with_audit)
    result.show(session)
    if not result.met:
        raise typer.Exit(REFUSED)


def doctor(session: Session, data: Data = DEFAULT_DATA) -> None:
    """体检:运行环境、数据目录、链、合约、中继、索引、时钟。Check everything the ledger needs."""
    from api.doctor import examine

    findings = examine(data, session.url, session.environment.clock)
    session.show([finding.row(machine=session.as_json) for finding in findings])
    if not all(finding.ok for finding in findings):
        raise typer.Exit(REFUSED)


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
    """由链重建索引,材料等不在链上的数据不变。Rebuild the index from the chain; documents stay as they are."""
    from api.cli.progress import staged
    from api.settings import Settings
    from api.upkeep import rebuild_index

    with staged(quiet=session.as_json) as progress:
        blocks = rebuild_index(Settings(data=data), session.environment, lambda done, of: progress("index", done, of))
    session.show({"blocks": blocks, "rebuilt": True})
