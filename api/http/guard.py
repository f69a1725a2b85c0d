"""The outermost layer: headers on every answer, durations, and what nobody foresaw as an incident."""

import logging
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import Metrics
from api.http.problems import problem
from node.logs import incident

_LOG = logging.getLogger("huxin.http")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_NAMES = frozenset(name for name, _ in _HEADERS)


class Guard:
    """ASGI middleware; a failure leaves as 500 ``INTERNAL`` with an incident number and nothing else."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, monotonic: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._app, self._metrics = app, metrics
        self._monotonic, self._random_bytes = monotonic, random_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch over one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 0, self._monotonic()

        # no coroutine of its own: this runs twice a request
        def watched(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_headers(message.get("headers", ()))
            return send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            response = self._incident(error)
            if status:
                raise
            await response(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path_format", "none")
            self._metrics.requests.observe(scope["method"], route, status, self._monotonic() - started)

    def _incident(self, error: Exception) -> ASGIApp:
        """Log where it failed; the exception's own text may hold data, so it is left out."""
        number = self._random_bytes(8).hex()
        incident(_LOG, number, error)
        return problem(
            500,
            "INTERNAL",
            f"服务器内部错误,请报告事件编号 {number}",
            f"the server failed; report incident {number}",
            incident=number,
        )


def _with_headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Ours behind those of the route, which go first where it has its own."""
    own = {name for name, _ in given if name in _NAMES}
    return [*given, *(header for header in _HEADERS if header[0] not in own)] if own else [*given, *_HEADERS]
