"""The benchmarks of the engine and of growth work: what they print is judged by whoever runs them in full."""

import json
import subprocess
import sys
from typing import Any

import pytest

_SECONDS = 300


def _quickly(name: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{name}", "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("bench_engine", {"engine×10", "engine×100"}),
        ("bench_growth", {"P8 time", "P8 statements", "P8 rows", "P8 bytes", "P8 start"}),
    ],
)
def test_the_quick_form_takes_real_steps_and_tells_every_figure(name: str, targets: set[str]) -> None:
    found = _quickly(name)
    assert {one["target"] for one in found} == targets
    assert all(one["value"] > 0 for one in found)
