"""JSON-RPC over one kept connection, with as little around it as possible."""

import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import decode

from ledger.calldata import selector
from scripts.gas_chain import Log


class RpcFailed(Exception):
    """The node answered with an error."""


class Rpc:
    """A node by its URL."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def call(self, method: str, *params: Any) -> Any:
        """The result; RpcFailed."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RpcFailed(f"{method}: {answer['error']}")
        return answer["result"]

    def view(self, to: bytes, signature: str, argument: bytes, types: list[str]) -> tuple[Any, ...]:
        """What a view function of one 32-byte argument returns."""
        data = "0x" + (selector(signature) + argument).hex()
        answer = self.call("eth_call", {"to": "0x" + to.hex(), "data": data}, "latest")
        found: tuple[Any, ...] = decode(types, bytes.fromhex(answer[2:]))
        return found

    def logs(self, address: bytes, topics: Sequence[bytes]) -> list[dict[str, Any]]:
        """Events of a contract, from the first block on."""
        wanted = ["0x" + topic.hex() for topic in topics]
        query = {"address": "0x" + address.hex(), "topics": wanted, "fromBlock": "0x0", "toBlock": "latest"}
        found: list[dict[str, Any]] = self.call("eth_getLogs", query)
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def log_of(shown: dict[str, Any]) -> Log:
    """An event as JSON-RPC shows it."""
    topics = tuple(bytes.fromhex(topic[2:]) for topic in shown["topics"])
    return Log(bytes.fromhex(shown["address"][2:]), topics, bytes.fromhex(shown["data"][2:]))
