"""``python -m api.relay --data DIR``: index the chain and carry the outbox, as a process."""

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from api import logs
from api.relay.batching import Limits
from api.relay.lease import Lease
from api.relay.metrics import RelayMetrics, told
from api.relay.relay import Pace, Relay
from api.relay.service import Service
from api.relay.watched import WatchedGateway, WatchedIndexer, WatchedJournal
from api.settings import Settings
from api.store.claim import claim
from api.store.origin import Origin
from api.store.store import Store, open_store
from ledger.errors import HuxinError, InvalidInput, Unavailable
from node.gateway.account import RelayAccount
from node.gateway.errors import ChainUnavailable
from node.gateway.gateway import Gateway
from node.network import LedgerNetwork, load

_RETRY_SECONDS = 0.5


def _settings() -> Settings:
    parser = argparse.ArgumentParser(
        prog="python -m api.relay",
        description="互信中继与索引进程。 Huxin's relay and index.",
    )
    parser.add_argument("--data", type=Path, help="数据目录 data directory")
    arguments = parser.parse_args()
    return Settings() if arguments.data is None else Settings(data=arguments.data)


def _relay_key(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip().removeprefix("0x"))
    except (OSError, ValueError) as error:
        # neither the key nor what stands in the file may appear in a message
        raise InvalidInput(
            "RELAY_KEY_UNREADABLE", path.name, "the relay's key file is missing or is not hex",
            "中继密钥文件缺失或不是十六进制",
        ) from error  # fmt: skip


def _connect(
    settings: Settings, network: LedgerNetwork, stopping: threading.Event, metrics: RelayMetrics
) -> Gateway | None:
    """The chain, as soon as it answers; None where we are stopped before."""
    url = settings.rpc_url or network.rpc_url
    while not stopping.is_set():
        try:
            return WatchedGateway(metrics, url, network.chain_id, settings.finality_depth, settings.rpc_timeout)
        except ChainUnavailable:
            stopping.wait(_RETRY_SECONDS)
    return None


def _end_at_once() -> None:
    """Nobody waits for an answer of ours, and closing the database would write to it once more."""
    text = "STORE_FAILED: 数据库文件读写失败 the database's files cannot be read or written"
    print(text, file=sys.stderr, flush=True)  # noqa: T201
    os._exit(Unavailable.exit_code)


def _service(
    settings: Settings, store: Store, network: LedgerNetwork, chain: Gateway, metrics: RelayMetrics
) -> Service:
    origin = Origin.of(network)
    holder = settings.lease_holder or secrets.token_hex(16)
    lease = Lease(store.db, holder, settings.lease_seconds, lambda: int(time.time() * 1000))
    journal = WatchedJournal(store.db, lease.guard, metrics)
    relay = Relay(
        journal,
        chain,
        RelayAccount(_relay_key(settings.relay_key_file), network.chain_id),
        origin.deployment,
        Limits(settings.batch_acts, settings.batch_bytes, settings.batch_gas),
        Pace(settings.batch_age, settings.in_flight, settings.resend_after, settings.in_flight_gas),
        time.time,
        time.monotonic,
    )
    return Service(
        store.db,
        chain,
        lease,
        lambda: WatchedIndexer(store.db, chain, origin, lease.guard, metrics),
        relay,
        journal,
        time.time,
        time.monotonic,
    )


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code is that of the error (``ledger.errors``)."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    try:
        settings = _settings()
        logs.configure("relay", settings)
        network = load(settings.network_file)
        store = open_store(settings.database, on_failure=_end_at_once)
        claim(store.db, Origin.of(network))
        metrics = RelayMetrics()
        with told(metrics, settings.relay_metrics_port):
            chain = _connect(settings, network, stopping, metrics)
            if chain is not None:
                service = _service(settings, store, network, chain, metrics)
                print('{"ready": true}', flush=True)  # noqa: T201 - the ready line is this process's interface
                service.run(stopping, settings.poll_seconds)
        store.close()
    except HuxinError as error:
        print(f"{error.code}: {error.zh} {error.en}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
