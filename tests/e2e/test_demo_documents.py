"""What README and the documents tell people to type runs as written on what the demonstration leaves behind."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import HUXIN

pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
EXPECTED = re.compile(r"#.*\bexit (\d+)$")
HERE_DOCUMENT = re.compile(r"<<'(\w+)'$")
NOT_HERE = ("#", "huxin up --data .huxin/demo &", "make ")
"""Comments; what the fixtures have done already; what would make an environment or test everything."""


def commands_of(text: str) -> Iterator[tuple[str, int]]:
    """Each command of the blocks in ``sh``, with the exit code that its comment announces (0 if none)."""
    for block in BLOCK.findall(text):
        lines = iter(block.splitlines())
        for line in lines:
            command = line
            if end := HERE_DOCUMENT.search(line):
                command = "\n".join((line, *iter(lambda: next(lines), end[1]), end[1]))  # noqa: B023 - used at once
            if command.strip() and not command.startswith(NOT_HERE):
                found = EXPECTED.search(line)
                yield command, int(found[1]) if found else 0


def script_of(text: str) -> str:
    """One shell script that goes through all of them and stops, telling which, where one ends otherwise."""
    parts = []
    for number, (command, code) in enumerate(commands_of(text)):
        check = f'got=$?; [ $got = {code} ] || {{ echo "COMMAND {number} ended with $got" >&2; exit 99; }}'
        parts += [f"echo COMMAND {number}", command, check]
    return "\n".join(parts) + "\n"


@contextmanager
def running(place: Path) -> Iterator[Mapping[str, str]]:
    """The ledger of ``place/.huxin/demo`` on ports of its own, and what a shell beside it needs."""
    up = (*HUXIN, "up", "--data", str(place / ".huxin/demo"), "--port", "0", "--rpc-port", "0", "--json")
    with subprocess.Popen(up, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            path = f"{place / 'bin'}:{os.environ['PATH']}"
            yield {**os.environ, "PATH": path, "HUXIN_URL": ready["url"], "PYTHONPATH": str(ROOT)}
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def shell(played: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """A folder as it is after ``make demo``, with the ledger running and ``huxin`` on the path."""
    place = tmp_path_factory.mktemp("reader")
    shutil.copytree(played[0], place / ".huxin/demo")
    (place / "bin").mkdir()
    huxin = place / "bin" / "huxin"
    huxin.write_text(f'#!/bin/sh\nexec {sys.executable} -m api.cli "$@"\n', "utf-8")
    huxin.chmod(0o755)
    with running(place) as variables:
        yield place, variables


@pytest.mark.parametrize("documents", [
    ("README.md",), ("docs/documents.md", "docs/bulk-licenses.md"), ("docs/command-line.md",),
], ids=" ".join)  # fmt: skip
def test_every_command_runs_as_written(shell: tuple[Path, Any], documents: tuple[str, ...]) -> None:
    place, variables = shell
    text = "\n".join((ROOT / name).read_text("utf-8") for name in documents)
    assert len(list(commands_of(text))) >= 5
    done = subprocess.run(
        ("bash", "-c", script_of(text)), cwd=place, env=variables, capture_output=True, text=True, timeout=500,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_command_that_ends_otherwise_than_announced_is_told(tmp_path: Path) -> None:
    text = "```sh\ntrue\ncat > x <<'END'\n# not a comment\nEND\nfalse   # 退出码 exit 1\n{}\n```\n"
    for last, code in (("true", 0), ("false", 99), ("sh -c 'exit 3'  # exit 3", 0), ("true  # exit 3", 99)):
        script = script_of(text.format(last))
        assert subprocess.run(("bash", "-c", script), cwd=tmp_path, check=False, capture_output=True).returncode == code
    assert (tmp_path / "x").read_text() == "# not a comment\n"
