"""One fixture for every engine there is; with HUXIN_REQUIRE_ALL=1 a missing one is an error."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.engines import ALL_ENGINES, RunningEngine, discover
from node.gateway.account import RelayAccount
from node.gateway.gateway import Gateway
from node.gateway.port import ChainReceipt
from tests.ports.bytecode import CREATION
from tests.tools import all_required

CHAIN_ID = 860_123
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20.0


@dataclass(slots=True)
class Chain:
    """A running engine with an account of our own and the test contract on it."""

    engine: RunningEngine
    gateway: Gateway
    account: RelayAccount
    contract: bytes = b""

    def send(self, data: bytes, to: bytes | None = None, gas: int = 200_000) -> ChainReceipt:
        """Send a call to the test contract (or ``to``) and wait for its receipt."""
        nonce = self.gateway.pending_nonce(self.account.address)
        signed = self.account.sign_transaction(nonce, to or self.contract, data, gas)
        assert self.gateway.send_raw(signed.raw) == signed.hash
        return self.gateway.wait_for_receipts((signed.hash,), SECONDS)[signed.hash]


def artifact() -> dict[str, object]:
    """The test contract as ``Gateway.deploy`` takes it."""
    return {"abi": [], "bytecode": "0x" + CREATION.hex()}


def connect(engine: RunningEngine, private_key: bytes = b"\x11" * 32) -> Chain:
    """A fresh look at a running engine."""
    account = RelayAccount(private_key, engine.chain_id)
    return Chain(engine, Gateway(engine.url, engine.chain_id, timeout=20.0), account)


@pytest.fixture(scope="module", params=ALL_ENGINES)
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    found = discover(ROOT).get(request.param)
    if found is None:
        if all_required():
            pytest.fail(f"engine {request.param} is not installed")
        pytest.skip(f"engine {request.param} is not installed")
    with found.start(tmp_path_factory.mktemp(request.param), CHAIN_ID) as engine:
        connected = connect(engine)
        deployed = connected.gateway.deploy(connected.account, artifact(), seconds=SECONDS)
        connected.contract = deployed.contract_address or b""
        yield connected
