"""Acts carried through another contract would leave events that no auditor can judge: they are turned away."""

import pytest

from ledger.calldata import COUNCIL_EXECUTE, TRAILS_SUBMIT, execute_call, selector, trails_call
from ledger.crypto import keccak
from tests.contracts.pair import Pair

DETOUR = selector("Detour()")


def forwarder(target: bytes) -> bytes:
    """Creation code of a contract that hands its calldata on to ``target`` and its answer back."""
    handing_on = bytes.fromhex("36600060003760006000366000600073") + target + bytes.fromhex("5af1")
    answering = bytes.fromhex("3d600060003e")
    after = len(handing_on) + len(answering)
    # success: return; failure: revert, with the same data
    ending = bytes((0x60, after + 7, 0x57)) + bytes.fromhex("3d6000fd") + bytes.fromhex("5b3d6000f3")
    runtime = handing_on + answering + ending
    return bytes((0x60, len(runtime), 0x80, 0x60, 0x0B, 0x60, 0x00, 0x39, 0x60, 0x00, 0xF3)) + runtime


@pytest.mark.parametrize("contract", ["registry", "catalogue", "grants", "seals", "licenses", "trails", "council"])
def test_a_relay_cannot_blind_the_auditors_by_a_detour(pair: Pair, contract: str) -> None:
    scene = pair.scene
    name, data = scene.window(1, 77, 0) if contract not in ("council", "trails") else ("", b"")
    if contract == "council":
        name, data = scene.ballot(scene.proposal("enter", keccak(b"detour"), pair.deployment.addresses["trails"]))
    elif contract == "trails":
        name, data = "trails", trails_call([])
        assert data[:4] == selector(TRAILS_SUBMIT)
    by_way_of = pair.evm.deploy(forwarder(pair.deployment.addresses[contract]), scene.now)
    result = pair.evm.send(by_way_of, data, scene.now)
    assert name
    assert not result.succeeded
    assert result.output == DETOUR
    assert result.logs == ()


def test_what_the_council_scheduled_is_carried_out_directly_too(pair: Pair) -> None:
    proposal = pair.scene.proposal("setDelay", 60)
    by_way_of = pair.evm.deploy(forwarder(pair.deployment.addresses["council"]), pair.scene.now)
    data = execute_call([proposal])
    assert data[:4] == selector(COUNCIL_EXECUTE)
    assert pair.evm.send(by_way_of, data, pair.scene.now).output == DETOUR


def test_the_forwarder_does_hand_on(pair: Pair) -> None:
    """Else the other tests would show nothing."""
    by_way_of = pair.evm.deploy(forwarder(pair.deployment.addresses["council"]), pair.scene.now)
    answer = pair.evm.call(by_way_of, selector("threshold()"), pair.scene.now)
    assert answer.succeeded
    assert int.from_bytes(answer.output, "big") == pair.world.council.threshold
