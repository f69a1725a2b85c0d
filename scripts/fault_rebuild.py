"""R6: the database is deleted, and the chain gives the index back, row by row; a backup made under load loses nothing.

1. Clients hand in steps; in the midst of it a backup is made. 2. The ledger is stopped, its database deleted, the index
rebuilt (once killed half way) and compared with the old one. 3. The backup is restored elsewhere, audited and started:
what was acknowledged before it was begun stands on the restored chain exactly once. 4. The newest database over the
older chain: the relay sends again what that chain lacks. Each mutant must then be found out.
"""

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from api.backup import making, restoring
from api.backup.making import Machine, backup
from api.backup.restoring import Restored, Secrets, restore
from api.fleet import Ports
from api.index.indexer import Indexer
from api.index.verdicts import IndexDiverged
from api.settings import Settings
from api.store.database import Database
from api.store.schema import INDEX, tables_of
from api.supervisor import Supervisor
from api.upkeep import Rebuilt, rebuild_index
from node.network import load
from scripts import mutant
from scripts.load.province import Officer, officers
from scripts.load.steps import USUAL, Pen, Signed
from scripts.report import Target, conclude, progress
from scripts.trials.chainbook import book_of
from scripts.trials.ending import in_order
from scripts.trials.insisting import Client, Progressing, Told
from scripts.trials.ledger import Trial, running

CLIENTS, PEOPLE = 4, 10
MUTANTS = ("rebuild.skip_block", "rebuild.chain_first")
PASSWORD = "of no use to anybody"  # noqa: S105 - seals the keys of a ledger that lives for minutes
Rows = dict[str, set[str]]


class _Interrupted(Exception):
    """The rebuild is stopped half way, as by Ctrl-C."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """The machine of ``rebuild_index``."""

    clock: Any = time.time
    random_bytes: Any = secrets.token_bytes


MACHINE = Machine(time.time, secrets.token_bytes, os.environ)


# --- load and backup


def loaded(trial: Trial, steps: int, seed: str, target: Path) -> tuple[list[Signed], list[Signed]]:
    """Hand in ``steps`` steps with a backup in the midst: those acknowledged before it was begun, and all."""
    told, stopping = Told(), threading.Event()
    clients = [Client(trial.address, _cases(trial, seed, n), told, stopping, lambda: 0.0) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    _await(told, steps // 2)
    before = list(told.acknowledged)
    backup(trial.settings, target, MACHINE, PASSWORD, _quiet)
    during = len(told.acknowledged) - len(before)
    _await(told, max(steps, len(told.acknowledged) + steps // 10))
    stopping.set()
    for client in clients:
        client.join()
    waiting = trial.drain()
    progress(
        f"  {len(told.acknowledged)} acknowledged, {len(before)} before the backup, {during} during, {waiting} wait"
    )
    if told.refused or waiting:
        raise RuntimeError(f"the load itself failed: {len(told.refused)} refused, {waiting} waiting")
    return before, told.acknowledged


def _cases(trial: Trial, seed: str, place: int) -> Iterator[Sequence[Signed]]:
    pen = Pen(trial.domain, trial.people, seed.encode(), int(time.time()) - 1)
    while True:
        yield pen.case(place, USUAL)
        place += CLIENTS


def _await(told: Told, count: int) -> None:
    progressing = Progressing(lambda: len(told.acknowledged))
    while len(told.acknowledged) < count:
        if not progressing:
            raise RuntimeError(f"the load itself failed: {len(told.acknowledged)} acknowledged, {dict(told.answers)}")
        time.sleep(0.02)


def _quiet(_stage: str, _done: int, _of: int) -> None:
    pass


# --- rebuilding


def index_rows(settings: Settings) -> Rows:
    """Every row of the index, by table."""
    database = Database(settings.database)
    try:
        with database.read() as connection:
            return {one.name: {repr(tuple(row)) for row in connection.execute(select(one))} for one in tables_of(INDEX)}
    finally:
        database.close()


def differing(old: Rows, new: Rows) -> int:
    """Rows that stand in one and not in the other."""
    return sum(len(rows ^ new[name]) for name, rows in old.items())


def delete_database(settings: Settings) -> None:
    """The file and the log beside it."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{settings.data / 'huxin.db'}{suffix}").unlink(missing_ok=True)


def rebuilt(settings: Settings, *, interrupted: bool = False) -> Rebuilt:
    """Rebuild from nothing; ``interrupted``: stopped half way first."""
    delete_database(settings)

    def half_way(done: int, last: int) -> None:
        if interrupted and done > last // 2:
            raise _Interrupted

    try:
        return rebuild_index(settings, _Clock(), half_way)
    except _Interrupted:
        return rebuild_index(settings, _Clock(), lambda _done, _of: None)


# --- restored ledgers


@contextmanager
def started(data: Path, people: tuple[Officer, ...]) -> Iterator[Trial]:
    """A ledger that is there already."""
    with Supervisor(data, Ports(0, 0), os.environ, os.urandom) as supervisor:
        settings = Settings(data=data, rpc_url=supervisor.rpc_url)
        yield Trial(supervisor, settings, load(settings.network_file), people)


def missing(data: Path, people: tuple[Officer, ...], acknowledged: Sequence[Signed]) -> tuple[int, int, int]:
    """Start the ledger and let it carry what waits: acknowledged and not on its chain, twice there, still waiting."""
    with started(data, people) as trial:
        waiting = trial.drain()
        book = book_of(trial)
    times = [book.times(signed) for signed in acknowledged]
    return sum(one[1] == 0 for one in times), sum(one[1] > 1 for one in times), waiting


def put_back(source: Path, data: Path) -> Restored:
    """Restore elsewhere."""
    return restore(source, Settings(data=data), Secrets(lambda: PASSWORD), os.environ, _quiet)


# --- the experiment


@dataclass(frozen=True, slots=True)
class Sound:
    """Counts of the run without a mutant."""

    acknowledged: int
    before: int
    rows: int
    differing: int
    resumed_differing: int
    resumed: bool
    seconds: float
    blocks: int
    documents_missing: int
    audit_differences: int
    lost: int
    doubled: int
    lost_of_older: int
    doubled_of_older: int
    waiting: int


def experiment(folder: Path, steps: int, seed: int, *, quick: bool) -> Sound:
    """Everything once, less of it where ``quick``; ``folder`` then holds ``data`` with a rebuilt index."""
    data, target = folder / "data", folder / "backup.tar"
    with running(data, PEOPLE) as trial:
        progress("load, and a backup in the midst of it")
        before, every = loaded(trial, steps, f"rebuild {seed}", target)
        people = trial.people
    settings = Settings(data=data)
    old = index_rows(settings)
    shutil.copy(data / "huxin.db", folder / "newest.db")
    progress("database deleted, index rebuilt")
    began = time.monotonic()
    first = rebuilt(settings)
    seconds = time.monotonic() - began
    new = index_rows(settings)
    progress("the same, interrupted half way")
    second = first if quick else rebuilt(settings, interrupted=True)
    again = index_rows(settings)
    progress("backup restored elsewhere, audited, started")
    restored = put_back(target, folder / "restored")
    lost, doubled, waiting = missing(folder / "restored", people, before)
    lost_of_older = doubled_of_older = waiting_of_older = 0
    if not quick:
        progress("the newest database over the older chain")
        lost_of_older, doubled_of_older, waiting_of_older = missing(_older_chain(folder), people, every)
    return Sound(
        len(every), len(before), sum(map(len, old.values())), differing(old, new), differing(old, again),
        second.resumed, seconds, first.blocks, first.documents_missing, _differences(restored),
        lost, doubled, lost_of_older, doubled_of_older, waiting + waiting_of_older,
    )  # fmt: skip


def _differences(restored: Restored) -> int:
    return 1 if restored.audit is None else len(restored.audit.differences)


def _older_chain(folder: Path) -> Path:
    """A folder whose chain is the backup's and whose database is newer: its index begins anew."""
    data = folder / "older"
    put_back(folder / "backup.tar", data)
    shutil.copy(folder / "newest.db", data / "huxin.db")
    rebuild_index(Settings(data=data), _Clock(), lambda _done, _of: None)
    return data


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """A mutant in this very process, undone afterwards."""
    places: list[tuple[Any, str]] = [
        (Indexer, "_write"), (making, "_database"), (making, "_chain"), (restoring, "check_order"),
    ]  # fmt: skip
    kept = [(where, what, getattr(where, what)) for where, what in places]
    mutant.patch_of(name)()
    try:
        yield
    finally:
        for where, what, was in kept:
            setattr(where, what, was)


def found_out(name: str, folder: Path, steps: int, seed: int) -> int:
    """How many faults the mutant causes: rows that differ, or what is lost and what the audit names."""
    settings = Settings(data=folder / "data")
    if name == "rebuild.skip_block":
        rebuilt(settings)
        old = index_rows(settings)
        try:
            with mutated(name):
                rebuilt(settings)
        except IndexDiverged as error:
            # the index judges each block again: what follows on the skipped one does not fit
            progress(f"  the rebuild itself stops: {error.code} at block {error.block}")
        return differing(old, index_rows(settings))
    rebuilt(settings)
    target, people = folder / "mutant.tar", officers(PEOPLE)
    with mutated(name), started(settings.data, people) as trial:
        before, _ = loaded(trial, steps, f"mutant {seed}", target)
        with_it = put_back(target, folder / "mutant")
    lost, doubled, _ = missing(folder / "mutant", people, before)
    named = _differences(with_it)
    progress(f"  lost {lost}, doubled {doubled}, named by the audit {named}")
    return lost + doubled + named


def targets(sound: Sound, steps: int, mutants: dict[str, int], *, quick: bool) -> list[Target]:
    """R6, each count by itself."""

    def none(what: str, value: float) -> Target:
        return Target("R6", what, value, 0, at_most=True)

    rows = [
        Target("R6", "acknowledged steps", sound.acknowledged, steps),
        Target("R6", "rows of the index compared", sound.rows, steps),
        none("rows that differ after the database was deleted", sound.differing),
        Target("R6", "documents the command says are in a backup alone", sound.documents_missing, 1),
        none("differences in the audit of the restored ledger", sound.audit_differences),
        none(f"lost of {sound.before} acknowledged before the backup", sound.lost + sound.doubled),
        none("acts still waiting in restored ledgers", sound.waiting),
    ]
    if not quick:
        rows += [
            none("rows that differ after an interrupted rebuild", sound.resumed_differing),
            Target("R6", "interrupted rebuild went on where it was", int(sound.resumed), 1),
            none("lost or doubled, newest database over an older chain", sound.lost_of_older + sound.doubled_of_older),
        ]
    return rows + [Target("R6", f"mutant {name}: faults found", faults, 1) for name, faults in mutants.items()]


def main() -> int:
    """The sound ledger, then the mutants; 1 where something was lost or a mutant was not found out."""
    given = _arguments()
    progress(f"seed {given.seed}")
    steps = 200 if given.quick else given.steps
    mutants = [given.mutant] if given.mutant else list(MUTANTS[:1] if given.quick else MUTANTS)
    found = {}
    with in_order(), tempfile.TemporaryDirectory(prefix="huxin-rebuild-") as name:
        folder = Path(name)
        sound = experiment(folder, steps, given.seed, quick=given.quick)
        rate = sound.acknowledged / sound.seconds
        progress(f"rebuilt {sound.blocks} blocks in {sound.seconds:.1f} s: {rate:.0f} steps/s")
        for one in mutants:
            progress(f"mutant {one}")
            found[one] = found_out(one, folder, min(steps, 1_000), given.seed)
    return conclude(targets(sound, steps, found, quick=given.quick), as_json=given.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="R6:由链重建,边用边备份 / rebuild from the chain, back up under load")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--mutant", choices=MUTANTS, help="run this mutant alone after the sound ledger")
    parser.add_argument("--quick", action="store_true", help="200 steps, one mutant")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
