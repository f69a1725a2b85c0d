"""A mutant process really is mutated, and a process beside it is not."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from api.child import RUNNER, Child
from scripts import mutant

PROBE = """
import sys
from api.store.database import _PRAGMAS

def main():
    print(sys.argv[1:], *_PRAGMAS, sep="|", flush=True)
    sys.stdin.read() if "stay" in sys.argv else None
    return 7
"""


@pytest.fixture
def probe(tmp_path: Path) -> dict[str, str]:
    """An environment in which a package `probe` tells what the process it runs in would send to SQLite."""
    (tmp_path / "probe").mkdir()
    (tmp_path / "probe" / "__init__.py").touch()
    (tmp_path / "probe" / "__main__.py").write_text(PROBE)
    return {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"}


def ended(child: Child) -> str:
    assert child.process is not None
    assert child.process.wait(30) == 7
    child.stop()
    return child.log.read_text()


def test_mutated_process_lacks_the_protection(probe: dict[str, str]) -> None:
    command = [sys.executable, "-m", "scripts.mutant", "outbox.synchronous_off", "probe", "--data", "x"]
    done = subprocess.run(command, env=probe, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("['--data', 'x']|")
    assert "PRAGMA synchronous=OFF" in done.stdout


def test_only_the_named_process_of_a_supervisor_is_mutated(probe: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    there, command = tmp_path / "there", ("probe", "--data", "x")
    sound = Child("sound", there, command, tmp_path / "sound.log", probe, RUNNER)
    mutated = Child("mutated", there, command, tmp_path / "mutated.log", probe, mutant.runner("outbox.synchronous_off"))
    for child in (sound, mutated):
        child.start(0.0)
    assert "synchronous=FULL" in ended(sound)
    said = ended(mutated)
    assert said.startswith("['--data', 'x']|")
    assert "synchronous=OFF" in said


def test_mutant_ends_with_its_supervisor(probe: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    there, command = tmp_path / "there", ("probe", "stay")
    child = Child("mutated", there, command, tmp_path / "log", probe, mutant.runner("outbox.synchronous_off"))
    child.start(0.0)
    assert child.process is not None
    assert child.process.stdin is not None
    child.process.stdin.close()
    child.process.wait(30)


def test_unknown_mutant_is_refused() -> None:
    for name in ("outbox.nothing", "nothing.at_all", "outbox", "outbox._private"):
        with pytest.raises(KeyError):
            mutant.runner(name)


def test_every_mutant_says_which_protection_is_off() -> None:
    assert mutant.names()
    for name in mutant.names():
        assert len((inspect.getdoc(mutant.patch_of(name)) or "").splitlines()) == 1, name
