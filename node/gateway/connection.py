"""One JSON-RPC endpoint: requests with a time-out, every failure as a typed error."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from web3 import HTTPProvider
from web3.types import RPCEndpoint

from node.gateway.errors import BatchRefused, CallReverted, ChainUnavailable, RpcFailure

T = TypeVar("T")

_REVERTED = 3
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Connection:
    """Raw requests over web3's provider, which keeps a session for each thread."""

    def __init__(self, url: str, seconds: float) -> None:
        """``seconds`` bound each request."""
        self.url = url
        # no retries below us: the caller must know that a request may have been taken twice
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": seconds, "proxies": _proxies(url)},
            exception_retry_configuration=None,
        )

    def request(self, method: str, *params: Any) -> Any:
        """The result.

        Raises ChainUnavailable (``CHAIN_UNREACHABLE``, ``CHAIN_ANSWER``), CallReverted, RpcFailure.
        """
        try:
            response = self._provider.make_request(RPCEndpoint(method), list(params))
        except OSError as error:  # requests' errors are OSErrors: refused, timed out, HTTP status
            raise self._unreachable(method, error) from error
        except ValueError as error:
            raise self._unreadable(method) from error
        return self._result(method, response)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several requests in one round trip, in order; raises as :meth:`request` does.

        Raises BatchRefused where the endpoint answers the batch as a whole with an error.
        """
        methods = ", ".join(sorted({method for method, _ in calls}))
        wanted = [(RPCEndpoint(method), list(params)) for method, params in calls]
        try:
            responses = self._provider.make_batch_request(wanted)
        except OSError as error:
            raise self._unreachable(methods, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable(methods) from error
        if not isinstance(responses, list) or len(responses) != len(calls):
            raise BatchRefused(f"{self.url} does not take batches")
        return [self._result(method, response) for (method, _), response in zip(calls, responses, strict=True)]

    def _result(self, method: str, response: Any) -> Any:
        if not isinstance(response, dict):
            raise self._unreadable(method)
        if response.get("error") is not None:
            raise _failure(response["error"])
        if "result" not in response:
            raise self._unreadable(method)
        return response["result"]

    def _unreachable(self, method: str, error: Exception) -> ChainUnavailable:
        return ChainUnavailable(
            "CHAIN_UNREACHABLE",
            f"the chain at {self.url} does not answer {method}: {type(error).__name__}",
            f"位于 {self.url} 的链没有应答 {method}:{type(error).__name__}",
        )

    def read(self, reader: Callable[[Any], T], method: str, result: Any) -> T:
        """A result in its own type; what does not fit its schema is no answer: ``CHAIN_ANSWER``."""
        try:
            return reader(result)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise self._unreadable(method) from error

    def _unreadable(self, method: str) -> ChainUnavailable:
        return ChainUnavailable(
            "CHAIN_ANSWER",
            f"{self.url} answers {method} with something that is not JSON-RPC",
            f"{self.url} 对 {method} 的应答不是 JSON-RPC",
        )


def _proxies(url: str) -> dict[str, str]:
    """A proxy of the environment is not to be asked for this very machine."""
    here = urlsplit(url).hostname in _LOOPBACK
    return {"http": "", "https": ""} if here else {}


def _revert_data(error: dict[str, Any]) -> bytes | None:
    """A revert's data: geth puts it into ``data``, Hardhat one level deeper."""
    found = error.get("data")
    if isinstance(found, dict):
        found = found.get("data") or found.get("result")
    if not isinstance(found, str) or not found.startswith("0x"):
        return None
    try:
        return bytes.fromhex(found[2:])
    except ValueError:
        return None


def _failure(error: Any) -> RpcFailure:
    if not isinstance(error, dict):
        return RpcFailure("CHAIN_ERROR", 0, str(error)[:500])
    code, message = int(error.get("code", 0)), str(error.get("message", ""))[:500]
    data = _revert_data(error)
    if code == _REVERTED or "revert" in message.lower():
        return CallReverted(message, data or b"")
    return RpcFailure("CHAIN_ERROR", code, message, error.get("data"))


def as_params(addresses: Sequence[bytes]) -> list[str]:
    """Addresses as JSON-RPC has them."""
    return ["0x" + address.hex() for address in addresses]
