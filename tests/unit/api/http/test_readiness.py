"""Readiness does what it vouches for; an outage is unknown, and a chain may be idle only while nothing waits."""

import os
from dataclasses import dataclass, replace

import pytest

from api.services.finding import Finding
from api.services.probes import contracts_stand, disk_has_room, vault_opens
from api.services.readiness import Readiness
from api.services.vitals import Vitals
from ledger.vault import MasterKey, Vault
from tests.unit.api.http.town import Town


@dataclass
class Clocks:
    """A wall clock and one that nobody sets."""

    wall: int
    steady: float = 100.0

    def pass_(self, seconds: int) -> None:
        self.wall += seconds
        self.steady += seconds


def watched(town: Town, clocks: Clocks) -> Readiness:
    store = town.store
    vitals = Vitals(store.db, store.outcomes, lambda: town.head, lambda: clocks.wall, lambda: clocks.steady, 0)
    return Readiness(
        store.db, store.outcomes, vitals, town.network, (lambda: clocks.wall, lambda: clocks.steady), os.urandom,
        (1e9, 120.0),
    )  # fmt: skip


def found(readiness: Readiness) -> dict[str, Finding]:
    return {one.name: one for one in readiness.findings()}


def test_everything_is_in_order(fresh: Town) -> None:
    fresh.settle()
    clocks = Clocks(fresh.now)
    assert {one.verdict for one in found(watched(fresh, clocks)).values()} == {"ok"}


def test_chain_may_stand_still_until_something_waits(fresh: Town) -> None:
    fresh.settle()
    clocks = Clocks(fresh.now)
    readiness = watched(fresh, clocks)
    found(readiness)
    clocks.pass_(3_600)
    assert found(readiness)["chain"].ok
    fresh.chain.time = clocks.wall
    fresh.submit(fresh.open(1))
    assert found(readiness)["chain"].ok, "it has only just been accepted"
    clocks.pass_(60)
    assert found(readiness)["chain"].code == "CHAIN_STUCK"
    fresh.chain.mine()
    clocks.pass_(1)
    assert found(readiness)["chain"].ok
    clocks.pass_(120)
    assert found(readiness)["outbox"].code == "OUTBOX_STALE"


def test_outage_of_the_chain_is_unknown_not_fine(fresh: Town) -> None:
    fresh.settle()
    fresh.head.is_down = True
    now = found(watched(fresh, Clocks(fresh.now)))
    assert {now[name].verdict for name in ("chain", "contracts", "index")} == {"unknown"}
    assert now["store"].ok


def test_jump_of_the_clock_is_told_for_a_minute(fresh: Town) -> None:
    fresh.settle()
    clocks = Clocks(fresh.now)
    readiness = watched(fresh, clocks)
    assert found(readiness)["clock steady"].ok
    clocks.wall += 7_200
    assert found(readiness)["clock steady"].code == "CLOCK_JUMPED"
    clocks.pass_(59)
    assert not found(readiness)["clock steady"].ok
    clocks.pass_(2)
    assert found(readiness)["clock steady"].ok
    clocks.wall -= 7_200 + 3_600
    now = found(readiness)
    assert (now["clock steady"].code, now["clock"].code) == ("CLOCK_JUMPED", "CLOCK_BEHIND_CHAIN")


def test_contract_whose_code_was_changed_is_named(fresh: Town) -> None:
    contracts = tuple(
        replace(one, code_hash=bytes(32)) if one.name == "trails" else one for one in fresh.network.contracts
    )
    finding = contracts_stand(replace(fresh.network, contracts=contracts), fresh.head.code)
    assert (finding.code, finding.facts["different"]) == ("CONTRACTS_DIFFER", "trails")


def test_master_key_must_open_what_is_stored(fresh: Town) -> None:
    ours, others = (Vault(MasterKey(bytes((n,)) * 32), os.urandom) for n in (7, 8))
    assert vault_opens(fresh.store.db, others, os.urandom).facts["caseKey"] == "fresh"
    fresh.store.documents.keep_key(b"\x05" * 32, ours.new_case_key(b"\x05" * 32))
    assert vault_opens(fresh.store.db, ours, os.urandom).facts["caseKey"] == "stored"
    assert vault_opens(fresh.store.db, others, os.urandom).code == "VAULT_MASTER_KEY_UNKNOWN"


@pytest.mark.parametrize(("free", "verdict"), [(10, "ok"), (9, "wrong")])
def test_disk_must_have_room(free: int, verdict: str) -> None:
    assert disk_has_room(lambda: free, 10).verdict == verdict


def test_disk_that_does_not_answer_is_unknown() -> None:
    def fail() -> int:
        raise OSError

    assert disk_has_room(fail, 10).verdict == "unknown"
