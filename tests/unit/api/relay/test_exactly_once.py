"""Whatever the chain does, each acknowledged act is anchored, in order, once."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.relay.batching import Limits
from api.relay.relay import Pace
from api.store.own_tables import outbox_entries, relay_batches
from ledger.crypto import keccak
from ledger.procedure import Action
from ledger.reasons import Reason
from node.gateway.account import RelayAccount
from tests.unit.api.relay.ground import CHAIN_ID, KEY, Ground, make
from tests.unit.api.relay.simulator import Pooled


def all_once(ground: Ground, ids: list[bytes]) -> None:
    assert set(ground.statuses(ids)) == {"applied"}
    assert [ground.times_on_chain(one) for one in ids] == [1] * len(ids)


@pytest.mark.parametrize("fault", ["time out", "time out after accepting", "lie", "lie after accepting", "drop"])
@pytest.mark.parametrize("crash", [False, True])
def test_fault_at_sending_loses_and_doubles_nothing(ground: Ground, fault: str, crash: bool) -> None:
    ids = ground.opened(1, 2, 3)
    ground.chain.faults = [fault, fault]
    ground.turn()
    if crash:
        ground.restart()
    ground.monotonic[0] += 10
    ground.turn()
    ground.rounds(6)
    all_once(ground, ids)
    # nothing was carried a second time in another transaction
    assert "discarded" not in {one.result for one in ground.store.outcomes.since(-1, 1000)}


def test_crash_between_recording_and_sending_sends_the_same_bytes(ground: Ground) -> None:
    ids = ground.opened(1)
    ground.chain.is_down = False
    ground.chain.faults = ["time out"]
    ground.turn()
    first = ground.chain.sent[-1]
    ground.restart()
    ground.rounds(2)
    assert ground.chain.sent[-1] == first
    all_once(ground, ids)


def test_node_restarted_with_an_empty_pool(ground: Ground) -> None:
    ids = ground.opened(1, 2)
    ground.turn()
    ground.chain.restart_empty()
    ground.rounds(4)
    all_once(ground, ids)


def test_foreign_transaction_takes_our_nonce(ground: Ground) -> None:
    """Somebody else sends with the relay's key: what the lost nonce carried is signed again."""
    ids = ground.opened(1, 2)
    ground.chain.faults = ["drop"]
    ground.turn()
    account = RelayAccount(KEY, CHAIN_ID)
    nonce = ground.chain.nonce(account.address)
    ground.chain.send_raw(account.sign_transaction(nonce, keccak(b"elsewhere")[:20], b"", 21_000).raw)
    ground.rounds(6)
    all_once(ground, ids)


def test_chain_down_then_back_drains_in_order(ground: Ground) -> None:
    ground.chain.is_down = True
    ids = ground.opened(1)
    for action in (Action.VERIFY, Action.ACCEPT, Action.FORWARD):
        ids += ground.accept(ground.scenario.step(ground.worlds.scratch(), 1, action))
    for _ in range(5):
        ground.turn()
    assert set(ground.statuses(ids)) == {"queued"}
    ground.chain.is_down = False
    ground.rounds(3)
    all_once(ground, ids)
    assert [step.act_id for step in ground.store.cases.steps(ground.scenario.key(1))] == ids


def test_poisoned_act_does_not_block_the_others(ground: Ground) -> None:
    """One act of a batch makes the whole transaction fail, with any gas: 7 of 8 are anchored."""
    ids = ground.opened(*range(1, 9))
    poison = keccak((5).to_bytes(8, "big"))
    ground.chain.fails = lambda one: poison in one.data
    ground.rounds(20)
    assert ground.status(ids[4]).status == "discarded"
    assert ground.status(ids[4]).reason == Reason.MALFORMED
    all_once(ground, ids[:4] + ids[5:])


def test_out_of_gas_goes_again_with_more(ground: Ground) -> None:
    ids = ground.opened(*range(1, 5))
    ground.chain.fails = lambda one: one.gas < 1_000_000
    ground.rounds(12)
    all_once(ground, ids)


def test_reorganisation_of_the_last_block_sends_again(ground: Ground) -> None:
    ids = ground.opened(1, 2)
    ground.turn()
    ground.chain.mine()
    ground.turn()
    assert set(ground.statuses(ids)) == {"applied"}
    ground.chain.reorganise()
    ground.chain.mine()
    ground.chain.mine()
    ground.rounds(6)
    all_once(ground, ids)


def test_steps_of_a_case_never_overtake_a_failed_transaction(ground: Ground) -> None:
    """The opening fails as a whole first; the next step must wait for it, not be discarded."""
    failed: list[Pooled] = []

    def once(one: Pooled) -> bool:
        failed.append(one)
        return len(failed) == 1

    ids = ground.opened(1)
    ground.chain.fails = once
    ground.turn()
    ids += ground.accept(ground.scenario.step(ground.worlds.scratch(), 1, Action.VERIFY))
    ground.rounds(6)
    all_once(ground, ids)


def test_batches_are_bounded_by_acts(tmp_path: Path) -> None:
    ground = make(tmp_path, Limits(acts=3), Pace(0.0, 2, 5.0))
    try:
        ground.found()
        before = len(ground.chain.sent)
        ids = ground.opened(*range(1, 8))
        ground.rounds(6)
        all_once(ground, ids)
        assert len(ground.chain.sent) - before == 3
    finally:
        ground.store.close()


def test_journal_holds_the_bytes_before_they_are_sent(ground: Ground) -> None:
    """Seen from another connection at the moment of sending: recorded, with the entry bound to it."""
    seen: list[tuple[int, int]] = []
    send = ground.chain.send_raw

    def watching(raw: bytes) -> bytes:
        recorded = select(func.count()).select_from(relay_batches).where(relay_batches.c.raw == raw)
        bound = select(func.count()).select_from(outbox_entries).where(outbox_entries.c.state == "sent")
        with ground.store.db.read() as connection:
            seen.append((connection.execute(recorded).scalar_one(), connection.execute(bound).scalar_one()))
        return send(raw)

    vars(ground.chain)["send_raw"] = watching
    ids = ground.opened(1)
    ground.rounds(2)
    all_once(ground, ids)
    assert seen == [(1, 1)]
