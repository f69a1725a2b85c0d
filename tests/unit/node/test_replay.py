"""Executing the chain again finds what its own validator forged."""

from pathlib import Path

import pytest
from eth_typing import Address

from ledger.crypto import address_of
from node.embedded.audit import verify_store
from node.embedded.replay import verify_execution
from node.embedded.sealing import BlockBuilder, Executed
from node.embedded.store import STORE_FILE
from tests.ports.bytecode import words
from tests.unit.node.chains import VALIDATOR_KEY, account, deployed, new_network


def _faults(folder: Path) -> list[str]:
    return [fault.where for fault in verify_execution(folder / STORE_FILE, new_network())]


def test_an_honest_chain_can_be_executed_again(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    for nonce in range(1, 7):
        bench.chain.submit(account().sign_transaction(nonce, contract, words(nonce, nonce, 5), 100_000).raw)
        bench.seal()
    bench.chain.database.close()
    told: list[int] = []
    assert list(verify_execution(tmp_path / STORE_FILE, new_network(), told.append)) == []
    assert told == list(range(1, 8))


def test_attack_the_validator_seals_a_state_that_no_transaction_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, contract = deployed(tmp_path)
    honest = BlockBuilder.finish

    def forge(builder: BlockBuilder) -> Executed:
        builder._state.set_storage(Address(contract), 1, 999)
        return honest(builder)

    bench.chain.submit(account().sign_transaction(1, contract, words(1, 2, 3), 100_000).raw)
    with monkeypatch.context() as forging:
        forging.setattr(BlockBuilder, "finish", forge)
        bench.seal()
    bench.chain.submit(account().sign_transaction(2, contract, words(1, 3, 3), 100_000).raw)
    bench.seal()
    bench.chain.database.close()
    assert address_of(VALIDATOR_KEY) == new_network().validator
    assert list(verify_store(tmp_path / STORE_FILE, new_network())) == []
    assert _faults(tmp_path) == ["block 2"]
