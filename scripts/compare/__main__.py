"""The same 10,000 records through ours and through what a user would take instead, on anvil and on the embedded chain.

Ours (first steps, running steps, lists of ten), EAS `multiAttest` and `multiAttestByDelegation`, the OpenAttestation
document store's `bulkIssue`, a hash-chained PostgreSQL table: a hundred records a call, transactions signed beforehand,
automatic mining off. The embedded chain seals a block a call; anvil all calls of an arm in one block, because it copies
its whole state at each block, which would then be what is measured. Each system has a chain of its own. After each arm
20 records drawn by the seed are read back, who, which case, which order, which digest; a wrong answer ends the run.
`--write FILE` writes the tables as Markdown.
Exit codes: 0 done, 2 an arm gave a wrong answer, 3 a tool is missing.
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.compare import abilities, chained_table, packages
from scripts.compare.chains import ComparedChain, anvil, embedded
from scripts.compare.document_store import DocumentStore
from scripts.compare.eas import Eas
from scripts.compare.ours import Ours
from scripts.compare.records import Record, Row, WrongAnswer, sampled
from scripts.gas_scene import Mismatch
from scripts.node_tools import ToolMissingError
from scripts.postgres import postgres_server
from scripts.report import progress

RECORDS, QUICK = 10_000, 200
Start = Callable[[Path], AbstractContextManager[ComparedChain]]
ENGINES: dict[str, Start] = {"anvil": anvil, "内嵌链 embedded": embedded}


def on_chain(name: str, start: Start, count: int, chooser: random.Random) -> tuple[list[Row], list[Record]]:
    """All arms on one engine, each read back; the rows, and the records that all arms were given.

    Each system has a chain of its own: the more an engine holds, the more a block costs it, and nobody is to pay for
    what another has stored.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with start(folder / "ours") as chain:
            progress(f"{name}: 部署并登记 deploying, entering agencies, officers, grants")
            ours = Ours(name, chain, count)
            rows = ours.run()
            with chain.reading() as rpc:
                for given in ours.given.values():
                    ours.read_back(rpc, sampled(given, chooser))
        sample = sampled(ours.records, chooser)
        rows += _with_eas(name, start, folder, ours.records, sample)
        rows.append(_with_store(name, start, folder, ours.records, sample))
    progress(f"{name}: 每组抽读 {len(sample)} 条,全部相符 {len(sample)} of each arm read back, all as given")
    return rows, ours.records


def _with_eas(
    name: str, start: Start, folder: Path, records: Sequence[Record], sample: Sequence[Record]
) -> tuple[Row, Row]:
    with start(folder / "eas") as chain:
        eas = Eas(name, chain)
        rows = eas.plain(records), eas.delegated(records)
        with chain.reading() as rpc:
            eas.read_back(rpc, sample)
    return rows


def _with_store(name: str, start: Start, folder: Path, records: Sequence[Record], sample: Sequence[Record]) -> Row:
    beside = folder / "beside"
    beside.mkdir()
    with start(folder / "store") as chain:
        store = DocumentStore(name, chain, beside)
        row = store.issue(records)
        with chain.reading() as rpc:
            store.read_back(rpc, sample)
        store.close()
    return row


def run(count: int, seed: int) -> list[Row]:
    """Everything, one after another."""
    chooser = random.Random(seed)  # noqa: S311 - which records are read back
    rows: list[Row] = []
    records: list[Record] = []
    for name, start in ENGINES.items():
        found, records = on_chain(name, start, count, chooser)
        rows += found
    with postgres_server() as server:
        rows += chained_table.run(server, records, sampled(records, chooser))
    return rows


def table(rows: Sequence[Row]) -> str:
    """As a Markdown table; per record, rates in records a second."""
    head = (
        "引擎 engine", "方案 arm", "gas", "调用数据 calldata B", "已签 pre-signed /s", "含签验 with signing /s",
        "处理器 processor us", "链上落盘 stored B", "链外必存 kept beside B",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "| --- | --- |" + " --: |" * (len(head) - 2)]
    for row in rows:
        figures = (
            _each(row.gas, row), _each(row.calldata, row), f"{row.alone:,.0f}", f"{row.altogether:,.0f}",
            _each(row.busy and 1e6 * row.busy, row), _each(row.stored, row), _each(row.beside, row),
        )  # fmt: skip
        lines.append(f"| {row.engine} | {row.arm} | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def _each(total: float | None, row: Row) -> str:
    return "–" if total is None else f"{total / row.records:,.0f}"


def page(rows: Sequence[Row], arguments: argparse.Namespace, at: datetime, load: float) -> str:
    """`docs/comparison.md`; ``load`` is the machine's when the run began, of which it adds about 1 itself."""
    return f"""# 对照 / Comparison

Written by `python -m scripts.compare --write docs/comparison.md` ({at:%Y-%m-%d}, seed {arguments.seed},
{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} before, {os.getloadavg()[0]:.1f} after);
one run, one machine: ratios between rows of one engine mean something, those of rates only as far as the load was low
and even, those of processor time in any case. {packages.version_of(packages.EAS)},
{packages.version_of(packages.DOCUMENT_STORE)}, both as published.

The same {rows[0].records:,} records (officer, case, order, digest) in each arm, a hundred a call, transactions signed
beforehand, each system on a chain of its own. The embedded chain seals a block a call. anvil copies its whole state at
each block (with a block a call that copy, not the arm, set the rate: the later an arm ran, the slower it was), so there
all calls of an arm are in one block. First steps open the cases of which the other arms record the second step; lists
of ten are the third. After each arm {min(20, rows[0].records)} records were read back and compared.

{table(rows)}

- *pre-signed*: from the first transaction handed in to the last in a block (PostgreSQL: committed). Ours and delegated
  EAS check the officers' signatures in it, the others check none. anvil keeps everything in memory, the embedded chain
  and PostgreSQL write to disk and sync.
- *with signing and checking*: the officers' signatures, and where the ledger checks none the gateway's check, one after
  another on one core, added to it.
- *processor*: what the engine computed for a record, all threads; other work on the machine changes it least.
- *stored*: growth of the chain's files, events and indexes included (PostgreSQL: table and indexes).
- *kept beside*: what somebody has to keep outside of the ledger so that the four questions can be answered and the
  officer's signature shown.

## 能与不能 / What each can and cannot do

{abilities.matrix()}"""


def as_json(rows: Sequence[Row]) -> str:
    """One object a row, in one line."""
    return json.dumps([_shown(row) for row in rows], ensure_ascii=False)


def _shown(row: Row) -> dict[str, Any]:
    names = ("gas", "calldata", "stored", "beside")
    each = {name: None if getattr(row, name) is None else round(getattr(row, name) / row.records, 1) for name in names}
    rates = {"perSecond": round(row.alone, 1), "perSecondWithSigning": round(row.altogether, 1)}
    if row.busy is not None:
        rates["processorMicroseconds"] = round(1e6 * row.busy / row.records, 1)
    return {"target": "compare", "engine": row.engine, "arm": row.arm, "records": row.records, **each, **rates}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.compare", description="对照 / comparison")
    parser.add_argument("--json", action="store_true", help="末行输出 JSON / the last line is JSON")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} 条 / records")
    parser.add_argument("--records", type=int, default=RECORDS, help="每组条数,100 的倍数 / of each arm, by hundreds")
    parser.add_argument("--seed", type=int, default=20_261_122, help="抽读的随机种子 / seed of what is read back")
    parser.add_argument("--write", type=Path, help="写出 Markdown / write the tables")
    return parser.parse_args()


def main() -> int:
    """See the module for exit codes."""
    arguments = _arguments()
    progress(f"种子 seed {arguments.seed}")
    load = os.getloadavg()[0]
    try:
        packages.install()
        rows = run(QUICK if arguments.quick else arguments.records, arguments.seed)
    except (WrongAnswer, Mismatch) as wrong:
        print(f"回答有误 / wrong answer: {wrong}", file=sys.stderr)
        return 2
    except ToolMissingError as missing:
        print(missing, file=sys.stderr)
        return 3
    print(table(rows), abilities.matrix(), sep="\n\n")
    if arguments.write:
        arguments.write.write_text(page(rows, arguments, datetime.now(UTC), load), encoding="utf-8")
    if arguments.json:
        print(as_json(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
