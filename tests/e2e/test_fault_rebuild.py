"""R6 in its short form."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(600)


def test_index_is_rebuilt_backup_loses_nothing_and_the_mutant_is_found_out() -> None:
    command = (sys.executable, "-m", "scripts.fault_rebuild", "--quick", "--json", "--seed", "7")
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(one["met"] for one in found)
    assert any("mutant" in one["what"] for one in found)
