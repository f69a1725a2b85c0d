"""The benchmark of the front runs and says what it measured."""

import json

import pytest

from scripts import bench_front


def test_the_front_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["bench_front", "--quick", "--json"])
    assert bench_front.main() == 0
    (target,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert target["value"] > 0
    assert target["yardstick"] > 0
