"""A work folder, a library of a few licenses, a ledger in a folder."""

import csv
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.anchoring.finding import Finding
from api.anchoring.run import Anchoring, Outcome
from api.anchoring.work import open_work
from ledger.crypto import keccak
from ledger.ids import scoped
from ledger.licenses import Share
from scripts.license_library import HEADINGS, rows
from tests.unit.api.anchoring.simulator import SimOffice

ITEM = SEAL = scoped(2, 1)


def numbered() -> Callable[[int], bytes]:
    """Salts that never repeat within a test."""
    numbers = itertools.count()
    return lambda size: (keccak(b"%d" % next(numbers)) * 2)[:size]


@dataclass
class Desk:
    """Where an issuer anchors from."""

    folder: Path
    office: SimOffice
    random: Callable[[int], bytes] = field(default_factory=numbered)

    @property
    def source(self) -> Path:
        return self.folder / "library.csv"

    def write(self, licenses: list[dict[str, str]], headings: tuple[str, ...] = HEADINGS) -> None:
        with self.source.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, headings)
            table.writeheader()
            table.writerows(licenses)

    def run(self, source: Path | None = None, *, offline: bool = False) -> Outcome:
        with open_work(self.folder / "work") as work:
            anchoring = Anchoring(work, self.random, None if offline else self.office)
            return anchoring.run(source or self.source, ITEM, SEAL, self.folder / "faults.csv")

    def share(self, identifier: str) -> Share:
        with open_work(self.folder / "work") as work:
            return Finding(work).share(identifier)

    def faults(self) -> list[tuple[int, str, str]]:
        """(line, severity, code) of the report."""
        with (self.folder / "faults.csv").open(encoding="utf-8", newline="") as file:
            return [(int(one["line"]), one["severity"], one["code"]) for one in csv.DictReader(file)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, SimOffice(tmp_path / "ledger"))


@pytest.fixture
def library() -> list[dict[str, str]]:
    return list(rows(20, seed=3))
