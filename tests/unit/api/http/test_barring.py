"""Who has read an act that was handed in cannot bar it: at the door, nor by carrying a spoilt copy himself."""

from typing import Any

import pytest

from api.store.entries import admin_entry, calldata_of
from ledger import acts, calldata
from ledger.crypto import keccak, sign
from ledger.eip712 import message
from ledger.merkle import MerkleTree
from node.gateway.account import RelayAccount
from tests.unit.api.http.town import CLERK, DECIDER, SEAL, Town, key_of

TREE = MerkleTree([keccak(bytes([number])) for number in range(3)])
TRUE: dict[str, Any] = {"batch": "0x" + TREE.root.hex(), "proof": ["0x" + one.hex() for one in TREE.proof(0)]}
SPOILT: tuple[dict[str, Any], ...] = ({}, {"batch": TREE.root, "proof": TREE.proof(1)})


def suspension(town: Town) -> Any:
    """Of a license in a batch that is on the ledger."""
    town.carry(town.signed(town.admin(acts.IssueBatch, DECIDER, root=TREE.root, count=3, seal=SEAL)))
    return town.admin(acts.SetLicenseStatus, DECIDER, license=TREE.leaf(0), status=2, reason=1)


def carries(town: Town, act: Any, key: bytes, **proof: Any) -> None:
    """A stranger's transaction with the act in it, mined and read by the index."""
    deployment, thief = town.network.deployment, RelayAccount(keccak(b"thief"), town.network.chain_id)
    signed = calldata.SignedAct(
        acts.kind_of(type(act)), calldata.signed_body(act, **proof), sign(key, town.digest(act))
    )  # fmt: skip
    contract = acts.contract_of(type(act))
    entry = admin_entry(deployment, contract, signed, town.now)
    nonce, data = town.chain.nonce(thief.address), calldata_of(contract, [entry.payload])
    town.chain.send_raw(thief.sign_transaction(nonce, deployment.addresses[contract], data, 1_000_000).raw)
    town.chain.mine()
    town.indexer.follow()


def became(town: Town, response: Any) -> tuple[str, str]:
    view = town.client.get(response.json()["links"]["self"]).json()
    return view["status"], (view["reason"] or {"code": ""})["code"]


@pytest.mark.parametrize("spoilt", SPOILT)
def test_stripped_proof_carried_by_a_stranger_does_not_bar_the_act_that_waits(
    fresh: Town, spoilt: dict[str, Any]
) -> None:
    act = suspension(fresh)
    response = fresh.submit(act, **TRUE)
    assert response.status_code == 202
    carries(fresh, act, key_of(DECIDER), **spoilt)
    assert became(fresh, response) == ("queued", "")
    fresh.settle()
    assert became(fresh, response) == ("applied", "OK")


def test_colleagues_signature_carried_by_a_stranger_does_not_bar_the_act_that_waits(fresh: Town) -> None:
    act = suspension(fresh)
    response = fresh.submit(act, **TRUE)
    carries(fresh, act, key_of(CLERK), batch=TREE.root, proof=TREE.proof(0))
    fresh.settle()
    assert became(fresh, response) == ("applied", "OK")


def test_stripped_proof_handed_in_at_the_door_is_not_queued_in_the_acts_place(fresh: Town) -> None:
    act = suspension(fresh)
    stripped = fresh.submit(act)
    assert (stripped.status_code, stripped.json()["code"]) == (422, "LICENSE_NOT_PROVEN")
    response = fresh.submit(act, **TRUE)
    assert response.status_code == 202
    assert response.json()["entries"][0]["predicted"]["code"] == "OK"
    fresh.settle()
    assert became(fresh, response) == ("applied", "OK")


def test_what_is_signed_of_the_act_is_what_was_read(fresh: Town) -> None:
    """The message that wallets show does not hold the proof: that is why nothing final may rest on it."""
    assert set(message(suspension(fresh))) == {"license", "status", "reason", "officer", "nonce", "deadline"}
