"""R9 in its quick form: every edge of time, leaping clocks, time zones, every mutant."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(400)
def test_times_are_right_at_every_edge_and_mutants_are_found_out() -> None:
    command = (sys.executable, "-m", "scripts.fault_clock", "--quick", "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
