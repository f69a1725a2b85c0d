"""Kills processes of a ledger and measures how long each takes until it answers again."""

import http.client
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from api.supervisor import LEASE_SECONDS
from scripts.trials.ledger import PROCESSES, Trial

_POLL_SECONDS = 0.02
_GIVE_UP_SECONDS = 60.0
_AIM_SECONDS, _AIM_POLL_SECONDS = 5.0, 0.005


@dataclass(slots=True)
class Killer:
    """``restarts`` has the seconds from the kill to the first answer, by process.

    ``blows`` counts the times at which something was killed, ``signals`` the SIGKILLs sent in them.
    """

    trial: Trial
    blows: int = 0
    signals: int = 0
    restarts: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PROCESSES})
    _killed: dict[str, tuple[float, float]] = field(default_factory=dict)

    def strike(self, names: Iterable[str]) -> None:
        """SIGKILL to all of these at once; what is not running at the moment is left out."""
        running = self.trial.supervisor.pids()
        hit = [name for name in names if name in running]
        for name in hit:
            os.kill(running[name], signal.SIGKILL)
            # who is hit again before it answered is timed from the last hit
            self._killed[name] = (time.monotonic(), time.time())
        self.blows += bool(hit)
        self.signals += len(hit)

    def await_block(self, seconds: float = _AIM_SECONDS) -> bool:
        """Until the index shows a new block with acts: what should have come with it is missing now or never."""
        before, until = self._newest_block(), time.monotonic() + seconds
        while time.monotonic() < until:
            if self._newest_block() > before:
                return True
            time.sleep(_AIM_POLL_SECONDS)
        return False

    def _newest_block(self) -> int:
        found = self._first("SELECT coalesce(max(number), -1) FROM blocks WHERE acts > 0")
        return -1 if found is None else int(found)

    def await_all(self, seconds: float = _GIVE_UP_SECONDS) -> bool:
        """Until everything that was killed answers; False where something does not within ``seconds``."""
        until = time.monotonic() + seconds
        while self._killed and time.monotonic() < until:
            self.look()
            time.sleep(_POLL_SECONDS)
        return not self._killed

    def look(self) -> None:
        """Note who answers again."""
        for name, (began, at) in tuple(self._killed.items()):
            if self._answers[name](at):
                self.restarts[name].append(time.monotonic() - began)
                del self._killed[name]

    @property
    def _answers(self) -> dict[str, Callable[[float], bool]]:
        return {"http": self._http, "relay": self._relay, "chain": self._chain}

    def _http(self, _at: float) -> bool:
        return _asked(self.trial.supervisor.ports.http, "GET", "/v1/health/live") is not None

    def _chain(self, _at: float) -> bool:
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})
        return b"result" in (_asked(self.trial.supervisor.ports.rpc, "POST", "/", asked) or b"")

    def _relay(self, at: float) -> bool:
        """It serves nobody: its sign of life is that it took or renewed its lease after the kill."""
        until = self._first("SELECT until FROM leases WHERE name='relay'")
        return until is not None and until / 1000 - LEASE_SECONDS > at

    def _first(self, query: str) -> int | None:
        """The first value of an answer; None where there is none, or no database just now."""
        path = self.trial.settings.data / "huxin.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)
        try:
            row = connection.execute(query).fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()
        return None if row is None else row[0]


def _asked(port: int, method: str, path: str, content: str | None = None) -> bytes | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request(method, path, content, {"Content-Type": "application/json"} if content else {})
        answer = connection.getresponse()
        said = answer.read()
        return said if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def quantile(values: Iterable[float], share: float) -> float:
    """The value that ``share`` of them do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
