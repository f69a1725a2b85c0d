"""A process under a supervisor, and the one that stands by for it."""

import os
import sys
import time
from pathlib import Path

from api.child import Child

PROGRAM = """
import sys, time
from pathlib import Path
file = Path(sys.argv[1])
print("imported", flush=True)
while not file.exists():
    time.sleep(0.01)
print("began", flush=True)
time.sleep(60)
"""


def child(folder: Path) -> Child:
    (folder / "there").touch()
    environment = dict(os.environ)
    return Child("one", folder / "there", (), folder / "log", environment, (sys.executable, "-c", PROGRAM))


def await_words(one: Child, count: int, word: str) -> None:
    until = time.monotonic() + 30
    while one.log.read_text().count(word) < count:
        assert time.monotonic() < until, one.log.read_text()
        time.sleep(0.01)


def test_standby_waits_until_the_process_is_gone_and_then_takes_over(tmp_path: Path) -> None:
    one = child(tmp_path)
    one.start(0.0)
    one.prepare(tmp_path / "1.begin")
    await_words(one, 2, "imported")
    await_words(one, 1, "began")
    first, ready = one.process, one.standby
    assert first is not None
    assert ready is not None
    first.kill()
    first.wait()
    assert not one.running
    one.start(1.0)
    assert one.process is ready.process
    await_words(one, 2, "began")
    assert one.standby is None
    one.stop()
    assert not one.running


def test_dead_standby_is_not_what_takes_over(tmp_path: Path) -> None:
    one = child(tmp_path)
    one.start(0.0)
    one.prepare(tmp_path / "1.begin")
    ready = one.standby
    assert ready is not None
    ready.process.kill()
    ready.process.wait()
    one.stop()
    one.start(1.0)
    assert one.process is not None
    assert one.process is not ready.process
    await_words(one, 1, "began")
    one.stop()


def test_stopping_ends_the_standby_too(tmp_path: Path) -> None:
    one = child(tmp_path)
    one.start(0.0)
    one.prepare(tmp_path / "1.begin")
    ready = one.standby
    assert ready is not None
    one.stop()
    assert ready.process.poll() is not None
