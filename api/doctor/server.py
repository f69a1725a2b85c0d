"""The HTTP server as a caller finds it, with its own findings."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from api.founding import DataFolder
from api.services.finding import Advice, Finding, good, unknown, wrong
from api.services.readiness import CLOCK_SKEW
from api.supervisor import STATE_FILE

_SECONDS = 10.0
_UNKNOWN = ("UNREACHABLE", "UNREADABLE", "UNAVAILABLE")


def server_of(folder: DataFolder, url: str, clock: Callable[[], float]) -> Iterator[Finding]:
    """Where the supervisor of this folder says that it serves, else at ``url``."""
    where = _url_of(folder, url)
    try:
        with httpx.Client(base_url=where, timeout=_SECONDS, trust_env=False) as client:
            served = client.get("/v1/network").raise_for_status().json()
            health = client.get("/v1/health/ready").json()
            off = abs(int(served["serverTime"]) - int(clock()))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        yield unknown(
            "http", "SERVER_UNREACHABLE",
            Advice("服务没有应答,无从得知", "the server does not answer: not known",
                   "请启动 huxin up,或看 http 的日志", "start huxin up, or look at the log of http"),
            url=where, error=type(error).__name__,
        )  # fmt: skip
        return
    yield good("http", "服务有应答", "the server answers", url=where)
    yield _clocks(off)
    yield from map(_check, health.get("checks", ()))
    yield from map(_fault, health.get("faults", ()))


def _check(said: dict[str, Any]) -> Finding:
    return good(f"server {said['name']}", said["zh"], said["en"], **said["facts"])


def _fault(said: dict[str, str]) -> Finding:
    """What the server is not ready for: its text begins with the finding's code."""
    code, _, en = said["en"].partition(": ")
    en, _, todo_en = en.partition("; ")
    zh, _, todo_zh = said["zh"].partition(":")[2].partition(";")
    told = Advice(zh, en, todo_zh, todo_en)
    return (unknown if code.endswith(_UNKNOWN) else wrong)(f"server {said['where']}", code, told)


def _clocks(off: int) -> Finding:
    if off <= CLOCK_SKEW:
        return good("http clock", "与服务端时钟一致", "this clock and the server's agree", offSeconds=off)
    return wrong(
        "http clock", "CLOCKS_DIFFER",
        Advice("与服务端时钟不一致", "this clock and the server's differ", "请校准时钟", "set the clocks right"),
        offSeconds=off,
    )  # fmt: skip


def _url_of(folder: DataFolder, url: str) -> str:
    try:
        return str(json.loads((folder.path / STATE_FILE).read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return url
