"""What routes share: the container, who is asking, identifiers in paths, cursors, declared problems."""

from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.metrics import Metrics
from api.http.problems import MEDIA_TYPE
from api.http.rates import Callers
from api.services.container import Container
from api.services.signin import User
from api.wire.base import Problem
from ledger.errors import HuxinError, InvalidInput, NotFound, Unauthenticated
from ledger.ids import MAX_UINT32, parse_id

BEARER = HTTPBearer(auto_error=False, description="Token of POST /v1/session (EIP-4361)", scheme_name="session")

MAX_UINT64 = 2**64 - 1
MAX_INT64 = 2**63 - 1
"""The most that a plain number column takes."""

_TEXTS = {
    400: "无法解析 / cannot be read",
    401: "未登录 / not signed in",
    403: "无权 / not allowed",
    404: "不存在或不可见 / not there, or not for you",
    405: "方法不支持 / method not offered",
    409: "与已记录的相冲突 / contradicts what is recorded",
    413: "请求体过大 / body too large",
    415: "类型不支持 / media type not taken",
    422: "内容有误,列出全部问题 / wrong, all faults listed",
    429: "请求过于频繁 / too many requests",
    500: "服务器内部错误 / failure of the server",
    503: "暂不可用 / not available now",
}


def problems(*more: int) -> dict[int | str, dict[str, Any]]:
    """Declared problem responses: those that every route may give, and ``more``."""
    statuses = sorted({400, 405, 413, 415, 422, 429, 500, 503, *more})
    return {
        status: {"description": _TEXTS[status], "content": {MEDIA_TYPE: {"schema": _PROBLEM}}} for status in statuses
    }


_PROBLEM = {"$ref": "#/components/schemas/Problem"}
PROBLEM_MODEL = Problem


# these three are coroutines, for FastAPI sends every plain function that is depended on to a thread, one by one
async def container_of(request: Request) -> Container:
    """The process's container."""
    found: Container = request.app.state.container
    return found


async def metrics_of(request: Request) -> Metrics:
    """What this process counts."""
    found: Metrics = request.app.state.metrics
    return found


async def callers_of(request: Request) -> Callers:
    """Who asks how often."""
    found: Callers = request.app.state.callers
    return found


Parts: TypeAlias = Annotated[Container, Depends(container_of)]
Counted: TypeAlias = Annotated[Metrics, Depends(metrics_of)]
Rated: TypeAlias = Annotated[Callers, Depends(callers_of)]
_Bearer: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


async def token_of(bearer: _Bearer) -> str:
    """The token; Unauthenticated ``SIGN_IN_REQUIRED``."""
    if bearer is None:
        raise Unauthenticated("SIGN_IN_REQUIRED", "sign in first: POST /v1/session", "请先登录:POST /v1/session")
    return bearer.credentials


Token: TypeAlias = Annotated[str, Depends(token_of)]


def user_of(parts: Parts, token: Token, request: Request) -> User:
    """Who is signed in, whose key holds at this moment; from now on the officer's rate counts, not the address's."""
    callers: Callers = request.app.state.callers
    authorization = request.headers["authorization"].encode("latin-1")
    try:
        user = parts.signins.user_of(token)
    except Unauthenticated:
        callers.forget(authorization)
        raise
    callers.know(authorization, user.officer)
    return user


def maybe_user_of(parts: Parts, bearer: _Bearer, request: Request) -> User | None:
    """Who is signed in, or nobody; a token that is worth nothing is still refused."""
    return None if bearer is None else user_of(parts, bearer.credentials, request)


SignedIn: TypeAlias = Annotated[User, Depends(user_of)]
MaybeSignedIn: TypeAlias = Annotated[User | None, Depends(maybe_user_of)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="一页至多几条 / most entries of a page")]
After: TypeAlias = Annotated[
    str | None, Query(max_length=80, description="上一页的 next / next of the page before", examples=[None])
]
_HEX = r"^0x[0-9a-f]{64}$"
CaseKey: TypeAlias = Annotated[str, Path(pattern=_HEX, examples=["0x" + "5e" * 32])]
Root: TypeAlias = Annotated[str, Path(pattern=_HEX, examples=["0x" + "5e" * 32])]
ActId: TypeAlias = Annotated[str, Path(pattern=_HEX, examples=["0x" + "5e" * 32])]
Id: TypeAlias = Annotated[str, Path(max_length=21, pattern=r"^[0-9]{1,20}(-[0-9]{1,10})?$", examples=["3-17"])]
AgencyId: TypeAlias = Annotated[int, Path(ge=1, le=MAX_UINT32, examples=[3])]


def read_id(text: str, where: str = "path.id") -> int:
    """``agency-number`` or the number itself; InvalidInput."""
    if "-" not in text:
        if text.isascii() and text.isdigit() and int(text) < 2**64:
            return int(text)
        raise InvalidInput("ID_MALFORMED", where, "write agency-number", "请写成 机构编号-编号")
    try:
        return parse_id(text)
    except HuxinError as error:
        raise InvalidInput(error.code, where, error.en, error.zh) from error


def read_after(text: str | None, most: int = MAX_UINT64) -> int | None:
    """A cursor, no more than the column takes; InvalidInput ``CURSOR_MALFORMED``."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**64):
        raise InvalidInput("CURSOR_MALFORMED", "query.after", "hand back `next` as it was", "请原样传回 next")
    return min(int(text), most)


def cursor_of(after: object) -> str | None:
    """A page's ``next``."""
    return None if after is None else str(after)


def unknown(code: str, zh: str, en: str) -> NotFound:
    """NotFound in both languages."""
    return NotFound(code, f"no such {en}", f"没有此{zh}")
