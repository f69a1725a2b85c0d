"""The outermost layer: headers on every answer, durations, and what nobody foresaw as an incident."""

import logging
import traceback
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import Metrics
from api.http.problems import problem

_LOG = logging.getLogger("huxin.http")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


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

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in _HEADERS if h[0] not in given)]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            response = self._incident(error)
            if status:
                raise
            await response(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path_format", "none")
            self._metrics.requests.labels(scope["method"], route, str(status)).observe(self._monotonic() - started)

    def _incident(self, error: Exception) -> ASGIApp:
        """Log where it failed; the exception's own text may hold data, so it is left out."""
        incident = self._random_bytes(8).hex()
        frames = "".join(traceback.format_tb(error.__traceback__))
        _LOG.error("incident %s: %s\n%s", incident, type(error).__qualname__, frames)
        return problem(
            500,
            "INTERNAL",
            f"服务器内部错误,请报告事件编号 {incident}",
            f"the server failed; report incident {incident}",
            incident=incident,
        )
