"""The experiment on power loss and failing disks in its short form."""

import subprocess
import sys

import pytest


@pytest.mark.needs("strace")
def test_acknowledged_means_synced_and_both_mutants_are_found_out() -> None:
    command = [sys.executable, "-m", "scripts.fault_power", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
