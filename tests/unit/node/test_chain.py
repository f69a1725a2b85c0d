"""Sealing, admission and the pool, under a clock of the test's own."""

import threading
from pathlib import Path

import pytest
import rlp
from eth_account import Account

from ledger import headers
from ledger.errors import Conflict, HuxinError, InvalidInput
from node.embedded import store
from node.embedded.database import StoreDamaged
from node.embedded.sealing import decode_header
from tests.ports.bytecode import CREATION, words
from tests.unit.node.chains import VALIDATOR_KEY, account, deployed, new_bench, new_network

STORE = 1


def _code(error: pytest.ExceptionInfo[HuxinError]) -> str:
    return error.value.code


def test_every_sealed_block_passes_the_offline_verifier(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    for nonce in range(1, 4):
        bench.chain.submit(account().sign_transaction(nonce, contract, words(STORE, nonce, 1), 100_000).raw)
        block = bench.seal()
        assert block is not None
        report = headers.verify_header_seals(block.header, (bench.chain.network.validator,))
        assert report.valid
        assert report.block_hash == block.hash


def test_time_rises_by_a_second_at_least_and_never_runs_ahead_of_the_clock(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    head = decode_header(bench.chain.head.header).timestamp
    assert head == int(bench.clock.now)
    bench.chain.submit(account().sign_transaction(1, contract, words(STORE, 1, 1), 100_000).raw)
    stopping = threading.Event()
    sealer = threading.Thread(target=bench.chain.seal_when_due, args=(stopping,))
    sealer.start()
    sealer.join(0.2)
    assert sealer.is_alive(), "a second block was sealed within the same second"
    bench.clock.now += 1
    bench.chain.wake()
    sealer.join(5)
    assert decode_header(bench.chain.head.header).timestamp == int(bench.clock.now) == head + 1


def test_a_clock_set_back_delays_blocks_and_never_turns_time_back(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    bench.clock.now -= 3_600
    bench.chain.submit(account().sign_transaction(1, contract, words(STORE, 1, 1), 100_000).raw)
    stopping = threading.Event()
    sealer = threading.Thread(target=bench.chain.seal_when_due, args=(stopping,))
    sealer.start()
    sealer.join(0.2)
    assert sealer.is_alive()
    stopping.set()
    bench.chain.wake()
    sealer.join(5)
    assert bench.chain.head.number == 1


def test_a_nonce_gap_waits_until_it_is_filled(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    signed = [account().sign_transaction(nonce, contract, words(STORE, 1, nonce), 100_000) for nonce in (1, 2, 3)]
    bench.chain.submit(signed[2].raw)
    bench.chain.submit(signed[1].raw)
    assert bench.chain.pending_transactions() == ()
    assert bench.chain.pending_nonce(account().address) == 1
    bench.chain.submit(signed[0].raw)
    assert bench.chain.pending_nonce(account().address) == 4
    block = bench.seal()
    assert block is not None
    assert [row.hash for row in bench.chain.database.transactions(block.number)] == [each.hash for each in signed]


def test_what_does_not_fit_waits_for_the_next_block(tmp_path: Path) -> None:
    bench = new_bench(tmp_path, new_network(gas_limit=5_000_000))
    endless = bytes.fromhex("5b600056")  # jumps to itself until its gas is used up
    for nonce in range(3):
        bench.chain.submit(account().sign_transaction(nonce, None, endless, 2_000_000).raw)
    blocks = [bench.seal(), bench.seal()]
    assert [len(bench.chain.database.transactions(block.number)) for block in blocks if block] == [2, 1]
    assert bench.chain.pending_transactions() == ()


def test_senders_take_turns_so_that_none_starves(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    for nonce in range(5):
        bench.chain.submit(account(2).sign_transaction(nonce, contract, words(STORE, 1, 1), 100_000).raw)
    bench.chain.submit(account(3).sign_transaction(0, contract, words(STORE, 2, 1), 100_000).raw)
    senders = [each.sender for each in bench.chain.pending_transactions()]
    assert senders.index(account(3).address) <= 1


def test_attack_a_sender_that_is_not_permitted(tmp_path: Path) -> None:
    bench = new_bench(tmp_path, new_network(senders=(account(1).address,)))
    bench.chain.submit(account(1).sign_transaction(0, None, CREATION, 300_000).raw)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(account(2).sign_transaction(0, None, CREATION, 300_000).raw)
    assert _code(caught) == "TX_SENDER_NOT_PERMITTED"


def test_attack_a_transaction_without_a_chain(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    fields = {"nonce": 0, "gas": 300_000, "gasPrice": 0, "value": 0, "data": CREATION}
    unprotected = bytes(Account.sign_transaction(fields, account().private_key).raw_transaction)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(unprotected)
    assert _code(caught) == "TX_CHAIN_ID"


def test_attack_the_same_signature_in_its_high_s_form(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    raw = account().sign_transaction(0, None, CREATION, 300_000).raw
    fields = rlp.decode(raw[1:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields[9] = b"" if fields[9] == b"\x01" else b"\x01"
    fields[11] = (order - int.from_bytes(fields[11])).to_bytes(32)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(b"\x02" + rlp.encode(fields))
    assert _code(caught) == "TX_SIGNATURE"


@pytest.mark.parametrize(
    ("gas", "price", "code"),
    [
        (20_000, 0, "TX_INTRINSIC_GAS"),
        (100_000_001, 0, "TX_GAS_LIMIT"),
        (300_000, 1, "TX_FUNDS"),
    ],
)
def test_attack_a_transaction_that_would_abort_a_block(tmp_path: Path, gas: int, price: int, code: str) -> None:
    bench = new_bench(tmp_path)
    sender = account()
    paying = type(sender)(sender.private_key, sender.chain_id, gas_price=price)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(paying.sign_transaction(0, None, CREATION, gas).raw)
    assert _code(caught) == code


def test_attack_replacing_a_waiting_transaction(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    bench.chain.submit(account().sign_transaction(0, None, CREATION, 300_000).raw)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(account().sign_transaction(0, None, CREATION, 300_001).raw)
    assert _code(caught) == "TX_REPLACEMENT"


def test_attack_a_transaction_larger_than_any_engine_takes(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(account().sign_transaction(0, None, bytes(131_072), 90_000_000).raw)
    assert _code(caught) == "TX_TOO_LARGE"


def test_attack_flooding_the_pool_from_the_far_future(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        bench.chain.submit(account().sign_transaction(5_000, None, CREATION, 300_000).raw)
    assert _code(caught) == "TX_NONCE_GAP"


def test_a_reopened_chain_is_the_same_chain(tmp_path: Path) -> None:
    bench, contract = deployed(tmp_path)
    head = bench.chain.head
    again = bench.reopen()
    assert again.chain.head == head
    assert again.chain.nonce(account().address) == 1
    again.chain.submit(account().sign_transaction(1, contract, words(STORE, 1, 1), 100_000).raw)
    assert again.seal() is not None


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    new_bench(tmp_path)
    with store.lock(tmp_path), pytest.raises(Conflict) as caught:
        store.lock(tmp_path)
    assert caught.value.code == "CHAIN_IN_USE"


def test_a_chain_is_never_created_over_another(tmp_path: Path) -> None:
    new_bench(tmp_path)
    with pytest.raises(Conflict) as caught:
        store.create(tmp_path, new_network(), VALIDATOR_KEY)
    assert caught.value.code == "CHAIN_EXISTS"


def test_attack_another_validators_key(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    (tmp_path / store.KEY_FILE).write_text("43" * 32)
    with pytest.raises(InvalidInput) as caught:
        bench.reopen()
    assert caught.value.code == "VALIDATOR_KEY"


def test_attack_a_network_file_exchanged_for_another(tmp_path: Path) -> None:
    bench = new_bench(tmp_path)
    text = (tmp_path / store.NETWORK_FILE).read_text()
    (tmp_path / store.NETWORK_FILE).write_text(text.replace("100000000", "200000000"))
    with pytest.raises(StoreDamaged):
        bench.reopen()
