"""Rows of an existing license library, one at a time: CSV, JSON Lines, or a folder of files with sidecars.

Nothing is held but the row at hand. A row that cannot be read is handed on as a fault with its line; the rest goes on.
"""

import codecs
import csv
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ledger import strict_json
from ledger.errors import Fault, InvalidInput, NotFound
from ledger.licenses.fields import code_of

LONGEST_LINE = 1 << 20
"""Characters: a line of more is no license."""
SIDECAR = ".json"
DOCUMENTS = frozenset({".ofd", ".pdf"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the source: ``values`` by heading, or the fault that kept it from being read.

    ``raw`` is what its fingerprint is made of; ``file`` the document beside it, where the source is a folder.
    """

    line: int
    raw: bytes = field(default=b"", repr=False)
    values: dict[str, object] = field(default_factory=dict, repr=False)
    file: Path | None = None
    fault: Fault | None = None


def open_source(path: Path) -> tuple[Callable[[], Iterator[Row]], Path]:
    """A reader of the source, which may be called again, and the folder that its files lie under.

    NotFound ``SOURCE_MISSING``; InvalidInput ``SOURCE_KIND`` for anything but a folder, ``.csv`` and ``.jsonl``.
    """
    if path.is_dir():
        return (lambda: read_folder(path)), path
    if not path.is_file():
        raise NotFound("SOURCE_MISSING", f"there is no {path.name}", f"没有 {path.name}")
    readers = {".csv": read_csv, ".jsonl": read_json_lines, ".ndjson": read_json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidInput(
            "SOURCE_KIND", "source", "a folder, a .csv or a .jsonl file", "须为文件夹、.csv 或 .jsonl 文件"
        )
    return (lambda: reader(path)), path.parent


def read_csv(path: Path) -> Iterator[Row]:
    """Rows of a CSV file in UTF-8 or GB 18030; the first line has the headings. ``line`` is that of the row's end.

    A quote that is never closed costs its own line alone: what it had swallowed is read again.
    """
    with path.open(encoding=_encoding(path), errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        rows = csv.reader(lines, strict=True)
        headings = _headings(rows)
        mark = "\x1f".join(headings).encode() + b"\x1e"
        while True:
            lines.taken.clear()
            try:
                cells = next(rows, None)
            except csv.Error:
                yield Row(lines.give_back(), fault=_fault("ROW_CSV", "不是合法的 CSV 行", "no line of CSV"))
                continue
            if cells is None:
                return
            if cells:
                yield _csv_row(lines, headings, mark, cells)


def _csv_row(lines: "_Lines", headings: list[str], mark: bytes, cells: list[str]) -> Row:
    line = lines.number
    if len(cells) != len(headings):
        en = f"{len(cells)} cells under {len(headings)} headings"
        return Row(lines.give_back(), fault=_fault("ROW_CELLS", f"{len(headings)} 个列标题,{len(cells)} 个单元格", en))
    text = "\x1f".join(cells)
    try:
        raw = mark + text.encode()
    except UnicodeEncodeError:
        return Row(line, fault=_fault("ROW_ENCODING", "字符编码有误", "not in the file's encoding"))
    return Row(line, raw, dict(zip(headings, cells, strict=True)))


def _headings(rows: Iterator[list[str]]) -> list[str]:
    try:
        headings = [one.strip().strip("\ufeff") for one in next(rows, [])]
        "".join(headings).encode()
    except (csv.Error, UnicodeEncodeError):
        headings = []
    if not headings or len(set(headings)) != len(headings) or "ZZBS" not in map(code_of, headings):
        en = "the first line must name each column once, in UTF-8 or GB 18030 with commas, and one of them ZZBS"
        zh = "首行须列出各列标题且不得重复,须含证照标识(ZZBS);编码为 UTF-8 或 GB 18030,以逗号分隔"
        raise InvalidInput("SOURCE_HEADINGS", "source", en, zh)
    return headings


class _Lines:
    """Lines of a file; those that a faulty row has ``taken`` beyond its first can be had again."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._again = file, deque[str]()
        self.number, self.taken = 0, list[str]()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def _read(self) -> str:
        """The rest of a line that is too long is passed over, and what is left of it has too many characters."""
        line = rest = self._file.readline(LONGEST_LINE)
        while len(rest) == LONGEST_LINE and not rest.endswith("\n"):
            rest = self._file.readline(LONGEST_LINE)
        return line

    def give_back(self) -> int:
        """Let all lines of a row but its first be read again; the number of that one."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        return self.number


def _encoding(path: Path) -> str:
    """UTF-8, unless most lines of the first megabyte are none: then GB 18030, in which older libraries are exported."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    lines = [line for line in head.split(b"\n")[:-1] if not line.isascii()]
    return "gb18030" if 2 * sum(map(_is_utf8, lines)) < len(lines) else "utf-8-sig"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_json_lines(path: Path) -> Iterator[Row]:
    """One JSON object a line, UTF-8."""
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(LONGEST_LINE):
            line += 1
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST_LINE)
                yield Row(line, fault=_fault("ROW_LONG", "该行过长", "the line is too long"))
            elif text := raw.strip():
                yield _json_row(line, text)


def read_folder(path: Path) -> Iterator[Row]:
    """Each ``NAME.ofd`` or ``NAME.pdf`` with metadata in ``NAME.ofd.json`` or ``NAME.json``; ``line`` counts files.

    Names are taken in order, so that a second run meets them in the same.
    """
    files = sorted(one for one in path.rglob("*") if one.suffix.lower() in DOCUMENTS and one.is_file())
    for line, file in enumerate(files, 1):
        try:
            yield _with_sidecar(line, file)
        except OSError:
            en, zh = "the metadata cannot be read", "元数据文件无法读取"
            yield Row(line, file=file, fault=_fault("ROW_SIDECAR", zh, en))


def _with_sidecar(line: int, file: Path) -> Row:
    sidecar = next((one for one in _sidecars(file) if one.is_file()), None)
    if sidecar is None:
        return Row(line, file=file, fault=_fault("ROW_SIDECAR", "缺少元数据文件", "no metadata beside the file"))
    if sidecar.stat().st_size > LONGEST_LINE:
        return Row(line, file=file, fault=_fault("ROW_LONG", "元数据过长", "the metadata is too long"))
    return _json_row(line, sidecar.read_bytes(), file)


def _sidecars(file: Path) -> tuple[Path, Path]:
    return file.with_name(file.name + SIDECAR), file.with_suffix(SIDECAR)


def _json_row(line: int, raw: bytes, file: Path | None = None) -> Row:
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        values = strict_json.loads(raw, deepest=4, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return Row(line, file=file, fault=_fault("ROW_JSON", "不是 JSON 对象", "no JSON object"))
    return Row(line, raw, values, file)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise json.JSONDecodeError("a name stands twice", "", 0)
    return found


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(code, "", zh, en)
