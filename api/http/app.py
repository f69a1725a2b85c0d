"""``create_app``: the ledger over HTTP, from a container."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import problems, schema
from api.http.guard import Guard
from api.http.inquiry import Inquiry
from api.http.intake import Intake
from api.http.limits import LimitRequests, Limits
from api.http.metrics import Metrics
from api.http.onepiece import InOnePiece
from api.http.rates import Buckets, Callers
from api.http.routes import acts, cases, forms, grants, operations, proofs, registry, sessions, uses
from api.http.turns import Turns
from api.services.container import Container

ROUTERS = (
    operations.router, sessions.router, registry.router, grants.router, acts.router, cases.router, proofs.router,
    uses.router, forms.router,
)  # fmt: skip


ACT_TURNS, OTHER_TURNS, FAR_TURNS = 128, 2, 8
"""Requests worked on at once, half of them for one client while it asks alone.

Of other requests few: threads that work share one interpreter lock, and each hands it over at every read of the
database and gets it back when the others have had it for a while, so that many make everybody late and nobody faster.
``FAR_TURNS`` is for databases reached over a network: who waits for an answer from there needs no lock.
"""
OTHER_PATIENCE = 0.5
"""Seconds after which a turn no longer counts; if fewer, the busier a machine is the more turns it would give."""


class Application(FastAPI):
    """FastAPI behind our own front, which answers the usual requests before the framework has begun.

    Exceptions that nobody foresaw pass through the framework unanswered, to the front's ``Guard``.
    """

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; what is no request (the server's start and stop) is the framework's."""
        await (self.front if scope["type"] == "http" else self.framework)(scope, receive, send)

    async def framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        """FastAPI as it is."""
        await super().__call__(scope, receive, send)


async def _let_through(_request: Request, error: Exception) -> Response:
    raise error


def create_app(container: Container, limits: Limits, on_stop: Callable[[], None] = lambda: None) -> Application:
    """An application over ``container``; ``on_stop`` is called once it has answered everything.

    No page loads anything from elsewhere: the description is at ``/openapi.json``, there is no viewer.
    """

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        on_stop()

    metrics, clock = Metrics(), container.monotonic
    container.store.outbox.watch = metrics.watch
    callers = Callers(Buckets(limits.rates, clock), Buckets(limits.officer_rates, clock), limits.trusted)
    app = Application(
        title="互信 Huxin",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    quick = Intake(Inquiry(app.framework, container), container, metrics, callers)
    limited = LimitRequests(
        quick,
        limits=limits,
        callers=callers,
        turns=Turns(clock, OTHER_TURNS if container.store.db.is_sqlite else FAR_TURNS, OTHER_PATIENCE),
        acts=Turns(clock, ACT_TURNS),
        user_of=container.signins.user_of,
    )
    app.front = InOnePiece(Guard(limited, metrics, clock, container.random_bytes))
    app.state.container, app.state.metrics, app.state.callers = container, metrics, callers
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Exception, _let_through)
    problems.install(app)
    schema.install(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
