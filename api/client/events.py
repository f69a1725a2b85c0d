"""The stream of events (Server-Sent Events, WHATWG HTML 9.2) as an iterator."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from api.client.transport import Transport


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its id (hand it back to resume after it), its name and its JSON."""

    id: str
    name: str
    data: Any


def read_events(transport: Transport, last_id: str | None) -> Iterator[Event]:
    """Events until the connection ends; the caller resumes with the last id it saw."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    with transport.stream("/v1/events", headers) as response:
        yield from parse_events(response.iter_lines(), last_id or "")


def parse_events(lines: Iterable[str], last_id: str = "") -> Iterator[Event]:
    """Events of a stream's lines; comments and events without data are passed over."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event(last_id, name, json.loads("\n".join(data)))
            name, data = "message", []
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id":
            last_id = value
