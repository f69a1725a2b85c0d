"""The experiment on killed processes in its short form."""

import subprocess
import sys


def test_kills_lose_nothing_and_the_mutant_is_found_out() -> None:
    command = [sys.executable, "-m", "scripts.fault_kill", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
