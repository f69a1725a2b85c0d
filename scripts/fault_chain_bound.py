"""The chain is away: acts are queued and shown as such up to a bound, then turned away with 503 and Retry-After."""

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from ledger import acts
from ledger.crypto import keccak, sign
from ledger.eip712 import digest, message, struct_hash
from scripts.fault_chain_place import SECONDS, Place
from scripts.fault_chain_proxy import Proxy
from scripts.fault_chain_storms import turning
from tests.unit.api.store.scenario import CLERK, GRANT, ITEM, NOTHING, key_of

BOUND = 20
_MORE = 10
_START_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Bounded:
    """What callers saw."""

    accepted: int
    turned_away: int
    without_retry_after: int
    shown_as_anchored: int
    anchored_once: int
    seconds: float
    is_good: bool


def bounded(place: Place, proxy: Proxy) -> Bounded:
    """Hand in more than the bound through HTTP while the chain is down; then let it come back and hand in the rest."""
    bodies = [_body(place, number) for number in range(BOUND + _MORE)]
    proxy.faults.set("down")
    with _http(place) as client:
        answers = [client.post("/v1/acts", json=body) for body in bodies]
        taken = [one.json() for one in answers if one.status_code == 202]
        away = [one for one in answers if one.status_code == 503]
        shown = Counter(client.get(f"/v1/acts/{_id(one)}").json()["status"] for one in taken)
        proxy.faults.set("")
        started = time.monotonic()
        with turning(place.carrier("bound")):
            drained = _drained(place)
            seconds = time.monotonic() - started
            again = [_until_taken(client, body) for body in bodies]
            drained = _drained(place) and drained
    ids = [bytes.fromhex(_id(one)[2:]) for one in again]
    once = place.times_applied(ids).count(1)
    silent = sum("retry-after" not in one.headers for one in away)
    told = shown.total() - shown["queued"] - shown["sent"]
    good = bool(taken and away) and len(taken) <= BOUND and len(taken) + len(away) == len(bodies)
    good = good and not silent and not told and once == len(bodies) and drained and seconds <= SECONDS
    return Bounded(len(taken), len(away), silent, told, once, seconds, good)


def _until_taken(client: httpx.Client, body: dict[str, Any]) -> Any:
    """What a client does that is told to come back later."""
    deadline = time.monotonic() + SECONDS
    while True:
        answer = client.post("/v1/acts", json=body)
        if answer.status_code in (200, 202):
            return answer.json()
        if answer.status_code != 503 or time.monotonic() > deadline:
            raise RuntimeError(f"{answer.status_code} {answer.text}")
        time.sleep(float(answer.headers["retry-after"]))


def _drained(place: Place) -> bool:
    deadline = time.monotonic() + SECONDS
    while place.store.outbox.pending_count() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not place.store.outbox.pending_count()


def _id(answer: Any) -> str:
    return str(answer["actId"])


def _body(place: Place, number: int) -> dict[str, Any]:
    now = int(time.time()) - 1
    commitment = keccak(b"bound" + number.to_bytes(8))
    act = acts.Open(commitment, ITEM, 1, 2, NOTHING, CLERK, GRANT, keccak(b"evidence"), now, now + 3600)
    signature = sign(key_of(CLERK), digest(place.network.deployment.domain("trails"), struct_hash(act)))
    return {"type": "Open", "act": message(act), "signature": "0x" + signature.hex()}


@contextmanager
def _http(place: Place) -> Iterator[httpx.Client]:
    """The HTTP process on the place's folder, and a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    environment = {
        **os.environ, "HUXIN_OUTBOX_LIMIT": str(BOUND), "HUXIN_PUBLIC_RATE": "100000", "HUXIN_RPC_URL": place.url,
        "HUXIN_DATABASE_URL": place.store.db.url,
    }  # fmt: skip
    command = [sys.executable, "-m", "api.http", "--data", str(place.folder), "--port", str(port)]
    with (place.folder / "http.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0, trust_env=False) as client:
            _await(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(20)


def _await(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client.get("/v1/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(json.dumps({"http": process.poll()}))
