"""What one caller may ask: bytes, depth of JSON, requests a second. Plain ASGI, before any parsing."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import TooLarge, UnsupportedMedia, problem_of
from api.settings import Settings
from ledger.errors import HuxinError, InvalidInput, TooMany

DEEPEST = 32
MOST_CLIENTS = 50_000
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` requests on average, ``burst`` at once."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the HTTP front; rates by the beginning of the path, the first that fits."""

    body: int = 1_048_576
    batch: int = 8_388_608
    upload: int = 33_554_432
    rates: tuple[tuple[str, Rate], ...] = (
        ("/v1/session", Rate(20, 120)),
        ("/v1/verify", Rate(100, 400)),
        ("/v1/preflight", Rate(100, 400)),
        ("/v1/health", Rate(20, 100)),
        ("/v1/acts", Rate(4_000, 8_000)),
        ("/", Rate(500, 2_000)),
    )

    def body_of(self, path: str) -> int:
        """Most bytes of a request's body at this path."""
        if path == "/v1/verify/license/file":
            return self.upload
        return self.batch if path == "/v1/licenses/batches" else self.body


def limits_of(settings: Settings) -> Limits:
    """``public_rate`` is per minute, address and kind of question; all of it may come at once."""
    public = Rate(settings.public_rate / 60, settings.public_rate)
    plain = Rate(max(settings.public_rate, 6_000) / 60, max(settings.public_rate, 2_000))
    rates = (
        ("/v1/session", public), ("/v1/verify", public), ("/v1/preflight", public),
        ("/v1/acts/prepare", plain), ("/v1/acts", Rate(10_000, 20_000)), ("/", plain),
    )  # fmt: skip
    return Limits(body=settings.body_limit, rates=rates)


class Buckets:
    """Token buckets by client and kind of path; the least recently used are forgotten first."""

    def __init__(self, rates: tuple[tuple[str, Rate], ...], monotonic: Callable[[], float]) -> None:
        self._rates, self._monotonic = rates, monotonic
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, client: str, path: str) -> None:
        """Take one token; TooMany ``RATE_LIMITED`` with the seconds to wait."""
        prefix, rate = next(((p, r) for p, r in self._rates if path.startswith(p)), ("", None))
        if rate is None:
            return
        now, key = self._monotonic(), (client, prefix)
        level, at = self._levels.pop(key, (rate.burst, now))
        level = min(rate.burst, level + (now - at) * rate.per_second)
        self._levels[key] = (max(level - 1, 0) if level >= 1 else level, now)
        while len(self._levels) > MOST_CLIENTS:
            self._levels.popitem(last=False)
        if level < 1:
            wait = int((1 - level) / rate.per_second) + 1
            raise TooMany("RATE_LIMITED", f"too many requests; wait {wait} s", f"请求过于频繁,请 {wait} 秒后再试", wait)


class LimitRequests:
    """ASGI middleware: rate, size (counted while it streams, chunked too) and depth of JSON."""

    def __init__(self, app: ASGIApp, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._app, self._limits = app, limits
        self._buckets = Buckets(limits.rates, monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            client = scope.get("client")
            self._buckets.take(client[0] if client else "", scope["path"])
            inner = await self._checked(scope, receive)
        except HuxinError as error:
            await problem_of(error)(scope, receive, send)
            return
        await self._app(scope, inner, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        headers = dict(scope["headers"])
        limit = self._limits.body_of(scope["path"])
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        if scope["method"] not in {"POST", "PUT", "PATCH"}:
            return receive
        body = await _read(receive, limit)
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        _check_media(kind, scope["path"], empty=not body)
        if kind == b"application/json":
            check_depth(body)
        return _replay(body, receive)


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("BODY_INCOMPLETE", "body", "the body ended too early", "请求体不完整")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _check_media(kind: bytes, path: str, *, empty: bool) -> None:
    upload = path == "/v1/verify/license/file"
    wanted = b"application/octet-stream" if upload else b"application/json"
    if not empty and kind != wanted:
        text = wanted.decode()
        raise UnsupportedMedia("MEDIA_TYPE_UNSUPPORTED", f"send {text}", f"请以 {text} 提交")


def check_depth(body: bytes) -> None:
    """InvalidInput ``JSON_TOO_DEEP`` beyond 32 levels, found before anything is parsed.

    UTF-16 and UTF-32, which Python's parser would take, have zero bytes; UTF-8 JSON never has.
    """
    if b"\0" in body:
        raise InvalidInput("JSON_ENCODING", "body", "JSON is sent in UTF-8", "JSON 须为 UTF-8 编码")
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > DEEPEST:
            raise InvalidInput("JSON_TOO_DEEP", "body", f"nested deeper than {DEEPEST}", f"嵌套超过 {DEEPEST} 层")


def _too_large(limit: int) -> TooLarge:
    return TooLarge("BODY_TOO_LARGE", f"at most {limit} bytes are taken here", f"此接口至多接收 {limit} 字节")
