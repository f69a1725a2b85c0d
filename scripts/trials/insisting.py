"""Clients that hand in each step again and again until it is acknowledged, and remember that it was."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from scripts.load.steps import Signed, body

_AGAIN = frozenset({429, 503})
_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
_LAST_SECONDS = 60.0


@dataclass(slots=True)
class Told:
    """What the clients were told.

    ``acknowledged`` in the order of the answers, ``refused`` are codes by act id, ``slowest`` the seconds of the
    slowest answer, those included that were cut short.
    """

    acknowledged: list[Signed] = field(default_factory=list)
    refused: dict[bytes, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    again: int = 0
    slowest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, signed: Signed, answer: tuple[int, bytes] | None, seconds: float) -> bool | None:
        """What a client was told of a step, after so long: True where it was taken, None where it has to ask again."""
        with self.lock:
            self.slowest = max(self.slowest, seconds)
            if answer is not None:
                self.answers[answer[0]] += 1
                if answer[0] < 300:
                    self.acknowledged.append(signed)
                    return True
                if answer[0] < 500 and answer[0] not in _AGAIN:
                    self.refused[signed.act_id] = str(json.loads(answer[1]).get("code"))
                    return False
            self.again += 1
            return None


class Progressing:
    """True as long as a count has grown within ``seconds``, whatever has been waited for altogether."""

    def __init__(
        self, count: Callable[[], int], seconds: float = _LAST_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._seconds, self._clock = count, seconds, clock
        self._most, self._since = count(), clock()

    def __bool__(self) -> bool:
        """Look."""
        if (now := self._count()) > self._most:
            self._most, self._since = now, self._clock()
        return self._clock() < self._since + self._seconds


class Client(threading.Thread):
    """Takes case after case; an officer's next step follows when the one before was acknowledged."""

    def __init__(
        self,
        address: tuple[str, int],
        cases: Iterator[Sequence[Signed]],
        told: Told,
        stopping: threading.Event,
        think: Callable[[], float],
    ) -> None:
        """``think`` gives the seconds between two steps."""
        super().__init__(name="insisting client", daemon=True)
        self._address, self._cases, self._told, self._stopping = address, cases, told, stopping
        self._think = think
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Until told to stop; a step that was begun is brought to its end."""
        for case in self._cases:
            for signed in case:
                if self._stopping.wait(self._think()) or not self._insist(signed):
                    break
            if self._stopping.is_set():
                return

    def _insist(self, signed: Signed) -> bool:
        content, ended = body(signed), float("inf")
        while time.monotonic() < ended:
            began = time.monotonic()
            answer = self._post(content)
            if (taken := self._told.note(signed, answer, time.monotonic() - began)) is not None:
                return taken
            if self._stopping.wait(_PAUSE_SECONDS):
                ended = min(ended, time.monotonic() + _LAST_SECONDS)
                time.sleep(_PAUSE_SECONDS)
        return False

    def _post(self, content: bytes) -> tuple[int, bytes] | None:
        """Status and body; None where the server was not there, or went away."""
        try:
            self._connection = self._connection or http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_SECONDS)
            self._connection.request("POST", "/v1/acts", content, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            if self._connection:
                self._connection.close()
            self._connection = None
            return None


def thinking(seed: str, seconds: float) -> Callable[[], float]:
    """Pauses around ``seconds``, without memory, the same in each run."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
    return lambda: chance.expovariate(1 / seconds) if seconds else 0.0
