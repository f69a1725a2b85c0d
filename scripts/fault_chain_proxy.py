"""A JSON-RPC proxy between gateway and engine that fails as nodes and networks do; seeded, and counted by kind."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

import httpx

from ledger.crypto import keccak

SHARE = 0.2
"""Of the calls, that a fault strikes where it does not strike all."""
LONG = 3.0
"""Longer (s) than the gateway waits for an answer."""
_SENDS = "eth_sendRawTransaction"
Rpc = dict[str, Any]


class Silence(Exception):
    """The connection ends without an answer."""


class Faults:
    """The fault at work; `hold` keeps what was sent back, to be handed on when the fault ends."""

    def __init__(self, seed: int, forward: Callable[[Any], Any]) -> None:
        self.random = Random(seed)  # noqa: S311 - seeded, so that a run can be repeated
        self.counts: Counter[str] = Counter()
        self.name = ""
        self._forward = forward
        self._held: list[Rpc] = []
        self._lock = threading.Lock()

    def set(self, name: str) -> None:
        """Let a fault begin, or end where the name is empty; what was held back arrives then."""
        with self._lock:
            held, self._held, self.name = self._held, [], name
        for request in held:
            self._forward(request)

    def answer(self, body: Any) -> Any:
        """What the caller gets to hear of one HTTP request; raises Silence."""
        whole = getattr(self, "_" + self.name, None) if self.name in WHOLE else None
        if whole is not None and self._strikes():
            return whole(body)
        if self.name not in SINGLE:
            return self._forward(body)
        if isinstance(body, list):
            return [self._single(one) for one in body]
        return self._single(body)

    def _single(self, request: Rpc) -> Any:
        return getattr(self, "_" + self.name)(request)

    def _strikes(self) -> bool:
        with self._lock:
            # the first call always, so that no fault ends without having struck
            return self.name in ALWAYS or not self.counts[self.name] or self.random.random() < SHARE

    def _note(self) -> None:
        with self._lock:
            self.counts[self.name] += 1

    # --- the network

    def _down(self, _body: Any) -> Any:
        self._note()
        raise Silence

    def _slow(self, body: Any) -> Any:
        self._note()
        time.sleep(0.5)
        return self._forward(body)

    def _dropped(self, body: Any) -> Any:
        """The request or its answer is lost."""
        self._note()
        if self.random.random() < 0.5:
            self._forward(body)
        raise Silence

    def _doubled(self, body: Any) -> Any:
        self._note()
        self._forward(body)
        return self._forward(body)

    def _delayed(self, body: Any) -> Any:
        """It arrives, and the answer comes when nobody waits any more."""
        self._note()
        answered = self._forward(body)
        time.sleep(LONG)
        return answered

    def _garbage(self, body: Any) -> Any:
        self._note()
        identity = body.get("id") if isinstance(body, dict) else None
        return self.random.choice((
            [], {"jsonrpc": "2.0", "id": identity}, "nonsense", {"jsonrpc": "2.0", "id": identity, "result": "0xzz"},
            {"jsonrpc": "2.0", "id": identity, "error": {"code": -32603, "message": "internal error"}},
        ))  # fmt: skip

    # --- the node

    def _lying(self, request: Rpc) -> Any:
        """Says that the nonce is too low, of what was taken or of what was not even looked at."""
        if request["method"] != _SENDS:
            return self._forward(request)
        self._note()
        if self.random.random() < 0.5:
            self._forward(request)
        return _error(request, "nonce too low: next nonce 99, tx nonce 1")

    def _known(self, request: Rpc) -> Any:
        """Says that it knows already what arrives for the first time."""
        if request["method"] != _SENDS:
            return self._forward(request)
        self._note()
        self._forward(request)
        return _error(request, "already known")

    def _accepting(self, request: Rpc) -> Any:
        """A time-out after accepting, each time."""
        if request["method"] != _SENDS:
            return self._forward(request)
        self._note()
        self._forward(request)
        raise Silence

    def _stuck(self, request: Rpc) -> Any:
        """Taken and shown as waiting, mined only when the fault is over."""
        if request["method"] == _SENDS:
            return self._hold(request)
        answered = self._forward(request)
        if request["method"] == "eth_getTransactionCount" and request["params"][-1] == "pending":
            answered["result"] = hex(int(answered["result"], 16) + len({str(one["params"]) for one in self._held}))
        return answered

    def _forgetting(self, request: Rpc) -> Any:
        """Taken, then nobody has heard of it, and mined later all the same."""
        if request["method"] == _SENDS:
            return self._hold(request)
        if request["method"] == "eth_getTransactionByHash":
            return {"jsonrpc": "2.0", "id": request["id"], "result": None}
        if request["method"] == "eth_getTransactionCount":
            return self._forward({**request, "params": [request["params"][0], "latest"]})
        return self._forward(request)

    def _hold(self, request: Rpc) -> Rpc:
        self._note()
        with self._lock:
            self._held.append(request)
        raw = bytes.fromhex(request["params"][0][2:])
        return {"jsonrpc": "2.0", "id": request["id"], "result": "0x" + keccak(raw).hex()}


WHOLE = ("down", "slow", "dropped", "doubled", "delayed", "garbage")
SINGLE = ("lying", "known", "accepting", "stuck", "forgetting")
ALWAYS = ("down", "slow")


def _error(request: Rpc, message: str) -> Rpc:
    return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": message}}


class Proxy:
    """Listens on loopback; `target` is the engine's URL and may change while it runs."""

    def __init__(self, target: str, seed: int) -> None:
        self.target = target
        self.faults = Faults(seed, self._forward)
        self._client = httpx.Client(timeout=30.0, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.faults))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="proxy", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _forward(self, body: Any) -> Any:
        try:
            return self._client.post(self.target, json=body).json()
        except (httpx.HTTPError, ValueError) as error:
            raise Silence from error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()


def _handler(faults: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answered = json.dumps(faults.answer(json.loads(body))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)
            except (Silence, OSError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """The proxy says nothing on stderr: the experiment's progress stands there."""

    return Handler
