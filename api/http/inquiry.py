"""The way of most questions: a license verified by the digest of its file, `POST /v1/verify/license`.

Answered here where nothing has to be waited for; every other question, and every faulty one, goes on to the route
(``routes.proofs``), which describes them all.
"""

from functools import lru_cache

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.intake import Route, again
from api.http.problems import problem_of
from api.services.container import Container
from api.services.quickly import best
from api.wire.proofs import VerifyLicenseRequest
from ledger.crypto import Digest, parse_digest
from ledger.errors import HuxinError
from ledger.verdict import Check, Report

_PATH = "/v1/verify/license"
_ROUTE = Route(_PATH)
_SHARED = frozenset({"index.fresh", "license.issuer", "license.seal", "license.status", "license.period"})
"""Checks that say the same of many licenses: written once. Those of one license alone are written each time."""


class Inquiry:
    """ASGI middleware, the innermost: bodies were bounded and callers counted before."""

    def __init__(self, app: ASGIApp, container: Container) -> None:
        self._app, self._quick, self._now = app, container.quick_verification, container.now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a question by digest, or hand the request on as it came."""
        if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        asked = None if message.get("more_body") else _digest_of(message.get("body", b""))
        response = None if asked is None else await self._answer(asked)
        if response is None:
            await self._app(scope, again(message, receive), send)
            return
        scope["route"] = _ROUTE
        await response(scope, receive, send)

    async def _answer(self, asked: Digest) -> Response | None:
        try:
            reports = await self._reports(asked)
        except HuxinError as error:
            return problem_of(error)
        if reports is None:
            return None
        return Response(written(best(reports), self._now()), media_type="application/json")

    async def _reports(self, asked: Digest) -> tuple[Report, ...] | None:
        if not self._quick.is_quick:
            return await run_in_threadpool(self._quick.in_a_thread, asked)
        moment = self._quick.moments.latest()
        if moment is None:
            moment = await run_in_threadpool(self._quick.moments.renew)
        return self._quick.at_once(asked, moment)


def _digest_of(body: bytes) -> Digest | None:
    """The digest that a question is about; None where it is about something else, or malformed."""
    try:
        asked = VerifyLicenseRequest.model_validate_json(body)
    except ValidationError:
        return None
    if asked.digest is None or asked.model_fields_set != {"digest"}:
        return None
    return parse_digest(asked.digest, "body.digest")


def written(report: Report, checked_at: int) -> bytes:
    """The same bytes as ``ReportView.model_dump_json``."""
    checks = b",".join([_shared(one) if one.name in _SHARED else _check(one) for one in report.checks])
    return b'{"verdict":"%b","checks":[%b],"checkedAt":%d}' % (report.overall.encode(), checks, checked_at)


def _check(one: Check) -> bytes:
    return to_json({
        "name": one.name, "verdict": one.verdict.value, "reasonCode": one.reason_code, "zh": one.zh, "en": one.en,
        "facts": dict(one.facts),
    })  # fmt: skip


_shared = lru_cache(maxsize=512)(_check)
