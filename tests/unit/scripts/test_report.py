"""What every benchmark and experiment ends with: a missed target cannot pass for a met one."""

import json

import pytest

from scripts.report import Target, conclude

MET = Target("P0", "fast enough", 9.0, 0.8, "/s", 10.0, of_ratio=True)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (MET, True),
        (Target("P0", "too slow", 7.0, 0.8, "/s", 10.0, of_ratio=True), False),
        (Target("P0", "no yardstick", 9.0, 0.8, "/s", None, of_ratio=True), False),
        (Target("P0", "a yardstick that did nothing", 9.0, 0.8, "/s", 0.0, of_ratio=True), False),
        (Target("R0", "lost", 0, 0, at_most=True), True),
        (Target("R0", "lost", 1, 0, at_most=True), False),
        (Target("R0", "mutants found out", 2, 3), False),
        (Target("R0", "not a number", float("nan"), 0, at_most=True), False),
    ],
)
def test_goal_is_held_against_value_or_ratio(target: Target, met: bool) -> None:
    assert target.met is met


def test_one_missed_target_is_the_exit_code_and_all_stand_in_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    missed = Target("R0", "lost", 1, 0, at_most=True)
    assert conclude([MET], as_json=True) == 0
    assert conclude([MET, missed], as_json=True) == 1
    assert conclude([MET, missed], as_json=True, judged=False) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["met"] for one in said] == [True, False]
    assert all({"target", "value", "yardstick", "ratio", "goal", "met"} <= one.keys() for one in said)
