"""The clocks of a case: what the law and the item promise, in the seconds around each edge."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.deadlines import Clock, Limit, Standing, Taken, clocks
from ledger.procedure import Action
from ledger.workdays import day_of, end_of, workday_after

DAY = 86_400


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> int:
    """A time in China."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) - 8 * 3_600


def steps(*rows: tuple[Action, int] | tuple[Action, int, int]) -> list[Taken]:
    return [Taken(int(row[0]), row[1], row[1], *row[2:]) for row in rows]


def of(limit: Limit, *arguments: Any) -> list[Clock]:
    return [clock for clock in clocks(*arguments) if clock.limit is limit]


def test_nobody_answers_and_the_application_counts_as_accepted() -> None:
    """Received on the Friday before the Spring Festival; the Saturday is worked, the nine days after it are not."""
    case = steps((Action.COLLECT, at(2, 13)))
    due = at(2, 28, 0)
    before, after = clocks(case, 5, 20, due - 1), clocks(case, 5, 20, due)
    assert [one.standing for one in before] == [Standing.RUNNING]
    assert [(one.limit, one.standing, one.deemed) for one in after] == [
        (Limit.ACCEPTANCE, Standing.MISSED, False),
        (Limit.DECISION, Standing.RUNNING, True),
    ]
    assert before[0].due == due
    assert after[1].began == at(2, 13)


def test_the_answer_counts_to_the_last_second_of_the_day() -> None:
    received, due = at(3, 2), at(3, 10, 0)
    for moment, standing in ((due - 1, Standing.KEPT), (due, Standing.MISSED)):
        (clock,) = of(Limit.ACCEPTANCE, steps((Action.COLLECT, received), (Action.ACCEPT, moment)), 0, 0, due + DAY)
        assert clock.standing is standing


def test_an_answer_dated_back_is_only_claimed() -> None:
    received, due = at(3, 2), at(3, 10, 0)
    case = [*steps((Action.COLLECT, received)), Taken(int(Action.ACCEPT), due - 1, due + 3_600)]
    (clock,) = of(Limit.ACCEPTANCE, case, 5, 20, due + DAY)
    assert clock.standing is Standing.CLAIMED


@pytest.mark.parametrize(("promised", "days"), [(0, 5), (2, 2), (5, 5), (9, 5)])
def test_a_promise_only_shortens(promised: int, days: int) -> None:
    (clock,) = clocks(steps((Action.COLLECT, at(3, 2))), promised, 0, at(3, 2))
    assert clock.days == days


def test_notified_in_time_the_clock_begins_again_when_all_is_there() -> None:
    case = steps(
        (Action.COLLECT, at(3, 2)), (Action.NOTIFY, at(3, 4), 3), (Action.SUPPLEMENT, at(4, 1), 1),
        (Action.SUPPLEMENT, at(4, 8), 0),
    )  # fmt: skip
    first, again = of(Limit.ACCEPTANCE, case, 5, 20, at(4, 9))
    assert (first.standing, again.standing, again.began) == (Standing.KEPT, Standing.RUNNING, at(4, 8))
    assert again.due == at(4, 16, 0)


def test_a_special_procedure_stops_the_decision_and_puts_it_off() -> None:
    case = steps((Action.COLLECT, at(3, 2)), (Action.ACCEPT, at(3, 3)), (Action.PAUSE, at(3, 5)))
    (stopped,) = of(Limit.DECISION, case, 5, 20, at(6, 1))
    assert (stopped.standing, stopped.due) == (Standing.STOPPED, None)
    case += steps((Action.RESUME, at(3, 19)))
    (running,) = of(Limit.DECISION, case, 5, 20, at(3, 20))
    plain = workday_after(day_of(at(3, 3)), 20 + 10)
    assert plain is not None
    assert running.due == end_of(plain)


def test_a_case_withdrawn_in_a_special_procedure_missed_nothing() -> None:
    case = steps(
        (Action.COLLECT, at(3, 2)), (Action.ACCEPT, at(3, 3)), (Action.PAUSE, at(3, 5)), (Action.WITHDRAW, at(8, 3))
    )
    assert [one.standing for one in of(Limit.DECISION, case, 5, 20, at(9, 1))] == [Standing.ENDED]


def test_extended_once_by_ten() -> None:
    case = steps((Action.COLLECT, at(3, 2)), (Action.ACCEPT, at(3, 3)), (Action.EXTEND, at(3, 20)))
    (clock,) = of(Limit.DECISION, case, 5, 20, at(3, 21))
    assert clock.days == 30


def test_delivery_and_mending_have_ten_days() -> None:
    case = steps(
        (Action.COLLECT, at(3, 2)), (Action.ACCEPT, at(3, 3)), (Action.APPROVE, at(3, 16)),
        (Action.DELIVER, at(3, 31)), (Action.RATE, at(3, 31), 5),
    )  # fmt: skip
    found = {one.limit: one for one in clocks(case, 5, 20, at(4, 1))}
    assert found[Limit.DECISION].standing is Standing.KEPT
    assert found[Limit.DELIVERY].standing is Standing.MISSED
    assert (found[Limit.MENDING].standing, found[Limit.MENDING].days) == (Standing.RUNNING, 10)
    content = steps(*((Action(one.action), one.at) for one in case[:-1]), (Action.RATE, at(3, 31), 3))
    assert not of(Limit.MENDING, content, 5, 20, at(4, 1))


def test_into_a_year_without_an_arrangement_nothing_is_said() -> None:
    case = steps((Action.COLLECT, at(12, 29)))
    for now in (at(12, 29), at(6, 1, year=2027)):
        (clock,) = clocks(case, 5, 20, now)
        assert (clock.standing, clock.due) == (Standing.UNKNOWN, None)


def test_no_steps_no_clocks() -> None:
    assert clocks((), 5, 20, 0) == ()


@given(st.lists(st.tuples(st.sampled_from(list(Action)[1:]), st.integers(0, 20 * DAY), st.integers(0, 5))), st.data())
def test_any_order_of_steps_has_clocks_that_make_sense(
    rows: list[tuple[Action, int, int]], data: st.DataObject
) -> None:
    """No crash, nothing due before it began, nothing still running after its end, nothing missed before."""
    begun, moment, case = at(3, 2), at(3, 2), [Taken(1, at(3, 2), at(3, 2))]
    for action, gap, detail in rows:
        moment += gap
        case.append(Taken(int(action), moment, moment + data.draw(st.integers(0, 3 * DAY)), detail))
    now = moment + data.draw(st.integers(0, 60 * DAY))
    for clock in clocks(case, data.draw(st.integers(0, 9)), data.draw(st.integers(0, 30)), now):
        assert clock.began >= begun
        if clock.due is None:
            assert clock.standing in {Standing.STOPPED, Standing.UNKNOWN, Standing.ENDED}
            continue
        assert clock.due > clock.began
        if clock.standing is Standing.RUNNING:
            assert now < clock.due
        if clock.standing is Standing.MISSED:
            assert (now if clock.done is None else clock.done) >= clock.due
