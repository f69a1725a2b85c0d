"""Hardhat's EVM over JSON-RPC, its clock and its state in the test's hands."""

from itertools import count
from typing import Any

import httpx

from tests.differential.backends import EmittedLog, Result

GAS = 25_000_000


class Hardhat:
    """A running Hardhat node as a backend; ``sender`` (20 bytes) is impersonated."""

    def __init__(self, url: str, sender: bytes) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)
        self._ids = count(1)
        self._sender = "0x" + sender.hex()
        self._rpc("hardhat_impersonateAccount", self._sender)
        self._rpc("hardhat_setBalance", self._sender, hex(10**24))

    def _rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = self._client.post("", json=body).json()
        if "error" in answer:
            message = f"{method}: {answer['error']}"
            raise RuntimeError(message)
        return answer["result"]

    def _mine(self, transaction: dict[str, str], at: int) -> dict[str, Any]:
        self._rpc("evm_setNextBlockTimestamp", hex(at))
        transaction |= {"from": self._sender, "gas": hex(GAS)}
        sent = self._rpc("eth_sendTransaction", transaction)
        return dict(self._rpc("eth_getTransactionReceipt", sent))

    def deploy(self, code: bytes, at: int) -> bytes:
        """Mine a contract creation; its address."""
        receipt = self._mine({"data": "0x" + code.hex()}, at)
        return bytes.fromhex(receipt["contractAddress"][2:])

    def send(self, to: bytes, data: bytes, at: int) -> Result:
        """Mine one transaction at ``at``."""
        receipt = self._mine({"to": "0x" + to.hex(), "data": "0x" + data.hex()}, at)
        logs = tuple(
            EmittedLog(tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]), bytes.fromhex(log["data"][2:]))
            for log in receipt["logs"]
        )
        return Result(receipt["status"] == "0x1", logs, int(receipt["gasUsed"], 16))

    def call(self, to: bytes, data: bytes) -> bytes:
        """A view at the newest block."""
        answer = self._rpc("eth_call", {"to": "0x" + to.hex(), "data": "0x" + data.hex()}, "latest")
        return bytes.fromhex(answer[2:])

    def mark(self) -> object:
        """Hardhat's snapshot."""
        return self._rpc("evm_snapshot")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def back(self, mark: object) -> None:
        """Return to a snapshot, which is spent by that."""
        self._rpc("evm_revert", mark)
