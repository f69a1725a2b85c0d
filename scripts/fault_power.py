"""R2: power loss, and disks that fail.

(a) Under strace, each acknowledgement must be preceded by a successful sync of the commit that holds its act.
(b) EIO, ENOSPC and SIGKILL at every file system call of one batch, in each process: nothing acknowledged is lost, an
    error within 5 s, a clean exit, no sync tried again after it failed, the store opens, and the audit finds nothing.
(c) From the record of (a), files as a cut of power may leave them at random moments: what was synced, and of the rest
    some sectors by chance. Each must open and hold every act acknowledged before the cut.
Mutants: SQLite without syncs, and acknowledging before the commit; both must fail (a).
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from api import audit
from scripts.fault_power_inject import Injected, inject_everywhere
from scripts.load.steps import USUAL, Pen
from scripts.report import Target, conclude, progress
from scripts.trials.chainbook import book_of
from scripts.trials.durability import Snapshot, acknowledgements, acts_in, cut, syncs_tried_again, unsynced
from scripts.trials.ending import in_order
from scripts.trials.insisting import Client, Told, thinking
from scripts.trials.ledger import running
from scripts.trials.strace import Call, Strace, has_strace, read_calls
from scripts.trials.trio import Trio, trio

CLIENTS = 4
MUTANTS = ("outbox.synchronous_off", "outbox.acknowledge_before_commit")
ERROR_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Acts of (a) and of each mutant, cuts of (c), and every how-manyth call of (b)."""

    acts: int
    mutated: int
    cuts: int
    every: int
    processes: tuple[str, ...]


@dataclass(slots=True)
class Findings:
    """What (a) and (c) found in one record; ``unrecorded`` are acknowledgements that a client heard and it has not."""

    acknowledged: int
    unrecorded: int
    unsynced: int
    again: int
    cuts: int = 0
    lost: int = 0
    damaged: list[str] = field(default_factory=list)


def record_acts(bench: Trio, acts: int, seed: int, folder: Path) -> tuple[list[Call], Snapshot, Told]:
    """Hand in ``acts`` steps while HTTP and relay are recorded."""
    folder.mkdir()
    database, told = bench.databases["http"], Told()
    pids = [bench.processes[name].pid for name in ("http", "relay")]
    with Strace(folder / "calls", pids) as strace:
        lock = sqlite3.connect(database, isolation_level=None, timeout=15)
        lock.execute("BEGIN IMMEDIATE")
        snapshot = Snapshot.take(database, folder / "start", strace.lines())
        lock.rollback()
        lock.close()
        hand_in(bench, acts, f"power {seed}", told)
        time.sleep(0.3)
    return read_calls(folder / "calls"), snapshot, told


def hand_in(bench: Trio, acts: int, seed: str, told: Told) -> None:
    """At least ``acts`` steps of whole cases by several clients, each insisted on."""
    pen = Pen(bench.trial.domain, bench.trial.people, seed.encode(), int(time.time()) - 1)
    stopping, size = threading.Event(), 1 + len(USUAL)
    each = -(-acts // (CLIENTS * size))
    clients = [
        Client(
            bench.trial.address, islice(pen.cases(each, USUAL, place * each), each), told, stopping, thinking(seed, 0)
        )
        for place in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def judge_record(
    calls: Sequence[Call], snapshot: Snapshot, heard: Told, cuts: int, seed: int, folder: Path
) -> Findings:
    """(a) and (c) on one record, which must have every answer that a client heard."""
    log = snapshot.files[1]
    acknowledged, early = unsynced(calls, log)
    told, chance = acknowledgements(calls), random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
    unrecorded = {one.act_id for one in heard.acknowledged} - told.keys()
    findings = Findings(acknowledged, len(unrecorded), len(early), len(syncs_tried_again(calls)))
    last = calls[-1].ended
    for number in range(cuts):
        line = chance.randint(snapshot.line, last)
        image = cut(snapshot, calls, line, chance, folder / f"cut-{number}")
        expected = {act_id for act_id, at in told.items() if at < line}
        findings.cuts += 1
        try:
            findings.lost += len(expected - acts_in(image))
        except sqlite3.DatabaseError as error:
            findings.damaged.append(f"cut at line {line}: {error}")
    return findings


def show(name: str, findings: Findings) -> None:
    """One line for people."""
    progress(
        f"{name}: {findings.acknowledged} acknowledged, {findings.unrecorded} more heard and not in the record, "
        f"{findings.unsynced} before their sync, "
        f"{findings.again} syncs tried again; {findings.cuts} cuts, {findings.lost} acts lost, "
        f"{len(findings.damaged)} databases damaged {findings.damaged[:2]}"
    )


def recorded(bench: Trio, acts: int, cuts: int, seed: int, folder: Path, mutated: str | None = None) -> Findings:
    """(a) and (c), with the HTTP process mutated where a mutant is named."""
    bench.restart("http", mutated)
    bench.await_http()
    calls, snapshot, heard = record_acts(bench, acts, seed, folder)
    findings = judge_record(calls, snapshot, heard, cuts, seed, folder)
    show(mutated or "sound", findings)
    return findings


def targets(sizes: Sizes, sound: Findings, mutants: dict[str, Findings], injected: Injected | None) -> list[Target]:
    """R2, each count by itself."""
    rows = [
        Target("R2a", "acknowledged under strace", sound.acknowledged, sizes.acts),
        Target("R2a", "heard by a client, not in the record", sound.unrecorded, 0, at_most=True),
        Target("R2a", "acknowledged before a sync of their commit", sound.unsynced, 0, at_most=True),
        Target("R2c", "cuts", sound.cuts, sizes.cuts),
        Target("R2c", "lost by a cut, or database damaged", sound.lost + len(sound.damaged), 0, at_most=True),
    ]
    for name, found in mutants.items():
        rows.append(Target("R2a", f"mutant {name}: before their sync", found.unsynced, 1))
    if injected is not None:
        rows += [
            Target(
                "R2b", f"faults that struck, of {injected.planned}", injected.injected, max(1, injected.planned / 2)
            ),
            Target("R2b", "acknowledged and lost, or doubled", injected.lost + injected.doubled, 0, at_most=True),
            Target("R2b", "acknowledged though not synced", injected.unsynced, 0, at_most=True),
            Target("R2b", "syncs tried again after they failed", injected.again, 0, at_most=True),
            Target("R2b", "unclean ends, or lived on after a write failed", injected.unclean, 0, at_most=True),
            Target("R2b", "differences in the audit afterwards", len(injected.audited), 0, at_most=True),
            Target("R2b", "slowest answer after a fault", injected.slowest, ERROR_SECONDS, "s", at_most=True),
            Target("R2b", "acts that never got a verdict", injected.waiting, 0, at_most=True),
        ]
    return rows


def main() -> int:
    """(a) and (c) sound and mutated, then (b); 1 where a promise is broken or a mutant was not found out."""
    given = _arguments()
    if not has_strace():
        sys.exit("strace 未安装,本实验无法进行 / strace is not installed: this experiment cannot be made")
    progress(f"seed {given.seed}")
    sizes = Sizes(1_000, 200, 300, given.every, ("http", "relay", "chain"))
    if given.quick:
        sizes = Sizes(64, 32, 20, 24, ("http",))
    chosen = [given.mutant] if given.mutant else list(MUTANTS)
    with in_order(), tempfile.TemporaryDirectory(prefix="huxin-power-") as name:
        folder = Path(name)
        with running(folder / "data") as trial:
            pass
        with trio(trial) as bench:
            sound = recorded(bench, sizes.acts, sizes.cuts, given.seed, folder / "sound")
            mutants = {
                one: recorded(bench, sizes.mutated, sizes.cuts // 10, given.seed + place, folder / one, one)
                for place, one in enumerate(chosen, 1)
            }
            bench.restart("http")
            bench.await_http()
            injected = None
            if sizes.every:
                injected = inject_everywhere(bench, sizes.processes, sizes.every, given.seed, folder)
                injected.reckon(book_of(trial))
                injected.audited = audit.run(trial.settings).differences
                for one in injected.audited[:3]:
                    progress(f"  audit: {one.where}: {one.en}")
    rows = targets(sizes, sound, mutants, injected)
    code = conclude(rows, as_json=given.json, judged=not given.quick)
    return code or int(not all(row.met for row in rows if row.unit != "s"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="R2:断电与坏盘 / power loss and failing disks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="(b) at every n-th system call of a batch; 0: not at all")
    parser.add_argument("--mutant", choices=MUTANTS, help="this mutant alone")
    parser.add_argument("--quick", action="store_true", help="few acts, cuts and faults; times are not judged")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
