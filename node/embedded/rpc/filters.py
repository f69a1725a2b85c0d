"""Filters a client polls; forgotten when unused for five minutes, and with the process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from node.embedded.logs import LogFilter
from node.embedded.rpc.errors import LIMIT_EXCEEDED, SERVER_ERROR, RpcError

MAX_FILTERS = 1_000
IDLE_SECONDS = 300


@dataclass(slots=True)
class Polled:
    """A filter: logs where ``logs`` is set, block hashes otherwise; ``next_block`` was not told."""

    logs: LogFilter | None
    fields: dict[str, Any]
    next_block: int
    used_at: float


class Filters:
    """The filters of one process; ``clock`` gives seconds, ``new_id`` an unguessable number."""

    def __init__(self, clock: Callable[[], float], new_id: Callable[[], int]) -> None:
        """Empty."""
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._filters: dict[int, Polled] = {}

    def add(self, logs: LogFilter | None, fields: dict[str, Any], next_block: int) -> int:
        """Begin to poll; the filter's number."""
        with self._lock:
            self._forget_idle()
            if len(self._filters) >= MAX_FILTERS:
                raise RpcError(LIMIT_EXCEEDED, "too many filters; uninstall some")
            number = self._new_id()
            self._filters[number] = Polled(logs, fields, next_block, self._clock())
            return number

    def _forget_idle(self) -> None:
        oldest = self._clock() - IDLE_SECONDS
        idle = [number for number, polled in self._filters.items() if polled.used_at < oldest]
        for number in idle:
            del self._filters[number]

    def remove(self, number: int) -> bool:
        """Stop polling; False where there was no such filter."""
        with self._lock:
            return self._filters.pop(number, None) is not None

    def get(self, number: int) -> Polled:
        """The filter; an error where it is gone."""
        with self._lock:
            polled = self._filters.get(number)
            if polled is None:
                raise RpcError(SERVER_ERROR, "filter not found")
            polled.used_at = self._clock()
            return polled

    def take_range(self, number: int, head: int) -> tuple[Polled, int]:
        """The filter and the first block it has not been told of; marks up to ``head`` as told."""
        polled = self.get(number)
        with self._lock:
            first = polled.next_block
            polled.next_block = max(first, head + 1)
        return polled, first
