"""Somebody has read an act that waits in our outbox, and carries a copy of it before we do."""

from typing import Any

import pytest
from sqlalchemy import select

from api.index.rebuild import rebuild
from api.store.entries import Entry, admin_entry, calldata_of, steps_entry
from api.store.own_tables import outbox_acts, outbox_entries, relay_batches
from ledger import acts, calldata
from ledger.crypto import keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.ids import scoped
from ledger.merkle import MerkleTree
from ledger.procedure import Action
from ledger.reasons import Reason
from node.gateway.account import RelayAccount
from tests.unit.api.relay.ground import CHAIN_ID, DEPLOYMENT, KEY, Ground
from tests.unit.api.store.scenario import AWAY, CLERK, DECIDER, GRANT, ITEM, SEAL, WINDOW, key_of

THIEF = RelayAccount(keccak(b"thief"), CHAIN_ID)
AWAY_ADMIN = scoped(AWAY, 1)
TREE = MerkleTree([b"\1" * 32, b"\2" * 32, b"\3" * 32])
LEAF = TREE.leaf(1)


def made(ground: Ground, cls: type[Any], officer: int, **fields: Any) -> Any:
    ground.scenario.nonce += 1
    return cls(**fields, officer=officer, nonce=ground.scenario.nonce, deadline=ground.chain.time + 3600)


def entry(ground: Ground, act: Any, signer: int | None = None, **proof: Any) -> Entry:
    contract = acts.contract_of(type(act))
    key = key_of(signer or act.officer)
    signature = sign(key, digest(DEPLOYMENT.domain(contract), struct_hash(act)))
    signed = calldata.SignedAct(acts.kind_of(type(act)), calldata.signed_body(act, **proof), signature)
    return admin_entry(DEPLOYMENT, contract, signed, ground.chain.time)


def sends(ground: Ground, copy: Entry) -> None:
    """The thief's transaction, into the pool."""
    data, nonce = calldata_of(copy.contract, [copy.payload]), ground.chain.nonce(THIEF.address)
    to = DEPLOYMENT.addresses[copy.contract]
    ground.chain.send_raw(THIEF.sign_transaction(nonce, to, data, 1_000_000).raw)


def carries(ground: Ground, copy: Entry) -> None:
    """The same, and it is in the index."""
    sends(ground, copy)
    ground.chain.mine()
    while ground.indexer.follow():
        pass


def last_reason(ground: Ground) -> int:
    return ground.store.outcomes.since(-1, 1000)[-1].reason


def entry_states(ground: Ground, act_id: bytes) -> str:
    query = select(outbox_entries.c.state).join(outbox_acts, outbox_acts.c.entry == outbox_entries.c.id)
    with ground.store.db.read() as connection:
        return str(connection.execute(query.where(outbox_acts.c.act_id == act_id)).scalar_one())


def suspension(ground: Ground) -> Any:
    """Of a license in a batch that is on the ledger."""
    issued = ground.accept(entry(ground, made(ground, acts.IssueBatch, DECIDER, root=TREE.root, count=3, seal=SEAL)))
    ground.rounds(2)
    assert ground.statuses(issued) == ["applied"]
    return made(ground, acts.SetLicenseStatus, DECIDER, license=LEAF, status=2, reason=1)


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("spoilt", [{}, {"batch": TREE.root, "proof": TREE.proof(0)}])
def test_copy_with_a_stripped_proof_carried_first_does_not_keep_ours_from_the_chain(
    ground: Ground, spoilt: dict[str, Any], is_sent: bool
) -> None:
    act = suspension(ground)
    ids = ground.accept(entry(ground, act, batch=TREE.root, proof=TREE.proof(1)))
    if is_sent:
        ground.chain.faults = ["drop"]
        ground.turn()
    carries(ground, entry(ground, act, **spoilt))
    assert last_reason(ground) == Reason.LICENSE_NOT_PROVEN
    assert ground.statuses(ids) == ["sent" if is_sent else "queued"]
    ground.monotonic[0] += 10
    ground.rounds(3)
    assert ground.statuses(ids) == ["applied"]
    assert ground.times_on_chain(ids[0]) == 1


def test_copy_under_the_thiefs_own_signature_carried_first_does_not_keep_ours_from_the_chain(ground: Ground) -> None:
    act = made(ground, acts.SetWindowStatus, AWAY_ADMIN, window=WINDOW, status=2, reason=1)
    ids = ground.accept(entry(ground, act))
    carries(ground, entry(ground, act, signer=CLERK))
    assert last_reason(ground) == Reason.WRONG_ACTOR
    assert ground.statuses(ids) == ["queued"]
    ground.rounds(3)
    assert ground.statuses(ids) == ["applied"]


@pytest.mark.parametrize("thief_first", [False, True])
def test_copy_in_the_block_of_ours_neither_takes_its_verdict_nor_keeps_it_waiting(
    ground: Ground, thief_first: bool
) -> None:
    """Ours would be discarded too; whichever stands first in the block, it is over for our entry."""
    act = suspension(ground)
    ids = ground.accept(entry(ground, act))
    copy = entry(ground, act, batch=TREE.root, proof=TREE.proof(0))
    if thief_first:
        sends(ground, copy)
    ground.turn()
    if not thief_first:
        sends(ground, copy)
    ground.chain.mine()
    ground.rounds(2)
    status = ground.status(ids[0])
    assert (status.status, entry_states(ground, ids[0])) == ("discarded", "done")
    assert status.tx_hash in {one.hash for block in ground.chain.blocks for one in block.transactions
                              if one.sender != THIEF.address}  # fmt: skip


def test_copy_that_took_effect_is_the_end_of_ours(ground: Ground) -> None:
    act = made(ground, acts.SetWindowStatus, AWAY_ADMIN, window=WINDOW, status=2, reason=1)
    ids, sent = ground.accept(entry(ground, act)), len(ground.chain.sent)
    carries(ground, entry(ground, act))
    assert (ground.statuses(ids), entry_states(ground, ids[0])) == (["applied"], "done")
    ground.rounds(2)
    assert len(ground.chain.sent) == sent + 1, "nothing but the thief's"


def test_copy_that_the_chain_refused_for_good_is_the_end_of_ours(ground: Ground) -> None:
    act = made(ground, acts.SetWindowStatus, AWAY_ADMIN, window=scoped(AWAY, 404), status=2, reason=1)
    ids, sent = ground.accept(entry(ground, act)), len(ground.chain.sent)
    carries(ground, entry(ground, act))
    assert (ground.statuses(ids), entry_states(ground, ids[0])) == (["refused"], "done")
    assert ground.status(ids[0]).reason == Reason.WINDOW_UNKNOWN
    ground.rounds(2)
    assert len(ground.chain.sent) == sent + 1


def test_opening_of_a_child_carried_before_its_link_is_still_taken_in_ours(ground: Ground) -> None:
    """Trails keep no list of what they refused: the same bytes are judged again, after what they follow from."""
    ground.opened(1)
    ground.rounds(2)
    link = ground.scenario.step(ground.worlds.scratch(), 1, Action.LINK, subject=ground.scenario.key(2))
    ids = ground.accept(link)
    child = opening(ground, 2, parent=ground.scenario.key(1))
    ids += ground.accept(child)
    carries(ground, child)
    assert last_reason(ground) == Reason.NOT_LINKED
    assert ground.statuses(ids) == ["queued"] * 2
    ground.rounds(4)
    assert ground.statuses(ids) == ["applied"] * 2


def test_step_that_we_saw_refused_and_that_a_copy_brought_about_later_counts_as_taken(ground: Ground) -> None:
    ground.opened(1)
    ground.rounds(2)
    child = opening(ground, 2, parent=ground.scenario.key(1))
    ids = ground.accept(child)
    ground.rounds(2)
    assert ground.statuses(ids) == ["refused"]
    link = ground.scenario.step(ground.worlds.scratch(), 1, Action.LINK, subject=ground.scenario.key(2))
    ground.accept(link)
    ground.rounds(2)
    carries(ground, child)
    assert ground.statuses(ids) == ["applied"]


def opening(ground: Ground, number: int, parent: bytes) -> Entry:
    now = ground.chain.time
    commitment = keccak(number.to_bytes(8, "big"))
    act = acts.Open(commitment, ITEM, 1, 2, parent, CLERK, GRANT, keccak(b"evidence"), now, now + 3600)
    group = calldata.Group((act,), (), sign(key_of(CLERK), digest(DEPLOYMENT.domain("trails"), struct_hash(act))))
    return steps_entry(DEPLOYMENT, group, (None,), now)


def takes_our_nonce(ground: Ground) -> None:
    """Somebody else sends with the relay's key."""
    ours = RelayAccount(KEY, CHAIN_ID)
    nonce = ground.chain.nonce(ours.address)
    ground.chain.send_raw(ours.sign_transaction(nonce, keccak(b"elsewhere")[:20], b"", 21_000).raw)
    ground.chain.mine()


def test_rebuilt_index_says_the_same_of_what_thieves_carried(ground: Ground) -> None:
    act = suspension(ground)
    ids = ground.accept(entry(ground, act, batch=TREE.root, proof=TREE.proof(1)))
    carries(ground, entry(ground, act))
    ground.rounds(3)
    carries(ground, entry(ground, act))
    before = ground.status(ids[0])
    rebuild(ground.store, ground.chain, ground.origin, lambda _done, _of: None)
    assert ground.status(ids[0]) == before
    assert before.status == "applied"


def test_copy_that_a_reorganisation_dropped_leaves_ours_to_be_carried(ground: Ground) -> None:
    """The outbox had taken the thief's transaction for ours and never sent it; now that is gone from the chain."""
    act = made(ground, acts.SetWindowStatus, AWAY_ADMIN, window=WINDOW, status=2, reason=1)
    ids = ground.accept(entry(ground, act))
    carries(ground, entry(ground, act))
    assert ground.statuses(ids) == ["applied"]
    ground.chain.reorganise()
    ground.chain.mine()
    ground.rounds(4)
    assert ground.statuses(ids) == ["applied"]
    assert ground.times_on_chain(ids[0]) == 1


def test_copy_dropped_after_ours_was_given_up_leaves_ours_to_be_carried_anew(ground: Ground) -> None:
    """Ours had lost its nonce while the thief's was taken for its end: nothing else would send it again."""
    act = made(ground, acts.SetWindowStatus, AWAY_ADMIN, window=WINDOW, status=2, reason=1)
    ids = ground.accept(entry(ground, act))
    ground.chain.faults = ["drop"]
    ground.turn()
    carries(ground, entry(ground, act))
    assert ground.statuses(ids) == ["applied"]
    takes_our_nonce(ground)
    ground.monotonic[0] += 10
    ground.turn()
    with ground.store.db.read() as connection:
        assert "lost" in connection.execute(select(relay_batches.c.state)).scalars().all()
    ground.chain.reorganise(depth=2)
    ground.chain.mine()
    ground.chain.mine()
    ground.rounds(6)
    assert ground.statuses(ids) == ["applied"]
    assert ground.times_on_chain(ids[0]) == 1
