"""The benchmark of document checks runs and compares each check with its own operations."""

import json

import pytest

from scripts import bench_ofd


def test_checks_are_measured_beside_their_operations(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench_ofd", "--quick", "--json"])
    assert bench_ofd.main() == 0
    targets = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(targets) == 4
    assert all(one["value"] > 0 and one["yardstick"] > 0 for one in targets)
