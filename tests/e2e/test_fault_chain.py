"""The quick forms of the experiments on the relay, as CI runs them."""

import json
import subprocess
import sys
from typing import Any

import pytest

_SECONDS = 540


def quick(name: str) -> list[dict[str, Any]]:
    command = (sys.executable, "-m", f"scripts.{name}", "--quick", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    targets: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return targets


@pytest.mark.timeout(_SECONDS + 60)
def test_chain_that_misbehaves_loses_and_doubles_nothing_and_the_mutant_is_found() -> None:
    targets = quick("fault_chain")
    assert {one["target"] for one in targets} >= {"R3 cells", "R3 lost", "R3 doubled", "R3 bound", "R3 mutants"}
    assert all(one["met"] for one in targets), targets


@pytest.mark.needs("postgresql")
@pytest.mark.timeout(_SECONDS + 60)
def test_two_relays_and_two_gateways_on_one_database_and_the_mutant_is_found() -> None:
    targets = quick("fault_relays")
    assert {one["target"] for one in targets} >= {"R5 relay dies", "R5 poison", "R5 same at once", "R5 mutant"}
    assert all(one["met"] for one in targets), targets


@pytest.mark.timeout(_SECONDS + 60)
def test_cost_of_the_relay_is_measured_on_steps_that_were_all_taken() -> None:
    assert {one["target"] for one in quick("bench_relay")} >= {"relay+index", "index"}
