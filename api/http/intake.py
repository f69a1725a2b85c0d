"""The way of most requests: one signed step, handed in by ``POST /v1/acts`` without waiting for the verdict.

Read, checked and answered here with as little as that takes; whatever is unusual or faulty goes on to the route
(``routes.acts``), which describes both.
"""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.metrics import Metrics
from api.http.problems import problem_of
from api.http.queued import queued
from api.http.rates import Callers
from api.services.container import Container
from api.services.submission import Submission, keyed, owner_of
from api.wire.plain import PlainStep, read_plain
from ledger.errors import HuxinError

_KEY = re.compile(rb"[\x21-\x7e]{1,128}")
_PATH = "/v1/acts"


class Route(NamedTuple):
    """What the metrics know a request by that was answered before the framework had a route for it."""

    path_format: str


_ROUTE = Route(_PATH)


class Intake:
    """ASGI middleware, the innermost: bodies were bounded and callers counted before."""

    def __init__(self, app: ASGIApp, container: Container, metrics: Metrics, callers: Callers) -> None:
        self._app, self._parts, self._metrics, self._callers = app, container, metrics, callers
        self._accepted = {name: metrics.accepted.labels(name) for name in ("Open", "Step")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a usual step, or hand the request on as it came."""
        if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), None)
        usual = key is None or _KEY.fullmatch(key)
        read = read_plain(message["body"]) if usual and not message["more_body"] else None
        response = None if read is None else await self._answer(*read, key)
        if response is None:
            await self._app(scope, again(message, receive), send)
            return
        scope["route"] = _ROUTE
        if isinstance(response, Response):
            await response(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 202, "headers": _headers(len(response))})
        await send({"type": "http.response.body", "body": response})

    async def _answer(self, act: PlainStep, signature: bytes, key: bytes | None) -> Response | bytes | None:
        """A problem, the body of a 202, or None for the route."""
        try:
            return await self._take(act, signature, key)
        except HuxinError as error:
            self._metrics.turned_away.labels(error.code).inc()
            return problem_of(error)

    async def _take(self, act: PlainStep, signature: bytes, key: bytes | None) -> bytes | None:
        """None where it was taken before: it may have its verdict by now, and the route tells."""
        claim = self._parts.submissions.claim(act, signature)
        if key is not None:
            said = Submission(type(act).__name__, None, (signature,))
            claim = replace(claim, idempotency=keyed(key.decode(), owner_of((claim.signer,)), claim.act_ids, said))
        self._callers.welcome(act.officer)
        receipt = await self._parts.store.outbox.accept(claim)
        if receipt.repeated:
            return None
        self._callers.charge(act.officer)
        self._accepted[receipt.acts[0].name].inc()
        return queued(receipt.acts[0], receipt.predicted[0])


def _headers(length: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % length), (b"content-type", b"application/json")]


def again(message: Any, receive: Receive) -> Receive:
    """The body once more, then what follows it."""
    left = [message]

    async def replay() -> Any:
        return left.pop() if left else await receive()

    return replay
