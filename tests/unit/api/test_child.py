"""A process under a supervisor, started by itself or forked from one that has done the imports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.child import Child
from api.forked import UNKNOWN_EXIT, Forked, Zygote

PACKAGE = "program_of_test_child"
PROGRAM = """
import os, sys, time
LATER = ("later_of_test_child",)
print("imported in", os.getpid(), flush=True)
def main():
    print("began", sys.argv[1], os.environ["OWN"], os.getpid(), flush=True)
    if sys.argv[1] == "end":
        return 7
    time.sleep(60)
"""


def await_that(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Of the zygote and of all that is forked from it."""
    return tmp_path / "log"


@pytest.fixture
def zygote(tmp_path: Path, log: Path) -> Iterator[Zygote]:
    """Of a program that tells what happens to it."""
    (tmp_path / "there").touch()
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__main__.py").write_text(PROGRAM)
    (tmp_path / "later_of_test_child.py").write_text("print('imported later', flush=True)")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path)), "PYTHONUNBUFFERED": "1"}
    made = Zygote(PACKAGE, environment, log)
    yield made
    made.close()


def child(zygote: Zygote, folder: Path, *arguments: str) -> Child:
    environment = {**os.environ, "OWN": "mine"}
    return Child("one", folder / "there", (PACKAGE, *arguments), folder / "log", environment, zygote=zygote)


def begun(one: Child) -> list[str]:
    return [line for line in one.log.read_text().splitlines() if line.startswith("began")]


def end_of(one: Child) -> int:
    assert one.process is not None
    code = one.process.wait(30)
    one.stop()
    return code


def test_forked_process_has_its_own_arguments_environment_and_exit_code(zygote: Zygote, tmp_path: Path) -> None:
    one = child(zygote, tmp_path, "end")
    one.start(0.0)
    assert end_of(one) == 7
    assert one.process is not None
    assert begun(one) == [f"began end mine {one.process.pid}"]


def test_killed_process_is_forked_again_without_importing(zygote: Zygote, tmp_path: Path) -> None:
    one = child(zygote, tmp_path, "stay")
    for restarts in (1, 2, 3):
        one.start(float(restarts))
        await_that(lambda: len(begun(one)) == restarts)  # noqa: B023 - awaited in this turn
        assert one.running
        assert one.process is not None
        os.kill(one.process.pid, signal.SIGKILL)
        assert end_of(one) == -signal.SIGKILL
    assert one.log.read_text().count("imported in") == 1
    assert one.log.read_text().count("imported later") == 1


def test_forked_process_ends_with_its_supervisor(zygote: Zygote, tmp_path: Path) -> None:
    one = child(zygote, tmp_path, "stay")
    one.start(0.0)
    await_that(lambda: len(begun(one)) == 1)
    assert one.process is not None
    assert one.process.stdin is not None
    one.process.stdin.close()
    assert end_of(one) == -signal.SIGTERM


def test_forked_process_outlives_a_killed_zygote_and_the_next_comes_from_a_new_one(
    zygote: Zygote, tmp_path: Path
) -> None:
    first, second = child(zygote, tmp_path, "stay"), child(zygote, tmp_path, "stay")
    first.start(0.0)
    await_that(lambda: len(begun(first)) == 1)
    killed = zygote.pid
    os.kill(killed, signal.SIGKILL)
    await_that(lambda: not zygote.running)
    assert first.running
    second.start(0.0)
    await_that(lambda: len(begun(second)) == 2)
    assert zygote.pid != killed
    assert first.running
    first.stop()
    assert isinstance(first.process, Forked)
    assert first.process.returncode == UNKNOWN_EXIT
    second.stop()
    assert end_of(second) == -signal.SIGTERM


def test_process_of_a_zygote_that_cannot_import_has_ended(tmp_path: Path, log: Path) -> None:
    zygote = Zygote("no_such_package", os.environ, log)
    (tmp_path / "there").touch()
    one = child(zygote, tmp_path)
    one.start(0.0)
    assert end_of(one) == UNKNOWN_EXIT
    assert not one.running
    assert "no_such_package" in one.last_words()
    zygote.close()


def test_process_with_a_runner_of_its_own_is_not_forked(zygote: Zygote, tmp_path: Path) -> None:
    one = child(zygote, tmp_path, "stay")
    one.runner = (sys.executable, "-c", "import sys; sys.stdin.read()")
    one.start(0.0)
    assert isinstance(one.process, subprocess.Popen)
    one.stop()
    assert not one.running
