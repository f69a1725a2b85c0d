"""One pass over a source: what is new is taken with fresh salts, what was taken already stays as it is.

A pass may end anywhere and be begun anew: a row is known again by a keyed digest of its identifier, so it is neither
taken twice nor given other salts. What an unfinished pass has taken and a finished one does not meet any more is
dropped, for nothing was made of it yet.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from api.anchoring.rows import Entry, Terms, file_of, hash_file, read_row
from api.anchoring.sources import Row
from api.anchoring.work import ActState, Taken, Work
from ledger.codes import Finding
from ledger.codes.findings import canonical
from ledger.crypto import Digest
from ledger.errors import Fault, InvalidInput
from ledger.licenses import Salts, Sealed, commit
from ledger.licenses.fields import code_of
from ledger.licenses.packing import fast_leaf

CHUNK = 2_000
"""Rows a transaction."""
KEY_SIZE = 16
"""Bytes of the keyed digests by which rows are known again."""
_SALT = 32


class Faults(Protocol):
    """Where faulty rows are told."""

    def tell(self, row: Row, fault: Fault) -> None:
        """One fault of one row."""


@dataclass(slots=True)
class Counts:
    """What became of the rows of one pass."""

    rows: int = 0
    new: int = 0
    kept: int = 0
    changed: int = 0
    faulty: int = 0
    twice: int = 0
    dropped: int = 0
    reasons: "Counter[str]" = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Read:
    """A row by its identifier's digest and its own."""

    row: Row
    key: bytes
    print: bytes
    digests: tuple[Digest, Digest] | None


@dataclass(slots=True)
class _Step:
    """What one transaction will write."""

    known: dict[bytes, tuple[int, bytes, int | None, int]]
    added: list[Taken] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    reprinted: list[tuple[bytes, int]] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)


class Reading:
    """A pass that fills one open batch."""

    def __init__(
        self, work: Work, terms: Terms, batch: int, random_bytes: Callable[[int], bytes], faults: Faults
    ) -> None:
        self._work, self._terms, self._batch = work, terms, batch
        self._random, self._faults = random_bytes, faults
        self._secret = work.set_once("secret", random_bytes(_SALT))
        self._next = work.last_id() + 1
        self._seen = bytearray(self._next)
        self._frozen = {one.number for one in work.batches()}
        self._headings: dict[str, bool] = {}
        self.counts = Counts()

    def run(self, rows: Iterable[Row], tell: Callable[[int], None]) -> Counts:
        """Take every row; ``tell`` hears how many were read."""
        source = iter(rows)
        while chunk := list(islice(source, CHUNK)):
            self._take([one for row in chunk if (one := self._look(row)) is not None])
            self.counts.rows += len(chunk)
            tell(self.counts.rows)
        self._sweep()
        return self.counts

    # --- looking at a row

    def _look(self, row: Row) -> _Read | None:
        if row.fault is not None:
            self._refuse(row, [row.fault])
            return None
        try:
            path = file_of(row, self._terms.folder)
            digests = hash_file(path) if path else None
        except InvalidInput as error:
            self._refuse(row, error.faults)
            return None
        identifier = self._identifier(row)
        print_ = row.raw if digests is None else row.raw + digests[0].value + digests[1].value
        return _Read(row, self._digest(identifier), self._digest(print_), digests)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=KEY_SIZE, key=self._secret).digest()

    def _identifier(self, row: Row) -> bytes:
        for heading, value in row.values.items():
            named = self._headings.get(heading)
            if named is None:
                named = self._headings[heading] = code_of(heading) == "ZZBS"
            if named:
                return canonical(str(value), keep=".").encode(errors="surrogatepass")
        return b""

    def _refuse(self, row: Row, faults: Iterable[Fault]) -> None:
        self.counts.faulty += 1
        for fault in faults:
            self.counts.reasons[fault.code] += 1
            self._faults.tell(row, fault)

    # --- taking rows

    def _take(self, reads: list[_Read]) -> None:
        work = self._work
        known = work.current([one.key for one in reads])
        step = _Step(known)
        for one in reads:
            held = known.get(one.key)
            if held is None:
                self._new(one, step)
            elif self._seen[held[0]]:
                self._twice(one, same=held[1] == one.print, first=held[3])
            elif held[1] == one.print:
                self._keep(held[0])
            else:
                self._compare(one, work.taken(held[0]), step)
        with work.writing():
            work.drop(step.dropped)
            work.retire(step.retired)
            work.add(step.added)
            work.reprint(step.reprinted)
            work.keep_findings(step.findings.values())

    def _keep(self, number: int) -> None:
        self._seen[number] = 1
        self.counts.kept += 1

    def _twice(self, one: _Read, *, same: bool, first: int) -> None:
        self.counts.twice += 1
        code = "ROW_TWICE" if same else "LICENSE_TWICE"
        zh = f"与第 {first} 行{'重复' if same else '证照标识相同而内容不同,以该行为准'}"
        en = (
            f"repeats line {first}"
            if same
            else f"has the identifier of line {first} and says otherwise: that one counts"
        )
        self.counts.reasons[code] += 1
        self._faults.tell(one.row, Fault(code, "ZZBS", zh, en))

    def _entry(self, one: _Read) -> Entry | None:
        try:
            return read_row(one.row, self._terms, one.digests)
        except InvalidInput as error:
            self._refuse(one.row, error.faults)
            return None

    def _new(self, one: _Read, step: _Step) -> None:
        entry = self._entry(one)
        if entry is not None:
            self.counts.new += 1
            self._add(one, entry, step, self._batch)

    def _compare(self, one: _Read, old: Taken, step: _Step) -> None:
        """A row that is written otherwise than it was: is it another license?"""
        entry = self._entry(one)
        if entry is None:
            return
        sealed = Sealed(entry.sealed.item, old.license.seal, entry.sealed.case_key, old.license.supersedes)
        if commit(entry.metadata, entry.digests, sealed, old.salts) == old.license:
            self._keep(old.id)
            step.reprinted.append((one.print, old.id))
        elif self._is_issued(old):
            self.counts.changed += 1
            step.retired.append(old.id)
            self._add(one, entry, step, None, replaces=old.id, supersedes=old.leaf)
        else:
            self.counts.new += 1
            step.dropped.append(old.id)
            self._add(one, entry, step, old.batch, replaces=old.replaces, supersedes=old.license.supersedes)

    def _is_issued(self, old: Taken) -> bool:
        if old.batch is not None:
            return old.batch in self._frozen
        act = self._work.act(f"license:{old.id}")
        return act is not None and act.state is not ActState.REFUSED

    def _add(
        self, one: _Read, entry: Entry, step: _Step, batch: int | None, *, replaces: int | None = None,
        supersedes: bytes | None = None,
    ) -> None:  # fmt: skip
        fresh = self._random(2 * _SALT)
        salts, sealed = Salts(fresh[:_SALT], fresh[_SALT:]), entry.sealed
        if supersedes is not None:
            sealed = Sealed(sealed.item, sealed.seal, sealed.case_key, supersedes)
        license_ = commit(entry.metadata, entry.digests, sealed, salts)
        number, metadata = self._next, entry.metadata
        self._next += 1
        self._seen.append(1)
        step.findings.update((finding.code, finding) for finding in metadata.findings)
        step.known[one.key] = (number, one.print, batch, one.row.line)
        step.added.append(Taken(
            number, one.key, one.print, batch, one.row.line, license_, salts, str(metadata.identifier),
            metadata.holder_code.code, fast_leaf(license_), replaces, tuple(one.code for one in metadata.findings),
        ))  # fmt: skip

    # --- the end of a pass

    def _sweep(self) -> None:
        """Drop what an earlier, unfinished pass took from rows that are gone now."""
        gone = [(number, old) for number, old in self._work.open_ids(self._batch) if not self._seen[number]]
        with self._work.writing():
            self._work.drop([number for number, _ in gone])
            self._work.again([old for _, old in gone if old is not None])
        self.counts.dropped = len(gone)
