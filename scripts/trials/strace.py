"""System calls of running processes: recorded, and made to fail, with ``strace``."""

import codecs
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FILE_CALLS = ("openat", "pread64", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "unlink", "rename")
SENT_CALLS = ("write", "writev", "sendto", "sendmsg")
_LONGEST = 70_000
_ATTACH_SECONDS = 30.0
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$", re.DOTALL)
_RESULT = re.compile(r"\) += (-?\d+|\?)(.*)$", re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PLACE = re.compile(r"^(\d+)<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: between lines ``begun`` and ``ended`` of the record it happened. ``result`` None: it never returned.

    ``path`` is what the descriptor (or, of openat and unlink, the name) stands for; ``data`` what was written,
    ``offset`` where; ``injected`` whether strace made it fail.
    """

    pid: int
    name: str
    path: str
    data: bytes
    offset: int
    begun: int
    ended: int
    result: int | None
    injected: bool


def has_strace() -> bool:
    """Whether this machine has it."""
    return shutil.which("strace") is not None


class Strace:
    """Attached to processes from the first to the last line of a ``with`` block."""

    def __init__(self, record: Path, pids: Sequence[int], inject: str | None = None) -> None:
        """``inject`` is strace's own, such as ``pwrite64:error=EIO:when=3``; counted for each thread by itself."""
        self.record, self._pids = record, pids
        self._errors = record.with_suffix(".err")
        names = ",".join((*FILE_CALLS, *SENT_CALLS))
        self._command = ["strace", "-f", "-y", "-s", str(_LONGEST), "-o", str(record), "-e", f"trace={names}"]
        self._command += ["-e", "signal=none"] + ([] if inject is None else ["-e", f"inject={inject}"])
        for pid in pids:
            self._command += ["-p", str(pid)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(self._command, stderr=errors)
        until = time.monotonic() + _ATTACH_SECONDS
        while self._errors.read_text(encoding="utf-8").count("attached") < len(self._pids):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"strace: {self._errors.read_text(encoding='utf-8')}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()

    def lines(self) -> int:
        """How many lines the record has so far."""
        with self.record.open("rb") as record:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: record.read(1 << 20), b""))


def read_calls(record: Path) -> list[Call]:
    """The calls in the order in which they ended; those that never returned come last."""
    return list(_calls(record))


def _calls(record: Path) -> Iterator[Call]:
    open_calls: dict[int, tuple[str, str, int]] = {}
    with record.open(encoding="latin-1", newline="\n") as lines:
        for number, line in enumerate(lines):
            match = _LINE.match(line.rstrip("\n"))
            if not match:
                continue
            pid, resumed, name, rest = int(match[1]), match[2], match[3], match[4]
            if rest.endswith("<unfinished ...>"):
                open_calls[pid] = (name, rest.removesuffix("<unfinished ...>"), number)
                continue
            begun = number
            if resumed:
                name, before, begun = open_calls.pop(pid, (resumed, "", number))
                rest = before + rest
            yield _call(pid, name, rest, begun, number)
    for pid, (name, rest, begun) in open_calls.items():
        yield _call(pid, name, rest, begun, begun)


def _call(pid: int, name: str, rest: str, begun: int, ended: int) -> Call:
    found = _RESULT.search(rest, max(0, len(rest) - 200))
    result = None if found is None or found[1] == "?" else int(found[1])
    texts = _TEXT.findall(rest)
    data = codecs.escape_decode(b"".join(text.encode("latin-1") for text in texts))[0]
    place = _PLACE.match(rest)
    path = place[2] if place else os.fsdecode(bytes(data))
    arguments = rest[: found.start()] if found else rest
    last = arguments.rstrip(") ").rsplit(",", 1)[-1].strip()
    offset = int(last) if name in ("pwrite64", "pread64", "ftruncate") and last.isdigit() else -1
    injected = found is not None and "(INJECTED)" in found[2]
    return Call(pid, name, path, bytes(data), offset, begun, ended, result, injected)
