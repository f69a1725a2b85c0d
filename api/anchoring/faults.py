"""The report of faulty rows: line, element, reason in both languages, never a value."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.anchoring.sources import Row
from ledger.errors import Fault

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HEADINGS = ("line", "file", "severity", "element", "code", "zh", "en")


class FaultReport:
    """A CSV file, or JSON Lines where it is called so."""

    def __init__(self, write: Callable[[tuple[object, ...]], object], folder: Path) -> None:
        """Use ``writing_faults``."""
        self._write, self._folder = write, folder

    def tell(self, row: Row, fault: Fault) -> None:
        """One fault of one row."""
        name = "" if row.file is None else _shown(row.file, self._folder)
        self._write((row.line, name, "fault", fault.where, fault.code, fault.zh, fault.en))

    def warn(self, line: int, code: str, zh: str, en: str) -> None:
        """What is odd about a row that was taken."""
        self._write((line, "", "warning", "", code, zh, en))


@contextmanager
def writing_faults(path: Path, folder: Path) -> Iterator[FaultReport]:
    """A fresh report; it is complete when the pass is."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            yield FaultReport(lambda cells: file.write(_line(cells)), folder)
        else:
            table = csv.writer(file)
            table.writerow(HEADINGS)
            yield FaultReport(table.writerow, folder)
    partial.replace(path)


def _line(cells: tuple[object, ...]) -> str:
    return json.dumps(dict(zip(HEADINGS, cells, strict=True)), ensure_ascii=False) + "\n"


def _shown(path: Path, folder: Path) -> str:
    """Relative to the source; a name that is no text is shown with what is wrong replaced.

    It begins with a dot where a spreadsheet would take it for a formula.
    """
    name = str(path.relative_to(folder)).encode(errors="replace").decode()
    return f"./{name}" if name.startswith(_FORMULA) else name
