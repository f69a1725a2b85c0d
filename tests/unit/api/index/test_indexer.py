"""The index audits while it reads: what the rules and the chain judge differently stops it."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from api.index.indexer import Indexer
from api.index.rebuild import rebuild
from api.index.verdicts import IndexDiverged
from api.relay.lease import Lease, LeaseLost
from api.store.origin import Origin
from api.store.own_tables import outbox_acts
from api.store.schema import INDEX, tables_of
from ledger import acts, calldata
from ledger.crypto import keccak
from ledger.errors import Conflict
from ledger.events import DISCARDED, Emitted
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action
from ledger.reasons import Reason
from node.gateway.account import RelayAccount
from tests.unit.api.relay.ground import CHAIN_ID, DEPLOYMENT, Ground
from tests.unit.api.store.scenario import AWAY, CLERK, GRANT, HOME, ITEM, SEAL, WINDOW


def dump(ground: Ground) -> dict[str, list[tuple[Any, ...]]]:
    with ground.store.db.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (*tables_of(INDEX), outbox_acts)
        }


def carry(ground: Ground, contract: str, data: bytes) -> None:
    """A transaction that did not come through our outbox."""
    account = RelayAccount(keccak(b"somebody"), CHAIN_ID)
    nonce = ground.chain.nonce(account.address)
    signed = account.sign_transaction(nonce, DEPLOYMENT.addresses[contract], data, 1_000_000)
    ground.chain.send_raw(signed.raw)
    ground.chain.mine()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda one: replace(one, data=bytes(31) + b"\x01"),
        lambda _one: Emitted((DISCARDED, keccak(b"other"), bytes(32)), bytes(32)),
        lambda one: replace(one, topics=(*one.topics[:1], keccak(b"another case"))),
    ],
)
def test_chain_that_judges_otherwise_stops_the_index(ground: Ground, tamper: Any) -> None:
    ground.chain.tamper = tamper
    (act_id,) = ground.opened(1)
    ground.turn()
    ground.chain.mine()
    head = ground.indexer.head.number
    with pytest.raises(IndexDiverged) as stopped:
        ground.indexer.follow()
    with pytest.raises(IndexDiverged):
        ground.indexer.follow()
    assert stopped.value.block == head + 1
    assert ground.indexer.head.number == head
    assert ground.status(act_id).status == "sent"
    assert ground.store.cases.case(ground.scenario.key(1)) is None


def test_reads_show_what_was_founded(ground: Ground) -> None:
    reads = ground.store.registry
    agencies = reads.agencies(1)
    assert [one.name for one in agencies.items] == ["主管局"]
    assert [one.id for one in reads.agencies(10, agencies.after).items] == [AWAY]
    window = reads.window(WINDOW)
    assert window is not None
    assert (window.agency, window.name, window.region) == (AWAY, "一号窗口", 0x430200000000)
    officer = reads.officer(CLERK)
    assert officer is not None
    assert reads.key(officer.current.address) == officer.current
    item = reads.item(ITEM)
    assert item is not None
    assert [(one.version, one.code, one.decide_days) for one in item.versions] == [(1, "000", 20)]
    assert [one.id for one in reads.grants(10, grantor=HOME, grantee=WINDOW, status=1).items] == [GRANT]
    assert reads.grants(10, grantor=AWAY).items == ()
    assert [one.id for one in reads.grant_chain(GRANT)] == [GRANT]
    assert [one.id for one in reads.seals_by_digest(b"2" * 32)] == [SEAL]
    assert reads.officers(10, agency=AWAY).items[-1].id == CLERK


def test_license_and_batch_are_read_by_digest(ground: Ground) -> None:
    license_ = acts.License(ITEM, SEAL, b"a" * 32, b"b" * 32, b"i" * 32, b"h" * 32, bytes(32), bytes(32), 0, FOREVER)
    decider = scoped(HOME, 2)
    ids = ground.accept(
        ground.scenario.admin(acts.IssueLicense, decider, license=license_),
        ground.scenario.admin(acts.IssueBatch, decider, root=b"r" * 32, count=3, seal=SEAL),
    )
    ground.rounds(3)
    assert ground.statuses(ids) == ["applied"] * 2
    (found,) = ground.store.registry.licenses_by_digest(b"a" * 32)
    assert (found.issuer, found.seal, found.identifier, found.status) == (HOME, 1, b"i" * 32, 1)
    ids = ground.accept(ground.scenario.admin(acts.SetLicenseStatus, decider, license=found.leaf, status=3, reason=1))
    ground.rounds(2)
    again = ground.store.registry.license(found.leaf, HOME)
    assert again is not None
    assert (again.status, again.sm3, again.identifier) == (3, b"a" * 32, b"i" * 32)
    batch = ground.store.registry.batch(b"r" * 32, HOME)
    assert batch is not None
    assert (batch.issuer, batch.count) == (HOME, 3)


def test_events_of_an_agency_go_on_after_a_position(ground: Ground) -> None:
    everything = ground.store.outcomes.since(-1, 1000)
    assert [one.position for one in everything] == sorted({one.position for one in everything})
    last = ground.store.outcomes.last_position()
    ground.opened(1)
    ground.rounds(2)
    for agency in (HOME, AWAY):
        (new,) = ground.store.outcomes.since(last, 10, agency)
        assert (new.name, new.result, new.agency, new.other) == ("Open", "applied", AWAY, HOME)
    assert ground.store.outcomes.since(last, 10, 99) == ()


def test_carried_again_by_a_stranger_keeps_its_verdict(ground: Ground) -> None:
    """Replay: the same signed act in another transaction is discarded and takes nothing back."""
    ids = ground.accept(ground.scenario.admin(acts.SetGrantStatus, scoped(HOME, 1), grant=GRANT, status=2, reason=1))
    ground.rounds(2)
    transaction = ground.chain.blocks[-1].transactions or ground.chain.blocks[-2].transactions
    carry(ground, "grants", transaction[0].data)
    ground.indexer.follow()
    assert ground.statuses(ids) == ["applied"]
    outcome = ground.store.outcomes.outcome(ids[0])
    assert outcome is not None
    assert outcome.result == "applied"
    assert ground.store.outcomes.since(-1, 1000)[-1].reason == Reason.ALREADY_JUDGED


def test_rubbish_from_a_stranger_neither_stops_nor_counts(ground: Ground) -> None:
    before = len(ground.store.outcomes.since(-1, 1000))
    carry(ground, "trails", calldata.selector(calldata.TRAILS_SUBMIT) + b"rubbish")
    carry(ground, "registry", b"\0\1\2\3")
    carry(ground, "registry", calldata.admin_call([calldata.SignedAct(1, b"rubbish", bytes(64))]))
    ground.rounds(2)
    outcomes = ground.store.outcomes.since(-1, 1000)
    assert [one.reason for one in outcomes[before:]] == [Reason.MALFORMED]
    assert ground.indexer.is_current()


def test_act_through_a_foreign_contract_is_told_and_not_skipped(ground: Ground) -> None:
    """Events of ours in a transaction to somebody else: there is no calldata to judge again."""
    ground.opened(1)
    ground.turn()
    ground.chain.mine()
    at = ground.indexer.next_block
    block = ground.chain.blocks[at]
    detour = tuple(replace(one, to=keccak(b"proxy")[:20]) for one in block.transactions)
    ground.chain.blocks[at] = replace(block, transactions=detour)
    with pytest.raises(IndexDiverged, match="no internal call"):
        ground.indexer.follow()


def test_rebuild_gives_the_same_index(ground: Ground) -> None:
    ground.opened(1, 2)
    ground.accept(ground.scenario.step(ground.worlds.scratch(), 1, Action.VERIFY))
    ground.accept(ground.scenario.step(ground.worlds.scratch(), 2, Action.APPROVE))
    ground.rounds(4)
    before = dump(ground)
    blocks = rebuild(ground.store, ground.chain, ground.origin, lambda _done, _of: None)
    assert blocks == len(ground.chain.blocks)
    assert dump(ground) == before


def test_rewritten_history_rebuilds_the_index(ground: Ground) -> None:
    ids = ground.opened(1)
    ground.rounds(2)
    ground.chain.reorganise(4)
    for _ in range(6):
        ground.chain.mine()
    ground.indexer.follow()
    while ground.indexer.follow():
        pass
    assert ground.indexer.head.hash == ground.chain.blocks[-1].hash
    assert ground.statuses(ids) == ["sent"]
    assert ground.store.cases.case(ground.scenario.key(1)) is None


def test_another_chain_is_refused_at_the_start(ground: Ground) -> None:
    other = replace(ground.origin, genesis_hash=keccak(b"another"))
    with pytest.raises(Conflict, match="CHAIN_IS_ANOTHER"):
        Indexer(ground.store.db, ground.chain, other)
    same = replace(ground.origin, genesis_hash=ground.chain.blocks[0].hash)
    assert isinstance(same, Origin)
    Indexer(ground.store.db, ground.chain, same)


def test_second_relay_waits_and_takes_over_when_the_lease_runs_out(ground: Ground) -> None:
    now = [0]
    first = Lease(ground.store.db, "first", 10, lambda: now[0])
    second = Lease(ground.store.db, "second", 10, lambda: now[0])
    ground_lease = Lease(ground.store.db, "one", 1e9, lambda: 0)
    ground_lease.release()
    assert first.acquire()
    assert not second.acquire()
    now[0] = 10_000
    assert second.acquire()
    with pytest.raises(LeaseLost), ground.store.db.write() as connection:
        first.guard(connection)
    indexer = Indexer(ground.store.db, ground.chain, ground.origin, first.guard)
    head = indexer.head
    ground.chain.mine()
    with pytest.raises(LeaseLost):
        indexer.follow()
    assert ground.store.outcomes.head() == head
