"""What Huxin asks of a chain, against every engine there is."""

from typing import Any

import httpx
import pytest
import rlp

from ledger import stateproof
from ledger.crypto import keccak
from ledger.errors import InvalidInput
from node.engines import EMBEDDED
from node.gateway.account import RelayAccount
from node.gateway.errors import (
    CallReverted,
    ChainMismatch,
    ChainUnavailable,
    ReceiptsMissing,
    RpcFailure,
    TransactionRejected,
)
from node.gateway.gateway import Gateway
from tests.ports.bytecode import RUNTIME, STORED_TOPIC, words
from tests.ports.conftest import SECONDS, Chain

STORE, LOAD, REFUSE, WHEN = 1, 2, 3, 4
NO_SUCH_METHOD = {-32601, -32004}  # JSON-RPC 2.0; EIP-1474, as Hardhat has it
NO_JSON = {-32700, -32600}  # anvil answers with the second


def _post(chain: Chain, body: Any) -> Any:
    content = body if isinstance(body, (str, bytes)) else None
    json = None if isinstance(body, (str, bytes)) else body
    headers = {"content-type": "application/json"}
    return httpx.post(
        chain.gateway.url, content=content, json=json, headers=headers, trust_env=False, timeout=20
    ).json()


def _word(value: int) -> bytes:
    return value.to_bytes(32)


# --- connecting


def test_an_endpoint_of_another_chain_is_refused_at_once(chain: Chain) -> None:
    with pytest.raises(ChainMismatch) as caught:
        Gateway(chain.gateway.url, chain.gateway.chain_id + 1)
    assert caught.value.code == "CHAIN_ID_MISMATCH"


def test_a_dead_endpoint_is_unavailable_and_nothing_else() -> None:
    with pytest.raises(ChainUnavailable) as caught:
        Gateway("http://127.0.0.1:1")
    assert caught.value.code == "CHAIN_UNREACHABLE"


# --- contracts and transactions


def test_a_deployed_contract_has_its_code_at_the_address_of_its_creation(chain: Chain) -> None:
    derived = keccak(rlp.encode([chain.account.address, 0]))[12:]
    assert chain.contract == derived
    assert chain.gateway.code(chain.contract) == RUNTIME
    assert chain.gateway.code_hash(chain.contract) == keccak(RUNTIME)


def test_a_transaction_raises_the_nonce_by_one_and_tells_its_receipt(chain: Chain) -> None:
    before = chain.gateway.nonce(chain.account.address)
    receipt = chain.send(words(STORE, 1, 11))
    assert receipt.succeeded
    assert receipt.gas_used > 21_000
    assert receipt.contract_address is None
    assert chain.gateway.nonce(chain.account.address) == before + 1
    assert chain.gateway.receipt(receipt.tx_hash) == receipt
    mined = chain.gateway.transaction(receipt.tx_hash)
    assert mined is not None
    assert (mined.sender, mined.to, mined.nonce) == (chain.account.address, chain.contract, before)
    assert mined.data == words(STORE, 1, 11)
    assert not chain.gateway.is_waiting(receipt.tx_hash)


def test_legacy_transactions_are_taken_as_well(chain: Chain) -> None:
    account = RelayAccount(b"\x12" * 32, chain.gateway.chain_id, dynamic_fee=False)
    signed = account.sign_transaction(0, chain.contract, words(STORE, 2, 22), 200_000)
    chain.gateway.send_raw(signed.raw)
    receipt = chain.gateway.wait_for_receipts((signed.hash,), SECONDS)[signed.hash]
    assert receipt.succeeded
    assert chain.gateway.storage(chain.contract, 2) == 22


def test_a_reverting_transaction_is_mined_as_failed_and_changes_nothing(chain: Chain) -> None:
    receipt = chain.send(words(REFUSE, 5))
    assert not receipt.succeeded
    assert receipt.logs == ()


def test_running_out_of_gas_is_mined_as_failed_and_uses_all_of_it(chain: Chain) -> None:
    receipt = chain.send(words(5), gas=60_000)
    assert not receipt.succeeded
    assert receipt.gas_used == 60_000


def test_receipts_of_a_block_are_those_of_its_transactions(chain: Chain) -> None:
    receipt = chain.send(words(STORE, 3, 33))
    block = chain.gateway.block(receipt.block_number)
    assert block is not None
    of_block = chain.gateway.receipts_of_block(receipt.block_number)
    assert [each.tx_hash for each in of_block] == [each.hash for each in block.transactions]
    assert receipt in of_block


def test_waiting_for_what_was_never_sent_names_it(chain: Chain) -> None:
    with pytest.raises(ReceiptsMissing) as caught:
        chain.gateway.wait_for_receipts((b"\x99" * 32,), 0.2)
    assert caught.value.missing == (b"\x99" * 32,)


def test_many_transactions_are_mined_in_order_and_all(chain: Chain) -> None:
    account = RelayAccount(b"\x13" * 32, chain.gateway.chain_id)
    signed = [
        account.sign_transaction(nonce, chain.contract, words(STORE, 100, nonce + 1), 200_000) for nonce in range(20)
    ]
    for each in signed:
        chain.gateway.send_raw(each.raw)
    receipts = chain.gateway.wait_for_receipts([each.hash for each in signed], SECONDS)
    places = [(receipts[each.hash].block_number, receipts[each.hash].tx_index) for each in signed]
    assert places == sorted(places)
    assert chain.gateway.storage(chain.contract, 100) == 20


# --- transactions that must be refused


def test_attack_a_transaction_of_another_chain_is_refused(chain: Chain) -> None:
    stranger = RelayAccount(b"\x14" * 32, chain.gateway.chain_id + 1)
    signed = stranger.sign_transaction(0, chain.contract, words(STORE, 4, 1), 200_000)
    with pytest.raises(RpcFailure):
        chain.gateway.send_raw(signed.raw)
    assert chain.gateway.transaction(signed.hash) is None


def test_attack_a_replayed_transaction_is_not_mined_again(chain: Chain) -> None:
    nonce = chain.gateway.pending_nonce(chain.account.address)
    signed = chain.account.sign_transaction(nonce, chain.contract, words(STORE, 6, 1), 200_000)
    chain.gateway.send_raw(signed.raw)
    first = chain.gateway.wait_for_receipts((signed.hash,), SECONDS)[signed.hash]
    # the very same bytes are there already: that is what the sender wanted to know
    assert chain.gateway.send_raw(signed.raw) == signed.hash
    assert chain.gateway.nonce(chain.account.address) == nonce + 1
    assert chain.gateway.receipt(signed.hash) == first


def test_attack_a_used_nonce_is_refused_by_name(chain: Chain) -> None:
    chain.send(words(STORE, 7, 1))
    signed = chain.account.sign_transaction(0, chain.contract, words(STORE, 7, 2), 200_000)
    with pytest.raises(TransactionRejected) as caught:
        chain.gateway.send_raw(signed.raw)
    assert caught.value.code == "TX_NONCE_TOO_LOW"


@pytest.mark.parametrize("raw", [b"\x00", b"\x02", b"\x02\xc0", b"\xc0", b"\xff" * 100, b"\x05" * 40])
def test_attack_bytes_that_are_no_transaction_are_refused(chain: Chain, raw: bytes) -> None:
    with pytest.raises(RpcFailure):
        chain.gateway.send_raw(raw)


def test_attack_a_flipped_bit_never_counts_as_the_senders(chain: Chain) -> None:
    nonce = chain.gateway.pending_nonce(chain.account.address)
    signed = chain.account.sign_transaction(nonce, chain.contract, words(STORE, 8, 1), 200_000)
    forged = bytearray(signed.raw)
    forged[-1] ^= 1
    try:
        chain.gateway.send_raw(bytes(forged))
    except RpcFailure:
        return
    waiting = _post(chain, _call("eth_getTransactionByHash", "0x" + keccak(bytes(forged)).hex()))
    assert waiting["result"]["from"] != "0x" + chain.account.address.hex()


# --- calls, estimates, state


def test_a_call_gives_what_the_contract_returns(chain: Chain) -> None:
    chain.send(words(STORE, 9, 99))
    assert chain.gateway.call(chain.contract, words(LOAD, 9)) == _word(99)


def test_a_reverting_call_gives_the_contracts_reason(chain: Chain) -> None:
    with pytest.raises(CallReverted) as caught:
        chain.gateway.call(chain.contract, words(REFUSE, 0x1234))
    assert caught.value.data == _word(0x1234)


def test_an_estimate_suffices_and_a_reverting_one_is_refused(chain: Chain) -> None:
    data = words(STORE, 10, 10)
    gas = chain.gateway.estimate_gas(chain.contract, data, chain.account.address)
    receipt = chain.send(data, gas=gas)
    assert receipt.succeeded
    assert gas <= receipt.gas_used * 1.1
    with pytest.raises(CallReverted):
        chain.gateway.estimate_gas(chain.contract, words(REFUSE, 1), chain.account.address)


def test_an_old_state_can_still_be_read(chain: Chain) -> None:
    old = chain.send(words(STORE, 12, 1)).block_number
    chain.send(words(STORE, 12, 2))
    assert chain.gateway.storage(chain.contract, 12, old) == 1
    assert chain.gateway.storage(chain.contract, 12) == 2
    assert chain.gateway.call(chain.contract, words(LOAD, 12), old) == _word(1)


def test_a_call_sees_the_time_and_height_of_its_block(chain: Chain) -> None:
    block = chain.gateway.block("latest")
    assert block is not None
    pending = chain.gateway.call(chain.contract, words(WHEN), "pending")
    assert int.from_bytes(pending[:32]) == block.number + 1
    assert int.from_bytes(pending[32:]) >= block.timestamp


# --- proofs


def test_a_stranger_can_check_a_slot_against_the_header_alone(chain: Chain) -> None:
    number = chain.send(words(STORE, 13, 1313)).block_number
    block = chain.gateway.block(number)
    assert block is not None
    proof = chain.gateway.proof(chain.contract, [13, 14_000], number)
    account = stateproof.prove_account(block.state_root, chain.contract, proof.nodes)
    assert account is not None
    assert account.code_hash == keccak(RUNTIME)
    values = [stateproof.prove_slot(account.storage_root, s.slot, s.nodes) for s in proof.slots]
    assert values == [1313, 0]


def test_attack_a_proof_of_another_slot_or_block_proves_nothing(chain: Chain) -> None:
    old = chain.gateway.block(chain.send(words(STORE, 15, 1)).block_number)
    new = chain.gateway.block(chain.send(words(STORE, 15, 2)).block_number)
    assert old is not None
    assert new is not None
    proof = chain.gateway.proof(chain.contract, [15], new.number)
    with pytest.raises(stateproof.InvalidProof):
        stateproof.prove_account(old.state_root, chain.contract, proof.nodes)
    account = stateproof.prove_account(new.state_root, chain.contract, proof.nodes)
    assert account is not None
    forged = tuple(node[:-1] + bytes((node[-1] ^ 1,)) for node in proof.slots[0].nodes)
    with pytest.raises(InvalidInput):
        stateproof.prove_slot(account.storage_root, 15, forged)


# --- blocks and logs


def test_blocks_link_by_hash_and_each_hash_is_that_of_its_header(chain: Chain) -> None:
    chain.send(words(STORE, 16, 1))
    parent = None
    for number in range(max(0, chain.gateway.head() - 5), chain.gateway.head() + 1):
        block = chain.gateway.block(number)  # reading checks the hash against the header
        assert block is not None
        assert chain.gateway.block_hash(number) == block.hash
        assert chain.gateway.block_by_hash(block.hash) == block
        assert parent is None or block.parent_hash == parent.hash
        assert parent is None or block.timestamp >= parent.timestamp
        parent = block


def test_there_is_no_block_beyond_the_head(chain: Chain) -> None:
    assert chain.gateway.block(chain.gateway.head() + 1_000) is None
    assert chain.gateway.block_hash(chain.gateway.head() + 1_000) is None


def test_logs_are_found_by_topic_address_and_range_and_no_others(chain: Chain) -> None:
    first = chain.send(words(STORE, 0xAAAA, 1))
    second = chain.send(words(STORE, 0xBBBB, 1))
    last = second.block_number
    everything = chain.gateway.logs(first.block_number, last, [chain.contract])
    assert everything == first.logs + second.logs
    by_topic = [
        chain.gateway.logs(0, last, topics=[[STORED_TOPIC], [_word(0xAAAA)]]),
        chain.gateway.logs(0, last, [chain.contract], [[], [_word(0xAAAA), _word(0xCCCC)]]),
    ]
    assert by_topic == [first.logs, first.logs]
    assert chain.gateway.logs(last, last, topics=[[], [_word(0xAAAA)]]) == ()
    assert chain.gateway.logs(0, last, [b"\x01" * 20]) == ()
    assert chain.gateway.logs(0, last, topics=[[_word(0xAAAA)]]) == ()
    assert chain.gateway.logs(0, last, topics=[[STORED_TOPIC], [], [], [_word(1)]]) == ()


# --- JSON-RPC itself


def _call(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}


def test_an_unknown_method_has_its_own_error(chain: Chain) -> None:
    answer = _post(chain, _call("eth_doesNotExist"))
    assert answer["error"]["code"] in NO_SUCH_METHOD
    assert answer["id"] == 7


def test_wrong_parameters_are_an_error_of_the_caller(chain: Chain) -> None:
    answer = _post(chain, _call("eth_getBalance", "0x12", "latest"))
    assert answer["error"]["code"] in {-32602, -32000}


def test_a_batch_is_answered_whole(chain: Chain) -> None:
    batch = [_call("eth_chainId") | {"id": 1}, _call("eth_nope") | {"id": "two"}]
    answers = {answer["id"]: answer for answer in _post(chain, batch)}
    assert int(answers[1]["result"], 16) == chain.gateway.chain_id
    assert answers["two"]["error"]["code"] in NO_SUCH_METHOD


def test_json_cut_short_has_the_code_of_a_parse_error(chain: Chain) -> None:
    assert _post(chain, b'{"jsonrpc": "2.0",')["error"]["code"] in NO_JSON


def test_new_logs_and_blocks_can_be_polled_for(chain: Chain) -> None:
    wanted = {"address": "0x" + chain.contract.hex(), "topics": ["0x" + STORED_TOPIC.hex()]}
    logs = _post(chain, _call("eth_newFilter", wanted))["result"]
    blocks = _post(chain, _call("eth_newBlockFilter"))["result"]
    receipt = chain.send(words(STORE, 17, 1))
    told = _post(chain, _call("eth_getFilterChanges", logs))["result"]
    # Hardhat begins with the block that was the head when the filter was made
    assert told[-1]["transactionHash"] == "0x" + receipt.tx_hash.hex()
    assert _post(chain, _call("eth_getFilterChanges", logs))["result"] == []
    assert "0x" + receipt.block_hash.hex() in _post(chain, _call("eth_getFilterChanges", blocks))["result"]
    assert _post(chain, _call("eth_uninstallFilter", logs))["result"] is True
    assert "error" in _post(chain, _call("eth_getFilterChanges", logs)) or chain.engine.name != EMBEDDED


def test_gas_costs_nothing(chain: Chain) -> None:
    block = _post(chain, _call("eth_getBlockByNumber", "latest", False))["result"]
    assert int(block["baseFeePerGas"], 16) == 0
    history = _post(chain, _call("eth_feeHistory", "0x1", "latest", []))["result"]
    assert [int(fee, 16) for fee in history["baseFeePerGas"]] == [0, 0]
