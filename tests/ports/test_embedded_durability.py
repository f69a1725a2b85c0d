"""The embedded chain as a process: what it has mined survives, whatever ends it."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from ledger import crypto
from node.embedded import store
from node.embedded.audit import verify_store
from node.embedded.network import load_network
from node.engines import EmbeddedEngine, EngineFailed
from node.gateway.errors import ChainUnavailable, TransactionRejected
from node.gateway.port import ChainReceipt
from tests.ports.bytecode import RUNTIME, words
from tests.ports.conftest import CHAIN_ID, SECONDS, Chain, artifact, connect

STORE = 1


def _start(folder: Path, engine: EmbeddedEngine | None = None) -> Chain:
    return connect((engine or EmbeddedEngine()).start(folder, CHAIN_ID))


def _deployed(folder: Path) -> Chain:
    chain = _start(folder)
    receipt = chain.gateway.deploy(chain.account, artifact(), seconds=SECONDS)
    chain.contract = receipt.contract_address or b""
    return chain


def _faults(folder: Path) -> list[str]:
    network = load_network(folder / store.NETWORK_FILE)
    return [f"{fault.code} {fault.where} {fault.en}" for fault in verify_store(folder / store.STORE_FILE, network)]


def test_a_stopped_chain_starts_again_where_it_was(tmp_path: Path) -> None:
    chain = _deployed(tmp_path)
    receipt = chain.send(words(STORE, 5, 55))
    assert chain.engine.stop() == 0
    assert not (tmp_path / "node.json").exists()
    again = _start(tmp_path)
    with again.engine:
        assert again.gateway.receipt(receipt.tx_hash) == receipt
        assert again.gateway.code(chain.contract) == RUNTIME
        assert again.gateway.storage(chain.contract, 5) == 55
        assert again.gateway.nonce(chain.account.address) == 2
    assert _faults(tmp_path) == []


def _write_until_it_dies(chain: Chain, first: int, told: dict[bytes, ChainReceipt]) -> None:
    nonce = first
    try:
        while True:
            signed = chain.account.sign_transaction(nonce, chain.contract, words(STORE, nonce, nonce), 200_000)
            chain.gateway.send_raw(signed.raw)
            receipt = chain.gateway.receipt(signed.hash)
            if receipt is not None:
                told[signed.hash] = receipt
            for number in range(max(1, chain.gateway.head() - 1), chain.gateway.head() + 1):
                told.update({each.tx_hash: each for each in chain.gateway.receipts_of_block(number)})
            nonce += 1
    except (ChainUnavailable, TransactionRejected):
        return


@pytest.mark.parametrize("seed", range(3))
def test_attack_killed_while_writing_no_told_receipt_is_lost(tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)
    chain = _deployed(tmp_path)
    contract, told = chain.contract, dict[bytes, ChainReceipt]()
    for _ in range(3):
        first = chain.gateway.nonce(chain.account.address)
        writer = threading.Thread(target=_write_until_it_dies, args=(chain, first, told))
        writer.start()
        time.sleep(1.0 + source.random() * 1.5)
        assert chain.engine.kill() == -signal.SIGKILL
        writer.join(SECONDS)
        assert _faults(tmp_path) == []
        chain = _start(tmp_path)
        chain.contract = contract
        for tx_hash, receipt in told.items():
            assert chain.gateway.receipt(tx_hash) == receipt
    assert told
    chain.engine.stop()


def test_the_audit_reads_while_the_node_runs(tmp_path: Path) -> None:
    chain = _deployed(tmp_path)
    with chain.engine:
        chain.send(words(STORE, 1, 1))
        assert _faults(tmp_path) == []


def test_a_second_node_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    chain = _start(tmp_path)
    with chain.engine:
        command = [sys.executable, "-m", "node.embedded", "--data", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 73
        assert "CHAIN_IN_USE" in second.stderr
        assert chain.gateway.head() == 0


def test_attack_a_store_with_a_damaged_head_is_not_served(tmp_path: Path) -> None:
    chain = _deployed(tmp_path)
    chain.engine.stop()
    file = tmp_path / store.STORE_FILE
    raw = bytearray(file.read_bytes())
    place = raw.rindex(b"huxin/1".ljust(32, b"\0"))
    raw[place + 60] ^= 1
    file.write_bytes(raw)
    with pytest.raises(EngineFailed, match="CHAIN_STORE_DAMAGED"):
        _start(tmp_path)
    assert any(fault.startswith(("SEAL", "HEADER", "BLOCK_HASH")) for fault in _faults(tmp_path))


def test_only_permitted_senders_reach_the_chain(tmp_path: Path) -> None:
    permitted = crypto.checksum(crypto.address_of(b"\x11" * 32))
    chain = _start(tmp_path, EmbeddedEngine(senders=(permitted,)))
    with chain.engine:
        assert chain.gateway.deploy(chain.account, artifact(), seconds=SECONDS).succeeded
        stranger = connect(chain.engine, b"\x21" * 32)
        with pytest.raises(TransactionRejected, match="not permitted"):
            stranger.send(b"", to=b"\x01" * 20)


def test_the_validators_key_is_readable_by_its_owner_alone_and_never_logged(tmp_path: Path) -> None:
    chain = _start(tmp_path)
    chain.engine.stop()
    assert (tmp_path / store.KEY_FILE).stat().st_mode & 0o077 == 0
    key = (tmp_path / store.KEY_FILE).read_text().strip()
    assert key not in (tmp_path / "node.log").read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> object:
    with EmbeddedEngine().start(tmp_path_factory.mktemp("served"), CHAIN_ID) as engine:
        yield engine.url


def _post(url: str, content: bytes, **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(url, content=content, headers=sent, trust_env=False, timeout=20)


CHAIN_ID_REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'


def test_attack_a_page_of_another_site_drives_the_node_through_a_browser(served: str) -> None:
    assert _post(served, CHAIN_ID_REQUEST, host="evil.example:80").status_code == 403
    assert _post(served, CHAIN_ID_REQUEST, content_type="text/plain").status_code == 415
    assert _post(served, CHAIN_ID_REQUEST).status_code == 200


def test_attack_a_body_without_end(served: str) -> None:
    assert _post(served, b" " * (17 * 1024 * 1024)).status_code == 413


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b'{"a":' * 50_000, -32700),
        (b"[]", -32600),
        (b"5", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{"a":1}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x01"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":[true]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":[["latest"]]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":[{"blockNumber":["x"]}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":["x"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"topics":[[5]]}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":[null]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"__class__"}', -32601),
    ],
)
def test_attack_malformed_requests_get_their_own_code(served: str, body: bytes, code: int) -> None:
    response = _post(served, body)
    assert response.status_code == 200
    assert response.json()["error"]["code"] == code


def test_attack_lists_within_lists_as_a_transaction(served: str) -> None:
    nested = b"\xc0"
    while len(nested) < 120_000:
        size = len(nested)
        length = size.to_bytes((size.bit_length() + 7) // 8)
        nested = (bytes((0xC0 + size,)) if size < 56 else bytes((0xF7 + len(length),)) + length) + nested
    request = b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x%s"]}' % nested.hex().encode()
    assert _post(served, request).json()["error"]["data"]["code"] == "TX_MALFORMED"


def test_attack_a_contract_that_calls_itself_as_deep_as_its_gas_lasts(tmp_path: Path) -> None:
    # CALL(gas, address(this), 0, 0, 0, 0, 0), again and again
    runtime = bytes.fromhex("6000600060006000600030" + "5a" + "f100")
    creation = bytes((0x60, len(runtime))) + bytes.fromhex("80600b6000396000f3") + runtime
    chain = _start(tmp_path)
    with chain.engine:
        deep = {"abi": [], "bytecode": creation.hex()}
        receipt = chain.gateway.deploy(chain.account, deep, seconds=SECONDS)
        contract = receipt.contract_address or b""
        assert chain.gateway.call(contract, b"") == b""
        assert chain.send(b"", to=contract, gas=90_000_000).succeeded
        assert chain.gateway.head() == 2


def test_a_batch_larger_than_the_limit_is_refused_whole(served: str) -> None:
    batch = b"[" + b",".join([CHAIN_ID_REQUEST] * 1_001) + b"]"
    assert _post(served, batch).json()["error"]["code"] == -32600


def test_a_notification_is_not_answered(served: str) -> None:
    response = _post(served, b'{"jsonrpc":"2.0","method":"eth_chainId"}')
    assert response.status_code == 204
    assert response.content == b""
