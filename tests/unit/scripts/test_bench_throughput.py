"""The benchmark of acceptance and anchoring: real steps in its short form, and the same work for every yardstick."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.engine_chain import EngineRun
from scripts.load import anchoring


@pytest.mark.needs("postgresql")
@pytest.mark.timeout(300)
def test_the_short_form_tells_every_figure_beside_its_yardstick() -> None:
    command = [sys.executable, "-m", "scripts.bench_throughput", "--quick", "--json", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert [one["target"] for one in said] == [
        "P3.reference", "P3.rate", "P3.chain", "P3.p99", "P2.ratio", "P2.rate", "P3.anchored",
    ]  # fmt: skip
    assert all(one["value"] > 0 and one["yardstick"] > 0 for one in said)
    assert "seed 7" in done.stderr


def test_engine_that_refused_steps_is_no_yardstick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(anchoring, "measure", lambda *_: EngineRun(steps=99, transactions=1, blocks=1, seconds=1.0))
    with pytest.raises(SystemExit, match="99 of 100"):
        anchoring._engine(tmp_path, [b"raw"], 100, 100)
