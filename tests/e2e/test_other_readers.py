"""Programs that are not ours read the ledger over plain JSON-RPC: ethers.js and Hardhat."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.engines import EmbeddedEngine, RunningEngine
from node.network import load
from scripts.node_tools import node_binary, node_command

pytestmark = [pytest.mark.timeout(600), pytest.mark.needs("node", "ethers")]

HARDHAT = Path(__file__).parents[2] / "hardhat"


@pytest.fixture(scope="module")
def ledger(played: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningEngine, Path]]:
    """The demonstration's chain, running, and a network file that says where."""
    data, _ = played
    network = load(data / "network.json")
    with EmbeddedEngine().start(data / "chain", network.chain_id) as running:
        here = tmp_path_factory.mktemp("network") / "network.json"
        network.at(running.url).save(here)
        yield running, here


def test_ethers_recovers_the_signer_of_every_act(ledger: tuple[RunningEngine, Path], played: tuple[Path, Any]) -> None:
    _, network = ledger
    command = (str(node_binary()), str(HARDHAT / "scripts" / "read-ledger.js"), str(network), "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    report = json.loads(done.stdout)
    refused = {row["got"] for row in played[1]["rows"] if row["kind"] == "refusal"}
    assert report["faults"] == []
    assert report["steps"] > 30
    assert report["signers"] >= report["acts"] - sum(report["refusals"].values())
    assert set(report["refusals"]) & refused >= {"ALREADY_NOTIFIED", "GRANT_REVOKED", "SAME_OFFICER_TWICE"}


@pytest.mark.needs("hardhat")
def test_hardhat_reads_it_as_a_remote_network(ledger: tuple[RunningEngine, Path]) -> None:
    running, network = ledger
    node, hardhat = node_command("hardhat")
    done = subprocess.run(
        (str(node), str(hardhat), "--config", "ledger.config.js", "run", "--no-compile", "scripts/hardhat-read.js"),
        cwd=HARDHAT, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"HUXIN_RPC_URL": running.url, "HUXIN_NETWORK_FILE": str(network)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["blocks"] > 10
    assert report["stepped"] > 30
    assert report["agency"] != "0"
