"""Working days in China: holidays, working weekends, years nobody has announced, and the edge of midnight."""

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.workdays import day_of, end_of, is_known, is_workday, workday_after

FIRST, LAST = date(2005, 1, 1), date(2026, 12, 31)
DAYS = st.dates(FIRST, date(2026, 6, 30))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2024, 2, 29), True),
        (date(2020, 2, 29), False),
        (date(2020, 1, 31), False),
        (date(2026, 3, 1), False),
    ],
)
def test_the_state_councils_arrangements(day: date, worked: bool) -> None:
    assert is_workday(day) is worked


def test_a_year_that_was_not_announced_is_not_guessed() -> None:
    assert is_workday(date(2027, 6, 15)) is None
    assert not is_known(2003)
    assert is_known(2026)
    assert workday_after(date(2026, 12, 28), 3) == date(2026, 12, 31)
    assert workday_after(date(2026, 12, 28), 4) is None
    assert workday_after(date(2031, 1, 1), 1) is None


def test_a_day_ends_at_midnight_in_china() -> None:
    last = int(datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC).timestamp())
    assert [day_of(last), day_of(last + 1)] == [date(2026, 3, 2), date(2026, 3, 3)]
    assert end_of(date(2026, 3, 2)) == last + 1


@given(DAYS)
def test_every_second_of_a_day_belongs_to_it(day: date) -> None:
    end = end_of(day)
    assert day_of(end - 1) == day
    assert day_of(end) == day + timedelta(days=1)
    assert day_of(end - 86_400) == day


@given(DAYS, st.integers(1, 40))
def test_counting_is_what_listing_the_working_days_gives(start: date, count: int) -> None:
    listed = chinese_calendar.get_workdays(start + timedelta(days=1), LAST)
    assert workday_after(start, count) == listed[count - 1]


@given(DAYS, st.integers(1, 20), st.integers(0, 30), st.integers(0, 40))
def test_days_that_do_not_count_put_the_end_off(start: date, count: int, begin: int, length: int) -> None:
    first = start + timedelta(days=begin)
    last = first + timedelta(days=length)
    listed = [day for day in chinese_calendar.get_workdays(start + timedelta(days=1), LAST) if not first < day <= last]
    assert workday_after(start, count, ((first, last),)) == listed[count - 1]
