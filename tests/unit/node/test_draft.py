"""A block is executed before its second comes, and sealed as soon as it is there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.embedded.audit import verify_store
from node.embedded.replay import verify_execution
from node.embedded.sealing import BlockBuilder, decode_header
from node.embedded.store import STORE_FILE
from tests.ports.bytecode import words
from tests.unit.node.chains import Bench, account, deployed, new_network

STORE = 1


@contextmanager
def _sealing(bench: Bench) -> Iterator[threading.Thread]:
    """One block sealed in a thread of its own, stopped in any case."""
    stopping = threading.Event()
    sealer = threading.Thread(target=bench.chain.seal_when_due, args=(stopping,))
    sealer.start()
    try:
        yield sealer
    finally:
        stopping.set()
        bench.chain.wake()
        sealer.join(10)
        assert not sealer.is_alive()


def _wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def _send(bench: Bench, contract: bytes, nonce: int) -> bytes:
    return bench.chain.submit(account().sign_transaction(nonce, contract, words(STORE, nonce, nonce), 100_000).raw)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Hashes of the transactions that were executed, in order."""
    done: list[bytes] = []
    honest = BlockBuilder.add

    def noting(builder: BlockBuilder, transaction: object) -> object:
        receipt = honest(builder, transaction)  # type: ignore[arg-type]
        done.append(transaction.hash)  # type: ignore[attr-defined]
        return receipt

    monkeypatch.setattr(BlockBuilder, "add", noting)
    return done


def test_transactions_are_executed_as_they_come_and_sealed_together_at_their_second(
    tmp_path: Path, executed: list[bytes]
) -> None:
    bench, contract = deployed(tmp_path)
    executed.clear()
    with _sealing(bench) as sealer:
        first = _send(bench, contract, 1)
        _wait_until(lambda: executed == [first])
        second = _send(bench, contract, 2)
        _wait_until(lambda: executed == [first, second])
        assert bench.chain.head.number == 1, "a block was sealed before its second"
        bench.clock.now += 1
        bench.chain.wake()
        sealer.join(5)
    assert bench.chain.head.number == 2
    assert decode_header(bench.chain.head.header).timestamp == int(bench.clock.now)
    assert [row.hash for row in bench.chain.database.transactions(2)] == [first, second]


def test_what_is_executed_but_not_sealed_is_still_waiting(tmp_path: Path, executed: list[bytes]) -> None:
    bench, contract = deployed(tmp_path)
    executed.clear()
    with _sealing(bench):
        sent = _send(bench, contract, 1)
        _wait_until(lambda: executed == [sent])
        assert bench.chain.waiting(sent) is not None
        assert bench.chain.pending_nonce(account().address) == 2
        assert bench.chain.nonce(account().address) == 1
    assert bench.chain.waiting(sent) is not None, "stopping before the seal lost a transaction"
    block = bench.seal()
    assert block is not None
    assert [row.hash for row in bench.chain.database.transactions(block.number)] == [sent]


def test_a_leap_of_the_clock_has_the_block_judged_anew_at_its_right_time(tmp_path: Path, executed: list[bytes]) -> None:
    bench, contract = deployed(tmp_path)
    executed.clear()
    with _sealing(bench) as sealer:
        sent = _send(bench, contract, 1)
        _wait_until(lambda: executed == [sent])
        bench.clock.now += 3_600
        bench.chain.wake()
        sealer.join(5)
    assert executed == [sent, sent]
    assert decode_header(bench.chain.head.header).timestamp == int(bench.clock.now)


def test_an_idle_chain_seals_at_once_what_comes(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    bench.clock.now += 30
    with _sealing(bench) as sealer:
        _send(bench, contract, 1)
        sealer.join(5)
    assert decode_header(bench.chain.head.header).timestamp == int(bench.clock.now)


def test_a_block_executed_in_pieces_is_the_block_that_is_executed_at_once(
    tmp_path: Path, executed: list[bytes]
) -> None:
    bench, contract = deployed(tmp_path)
    executed.clear()
    with _sealing(bench) as sealer:
        for nonce in (1, 2, 3):
            _send(bench, contract, nonce)
            _wait_until(lambda: len(executed) == nonce)  # noqa: B023 - asked within this very turn
        bench.clock.now += 1
        bench.chain.wake()
        sealer.join(5)
    bench.chain.database.close()
    assert list(verify_store(tmp_path / STORE_FILE, new_network())) == []
    assert list(verify_execution(tmp_path / STORE_FILE, new_network())) == []
