"""P7 in its quick form: killed, resumed, proven on the ledger; and red without its protections."""

import json
import subprocess
import sys

import pytest

COMMAND = (sys.executable, "-m", "scripts.bench_batch", "--quick", "--json", "--seed", "7")


def test_killed_half_way_and_resumed_every_license_is_anchored_once() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    targets = {one["target"]: one for one in json.loads(done.stdout.splitlines()[-1])}
    assert targets["P7 proof"]["met"]
    assert targets["P7 memory"]["met"]


@pytest.mark.parametrize("mutant", ["anchoring.start_over", "anchoring.count_twice"])
def test_without_its_protection_the_benchmark_goes_red(mutant: str) -> None:
    done = subprocess.run((*COMMAND, "--mutant", mutant), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "not so" in done.stderr
