"""R7 in its quick form: every kind of hostile input, every mutant."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(400)
def test_hostile_input_is_refused_with_its_own_code_and_mutants_are_found_out() -> None:
    command = (sys.executable, "-m", "scripts.fault_inputs", "--quick", "--json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
