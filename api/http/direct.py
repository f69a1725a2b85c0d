"""A route that may answer a request before FastAPI takes it apart; what it leaves goes the usual way."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

Answering = Callable[[Request], Awaitable[Response | None]]


class DirectRoute(APIRoute):
    """Declared, described and failing like any other route; see :meth:`answering`."""

    answer: Answering

    @classmethod
    def answering(cls, answer: Answering) -> type["DirectRoute"]:
        """Routes that ask ``answer`` first; where it gives None, the endpoint is called as always."""
        return type(cls.__name__, (cls,), {"answer": staticmethod(answer)})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI serves the route with."""
        usual, answer = super().get_route_handler(), self.answer

        async def handle(request: Request) -> Response:
            return await answer(request) or await usual(request)

        return handle
