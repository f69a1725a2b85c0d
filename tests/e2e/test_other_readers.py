"""Programs that are not ours read the ledger over plain JSON-RPC: ethers.js and Hardhat.

They see the chain alone, so each engine and each database comes once.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.fleet import RPC_URL
from node.engines import EmbeddedEngine
from node.network import load
from scripts.node_tools import node_binary, node_command
from tests.e2e.conftest import Told
from tests.e2e.footing import ONE_OF_EACH

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.needs("node", "ethers"),
    pytest.mark.parametrize("told", ONE_OF_EACH, indirect=True, scope="session"),
]

HARDHAT = Path(__file__).parents[2] / "hardhat"


@pytest.fixture
def ledger(told: Told, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Where the demonstration's chain runs, and a network file that says so."""
    network = load(told.data / "network.json")
    here = tmp_path / "network.json"
    url = told.footing.variables.get(RPC_URL)
    if url is not None:
        network.at(url).save(here)
        yield url, here
        return
    with EmbeddedEngine().start(told.data / "chain", network.chain_id) as running:
        network.at(running.url).save(here)
        yield running.url, here


def test_ethers_recovers_the_signer_of_every_act(ledger: tuple[str, Path], told: Told) -> None:
    _, network = ledger
    command = (str(node_binary()), str(HARDHAT / "scripts" / "read-ledger.js"), str(network), "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    report = json.loads(done.stdout)
    refused = {row["got"] for row in told.report["rows"] if row["kind"] == "refusal"}
    assert report["faults"] == []
    assert report["steps"] > 30
    assert report["signers"] >= report["acts"] - sum(report["refusals"].values())
    assert set(report["refusals"]) & refused >= {"ALREADY_NOTIFIED", "GRANT_REVOKED", "SAME_OFFICER_TWICE"}


@pytest.mark.needs("hardhat")
def test_hardhat_reads_it_as_a_remote_network(ledger: tuple[str, Path]) -> None:
    url, network = ledger
    node, hardhat = node_command("hardhat")
    done = subprocess.run(
        (str(node), str(hardhat), "--config", "ledger.config.js", "run", "--no-compile", "scripts/hardhat-read.js"),
        cwd=HARDHAT, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"HUXIN_RPC_URL": url, "HUXIN_NETWORK_FILE": str(network)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["blocks"] > 10
    assert report["stepped"] > 30
    assert report["agency"] != "0"
