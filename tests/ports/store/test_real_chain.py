"""The relay and the index as processes, on the embedded chain with the real contracts."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.index.rebuild import rebuild
from api.signers import KeySigner
from api.store.entries import Entry
from api.store.origin import Origin
from api.store.store import Store, open_store
from api.store.worlds import Worlds
from ledger.crypto import address_of, checksum
from ledger.procedure import Action, CaseStatus
from node.deployment import deploy
from node.engines import EmbeddedEngine
from node.gateway.account import RelayAccount
from node.gateway.gateway import Gateway
from node.network import Council, LedgerNetwork
from tests.unit.api.store.scenario import CLERK, DECIDER, MEMBERS, SEAL, Scenario

CHAIN_ID = 860_321
KEY = b"\x21" * 32
SECONDS = 60.0


@dataclass
class Place:
    """A data folder with a chain, its ledger and a store on it."""

    data: Path
    gateway: Gateway
    network: LedgerNetwork
    store: Store
    worlds: Worlds
    scenario: Scenario
    process: subprocess.Popen[str] | None = None

    def start_relay(self) -> None:
        command = [sys.executable, "-m", "api.relay", "--data", str(self.data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline()) == {"ready": True}

    def stop_relay(self) -> int:
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def kill_relay(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def accept(self, *entries: Entry) -> list[bytes]:
        for entry in entries:
            self.store.outbox.accept_blocking(entry)
        return [act.act_id for entry in entries for act in entry.acts]

    def wait(self, ids: list[bytes], is_done: Callable[[Any], bool] = lambda one: one.is_final) -> dict[bytes, str]:
        deadline = time.monotonic() + SECONDS
        while True:
            statuses = self.store.outbox.statuses(ids)
            if all(is_done(statuses[one]) for one in ids):
                return {key: one.status for key, one in statuses.items()}
            assert time.monotonic() < deadline, {key.hex()[:8]: one.status for key, one in statuses.items()}
            time.sleep(0.05)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("huxin")
    sender = checksum(address_of(KEY))
    with EmbeddedEngine(senders=(sender,)).start(data / "chain", CHAIN_ID) as engine:
        gateway = Gateway(engine.url, CHAIN_ID)
        council = Council(tuple(address_of(member) for member in MEMBERS), 2, 60)
        signers = [KeySigner(member) for member in MEMBERS]
        network = deploy(gateway, RelayAccount(KEY, CHAIN_ID), council, signers, engine.url)
        network.save(data / "network.json")
        (data / "relay.key").write_text(KEY.hex())
        store = open_store(f"sqlite:///{data / 'huxin.db'}")
        store.start_writer()
        scenario = Scenario(network.deployment, lambda: int(time.time()))
        worlds = store.worlds(Origin.of(network))
        place = Place(data, gateway, network, store, worlds, scenario)
        place.start_relay()
        try:
            statuses = place.wait(place.accept(*scenario.founding()))
            assert set(statuses.values()) == {"applied"}
            yield place
        finally:
            if place.process is not None and place.process.poll() is None:
                assert place.stop_relay() == 0
            store.close()


def run_case(place: Place, number: int) -> list[bytes]:
    """A whole case, each step signed on the predicted state before the ones before it are anchored."""
    scenario, ids = place.scenario, []
    ids += place.accept(scenario.open(place.worlds.scratch(), number))
    for action in (Action.VERIFY, Action.ACCEPT, Action.FORWARD):
        ids += place.accept(scenario.step(place.worlds.scratch(), number, action))
    ids += place.accept(scenario.step(place.worlds.scratch(), number, Action.REVIEW, officer=DECIDER, grant=0))
    seal = SEAL.to_bytes(32, "big")
    approval = scenario.step(place.worlds.scratch(), number, Action.APPROVE, officer=DECIDER, grant=0, subject=seal)
    ids += place.accept(approval)
    ids += place.accept(scenario.step(place.worlds.scratch(), number, Action.DELIVER))
    return ids


def test_case_signed_ahead_is_taken_step_by_step(place: Place) -> None:
    ids = run_case(place, 1)
    assert set(place.wait(ids).values()) == {"applied"}
    case = place.store.cases.case(place.scenario.key(1))
    assert case is not None
    assert (case.status, case.seq, case.officer, case.home) == (CaseStatus.DELIVERED, 7, CLERK, 1)
    steps = place.store.cases.steps(place.scenario.key(1))
    assert [step.act_id for step in steps] == ids
    assert place.store.cases.agencies_of(place.scenario.key(1)) == {1, 2}


def test_refusal_is_anchored_and_readable(place: Place) -> None:
    place.wait(place.accept(place.scenario.open(place.worlds.scratch(), 2)))
    refused = place.scenario.step(place.worlds.scratch(), 2, Action.APPROVE)
    ids = place.accept(refused)
    assert place.wait(ids) == {ids[0]: "refused"}
    (outcome,) = place.store.cases.refusals(place.scenario.key(2))
    assert (outcome.act_id, outcome.officer, outcome.other) == (ids[0], CLERK, 1)


def test_kill_9_of_the_relay_loses_and_doubles_nothing(place: Place) -> None:
    ids: list[bytes] = []
    for round_ in range(4):
        for number in range(10 + 3 * round_, 13 + 3 * round_):
            ids += run_case(place, number)
        time.sleep(0.3 * round_)
        place.kill_relay()
        place.start_relay()
    # the former relay's lease must first run out
    assert set(place.wait(ids).values()) == {"applied"}
    steps = [step.act_id for number in range(10, 22) for step in place.store.cases.steps(place.scenario.key(number))]
    assert sorted(steps) == sorted(ids)
    assert place.store.outcomes.since(-1, 10_000)[-1].result == "applied"
    assert not [one for one in place.store.outcomes.since(-1, 10_000) if one.result == "discarded"]


def test_rebuilt_index_equals_the_one_before(place: Place) -> None:
    place.stop_relay()
    before = dump(place.store)
    seen: list[int] = []
    rebuild(place.store, place.gateway, Origin.of(place.network), lambda block, _last: seen.append(block))
    assert seen == list(range(place.network.first_block, place.gateway.head() + 1))
    assert dump(place.store) == before
    place.start_relay()


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All tables whose content the chain decides."""
    from sqlalchemy import select  # noqa: PLC0415

    from api.store.own_tables import outbox_acts  # noqa: PLC0415
    from api.store.schema import INDEX, tables_of  # noqa: PLC0415

    with store.db.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (*tables_of(INDEX), outbox_acts)
        }
