"""What a record of system calls says about durability: syncs before answers, no sync tried twice, power cuts.

A page that was written is on disk once a sync of its file that began after the write has succeeded; a cut of power may
leave any of the rest, in any order and in parts.
"""

import os
import random
import re
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.trials.strace import SENT_CALLS, Call

_SYNCS = ("fsync", "fdatasync")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_ACT_ID = re.compile(rb'"actId": ?"0x([0-9a-f]{64})"')
_FRAME_HEADER, _SECTOR = 24, 512


@dataclass(slots=True)
class _Transaction:
    """What one commit appended to the log (WAL) file; it is complete at line ``ended``."""

    pages: list[bytes] = field(default_factory=list)
    ended: int = -1

    def holds(self, act_id: bytes) -> bool:
        return any(act_id in page for page in self.pages)


def acknowledgements(calls: Sequence[Call]) -> dict[bytes, int]:
    """Act ids (32 bytes) in answers 2xx, with the line at which the answer began to leave."""
    status: dict[str, bytes] = {}
    found: dict[bytes, int] = {}
    for call in calls:
        if call.name in SENT_CALLS and "socket:" in call.path:
            if match := _STATUS.search(call.data):
                status[call.path] = match[1]
            if status.get(call.path, b"").startswith(b"2"):
                for act_id in _ACT_ID.findall(call.data):
                    found.setdefault(bytes.fromhex(act_id.decode()), call.begun)
    return found


def unsynced(calls: Sequence[Call], log: Path) -> tuple[int, list[bytes]]:
    """(acts acknowledged, those of them that were told before a sync of the commit that holds them)."""
    transactions = list(_transactions([call for call in calls if call.path == str(log)]))
    syncs = [call for call in calls if call.name in _SYNCS and call.path == str(log) and call.result == 0]
    told = acknowledgements(calls)
    return len(told), [act_id for act_id, line in told.items() if not _is_synced(act_id, line, transactions, syncs)]


def _is_synced(act_id: bytes, line: int, transactions: Sequence[_Transaction], syncs: Sequence[Call]) -> bool:
    """By any commit that holds the act: a later one writes its page again, and may be under way by then."""
    return any(
        one.ended < sync.begun and sync.ended < line
        for one in transactions
        if one.ended < line and one.holds(act_id)
        for sync in syncs
    )


def _transactions(calls: Sequence[Call]) -> Iterator[_Transaction]:
    """Frames are a header of 24 bytes and a page; the header of a commit's last frame tells the size in pages."""
    current, last = _Transaction(), False
    for call in calls:
        if call.name != "pwrite64" or call.result is None or call.result < 0:
            continue
        if len(call.data) == _FRAME_HEADER:
            last = any(call.data[4:8])
            continue
        current.pages.append(call.data)
        if last:
            current.ended = call.ended
            yield current
            current, last = _Transaction(), False


def syncs_tried_again(calls: Sequence[Call]) -> list[str]:
    """Files of which a sync failed and a later one succeeded without all being written anew in between."""
    dirty: dict[str, set[int]] = defaultdict(set)
    owed: dict[str, set[int]] = {}
    found = []
    for call in calls:
        if call.name == "pwrite64" and call.result and call.result > 0:
            dirty[call.path].add(call.offset)
            owed.get(call.path, set()).discard(call.offset)
        elif call.name in _SYNCS and call.result == -1:
            owed[call.path] = owed.get(call.path, set()) | dirty.pop(call.path, set())
        elif call.name in _SYNCS and call.result == 0:
            dirty.pop(call.path, None)
            if owed.pop(call.path, None):
                found.append(call.path)
    return found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Copies of a database and its log as they were before ``line`` of the record, counted from 0."""

    database: Path
    copy: Path
    line: int

    @property
    def files(self) -> tuple[Path, Path]:
        """The database, its log."""
        return self.database, self.database.with_name(self.database.name + "-wal")

    @classmethod
    def take(cls, database: Path, copy: Path, line: int) -> "Snapshot":
        """Copy both while nobody writes."""
        copy.mkdir()
        for file in cls(database, copy, line).files:
            shutil.copyfile(file, copy / file.name)
        return cls(database, copy, line)


def cut(snapshot: Snapshot, calls: Sequence[Call], line: int, chance: random.Random, into: Path) -> Path:
    """What a cut of power at ``line`` may leave of the files: all that was synced, and by chance some of the rest."""
    into.mkdir()
    keep = chance.choice((0.0, 0.5, 0.9))
    for file in snapshot.files:
        shutil.copyfile(snapshot.copy / file.name, into / file.name)
        mine = [call for call in calls if call.path == str(file) and snapshot.line <= call.begun < line]
        synced = max((call.begun for call in mine if _succeeded(call, line)), default=-1)
        with (into / file.name).open("r+b") as image:
            for call in mine:
                if call.name == "pwrite64":
                    _write(image.fileno(), call, 1.0 if call.ended < synced else keep, chance)
                elif call.name == "ftruncate" and (call.ended < synced or chance.random() < keep):
                    image.truncate(call.offset)
    return into / snapshot.database.name


def _succeeded(call: Call, line: int) -> bool:
    return call.name in _SYNCS and call.result == 0 and call.ended < line


def _write(image: int, call: Call, keep: float, chance: random.Random) -> None:
    for start in range(0, len(call.data), _SECTOR):
        if keep == 1 or chance.random() < keep:
            os.pwrite(image, call.data[start : start + _SECTOR], call.offset + start)


def acts_in(database: Path) -> set[bytes]:
    """Open what is left as a process would after the cut; the acts in its outbox. sqlite3.DatabaseError if damaged."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        return {row[0] for row in connection.execute("SELECT act_id FROM outbox_acts")}
    finally:
        connection.close()
