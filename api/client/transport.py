"""Requests with patience: what was not answered is asked again, under the same idempotency key."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.client.problems import error_of, retry_after, unreachable
from api.wire.base import Page
from ledger.errors import HuxinError, Unavailable

Item = TypeVar("Item")
Body = TypeVar("Body", bound=BaseModel)
_AGAIN = (429, 503)


@dataclass(frozen=True, slots=True)
class Patience:
    """``seconds`` bound one request, ``attempts`` how often it is made, ``pause`` the first wait."""

    seconds: float = 40.0
    attempts: int = 5
    pause: float = 0.2


class Transport:
    """JSON over HTTP to one server; raises the errors of ``ledger.errors`` and nothing else."""

    def __init__(
        self,
        base_url: str,
        patience: Patience,
        over: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``over`` replaces the network, for tests."""
        self.base_url = base_url.rstrip("/")
        self._patience = patience
        self._sleep = sleep
        self._token: str | None = None
        # a proxy of the environment is never asked: officers' sessions go to the named server alone
        self._http = httpx.Client(base_url=self.base_url, timeout=patience.seconds, transport=over, trust_env=False)

    def sibling(self) -> "Transport":
        """The same connections with a session of its own."""
        other = object.__new__(Transport)
        other.base_url, other._patience, other._sleep = self.base_url, self._patience, self._sleep
        other._http, other._token = self._http, None
        return other

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def authorise(self, token: str | None, scheme: str = "Bearer") -> None:
        """Send this session's token, or another proof of who asks, from now on; None: no longer."""
        self._token = None if token is None else f"{scheme} {token}"

    def ask(
        self,
        method: str,
        path: str,
        answer: type[Body],
        body: BaseModel | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Body:
        """One request and its answer, read strictly; ``key`` is its Idempotency-Key."""
        return self._read(self.send(method, path, body, params, key), answer)

    def ask_once(self, path: str, answer: type[Body]) -> Body:
        """An answer that means something with status 503 too, such as that of health."""
        try:
            response = self._http.get(path, headers=self._headers(None))
        except httpx.RequestError as error:
            raise unreachable(self.base_url, error) from error
        if response.is_error and response.status_code != Unavailable.http_status:
            raise error_of(response)
        return self._read(response, answer)

    def everything(
        self, path: str, page: type[Page[Item]], params: Mapping[str, Any] | None = None
    ) -> tuple[Item, ...]:
        """All items of a collection, page after page."""
        found: list[Item] = []
        asked = dict(params or {})
        while True:
            one = self.ask("GET", path, page, params=asked)
            found += one.items
            if one.next is None:
                return tuple(found)
            asked["after"] = one.next

    def send(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """The answer to one request; safe to repeat where it only reads or has a ``key``."""
        headers = self._headers(key)
        content = None
        if body is not None:
            content = body.model_dump_json(by_alias=True, exclude_none=True)
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(method, path, content=content, params=params, headers=headers)
        return self._insist(request, repeatable=method in ("GET", "DELETE") or key is not None)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer that does not end by itself."""
        timeout = httpx.Timeout(self._patience.seconds, read=None)
        asked = self._headers(None) | dict(headers)
        try:
            with self._http.stream("GET", path, headers=asked, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                yield response
        except httpx.RequestError as error:
            raise unreachable(self.base_url, error) from error

    def _headers(self, key: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = self._token
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def _insist(self, request: httpx.Request, *, repeatable: bool) -> httpx.Response:
        attempts = self._patience.attempts
        for attempt in range(1, attempts + 1):
            pause = self._patience.pause * 2 ** (attempt - 1)
            error: HuxinError
            try:
                response = self._http.send(request)
                if not response.is_error:
                    return response
                error = error_of(response)
                again = repeatable and response.status_code in _AGAIN
                pause = max(pause, retry_after(response)) if again else 0
            except httpx.RequestError as cause:  # also an answer that cannot be decoded
                error = unreachable(self.base_url, cause)
                # a connection that never stood cannot have carried anything
                again = repeatable or isinstance(cause, httpx.ConnectError)
            if not again or attempt == attempts:
                raise error
            self._sleep(pause)
        raise Unavailable("NO_ATTEMPT", "no attempt was allowed", "未允许任何尝试")

    def _read(self, response: httpx.Response, answer: type[Body]) -> Body:
        try:
            # a newer server may say more than this client knows; what it must say is still demanded
            return answer.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise HuxinError(
                "ANSWER_UNREADABLE",
                f"the server's {answer.__name__} is not as agreed: {error.errors()[0]['loc']}",
                f"服务端返回的 {answer.__name__} 与约定不符",
            ) from error
