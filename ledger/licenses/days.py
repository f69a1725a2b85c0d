"""Days as licenses write them, and as seconds of the ledger."""

import datetime
import re
from functools import lru_cache

from ledger.ids import FOREVER

CHINA = datetime.timezone(datetime.timedelta(hours=8))
_SHAPE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))"
    r"(?:[ T]00:00:00)?",
    re.ASCII,
)
LONG = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限", "9999-12-31", "99991231", "9999/12/31"})


@lru_cache(maxsize=4096)  # a library has few days, and many licenses of each
def read_day(text: str) -> datetime.date | None:
    """``2025-05-22``, ``20250522``, ``2025/5/22`` or ``2025年5月22日``; None: no such day."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def begin_of(day: datetime.date) -> int:
    """Its first second in China (uint32); days before 1970 begin at 0, days after 2106 never."""
    moment = datetime.datetime.combine(day, datetime.time(), CHINA).timestamp()
    return min(max(int(moment), 0), FOREVER)


def end_of(day: datetime.date | None) -> int:
    """The first second after it, None: without end; the last day is a day of validity still."""
    if day is None or day.year > 2106:
        return FOREVER
    return begin_of(day + datetime.timedelta(days=1))
