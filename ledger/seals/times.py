"""Points in time as ASN.1 writes them, read as Unix seconds in UTC."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from ledger.algorithms.der import GENERALIZED_TIME, UTC_TIME, Element, write
from ledger.errors import InvalidInput

_UTC_FIRST, _UTC_END = -631_152_000, 2_524_608_000
_SHAPE = re.compile(rb"(\d{10}(?:\d{2}){1,2})(\.\d{1,9})?(Z|[+-]\d{4})")


# The zone farthest from Greenwich is 14 hours ahead.
_FARTHEST_HOURS = 14


def read_time(element: Element) -> int:
    """Unix seconds of a UTCTime (50..99 are 19xx, RFC 5280 4.1.2.5.1) or GeneralizedTime; raises ``MalformedDer``.

    Fractions, which DER allows in GeneralizedTime, are cut off. A time without a zone is refused: it would leave
    open which of 24 hours is meant. Offsets other than Z are not DER, but unambiguous: they are read.
    """
    content = element.content
    shape = _SHAPE.fullmatch(content)
    digits = {UTC_TIME: 12, GENERALIZED_TIME: 14}.get(element.tag, 0)
    if shape is None or len(shape[1]) != digits or (shape[2] and element.tag == UTC_TIME):
        raise element.fault("DER_TIME", "not a UTCTime or GeneralizedTime with seconds and zone", "时间格式不正确")
    text = shape[1].decode()
    if digits == 12:
        text = ("19" if text >= "50" else "20") + text
    try:
        month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(4, 14, 2))
        moment = datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC)
        return int(moment.timestamp()) - _offset(shape[3])
    except ValueError as error:
        raise element.fault("DER_TIME", "no such day, hour or zone", "日期、时刻或时区不存在") from error


def in_utc(element: Element) -> bool:
    """Whether it is written with Z, as DER demands."""
    return element.content.endswith(b"Z")


def _offset(zone: bytes) -> int:
    if zone == b"Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:5])
    if hours > _FARTHEST_HOURS or minutes > 59:
        raise ValueError(zone)
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone.startswith(b"-") else seconds


@lru_cache(maxsize=1024)
def as_text(moment: int) -> str:
    """For people and facts: ISO 8601 in UTC; the bare number where the calendar does not reach."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return str(moment)


def write_generalized(moment: int) -> bytes:
    """A GeneralizedTime in UTC."""
    return write(GENERALIZED_TIME, datetime.fromtimestamp(moment, UTC).strftime("%Y%m%d%H%M%SZ").encode())


def write_utc(moment: int) -> bytes:
    """A UTCTime, for the years 1950 to 2049: InvalidInput ``TIME_OUT_OF_RANGE`` for others."""
    if not _UTC_FIRST <= moment < _UTC_END:
        raise InvalidInput(
            "TIME_OUT_OF_RANGE", "time", "a UTCTime is of 1950 to 2049", "UTCTime 只能表示 1950 至 2049 年"
        )
    return write(UTC_TIME, datetime.fromtimestamp(moment, UTC).strftime("%y%m%d%H%M%SZ").encode())


def write_validity_time(moment: int) -> bytes:
    """UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5)."""
    return write_utc(moment) if moment < _UTC_END else write_generalized(moment)
