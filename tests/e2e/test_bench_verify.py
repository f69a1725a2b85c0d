"""P6 in its quick form: every answer is that of the license asked for, a suspended one is told at once."""

import json
import subprocess
import sys


def test_licenses_are_verified_as_they_are() -> None:
    command = (sys.executable, "-m", "scripts.bench_verify", "--quick", "--json", "--seed", "7")
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (target,) = json.loads(done.stdout.splitlines()[-1])
    assert target["target"] == "P6"
