"""What one caller may ask: requests a second, a turn, bytes, depth of JSON. Plain ASGI, before any parsing."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import TooLarge, UnsupportedMedia, problem_of
from api.http.rates import SIGN_IN, Callers, Network, Rate, Rates
from api.http.turns import Ticket, Turns
from api.settings import Settings
from ledger.crypto import Digest, FileDigests
from ledger.errors import HuxinError, InvalidInput, TooMany

DEEPEST = 32
UPLOAD = "/v1/verify/license/file"
BATCHES = "/v1/licenses/batches"
FILE = "huxin.file"
"""Where the scope has the digests of an uploaded file, SM3 and SHA-256; None: it was empty."""
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_JSON, _BYTES = b"application/json", b"application/octet-stream"
_ACTS, _USES = "/v1/acts", "/uses"
_AT_ONCE = ("/v1/health", "/metrics")
"""Who watches over the server is answered without waiting for a turn."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the HTTP front: bytes of a body, rates by the beginning of the path, the first that fits.

    ``hold`` seconds pass before a 429 leaves: who does not wait as told costs no more than who does.
    """

    body: int = 1_048_576
    batch: int = 8_388_608
    upload: int = 33_554_432
    hold: float = 0.1
    rates: Rates = (
        ("/v1/session", Rate(100, 2_000)),
        ("/v1/verify", Rate(100, 400)),
        ("/v1/preflight", Rate(100, 400)),
        ("/v1/health", Rate(20, 100)),
        ("/v1/acts", Rate(4_000, 8_000)),
        ("/", Rate(500, 2_000)),
    )
    officer_rates: Rates = ((SIGN_IN, Rate(1, 60)), ("/", Rate(1_000, 10_000)))
    trusted: tuple[Network, ...] = ()


def limits_of(settings: Settings) -> Limits:
    """``public_rate`` is per minute, address and kind of question; all of it may come at once.

    Sign-in is no such question: whoever shares an address with the officers could use it up and keep them out. Asking
    and failing cost little and leave nothing; sessions, which are kept, are counted for the officer who opens them.
    """
    public = Rate(settings.public_rate / 60, settings.public_rate)
    plain = Rate(max(settings.public_rate, 6_000) / 60, max(settings.public_rate, 2_000))
    rates = (
        ("/v1/session", plain), ("/v1/verify", public), ("/v1/preflight", public),
        ("/v1/acts/prepare", plain), ("/v1/acts", Rate(10_000, 20_000)), ("/", plain),
    )  # fmt: skip
    officer = Rate(settings.officer_rate, settings.officer_burst)
    return Limits(
        body=settings.body_limit, rates=rates, officer_rates=((SIGN_IN, public), ("/", officer)),
        trusted=settings.trusted_proxies,
    )  # fmt: skip


class LimitRequests:
    """ASGI middleware: rate, turn, size (counted while it streams, chunked too) and depth of JSON.

    Acts have ``acts`` turns of their own, many, for those that wait together share a commit; all else has ``turns``,
    few, for what works at the same time only makes one another late. A turn comes once the body is here, and goes when
    the answer begins: slow bodies and long streams hold none. Who is signed in has turns of his own, whoever else asks
    from his address; ``user_of(token)`` raises where a session holds no longer.

    An uploaded file is hashed while it comes, each part in a turn, and not kept; what is large and kept whole is taken
    only from those who are signed in.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        callers: Callers,
        turns: Turns,
        acts: Turns,
        user_of: Callable[[str], object],
    ) -> None:
        self._app, self._limits, self._callers, self._turns, self._acts = app, limits, callers, turns, acts
        self._user_of = user_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer, path, headers = scope.get("client"), scope["path"], dict(scope["headers"])
        turns, ticket = self._acts if path == _ACTS or _is_use(scope, path) else self._turns, None
        try:
            address = self._callers.address_of(peer[0] if peer else "", headers)
            if b"authorization" in headers and self._callers.is_due(headers[b"authorization"]):
                await run_in_threadpool(self._look_up, headers[b"authorization"])
            client = self._callers.take(address, headers, path)
            if scope["method"] in _WITH_BODY:
                if path == UPLOAD:
                    scope[FILE] = await self._hashed(headers, receive, client)
                    receive = _replay(b"", receive)
                else:
                    receive = await self._checked(path, headers, receive)
            if not path.startswith(_AT_ONCE):
                ticket = turns.enter(client) or await turns.wait(client)
        except HuxinError as error:
            if isinstance(error, TooMany):
                await asyncio.sleep(self._limits.hold)
            _leave(turns, ticket)
            await problem_of(error)(scope, receive, send)
            return
        except BaseException:
            _leave(turns, ticket)
            raise
        try:
            await self._app(scope, receive, send if turns is self._acts else _leaving(turns, ticket, send))
        finally:
            _leave(turns, ticket)

    def _look_up(self, authorization: bytes) -> None:
        try:
            self._user_of(_token_of(authorization))
        except HuxinError:
            self._callers.forget(authorization)

    async def _hashed(self, headers: dict[bytes, bytes], receive: Receive, client: str) -> tuple[Digest, Digest] | None:
        limit = self._limits.upload
        _check_announced(headers, limit)
        file, size, more = FileDigests(), 0, True
        while more:
            part, more = await _next(receive, size, limit)
            if part and not size:
                _check_media(headers, _BYTES)
            size += len(part)
            ticket = self._turns.enter(client) or await self._turns.wait(client)
            file.update(part)
            self._turns.leave(ticket)
        return file.finish() if size else None

    async def _checked(self, path: str, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        limit, authorization = self._limits.body, headers.get(b"authorization")
        if path == BATCHES and authorization is not None:
            await run_in_threadpool(self._user_of, _token_of(authorization))
            limit = self._limits.batch
        _check_announced(headers, limit)
        body = await _read(receive, limit)
        if body:
            _check_media(headers, _JSON)
            check_depth(body)
        return _replay(body, receive)


def _token_of(authorization: bytes) -> str:
    return authorization.decode("latin-1").partition(" ")[2]


def _is_use(scope: Scope, path: str) -> bool:
    """A use of a license is an act, which waits for its commit too."""
    return path.endswith(_USES) and scope["method"] == "POST"


def _leaving(turns: Turns, ticket: Ticket | None, send: Send) -> Send:
    """``send``, which gives the turn back when the answer begins."""

    def watched(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            _leave(turns, ticket)
        return send(message)

    return watched


def _leave(turns: Turns, ticket: Ticket | None) -> None:
    if ticket is not None:
        turns.leave(ticket)


async def _read(receive: Receive, limit: int) -> bytes:
    body, more = await _next(receive, 0, limit)
    if not more:
        return body
    parts, size = [body], len(body)
    while more:
        part, more = await _next(receive, size, limit)
        size += len(part)
        parts.append(part)
    return b"".join(parts)


async def _next(receive: Receive, size: int, limit: int) -> tuple[bytes, bool]:
    """A body's next bytes behind ``size`` that are here, and whether more follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise InvalidInput("BODY_INCOMPLETE", "body", "the body ended too early", "请求体不完整")
    part = message.get("body", b"")
    if size + len(part) > limit:
        raise _too_large(limit)
    return part, message.get("more_body", False)


def _replay(body: bytes, receive: Receive) -> Receive:
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _check_announced(headers: dict[bytes, bytes], limit: int) -> None:
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


def _check_media(headers: dict[bytes, bytes], wanted: bytes) -> None:
    kind = headers.get(b"content-type", b"")
    if kind != wanted and kind.split(b";")[0].strip().lower() != wanted:
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
