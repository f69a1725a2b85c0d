"""A log line is JSON, says what happened to which act, and keeps quiet about everything else."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.errors import Conflict
from node import logs

SECRET = "5e" * 32
TOKEN = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyMTI"
OUR = logging.getLogger("huxin.test")
THEIR = logging.getLogger("uvicorn.error")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    names = ("huxin", "api", "node", "ledger")
    levels = {name: logging.getLogger(name).level for name in names}
    written = io.StringIO()
    logs.configure("test", "DEBUG", logs.JSON, written)
    yield written
    logging.captureWarnings(capture=False)
    root.handlers[:] = kept
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event_tells_ids_numbers_and_codes(stream: io.StringIO) -> None:
    logs.event(OUR, logging.INFO, "ACT_JUDGED", act=b"\x01" * 32, reason="STALE_STATE", block=7, seconds=0.25)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "process": "test", "event": "ACT_JUDGED", "act": "0x" + "01" * 32, "reason": "STALE_STATE",
        "block": 7, "seconds": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", [SECRET, TOKEN, b"\x5e" * 31, b"\x5e" * 16, "5e" * 16, "张三", "a b", {"a": SECRET}, [SECRET], "x\ny"]
)
def test_what_is_no_id_number_or_code_is_left_out(stream: io.StringIO, value: Any) -> None:
    logs.event(OUR, logging.INFO, "EVENT", field=value)
    OUR.warning("took %s", value)
    first, second = lines(stream)
    assert "field" not in first
    assert second["message"] in ("took …", "took %s")


def test_text_of_an_exception_is_not_told(stream: io.StringIO) -> None:
    try:
        int(SECRET)
    except ValueError as error:
        OUR.exception("failed")
        THEIR.exception("Exception in application")
        logs.incident(OUR, "0123456789abcdef", error)
    assert SECRET not in stream.getvalue()
    first, _, third = lines(stream)
    assert (first["error"], first["message"]) == ("ValueError", "failed")
    assert any("test_text_of_an_exception_is_not_told" in place for place in first["at"])
    assert (third["event"], third["incident"], third["error"]) == ("INCIDENT", "0123456789abcdef", "ValueError")
    assert third["at"]


def test_our_error_is_told_by_its_code_alone(stream: io.StringIO) -> None:
    error = Conflict("LEASE_LOST", f"of {SECRET}", "无")
    OUR.warning("%s", error)
    OUR.warning(error)
    assert SECRET not in stream.getvalue()
    first, second = lines(stream)
    assert (first["message"], second["event"]) == ("LEASE_LOST", "LEASE_LOST")


def test_message_of_a_library_is_its_first_line_without_what_was_filled_in(stream: io.StringIO) -> None:
    THEIR.warning("Invalid request %s\nbody %s", SECRET, SECRET)
    THEIR.info("access %s", SECRET)
    (line,) = lines(stream)
    assert line["message"] == "Invalid request %s"
    assert line["logger"] == "uvicorn.error"


def test_line_breaks_cannot_forge_a_line(stream: io.StringIO) -> None:
    """A message with a line break in it, as an attacker would have it."""
    THEIR.error('x\n{"event":"ACT_JUDGED"}')
    OUR.error("a\nb")
    assert len(stream.getvalue().splitlines()) == 2


def test_numbers_are_filled_in_and_a_template_that_does_not_fit_is_told_as_it_is(stream: io.StringIO) -> None:
    OUR.warning("nonce %d: %s", 3, "TX_NONCE_TOO_LOW")
    assert [line["message"] for line in lines(stream)] == ["nonce 3: TX_NONCE_TOO_LOW"]
    record = logging.LogRecord("huxin.x", logging.INFO, "", 0, "nonce %d", ("not a number",), None)
    assert json.loads(logs.Formatter("test", logs.JSON).format(record))["message"] == "nonce %d"


def test_warnings_are_told_without_their_text(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(SECRET, stacklevel=1)
    assert SECRET not in stream.getvalue()
    assert lines(stream)[0]["error"] == "UserWarning"


def test_text_form_and_unknown_settings() -> None:
    formatter = logs.Formatter("test", logs.TEXT)
    record = logging.LogRecord("huxin.x", logging.INFO, "", 0, "EVENT", None, None)
    record.huxin_fields = {"block": 3}
    assert formatter.format(record).endswith("INFO test event=EVENT block=3")


def test_event_below_the_level_makes_nothing_of_its_fields(stream: io.StringIO) -> None:
    OUR.setLevel(logging.INFO)
    logs.event(OUR, logging.DEBUG, "EVENT", act=b"\x01" * 32)
    OUR.setLevel(logging.NOTSET)
    assert stream.getvalue() == ""
