"""``create_app``: the ledger over HTTP, from a container."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from api.http import problems, schema
from api.http.guard import Guard
from api.http.inquiry import Inquiry
from api.http.intake import Intake
from api.http.limits import LimitRequests, Limits
from api.http.metrics import Metrics
from api.http.rates import Buckets, Callers
from api.http.routes import acts, cases, grants, operations, proofs, registry, sessions
from api.http.turns import Turns
from api.services.container import Container

ROUTERS = (operations.router, sessions.router, registry.router, grants.router, acts.router, cases.router, proofs.router)


ACT_TURNS, OTHER_TURNS = 128, 16
"""Requests worked on at once, half of them for one address while it asks alone."""


def create_app(container: Container, limits: Limits, on_stop: Callable[[], None] = lambda: None) -> FastAPI:
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
    app = FastAPI(
        title="互信 Huxin",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        middleware=[
            Middleware(
                Guard,
                metrics=metrics, monotonic=clock, random_bytes=container.random_bytes,
            ),
            Middleware(
                LimitRequests,
                limits=limits, callers=callers, turns=Turns(clock, OTHER_TURNS), acts=Turns(clock, ACT_TURNS),
            ),
            Middleware(Intake, container=container, metrics=metrics),
            Middleware(Inquiry, container=container),
        ],
    )  # fmt: skip
    app.state.container, app.state.metrics, app.state.callers = container, metrics, callers
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    schema.install(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
