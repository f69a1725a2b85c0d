"""Working days 工作日 by the State Council's yearly holiday arrangements, in China Standard Time.

Working weekends (调休) count, holidays do not. A year whose arrangement has not been published yet, or is not in the
installed tables, is not guessed at: every question that touches it is answered with None.
Source of the tables: package ``chinesecalendar``, from the notices of the General Office of the State Council.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache

import chinese_calendar

CHINA_OFFSET = 8 * 3_600
"""Seconds that China Standard Time is ahead of UTC, all year and everywhere; there is no daylight saving time."""
_DAY = timedelta(days=1)
_NATIONAL_DAYS = (1, 2, 3)


def day_of(seconds: int) -> date:
    """The day in China at Unix time ``seconds``."""
    return datetime.fromtimestamp(seconds + CHINA_OFFSET, UTC).date()


def end_of(day: date) -> int:
    """The first second after a day in China (24:00), Unix time."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY
    return int(midnight.timestamp()) - CHINA_OFFSET


@cache
def is_known(year: int) -> bool:
    """Whether the arrangement of the whole year is known."""
    try:
        return all(chinese_calendar.is_holiday(date(year, 10, day)) for day in _NATIONAL_DAYS)
    except NotImplementedError:
        return False


@cache
def is_workday(day: date) -> bool | None:
    """Whether offices work on this day; None where its year is not known."""
    return bool(chinese_calendar.is_workday(day)) if is_known(day.year) else None


def workday_after(start: date, count: int, without: tuple[tuple[date, date], ...] = ()) -> date | None:
    """The ``count``-th working day after ``start``, which itself does not count (民法典 art. 201); None: not known.

    Of each pair in ``without`` the days after the first up to and with the second do not count either.
    """
    day = start
    while count:
        day += _DAY
        worked = is_workday(day)
        if worked is None:
            return None
        if worked and not any(first < day <= last for first, last in without):
            count -= 1
    return day
