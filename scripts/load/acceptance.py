"""P3: how many signed steps a second are acknowledged durably, and how long a client waits."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.fleet import free_ports
from ledger.crypto import address_of
from scripts.load.clients import Run, drive, listens
from scripts.load.hashchain import hash_chain
from scripts.load.province import Officer
from scripts.load.steps import USUAL, Pen, request
from scripts.report import Target, progress
from scripts.trials.ledger import running

CLIENTS = 32
_ACCEPTED = 202
_START_SECONDS = 60.0
_OPEN_RATE = {"HUXIN_PUBLIC_RATE": "1000000"}


def acceptance(folder: Path, steps: int, seed: bytes) -> list[Target]:
    """Targets of P3."""
    data = folder / "data"
    progress("found a ledger, then stop its chain and relay ...")
    with running(data) as trial:
        domain, people = trial.domain, trial.people
    first, later, keyed = _requests(domain, people, steps, seed)
    reference = _reference(folder, domain, people, first)
    with _server([sys.executable, "-m", "api.http"], {**_OPEN_RATE, "HUXIN_DATA": str(data)}) as address:
        opened = _drive(address, first, "ours, first steps")
        followed = _drive(address, later, "ours, later steps")
        _drive(address, keyed, "ours, later steps, each under an idempotency key")
    chained = hash_chain(16, max(1.0, steps / 1_600))
    progress(f"PostgreSQL hash chain, 16 clients: {chained:.0f}/s")
    ours = 2 * len(first) / (opened.seconds + followed.seconds)
    p99 = max(opened.quantile(0.99), followed.quantile(0.99)) * 1_000
    yardstick = reference.per_second
    return [
        Target("P3.reference", "accepted durably, to the reference", ours, 0.7, "/s", yardstick, of_ratio=True),
        Target("P3.rate", "accepted durably", ours, 4_500, "/s", yardstick),
        Target("P3.chain", "to PostgreSQL's hash chain, 16 clients", ours, 2, "/s", chained, of_ratio=True),
        Target("P3.p99", "acknowledged, p99", p99, 50, "ms", reference.quantile(0.99) * 1_000, at_most=True),
    ]


def _requests(
    domain: bytes, people: Sequence[Officer], steps: int, seed: bytes
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Openings, second steps, and third ones under idempotency keys, of the same cases."""
    pen = Pen(domain, people, seed, int(time.time()) - 1)
    cases = list(pen.cases(steps // 2, USUAL[:2]))
    first, second = ([request(case[place]) for case in cases] for place in (0, 1))
    return first, second, [request(case[2], is_keyed=True) for case in cases]


def _reference(folder: Path, domain: bytes, people: Sequence[Officer], requests: Sequence[bytes]) -> Run:
    known = {"domain": domain.hex(), "signers": [address_of(one.key).hex() for one in people]}
    (folder / "signers.json").write_text(json.dumps(known), encoding="utf-8")
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "scripts.load.reference", str(port), str(folder)]
    with _server(command, {}, port) as address:
        return _drive(address, requests, "reference")


def _drive(address: tuple[str, int], requests: Sequence[bytes], what: str) -> Run:
    run = drive(address, requests, CLIENTS)
    if set(run.statuses) != {_ACCEPTED}:
        raise SystemExit(f"{what}: {dict(run.statuses)}")
    waits = f"p50 {run.quantile(0.5) * 1e3:.1f} ms, p99 {run.quantile(0.99) * 1e3:.1f} ms"
    progress(f"{what}: {run.per_second:.0f}/s, {waits}")
    return run


@contextmanager
def _server(command: Sequence[str], settings: dict[str, str], port: int = 0) -> Iterator[tuple[str, int]]:
    """A process of ours that listens, by itself."""
    port = port or free_ports(1)[0]
    environment = {**os.environ, **settings, "HUXIN_HTTP_PORT": str(port)}
    process = subprocess.Popen(command, env=environment)
    try:
        until = time.monotonic() + _START_SECONDS
        while not listens(("127.0.0.1", port)):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{command}: does not listen")
            time.sleep(0.05)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait()
