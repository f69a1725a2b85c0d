"""A problem document (RFC 9457) back into the error it was made from: same code, same class."""

from typing import Any

import httpx
from pydantic import ValidationError

from api.wire.base import Problem
from ledger.errors import (
    Conflict,
    Fault,
    Forbidden,
    HuxinError,
    InvalidInput,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)

_PLAIN: dict[int, type[HuxinError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict}
_DEFECT = 500
_LONGEST = 10
"""Digits of a time to wait."""


def error_of(response: httpx.Response) -> HuxinError:
    """The error an answer of 400 and above stands for."""
    try:
        problem = Problem.model_validate_json(response.content, extra="ignore")
    except ValidationError:
        return _unreadable(response)
    code, en, zh = problem.code, problem.detail.en, problem.detail.zh
    status = response.status_code
    if status in _PLAIN:
        return _PLAIN[status](code, en, zh)
    if status == TooMany.http_status:
        return TooMany(code, en, zh, retry_after(response))
    if status == Unavailable.http_status:
        return Unavailable(code, en, zh, retry_after(response))
    if status >= _DEFECT:
        return HuxinError(code, _with_incident(en, problem), _with_incident(zh, problem))
    faults = tuple(Fault(each.code, each.where, each.zh, each.en) for each in problem.faults)
    return InvalidInput(code, faults[0].where if faults else "body", en, zh, faults)


def unreachable(url: str, error: Exception) -> Unavailable:
    """The server did not answer: whether it took the request is not known."""
    kind = type(error).__name__
    return Unavailable("SERVER_UNREACHABLE", f"{url} does not answer ({kind})", f"{url} 没有应答({kind})")


def retry_after(response: httpx.Response) -> int:
    """Seconds the server asks to wait, 1 to 60."""
    text = response.headers.get("Retry-After", "")
    return min(max(int(text), 1), 60) if text.isascii() and text.isdigit() and len(text) < _LONGEST else 2


def _with_incident(text: str, problem: Problem) -> str:
    return f"{text} [{problem.incident}]" if problem.incident else text


def _unreadable(response: httpx.Response) -> HuxinError:
    kind: Any = response.headers.get("Content-Type", "-")
    if response.status_code in (502, 503, 504):
        return Unavailable("SERVER_UNAVAILABLE", f"a proxy answers {response.status_code}", "网关报告服务不可用")
    return HuxinError(
        "ANSWER_UNREADABLE",
        f"{response.request.url} answers {response.status_code} ({kind}) without a problem document",
        f"{response.request.url} 返回 {response.status_code}({kind}),不是标准的错误报文",
    )
