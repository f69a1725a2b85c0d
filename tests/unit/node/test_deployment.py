"""Deployment on the embedded chain itself: the addresses, the order, the interruption, the check."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.signers import KeySigner
from ledger.crypto import checksum, keccak
from ledger.errors import Conflict, InvalidInput
from ledger.world import CONTRACTS
from node import deployment, network
from node.engines import EmbeddedEngine
from node.gateway.account import RelayAccount
from node.gateway.gateway import Gateway
from node.network import Council, LedgerNetwork

CHAIN_ID = 860_123
MEMBERS = tuple(sorted((KeySigner(keccak(bytes([n]))) for n in range(3)), key=lambda member: member.address))
COUNCIL = Council(tuple(member.address for member in MEMBERS), 2, 60)
ACCOUNT = RelayAccount(keccak(b"relay"), CHAIN_ID)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    engine = EmbeddedEngine(senders=(checksum(ACCOUNT.address),))
    with engine.start(tmp_path_factory.mktemp("chain"), CHAIN_ID) as running:
        yield Gateway(running.url, CHAIN_ID)


@pytest.fixture(scope="module")
def deployed(chain: Gateway) -> LedgerNetwork:
    """What a run leaves that was cut off after three creations, continued by the next run."""
    creations = deployment.creations(deployment.plan(CHAIN_ID, ACCOUNT.address), COUNCIL)[:3]
    signed = [
        ACCOUNT.sign_transaction(nonce, None, data, deployment.CREATION_GAS) for nonce, data in enumerate(creations)
    ]
    for one in signed:
        chain.send_raw(one.raw)
    chain.wait_for_receipts([one.hash for one in signed], 30)
    return deployment.deploy(chain, ACCOUNT, COUNCIL, MEMBERS, chain.url)


def test_created_address_is_that_of_ethereum() -> None:
    sender = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert deployment.created_address(sender, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert deployment.created_address(sender, 1).hex() == "343c43a37d37dff08ae8c4a11544c718abb4fcf8"


def test_interrupted_deployment_is_continued(chain: Gateway, deployed: LedgerNetwork) -> None:
    assert [one.name for one in deployed.contracts] == list(CONTRACTS)
    assert deployed.deployment == deployment.plan(CHAIN_ID, ACCOUNT.address)
    assert chain.nonce(ACCOUNT.address) == len(CONTRACTS) + 1


def test_second_run_sends_nothing(chain: Gateway, deployed: LedgerNetwork) -> None:
    before = chain.head()
    assert deployment.deploy(chain, ACCOUNT, COUNCIL, MEMBERS, chain.url) == deployed
    assert chain.head() == before


def test_deployed_ledger_passes_the_check(chain: Gateway, deployed: LedgerNetwork) -> None:
    assert deployment.verify(chain, deployed) == ()
    deployment.check(chain, deployed)


def test_foreign_chain_is_refused(chain: Gateway, deployed: LedgerNetwork) -> None:
    other = dataclasses.replace(deployed, genesis_hash=bytes(32))
    with pytest.raises(Conflict, match="genesis") as caught:
        deployment.check(chain, other)
    assert caught.value.code == "LEDGER_DIFFERS"


def test_swapped_contract_is_named(chain: Gateway, deployed: LedgerNetwork) -> None:
    first, second, *rest = deployed.contracts
    swapped = dataclasses.replace(first, address=second.address)
    other = dataclasses.replace(deployed, contracts=(swapped, second, *rest))
    assert deployment.verify(chain, other) == ("council",)


def test_too_few_council_signatures_leave_the_directory_incomplete(chain: Gateway) -> None:
    with pytest.raises(deployment.DeploymentFailed) as caught:
        deployment.deploy(chain, ACCOUNT, COUNCIL, MEMBERS[:1], chain.url, first_nonce=chain.nonce(ACCOUNT.address))
    assert caught.value.code == "DIRECTORY_INCOMPLETE"


def test_altered_code_is_not_the_artifacts(chain: Gateway, deployed: LedgerNetwork) -> None:
    code = chain.code(deployed.address("trails"))
    assert deployment.matches_artifact("trails", code)
    assert not deployment.matches_artifact("trails", code[:100] + bytes([code[100] ^ 1]) + code[101:])
    assert not deployment.matches_artifact("trails", code[:-1])


def test_network_file_survives_writing_and_reading(tmp_path: Path, deployed: LedgerNetwork) -> None:
    path = tmp_path / network.FILE_NAME
    deployed.save(path)
    assert network.load(path) == deployed


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "huxin-ledger/2"}', "null"])
def test_network_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / network.FILE_NAME
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        network.load(path)
    assert caught.value.code == "LEDGER_NETWORK_INVALID"
