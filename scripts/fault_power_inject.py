"""R2 (b): EIO, ENOSPC and SIGKILL at every file system call of one batch, in the process that makes it."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import Fault as Difference
from scripts.load.steps import Pen, Signed
from scripts.report import progress
from scripts.trials.chainbook import Book
from scripts.trials.durability import syncs_tried_again, unsynced
from scripts.trials.insisting import Client, Told
from scripts.trials.strace import FILE_CALLS, Call, Strace, read_calls
from scripts.trials.trio import Trio

ERRORS = ("EIO", "ENOSPC", "SIGKILL")
_WRITES = frozenset({"openat", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate"})
"""Calls that a full disk can fail."""
_MUST_END = frozenset({"pwrite64", "fsync", "fdatasync", "ftruncate"})
"""Calls after whose EIO nobody knows what a database's file holds: whoever made them has to end."""
_CLEAN_SIGNAL = signal.SIGTERM
"""What HTTP sends to itself, to answer what is under way before it ends."""
_CLIENTS = 2
_IDLE_SECONDS = 0.4
_END_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """In ``process``, the ``place``-th call ``name`` of a thread fails so."""

    process: str
    name: str
    place: int
    error: str

    @property
    def inject(self) -> str:
        """As strace wants it."""
        how = f"signal={self.error}" if self.error == "SIGKILL" else f"error={self.error}"
        return f"{self.name}:{how}:when={self.place}"


@dataclass(slots=True)
class Injected:
    """Counts over all faults; ``ends`` how the processes ended (by process and wait status, None: lived on).

    Of the ``planned`` ones some do not strike, where a batch makes fewer calls than the one that was recorded did.
    ``unclean`` are ends that were neither injected nor an exit, and processes that lived on where they had to end.
    """

    planned: int = 0
    injected: int = 0
    unclean: int = 0
    unsynced: int = 0
    again: int = 0
    waiting: int = 0
    slowest: float = 0.0
    lost: int = 0
    doubled: int = 0
    acknowledged: list[Signed] = field(default_factory=list)
    audited: list[Difference] = field(default_factory=list)
    ends: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)

    def reckon(self, book: Book) -> None:
        """Count what was acknowledged and is not on the chain exactly once."""
        times = [book.times(signed) for signed in self.acknowledged]
        self.lost = sum(applied == 0 for _carried, applied in times)
        self.doubled = sum(carried > 1 or applied > 1 for carried, applied in times)
        for (process, error, status), count in sorted(self.ends.items(), key=str):
            said = "lived on" if status is None else f"exit {os.waitstatus_to_exitcode(status)}"
            progress(f"  {process} {error}: {count} times {said}")


def inject_everywhere(bench: Trio, processes: Sequence[str], every: int, seed: int, folder: Path) -> Injected:
    """One batch for each fault; the process is started again where it ended."""
    found, batches = Injected(), _Batches(bench, seed)
    for process in processes:
        calls = _calls_of_a_batch(bench, process, batches, folder)
        faults = list(_faults(process, calls, bench.folder.path))[::every]
        found.planned += len(faults)
        progress(f"{process}: {len(faults)} faults")
        for number, fault in enumerate(faults):
            _one(bench, fault, batches, found, folder / "fault")
            if number % 25 == 24:
                progress(f"  {number + 1} of {len(faults)}: {found.injected} injected, slowest {found.slowest:.2f} s")
    return found


class _Batches:
    """Two cases of one step each, new ones each time, handed in at once."""

    def __init__(self, bench: Trio, seed: int) -> None:
        self._bench, self._seed, self._number = bench, seed, 0

    def hand_in(self) -> "_Batch":
        self._number += _CLIENTS
        pen = Pen(
            self._bench.trial.domain, self._bench.trial.people, f"fault {self._seed}".encode(), int(time.time()) - 1
        )
        told, stopping = Told(), threading.Event()
        clients = [
            Client(self._bench.trial.address, iter([pen.case(self._number + place)]), told, stopping, lambda: 0.0)
            for place in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        return _Batch(told, clients)


@dataclass(frozen=True, slots=True)
class _Batch:
    told: Told
    clients: Sequence[Client]

    @property
    def is_done(self) -> bool:
        return not any(client.is_alive() for client in self.clients)


def _calls_of_a_batch(bench: Trio, process: str, batches: _Batches, folder: Path) -> list[Call]:
    """What the process does with files in one batch, the log being copied back included."""
    bench.fill_log(process)
    with Strace(folder / f"{process}.calls", [bench.processes[process].pid]):
        batch = batches.hand_in()
        while not batch.is_done:
            time.sleep(0.01)
        bench.trial.drain()
        time.sleep(_IDLE_SECONDS)
    return read_calls(folder / f"{process}.calls")


def _faults(process: str, calls: Sequence[Call], folder: Path) -> Iterator[Fault]:
    """Calls are counted in each thread by itself, as strace does; only those on the ledger's files are made to fail."""
    counted: Counter[tuple[int, str]] = Counter()
    places: set[tuple[str, int]] = set()
    for call in calls:
        if call.name in FILE_CALLS:
            counted[call.pid, call.name] += 1
            if str(folder) in call.path:
                places.add((call.name, counted[call.pid, call.name]))
    for name, place in sorted(places):
        for error in ERRORS:
            if error != "ENOSPC" or name in _WRITES:
                yield Fault(process, name, place, error)


def _one(bench: Trio, fault: Fault, batches: _Batches, found: Injected, record: Path) -> None:
    bench.fill_log(fault.process)
    ended, process, most = None, bench.processes[fault.process], time.monotonic() + _END_SECONDS
    with Strace(record, [process.pid], fault.inject):
        batch, quiet = batches.hand_in(), None
        while quiet is None or time.monotonic() < quiet:
            if time.monotonic() > most:
                raise RuntimeError(f"{fault}: neither ended nor done after {_END_SECONDS:g} s")
            ended = process.poll()
            if ended is not None:
                break
            if batch.is_done and quiet is None and not bench.trial.drain(5):
                quiet = time.monotonic() + 0.05
            time.sleep(0.01)
    if ended is None:
        ended = process.poll()
    if ended is not None:
        bench.start(fault.process)
        bench.await_http()
    for client in batch.clients:
        client.join()
    found.waiting += bench.trial.drain()
    _judge(fault, batch.told, ended, read_calls(record), bench, found)


def _judge(fault: Fault, told: Told, ended: int | None, calls: Sequence[Call], bench: Trio, found: Injected) -> None:
    fired = any(call.injected for call in calls) or (fault.error == "SIGKILL" and ended is not None)
    found.injected += fired
    found.acknowledged += told.acknowledged
    found.slowest = max(found.slowest, told.slowest)
    if fault.process == "http":
        found.unsynced += len(unsynced(calls, bench.databases["http"].with_name("huxin.db-wal"))[1])
    again = syncs_tried_again(calls)
    found.again += len(again)
    if again:
        progress(f"  {fault}: synced again: {again}")
    hit = next((call for call in calls if call.injected), None)
    if hit and ended is None and fault.error == "EIO":
        progress(f"  {fault.process} lives on after {fault.inject}: {hit.path}")
    if fired:
        found.ends[fault.process, fault.error, ended] += 1
        database = bench.databases[fault.process]
        clean = ended_cleanly(fault, ended, is_database=hit is not None and hit.path.startswith(str(database)))
        found.unclean += not clean
        if not clean:
            progress(f"  {fault}: ended with status {ended}")


def ended_cleanly(fault: Fault, status: int | None, *, is_database: bool) -> bool:
    """Whether a process may end with this wait status (None: it lives) once the fault has struck."""
    if status is None:
        return not (fault.error == "EIO" and is_database and fault.name in _MUST_END)
    code = os.waitstatus_to_exitcode(status)
    return code >= 0 or code == -_CLEAN_SIGNAL or (fault.error == "SIGKILL" and code == -signal.SIGKILL)
