"""The benchmark of turns runs and tells both arms."""

import json

import pytest

from scripts import bench_turns


def test_waits_with_and_without_turns_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench_turns", "--quick", "--json"])
    assert bench_turns.main() == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["target"] for one in told] == ["turns.relay", "turns.index"]
    assert all(one["value"] > 0 for one in told)
