"""An experiment that is told to end leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import subprocess, sys, tempfile, time
from scripts.trials.ending import in_order

with in_order(), tempfile.TemporaryDirectory() as folder:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        print(folder, flush=True)
        time.sleep(60)
    finally:
        child.kill()
        print(child.wait(), flush=True)
"""


def test_told_to_end_in_the_midst_it_takes_processes_and_folders_with_it() -> None:
    with subprocess.Popen((sys.executable, "-c", PROGRAM), stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        folder = Path(program.stdout.readline().strip())
        assert folder.is_dir()
        program.send_signal(signal.SIGTERM)
        assert program.stdout.read().strip() == str(-signal.SIGKILL)
    assert program.returncode == 128 + signal.SIGTERM
    assert not folder.exists()
