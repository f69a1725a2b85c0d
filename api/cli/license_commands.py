"""``huxin license anchor | proof | check | state``: a library of licenses in bulk, and each of it afterwards."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import parsing
from api.cli.proof_commands import end_with, license_, show_checks
from api.cli.session import REFUSED, Session, command
from api.client.proofs import asked
from ledger import acts
from ledger.errors import InvalidInput, NotFound
from ledger.ids import agency_of, parse_id
from ledger.licenses import LicenseState, Share, state_of, status_change
from ledger.licenses.states import NAMES
from ledger.reasons import Reason
from ledger.records import Status
from node.durable import PRIVATE

__all__ = ["license_"]

Work = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="anchor 的工作目录 folder of the run")]
ShareFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="证照份额文件 share file")]
_STAGES = {"read": "读取 read", "tree": "默克尔树 tree", "chain": "上链 chain", "changes": "变更 changes"}


@command(
    license_,
    "anchor",
    "license anchor licenses.csv --item 2-1 --seal 2-1 --out run -k issuer.json --password-file p",
)
def license_anchor(
    session: Session,
    source: Annotated[Path, typer.Argument(help="文件夹、.csv 或 .jsonl folder, .csv or .jsonl")],
    item: Annotated[str, typer.Option(help="事项(行内未写时)item of rows that name none")],
    seal_id: Annotated[str, typer.Option("--seal", help="印章 seal")],
    out: Annotated[Path, typer.Option(help="工作目录,含盐值,须保管 folder of the run; holds the salts: keep it")],
    report: Annotated[Path | None, typer.Option(help="问题行报告 .csv 或 .jsonl report of faulty rows")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="只成批,不上链 freeze only, hand in later")] = False,
) -> None:
    """存量证照成批上链;再次运行即续做,只处理新增和变更。Anchor a library; run again to resume or for what is new."""
    from api.anchoring.office import ClientOffice
    from api.anchoring.run import Anchoring
    from api.anchoring.work import open_work

    told = report or out / "faults.csv"
    with open_work(out) as work, _bars(session) as tell:
        if offline:
            made = Anchoring(work, session.environment.random_bytes, None, tell, session.environment.monotonic)
            outcome = made.run(source, parse_id(item), parse_id(seal_id), told)
        else:
            with session.officer_client() as client:
                made = Anchoring(work, client.random_bytes, ClientOffice(client), tell, session.environment.monotonic)
                outcome = made.run(source, parse_id(item), parse_id(seal_id), told)
    session.show(_summary(outcome, told))
    if outcome.refused:
        raise typer.Exit(REFUSED)


def _summary(outcome: Any, report: Path) -> dict[str, Any]:
    counts, batch = outcome.counts, outcome.batch
    return {
        "rows": counts.rows, "new": counts.new, "kept": counts.kept, "changed": counts.changed,
        "faulty": counts.faulty, "twice": counts.twice, "dropped": counts.dropped, "reasons": dict(counts.reasons),
        "report": str(report), "root": batch and "0x" + batch.root.hex(), "count": batch.count if batch else 0,
        "block": outcome.block, "superseded": outcome.superseded,
        "refused": [{"line": line, "reason": reason} for line, reason in outcome.refused],
        "seconds": {phase: round(spent, 3) for phase, spent in outcome.seconds.items()},
    }  # fmt: skip


@contextmanager
def _bars(session: Session) -> Iterator[Callable[[str, int, int], None]]:
    from api.cli.progress import staged

    with staged(quiet=session.as_json) as tell:
        yield lambda stage, done, total: tell(_STAGES.get(stage, stage), done, total)


@command(license_, "proof", "license proof run --identifier 1.2.156.3005.2… --out share.json")
def license_proof(
    session: Session,
    work: Work,
    identifier: Annotated[str | None, typer.Option(help="证照标识 identifier")] = None,
    leaf: Annotated[str | None, typer.Option(help="叶值 leaf")] = None,
    line: Annotated[int | None, typer.Option(help="来源行号 line of the source")] = None,
    everything: Annotated[Path | None, typer.Option("--all", help="全部份额写入 .jsonl all shares to a file")] = None,
    out: Annotated[Path | None, typer.Option(help="份额文件 share file; 含个人信息 holds personal data")] = None,
) -> None:
    """取一份证照的证明与持证人份额,无须联网。A license's proof and its holder's share, offline."""
    if sum(one is not None for one in (identifier, leaf, line, everything)) != 1:
        names = "--identifier, --leaf, --line, --all"
        raise InvalidInput("ONE_OF", names, f"give exactly one of {names}", f"须且只须给出 {names} 之一")
    from api.anchoring.finding import Finding
    from api.anchoring.work import open_work

    with open_work(work) as opened:
        finding = Finding(opened)
        if everything is not None:
            session.show({"shares": _write_all(finding.all(), everything), "file": str(everything)})
            return
        share = finding.share(identifier, parsing.word(leaf, "leaf") if leaf else None, line)
    if out is not None:
        parsing.write_private(out, share.to_json())
    batch = None if share.batch is None else "0x" + share.batch.hex()
    proof = ["0x" + word.hex() for word in share.proof]
    session.show({"leaf": "0x" + share.leaf.hex(), "batch": batch, "proof": proof, "file": out and str(out)})


@command(license_, "check", "license check share.json")
def license_check(session: Session, path: ShareFile) -> None:
    """核验份额:承诺、批次证明,并查链上状态。Check a share: commitments, batch proof, and its state on the ledger."""
    share = Share.from_json(path.read_bytes())
    with session.client() as client:
        found = share.check() + asked(lambda: client.proofs.verify_shown(share.license, share.batch, share.proof))
    if session.as_json:
        session.show(found.to_json())
    else:
        show_checks(session, found.checks, found.overall)
    end_with(found.overall)


@command(license_, "state", "license state share.json 04 -k issuer.json --password-file p")
def license_state(
    session: Session,
    path: ShareFile,
    state: Annotated[str, typer.Argument(help="01 有效 02 暂扣 03 撤销 04 注销 05 失效 06 迁出 07 吊销 99 其他")],
) -> None:
    """按国标状态变更一份证照(批内亦可)。Change a license's state by the standard's code, in a batch too."""
    if state not in set(LicenseState):
        raise InvalidInput("LICENSE_STATE", "state", f"one of {', '.join(LicenseState)}", "须为国标证照状态代码")
    share = Share.from_json(path.read_bytes())
    with session.officer_client() as client:
        before, after = _state(client, share), LicenseState(state)
        is_over = before is after is LicenseState.CANCELLED  # withdrawn, penalised or cancelled: ended all the same
        change = None if is_over else status_change(before, after)
        if change is None:
            zh, en = NAMES[before]
            session.say(f"账本已为终止状态({zh}),无须上链", f"ended on the ledger already ({en})")
            session.show({"before": before.value, "after": state, "status": "unchanged"})
            return
        values: dict[str, Any] = {"license": share.leaf, "status": int(change.status), "reason": change.reason}
        act: Any = client.make(acts.SetLicenseStatus, client.officer, **values)
        proof: dict[str, Any] = {} if share.batch is None else {"batch": share.batch, "proof": share.proof}
        session.hand_in(client, act, {"before": before.value, "after": state}, **proof)


def _state(client: Any, share: Share) -> LicenseState:
    """What the ledger says; a license of a batch that was never touched is valid, one issued singly must be there."""
    try:
        view = client.registry.license(share.leaf, agency_of(share.license.item))
    except NotFound:
        if share.batch is None:
            raise
        return LicenseState.VALID
    found = state_of(Status[view.status.upper()])
    if found is None:
        raise NotFound(Reason.LICENSE_UNKNOWN.name, "the ledger has no such license", "账本未载该证照")
    return found


def _write_all(shares: Iterator[Share], path: Path) -> int:
    count = 0
    with parsing.writing(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        path.chmod(PRIVATE)  # what stood there before may have been for everybody
        for share in shares:
            file.write(json.dumps(json.loads(share.to_json()), ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count
