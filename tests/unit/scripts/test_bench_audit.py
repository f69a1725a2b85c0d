"""The audit's benchmark in its short form: it builds, audits, finds what it tampers with, and prints its figures."""

import json
import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_the_short_form_does_everything_once() -> None:
    command = [sys.executable, "-m", "scripts.bench_audit", "--quick", "--json", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert {one["target"] for one in said} == {"P9", "P9 rate", "P9 per core", "P9 per core, all"}
    assert all(one["value"] > 0 for one in said)
    assert "forged in block" in done.stderr
    assert "silenced in block" in done.stderr
    assert "seed 7" in done.stderr
