"""The work file of a run: which licenses were taken, with which salts, in which batch, and what became of it.

A row is committed together with its salts before anything is made of it, and a batch's root before it is signed; so
whenever the process dies, the next one finds nothing of a row or all of it, and the same rows make the same root. The
file holds personal data and salts: it is the agency's own, readable by its owner alone.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from struct import Struct
from typing import IO, Any, Self

from ledger.acts import License
from ledger.codes import Finding
from ledger.commitments import holder_commitment, identifier_commitment
from ledger.errors import Conflict
from ledger.licenses import Salts, Share
from ledger.licenses.share import NOTHING

FORMAT = 1
NAME = "work.sqlite"
_MINE = 0o600
_FACTS = Struct(">QQ32s32sII")
_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE batches (number INTEGER PRIMARY KEY, root BLOB NOT NULL, count INTEGER NOT NULL, seal INTEGER NOT NULL);
CREATE TABLE licenses (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, print BLOB NOT NULL, current INTEGER NOT NULL, batch INTEGER,
    line INTEGER NOT NULL, identifier TEXT NOT NULL, holder TEXT NOT NULL, salts BLOB NOT NULL, facts BLOB NOT NULL,
    refs BLOB NOT NULL, leaf BLOB NOT NULL, replaces INTEGER, warnings TEXT NOT NULL);
CREATE UNIQUE INDEX current_license ON licenses (key) WHERE current;
CREATE INDEX replaced ON licenses (replaces) WHERE replaces IS NOT NULL;
CREATE TABLE findings (code TEXT PRIMARY KEY, zh TEXT NOT NULL, en TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE acts (
    subject TEXT PRIMARY KEY, act_id BLOB NOT NULL, request TEXT NOT NULL, deadline INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', block INTEGER) WITHOUT ROWID;
"""
"""``batch`` of a license: the number of its batch, frozen once it stands in ``batches``; NULL: issued by itself.
``facts`` are item, seal, SM3, SHA-256, from, until; ``refs`` case key and replaced leaf, or nothing."""
_COLUMNS = "id, key, print, batch, line, identifier, holder, salts, facts, refs, leaf, replaces, warnings"
_ALL = f"SELECT {_COLUMNS} FROM licenses "  # noqa: S608 - of constants


class ActState(StrEnum):
    """What is known of an act that was handed in."""

    SIGNED = "signed"
    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One license in the work file; ``print`` is a keyed digest of the row that it was read from."""

    id: int
    key: bytes
    print: bytes
    batch: int | None
    line: int
    license: License
    salts: Salts = field(repr=False)
    identifier: str = field(repr=False)
    holder: str = field(repr=False)
    leaf: bytes
    replaces: int | None = None
    warnings: tuple[str, ...] = ()

    def share(self, batch: bytes | None, proof: tuple[bytes, ...]) -> Share:
        """What its holder is given."""
        return Share(self.license, self.identifier, self.holder, self.salts, batch, proof)


@dataclass(frozen=True, slots=True)
class Batch:
    """A frozen batch."""

    number: int
    root: bytes
    count: int
    seal: int


@dataclass(frozen=True, slots=True)
class SignedAct:
    """An act as it was or will be handed in; signed once, so that handing in twice is the same act."""

    act_id: bytes
    request: str = field(repr=False)
    deadline: int
    state: ActState = ActState.SIGNED
    reason: str = ""
    block: int | None = None


class Work:
    """The work file, open for one process alone."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: IO[bytes]) -> None:
        """Use ``open_work``."""
        self.folder, self._db, self._lock = folder, connection, lock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others have it."""
        self._db.close()
        self._lock.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing, and on disk at its end."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- settings

    def setting(self, name: str) -> bytes | None:
        """A value of the run."""
        row = self._db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def set_once(self, name: str, value: bytes) -> bytes:
        """Keep a value if there is none yet; the one that counts."""
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value))
        return self.setting(name) or value

    # --- licenses

    def current(self, keys: Sequence[bytes]) -> dict[bytes, tuple[int, bytes, int | None, int]]:
        """Of those taken already: key to id, print, batch, line."""
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, id, print, batch, line FROM licenses WHERE current AND key IN ({marks})"  # noqa: S608 - question marks
        return {key: (number, seen, batch, line) for key, number, seen, batch, line in self._db.execute(query, keys)}

    def last_id(self) -> int:
        """The highest id given out, 0 at the beginning."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM licenses").fetchone()[0])

    def add(self, taken: Iterable[Taken]) -> None:
        """Take licenses; inside ``writing``."""
        self._db.executemany(
            f"INSERT INTO licenses (current, {_COLUMNS}) VALUES (1,?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - of constants
            map(_stored, taken),
        )

    def retire(self, ids: Sequence[int]) -> None:
        """They are not the newest of their identifier any more; inside ``writing``."""
        self._db.executemany("UPDATE licenses SET current = 0 WHERE id = ?", [(one,) for one in ids])

    def again(self, ids: Sequence[int]) -> None:
        """They are the newest again; inside ``writing``."""
        self._db.executemany("UPDATE licenses SET current = 1 WHERE id = ?", [(one,) for one in ids])

    def drop(self, ids: Sequence[int]) -> None:
        """Forget licenses that nothing was made of yet; inside ``writing``."""
        self._db.executemany("DELETE FROM licenses WHERE id = ?", [(one,) for one in ids])

    def reprint(self, prints: Sequence[tuple[bytes, int]]) -> None:
        """The same license from a row written otherwise: (print, id); inside ``writing``."""
        self._db.executemany("UPDATE licenses SET print = ? WHERE id = ?", prints)

    def taken(self, number: int) -> Taken:
        """One license by its id."""
        return _taken(self._db.execute(f"{_ALL} WHERE id = ?", (number,)).fetchone())

    def by_key(self, key: bytes) -> Taken | None:
        """The newest license with this identifier's keyed digest."""
        return self._one("current AND key = ?", key)

    def by_leaf(self, leaf: bytes) -> Taken | None:
        """The license with this leaf."""
        return self._one("leaf = ?", leaf)

    def by_line(self, line: int) -> Taken | None:
        """The license that was last taken from this line."""
        return self._one("current AND line = ?", line)

    def first_of(self, batch: int) -> Taken | None:
        """Some license of a batch."""
        return self._one("batch = ?", batch)

    def _one(self, condition: str, value: object) -> Taken | None:
        row = self._db.execute(f"{_ALL} WHERE {condition} LIMIT 1", (value,)).fetchone()
        return None if row is None else _taken(row)

    def all_of(self, batch: int) -> Iterator[Taken]:
        """The licenses of a batch."""
        return map(_taken, self._db.execute(f"{_ALL} WHERE batch = ? ORDER BY id", (batch,)))

    def leaves(self, batch: int) -> list[bytes]:
        """The leaves of a batch, sorted."""
        found = [row[0] for row in self._db.execute("SELECT leaf FROM licenses WHERE batch = ?", (batch,))]
        found.sort()
        return found

    def open_ids(self, batch: int) -> list[tuple[int, int | None]]:
        """(id, id replaced) of what is not issued yet: the open batch, and changes without an act or refused."""
        query = (
            "SELECT id, replaces FROM licenses WHERE current AND (batch = ? OR (replaces IS NOT NULL AND batch IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM acts WHERE subject = 'license:' || licenses.id AND state != 'refused')))"
        )
        return self._db.execute(query, (batch,)).fetchall()

    def changes(self) -> list[int]:
        """Ids of licenses that replace another and are not on the ledger yet, refused ones too."""
        query = (
            "SELECT id FROM licenses WHERE replaces IS NOT NULL AND NOT EXISTS (SELECT 1 FROM acts WHERE"
            " subject = 'license:' || licenses.id AND state = 'applied') ORDER BY id"
        )
        return [row[0] for row in self._db.execute(query)]

    def keep_findings(self, findings: Iterable[Finding]) -> None:
        """What codes of ``warnings`` mean; inside ``writing``."""
        rows = [(one.code, one.zh, one.en) for one in findings]
        self._db.executemany("INSERT OR IGNORE INTO findings VALUES (?,?,?)", rows)

    def warned(self, batch: int) -> Iterator[tuple[int, str]]:
        """(line, codes) of what is odd and not issued yet."""
        query = "SELECT line, warnings FROM licenses WHERE current AND warnings != '' AND (batch = ? OR batch IS NULL)"
        return iter(self._db.execute(f"{query} ORDER BY id", (batch,)))

    def findings(self) -> dict[str, tuple[str, str]]:
        """Codes to texts (zh, en)."""
        return {code: (zh, en) for code, zh, en in self._db.execute("SELECT code, zh, en FROM findings")}

    # --- batches and acts

    def batches(self) -> list[Batch]:
        """Frozen batches in order."""
        return [
            Batch(*row) for row in self._db.execute("SELECT number, root, count, seal FROM batches ORDER BY number")
        ]

    def freeze(self, batch: Batch) -> None:
        """From now on the batch is what its root says."""
        with self.writing():
            self._db.execute(
                "INSERT INTO batches VALUES (?,?,?,?)", (batch.number, batch.root, batch.count, batch.seal)
            )

    def act(self, subject: str) -> SignedAct | None:
        """The act about ``batch:NUMBER`` or ``license:ID``."""
        query = "SELECT act_id, request, deadline, state, reason, block FROM acts WHERE subject = ?"
        row = self._db.execute(query, (subject,)).fetchone()
        return None if row is None else SignedAct(row[0], row[1], row[2], ActState(row[3]), row[4], row[5])

    def keep_act(self, subject: str, act: SignedAct) -> None:
        """Write an act down, or what became of it."""
        values = (subject, act.act_id, act.request, act.deadline, act.state.value, act.reason, act.block)
        with self.writing():
            self._db.execute("INSERT OR REPLACE INTO acts VALUES (?,?,?,?,?,?,?)", values)


def open_work(folder: Path) -> Work:
    """Open or begin the run of a folder; Conflict ``WORK_IN_USE``, ``WORK_FORMAT``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _locked(folder)
    path = folder / NAME
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _MINE))
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    format_ = connection.execute("PRAGMA user_version").fetchone()[0]
    if format_ not in {0, FORMAT}:
        connection.close()
        lock.close()
        raise Conflict("WORK_FORMAT", f"{path.name} is of another version", f"{path.name} 为其他版本所建")
    if format_ == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
    return Work(folder, connection, lock)


def _locked(folder: Path) -> IO[bytes]:
    lock = (folder / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Conflict("WORK_IN_USE", "another process works in this folder", "另有进程正在使用该工作目录") from error
    return lock


def _stored(one: Taken) -> tuple[object, ...]:
    fields = one.license
    facts = _FACTS.pack(fields.item, fields.seal, fields.sm3, fields.sha256, fields.valid_from, fields.valid_until)
    refs = b"" if fields.case_key == fields.supersedes == NOTHING else fields.case_key + fields.supersedes
    salts = one.salts.identifier + one.salts.holder
    return (
        one.id, one.key, one.print, one.batch, one.line, one.identifier, one.holder, salts, facts, refs, one.leaf,
        one.replaces, " ".join(one.warnings),
    )  # fmt: skip


def _taken(row: Sequence[Any]) -> Taken:
    number, key, seen, batch, line, identifier, holder, salts, facts, refs, leaf, replaces, warned = row
    opened = Salts(salts[:32], salts[32:])
    item, seal, sm3, sha256, valid_from, valid_until = _FACTS.unpack(facts)
    case_key, supersedes = (refs[:32], refs[32:]) if refs else (NOTHING, NOTHING)
    license_ = License(
        item, seal, sm3, sha256, identifier_commitment(opened.identifier, identifier),
        holder_commitment(opened.holder, holder), case_key, supersedes, valid_from, valid_until,
    )  # fmt: skip
    warnings = tuple(str(warned).split())
    return Taken(number, key, seen, batch, line, license_, opened, identifier, holder, leaf, replaces, warnings)
