"""The SM2 benchmark works: it verifies, refuses, and prints what it promised."""

import json
import subprocess
import sys

import pytest


@pytest.mark.needs("openssl")
def test_quick_run_verifies_and_prints() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench_sm2", "--quick", "--json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed[0]["target"] == "SM2"
    assert printed[0]["value"] > 0
    assert printed[0]["goal"] == ">= 0.8"
    assert printed[1]["yardstick"] > 0
    assert "seed 1" in done.stderr
