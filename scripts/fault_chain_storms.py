"""Acts keep coming in while the chain misbehaves; then the fault ends, and everything must be there."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ledger.procedure import Action
from node.engines import EmbeddedEngine
from node.gateway.account import RelayAccount
from node.gateway.connection import Connection
from node.gateway.gateway import Gateway
from scripts.fault_chain_matrix import times_carried
from scripts.fault_chain_place import CHAIN_ID, RELAY_KEY, SECONDS, Carrier, Place, engine_of
from scripts.fault_chain_proxy import Proxy

OTHER_CHAIN = CHAIN_ID + 1


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of one fault; `seconds` from its end until nothing waited any more."""

    fault: str
    acts: int
    lost: int
    doubled: int
    carried_again: int
    out_of_order: int
    is_drained: bool
    seconds: float

    @property
    def is_good(self) -> bool:
        """Everything is there once, in order, in time."""
        return self.is_drained and not self.lost and not self.doubled and not self.out_of_order


@contextmanager
def turning(carrier: Carrier) -> Iterator[None]:
    """The relay's loop in a thread of its own, as its process runs it."""
    stopping = threading.Event()
    thread = threading.Thread(target=carrier.service.run, args=(stopping, 0.02), name="relay", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def weather(place: Place, name: str, begin: Callable[[], Any], end: Callable[[], Any], seconds: float) -> Storm:
    """A fault of so many seconds, with cases opened and continued meanwhile."""
    first = place.cases
    ids: list[bytes] = []
    with turning(place.carrier(name)):
        begin()
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            ids += place.accept(_pair(place))
            time.sleep(min(0.4, seconds / 5))
        end()
        started = time.monotonic()
        while place.store.outbox.pending_count() and time.monotonic() - started < SECONDS:
            time.sleep(0.05)
    return _storm(place, name, ids, range(first, place.cases), time.monotonic() - started)


def _pair(place: Place) -> list[Any]:
    """Two cases of two steps each; the second steps are signed on what is predicted."""
    first = place.cases
    entries = place.openings(2)
    return entries + place.steps(range(first, first + 2), Action.VERIFY)


def _storm(place: Place, name: str, ids: Sequence[bytes], cases: Sequence[int], seconds: float) -> Storm:
    applied = place.times_applied(ids)
    in_order = 0
    for number, case in enumerate(cases):
        at = 4 * (number // 2) + number % 2
        steps = [step.act_id for step in place.store.cases.steps(place.scenario.key(case))]
        in_order += steps == [ids[at], ids[at + 2]]
    return Storm(
        name, len(ids), sum(not one for one in applied), sum(one > 1 for one in applied),
        sum(one > 1 for one in times_carried(place, ids)), len(cases) - in_order,
        place.store.outbox.pending_count() == 0, seconds,
    )  # fmt: skip


def by_proxy(place: Place, proxy: Proxy, fault: str, seconds: float) -> Storm:
    """One of the proxy's own faults."""
    return weather(place, fault, lambda: proxy.faults.set(fault), lambda: proxy.faults.set(""), seconds)


def node_restarted(place: Place, proxy: Proxy, seconds: float) -> Storm:
    """The engine is killed with what waits in its pool, and comes back with an empty one."""

    def kill() -> None:
        proxy.faults.counts["restarted"] += 1
        place.engine.kill()

    def back() -> None:
        place.engine = engine_of("embedded").start(place.folder / "chain", CHAIN_ID)
        proxy.target = place.engine.url

    return weather(place, "restarted", kill, back, seconds)


def wrong_chain(place: Place, proxy: Proxy, seconds: float) -> Storm:
    """For a while, the endpoint is another chain."""
    home = proxy.target
    with EmbeddedEngine().start(place.folder / "other", OTHER_CHAIN) as other:

        def away() -> None:
            proxy.faults.counts["wrong chain"] += 1
            proxy.target = other.url

        return weather(place, "wrong chain", away, lambda: setattr(proxy, "target", home), seconds)


def foreign(place: Place, proxy: Proxy, seconds: float) -> Storm:
    """Somebody sends with our account at the nonce that we recorded and that has not arrived yet."""
    account = RelayAccount(RELAY_KEY, CHAIN_ID)

    def end() -> None:
        chain = Gateway(proxy.target, CHAIN_ID)
        chain.send_raw(account.sign_transaction(chain.nonce(account.address), bytes(20), b"", 30_000).raw)
        proxy.faults.counts["foreign"] += 1
        deadline = time.monotonic() + 10
        while chain.nonce(account.address) < chain.pending_nonce(account.address) and time.monotonic() < deadline:
            time.sleep(0.05)
        proxy.faults.set("")

    return weather(place, "foreign", lambda: proxy.faults.set("stuck"), end, seconds)


def replaced(place: Place, proxy: Proxy, seconds: float) -> Storm:
    """On anvil: our waiting transaction is replaced by a better paid one of the same nonce."""
    rpc, account = Connection(proxy.target, 10.0), RelayAccount(RELAY_KEY, CHAIN_ID)
    rich = RelayAccount(RELAY_KEY, CHAIN_ID, gas_price=10**9)

    def begin() -> None:
        rpc.request("anvil_setBalance", "0x" + account.address.hex(), hex(10**20))
        rpc.request("evm_setAutomine", False)

    def end() -> None:
        chain = Gateway(proxy.target, CHAIN_ID)
        deadline = time.monotonic() + 10
        while chain.pending_nonce(account.address) == chain.nonce(account.address) and time.monotonic() < deadline:
            time.sleep(0.05)
        chain.send_raw(rich.sign_transaction(chain.nonce(account.address), bytes(20), b"", 30_000).raw)
        proxy.faults.counts["replaced"] += 1
        rpc.request("evm_setAutomine", True)
        rpc.request("evm_mine")

    return weather(place, "replaced", begin, end, seconds)


def priced_out(place: Place, proxy: Proxy, seconds: float) -> Storm:
    """On anvil: the block's price is above ours for a while, so that nothing of ours is mined."""
    rpc = Connection(proxy.target, 10.0)

    def begin() -> None:
        rpc.request("evm_setAutomine", False)
        rpc.request("evm_setIntervalMining", 1)
        rpc.request("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        proxy.faults.counts["below price"] += 1

    def end() -> None:
        rpc.request("evm_setIntervalMining", 0)
        rpc.request("anvil_setNextBlockBaseFeePerGas", "0x0")
        rpc.request("evm_setAutomine", True)
        rpc.request("evm_mine")

    return weather(place, "below price", begin, end, seconds)
