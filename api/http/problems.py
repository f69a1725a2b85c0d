"""Every error as ``application/problem+json`` (RFC 9457) with a stable code, in both languages."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ledger.errors import Fault, HuxinError, InvalidInput, TooMany, Unavailable

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 100

_KINDS: dict[str, tuple[str, str, str]] = {
    "missing": ("FIELD_MISSING", "缺少此字段", "is missing"),
    "extra_forbidden": ("FIELD_UNKNOWN", "没有这个字段,请删去", "no such field: leave it out"),
    "json_invalid": ("JSON_MALFORMED", "不是合法的 JSON", "is not JSON"),
    "string_pattern_mismatch": ("PATTERN_MISMATCH", "格式不符", "has not the shape it must have"),
    "string_unicode": ("TEXT_ENCODING", "不是合法的 Unicode 文本", "is not Unicode text"),
    "string_too_long": ("TEXT_TOO_LONG", "文字过长", "is too long"),
    "string_too_short": ("TEXT_TOO_SHORT", "文字过短", "is too short"),
    "too_long": ("LIST_TOO_LONG", "项数过多", "has too many entries"),
    "too_short": ("LIST_TOO_SHORT", "项数过少", "has too few entries"),
    "literal_error": ("VALUE_UNKNOWN", "不在可用的取值之内", "is not one of the values that are known"),
    "enum": ("VALUE_UNKNOWN", "不在可用的取值之内", "is not one of the values that are known"),
}
_RANGES = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"})

_STATUS: dict[int, tuple[str, str, str]] = {
    400: ("REQUEST_MALFORMED", "请求无法解析,请检查编码与格式", "the request cannot be read: check encoding and form"),
    404: ("ROUTE_UNKNOWN", "没有这个接口,见 /openapi.json", "there is nothing here: see /openapi.json"),
    405: ("METHOD_NOT_ALLOWED", "该接口不支持此方法,见 Allow 头", "this method is not offered here: see Allow"),
    413: ("BODY_TOO_LARGE", "请求体过大", "the body is too large"),
    415: ("MEDIA_TYPE_UNSUPPORTED", "请以 application/json 提交", "send application/json"),
}


class TooLarge(HuxinError):
    """A body is larger than the route takes."""

    http_status = 413
    exit_code = 65


class UnsupportedMedia(HuxinError):
    """A body is not of a type that the route reads."""

    http_status = 415
    exit_code = 65


def problem(
    status: int,
    code: str,
    zh: str,
    en: str,
    faults: Iterable[Fault] = (),
    headers: Mapping[str, str] | None = None,
    incident: str | None = None,
) -> Response:
    """A problem as a response."""
    body: dict[str, Any] = {
        "type": f"urn:huxin:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": {"zh": zh, "en": en},
        "faults": [{"code": f.code, "where": f.where, "zh": f.zh, "en": f.en} for f in faults][:MOST_FAULTS],
    }
    if incident is not None:
        body["incident"] = incident
    return Response(encoded(body), status, headers, MEDIA_TYPE)


def encoded(body: object) -> bytes:
    """JSON bytes; what cannot be written as UTF-8 is escaped, so that no answer fails on a text."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def wire(response: Response) -> bytes:
    """A response as bytes of HTTP/1.1 after which the connection ends; for what never becomes a request."""
    head = f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}\r\nconnection: close\r\n"
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
    return head.encode() + lines + b"\r\n" + bytes(response.body)


def problem_of(error: HuxinError) -> Response:
    """The answer to one of our own errors."""
    faults = error.faults if isinstance(error, InvalidInput) else ()
    headers: dict[str, str] = {}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(max(1, error.retry_after))
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="huxin"'
    return problem(error.http_status, error.code, error.zh, error.en, faults, headers)


def faults_of(errors: Sequence[Any]) -> list[Fault]:
    """Pydantic's findings as faults; what was handed in is never repeated."""
    return [_fault(str(error["type"]), _place(error["loc"])) for error in errors[:MOST_FAULTS]]


def _fault(kind: str, where: str) -> Fault:
    if kind in _RANGES:
        code, zh, en = "NUMBER_OUT_OF_RANGE", "超出范围", "is out of range"
    elif kind in _KINDS:
        code, zh, en = _KINDS[kind]
    elif kind.endswith(("_type", "_parsing", "_from_float")):
        code, zh, en = "WRONG_TYPE", "类型不符", "has the wrong type"
    else:
        code, zh, en = "VALUE_INVALID", "取值无效", "is not valid"
    return Fault(code, where, f"{where} {zh}", f"{where} {en}")


def _place(path: Sequence[Any]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) and text else f"{'.' if text else ''}{str(part)[:60]}"
    return text or "body"


async def _on_own(_request: Request, error: Exception) -> Response:
    return problem_of(error) if isinstance(error, HuxinError) else problem(500, "INTERNAL", "", "")


async def _on_validation(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return problem_of(InvalidInput.of(faults_of(found)))


async def _on_http(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    code, zh, en = _STATUS.get(status, (f"HTTP_{status}", "请求未能处理", "the request was not carried out"))
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem(status, code, zh, en, headers=headers)


def install(app: FastAPI) -> None:
    """Let every error of the application leave it as a problem."""
    app.add_exception_handler(HuxinError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
