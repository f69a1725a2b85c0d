"""What clients note of their answers, and when nothing moves any more."""

import json

from scripts.load.steps import Signed
from scripts.trials.insisting import Progressing, Told

STEP = Signed(None, b"a" * 32, b"s" * 64, b"c" * 32)  # type: ignore[arg-type]


def test_answers_are_told_apart() -> None:
    told = Told()
    assert told.note(STEP, None, 9.0) is None
    assert told.note(STEP, (503, b"{}"), 0.1) is None
    assert told.note(STEP, (500, b"{}"), 0.1) is None
    assert told.note(STEP, (409, json.dumps({"code": "STALE_STATE"}).encode()), 0.1) is False
    assert told.note(STEP, (202, b"{}"), 0.1) is True
    assert told.acknowledged == [STEP]
    assert told.refused == {STEP.act_id: "STALE_STATE"}
    assert (told.again, told.slowest, told.answers[500]) == (3, 9.0, 1)


def test_waiting_ends_where_nothing_moves_and_not_before() -> None:
    now, count = [0.0], [0]
    progressing = Progressing(lambda: count[0], 10.0, lambda: now[0])
    for step in range(1, 6):
        now[0], count[0] = 9.0 * step, step
        assert progressing
    now[0] += 10.0
    assert not progressing
