"""JSON-RPC 2.0: one request or a batch in, the answer out; nothing a caller sends gets a 500."""

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from node.embedded.rpc.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    invalid_params,
)

MAX_BATCH = 1_000
QUICK = frozenset(
    {
        "eth_blockNumber",
        "eth_chainId",
        "eth_getTransactionCount",
        "eth_sendRawTransaction",
        "eth_getTransactionReceipt",
        "net_version",
        "web3_clientVersion",
    }
)
"""What is done sooner than another thread could be asked to do it."""
UNREADABLE = object()
_LOGGER = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests from a table of methods."""

    def __init__(self, methods: Mapping[str, Callable[..., Any]]) -> None:
        """``methods`` are called with the positional parameters."""
        self._methods = methods
        self._signatures = {
            name: inspect.Signature() if method is list else inspect.signature(method)
            for name, method in methods.items()
        }

    def answer(self, body: bytes) -> bytes | None:
        """The response's JSON; None where there is nothing to answer (notifications only)."""
        return self.respond(read(body))

    def respond(self, request: Any) -> bytes | None:
        """:meth:`answer` for a body that was read."""
        if request is UNREADABLE:
            return to_json(_failure(None, RpcError(PARSE_ERROR, "parse error")))
        if isinstance(request, list):
            return self._answer_batch(request)
        response = self._answer_one(request)
        return None if response is None else to_json(response)

    def _answer_batch(self, requests: list[Any]) -> bytes | None:
        if not requests:
            return to_json(_failure(None, RpcError(INVALID_REQUEST, "empty batch")))
        if len(requests) > MAX_BATCH:
            return to_json(_failure(None, RpcError(INVALID_REQUEST, "batch too large")))
        responses = [self._answer_one(request) for request in requests]
        answered = [response for response in responses if response is not None]
        return to_json(answered) if answered else None

    def _answer_one(self, request: Any) -> dict[str, Any] | None:
        if not _is_request(request):
            return _failure(None, RpcError(INVALID_REQUEST, "invalid request"))
        identity = request.get("id")
        try:
            result = self._call(request["method"], request.get("params"))
            response = {"jsonrpc": "2.0", "id": identity, "result": result}
        except RpcError as error:
            response = _failure(identity, error)
        return response if "id" in request else None

    def _call(self, name: str, params: Any) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"the method {name[:80]} does not exist/is not available")
        arguments = [] if params is None else params
        if not isinstance(arguments, list):
            raise invalid_params("want positional parameters")
        while arguments and arguments[-1] is None:
            arguments = arguments[:-1]
        try:
            self._signatures[name].bind(*arguments)
        except TypeError as error:
            raise RpcError(INVALID_PARAMS, f"wrong number of arguments: {error}") from error
        try:
            return method(*arguments)
        except RpcError:
            raise
        except Exception as error:  # whatever broke, the caller gets a JSON-RPC answer
            _LOGGER.exception("%s failed", name)
            raise RpcError(INTERNAL_ERROR, f"internal error: {type(error).__name__}") from error


def read(body: bytes) -> Any:
    """The JSON of a body, or ``UNREADABLE``."""
    try:
        # json.loads would end the process on deep nesting: py-evm raises the recursion limit
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        return UNREADABLE


def is_quick(request: Any) -> bool:
    """Whether a request needs no thread of its own."""
    if not isinstance(request, dict):
        return False
    name = request.get("method")
    return isinstance(name, str) and name in QUICK


def _is_request(request: Any) -> bool:
    return (
        isinstance(request, dict)
        and request.get("jsonrpc") == "2.0"
        and isinstance(request.get("method"), str)
        and isinstance(request.get("id"), (str, int, float, type(None)))
    )


def _failure(identity: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "error": error.to_json()}
