"""The loop around index and relay: troubles are told in the heartbeat and passed, not died of."""

import threading
from dataclasses import replace

from api.index.indexer import Indexer
from api.relay.journal import Journal
from api.relay.lease import Lease
from api.relay.service import Service
from tests.unit.api.relay.ground import Ground


def service(ground: Ground, holder: str = "one") -> Service:
    lease = Lease(ground.store.db, holder, 1e9, lambda: ground.chain.time * 1000)
    return Service(
        ground.store.db, ground.chain, lease,
        lambda: Indexer(ground.store.db, ground.chain, ground.origin, lease.guard),
        ground.relay, Journal(ground.store.db, lease.guard), lambda: ground.chain.time,
        lambda: ground.chain.time,
    )  # fmt: skip


def test_heartbeat_tells_backlog_head_and_an_unreachable_chain(ground: Ground) -> None:
    loop = service(ground)
    ground.opened(1, 2)
    loop.turn()
    ground.chain.is_down = True
    ground.chain.time += 5
    assert not loop.turn()
    ground.chain.time += 5
    assert not loop.turn()
    relay, index = (ground.store.outcomes.heartbeat(name) for name in ("relay", "index"))
    assert relay is not None
    assert index is not None
    assert relay.at == ground.chain.time
    assert relay.detail["in_flight"] == 2
    assert relay.detail["oldest_age"] >= 10
    assert relay.detail["error"] == "CHAIN_UNAVAILABLE"
    assert (index.detail["chain_head"], index.detail["diverged"]) == (None, None)
    ground.chain.is_down = False
    ground.chain.mine()
    loop.turn()
    assert ground.store.outbox.pending_count() == 0


def test_divergence_stands_in_the_heartbeat(ground: Ground) -> None:
    loop = service(ground)
    loop.turn()
    ground.chain.tamper = lambda one: replace(one, data=bytes(32))
    ground.opened(1)
    loop.turn()
    ground.chain.mine()
    for _ in range(3):
        ground.chain.time += 5
        assert not loop.turn()
    index = ground.store.outcomes.heartbeat("index")
    assert index is not None
    assert index.detail["diverged"]["block"] == index.detail["head"] + 1
    assert index.detail["diverged"]["found"].startswith("Stepped(")


def test_second_process_does_nothing_until_the_first_lets_go(ground: Ground) -> None:
    first, second = service(ground), service(ground, "two")
    ids = ground.opened(1)
    assert not second.turn()
    assert ground.statuses(ids) == ["queued"]
    stopping = threading.Event()
    stopping.set()
    first.run(stopping, 0.01)
    assert second.turn() is False or ground.store.outcomes.heartbeat("relay") is not None
    lease = Lease(ground.store.db, "two", 10, lambda: ground.chain.time * 1000)
    assert lease.acquire()
