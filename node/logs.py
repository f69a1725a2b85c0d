"""Logs: one JSON object a line on stderr, that says what happened to which act and nothing that is secret.

An event is a code with fields. A field is a number, a code, or bytes that name something (an act, a
case, a transaction, a block: 20 or 32 bytes); whatever else is handed in is left out, and so is the
text of every exception: nobody can know what stands in it. Of other libraries' messages the template
is kept, without what was to be filled in.
"""

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

from ledger.errors import HuxinError

JSON, TEXT = "json", "text"
FORMATS = (JSON, TEXT)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FIELDS = "huxin_fields"
_EVENT, _PLACES = "huxin_event", "huxin_places"
_CODE = re.compile(r"(?:[A-Z][A-Z0-9_]{0,63}|[A-Za-z0-9_.-]{1,26})\Z")
"""A code, or a short word: no key, token, salt or hash is as short as that, written out in any way."""
_WARNING = re.compile(r"([^/\s]+:\d+): (\w+)")
_NAMES_SOMETHING = (20, 32)
_MOST_FRAMES = 12
_LONGEST = 300
_OURS = ("huxin", "api", "node", "ledger")

Field = int | float | bytes | str | None


def event(logger: logging.Logger, level: int, code: str, /, **fields: Field) -> None:
    """Log what happened; costs one comparison where the level is off."""
    if logger.isEnabledFor(level):
        logger.log(level, code, extra={_FIELDS: fields})


def incident(logger: logging.Logger, number: str, error: BaseException) -> None:
    """Log a failure that nobody foresaw under the number its victim was told: its type and where, not its text."""
    kind = type(error).__qualname__
    extra = {_EVENT: "INCIDENT", _FIELDS: {"incident": number, "error": kind}, _PLACES: _places(error.__traceback__)}
    logger.error("incident %s: %s", number, kind, extra=extra)


def configure(process: str, level: str = "INFO", form: str = JSON, stream: TextIO | None = None) -> None:
    """Let every logger of this process write to ``stream`` (stderr), in one form, from ``level`` on.

    A level or form that does not exist is taken as INFO and JSON: a typing error must not cost the logs.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Formatter(process, form if form in FORMATS else JSON))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    chosen = level.upper() if level.upper() in LEVELS else "INFO"
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(chosen)
    logging.captureWarnings(capture=True)


class Formatter(logging.Formatter):
    """A record as one line."""

    def __init__(self, process: str, form: str) -> None:
        super().__init__()
        self._process, self._form = process, form

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        row = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "process": self._process,
            **_said(record),
            **_failure(record.exc_info),
        }
        if self._form == JSON:
            return json.dumps(row, ensure_ascii=True, separators=(",", ":"))
        rest = " ".join(f"{key}={value}" for key, value in row.items() if key not in {"time", "level", "process"})
        return f"{row['time']} {record.levelname} {self._process} {rest}"


def _time(seconds: float) -> str:
    """UTC with milliseconds (RFC 3339)."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def _said(record: logging.LogRecord) -> dict[str, Any]:
    fields = getattr(record, _FIELDS, None)
    if fields is not None:
        places = getattr(record, _PLACES, None)
        told = {"event": getattr(record, _EVENT, str(record.msg)), **_shown(fields)}
        return told if places is None else {**told, "at": places}
    if isinstance(record.msg, HuxinError):
        return {"event": record.msg.code, "logger": record.name}
    if record.name == "py.warnings":
        found = _WARNING.search(str(record.msg) % record.args if record.args else str(record.msg))
        return {"event": "PYTHON_WARNING", "at": found.group(1) if found else None, "error": found and found.group(2)}
    ours = record.name.partition(".")[0] in _OURS
    message = _filled(record) if ours else str(record.msg).partition("\n")[0]
    return {"event": "MESSAGE", "logger": record.name, "message": message[:_LONGEST]}


def _shown(fields: Mapping[str, Field]) -> dict[str, Any]:
    shown = {name: _value(value) for name, value in fields.items()}
    return {name: value for name, value in shown.items() if value is not None}


def _value(value: object) -> int | float | str | None:
    """None: not shown."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, bytes) and len(value) in _NAMES_SOMETHING:
        return "0x" + value.hex()
    if isinstance(value, HuxinError):
        return value.code
    if isinstance(value, str) and _CODE.match(value):
        return value
    return None


def _filled(record: logging.LogRecord) -> str:
    """Our own message with the numbers and codes among its arguments, the rest left open."""
    template = str(record.msg)
    arguments = record.args if isinstance(record.args, tuple) else ()
    if not arguments:
        return template
    known = tuple("…" if (value := _value(one)) is None else value for one in arguments)
    try:
        return template % known
    except (TypeError, ValueError):
        return template


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | None


def _failure(info: _ExcInfo) -> dict[str, Any]:
    """The exception's type, our code if it has one, and where it was: never its text."""
    if not info or info[1] is None:
        return {}
    error, trace = info[1], info[2]
    row: dict[str, Any] = {"error": type(error).__qualname__, "at": _places(trace)}
    if isinstance(error, HuxinError):
        row["code"] = error.code
    return row


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_MOST_FRAMES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
