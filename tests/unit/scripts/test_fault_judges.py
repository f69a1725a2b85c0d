"""The judges of the experiments can fail: each is shown a run in which the promise is broken."""

from collections import Counter
from dataclasses import replace

import pytest

from scripts import fault_kill
from scripts.bench_growth import Ledger
from scripts.bench_growth import targets as growth_targets
from scripts.fault_chain import targets_of
from scripts.fault_chain_bound import Bounded
from scripts.fault_chain_matrix import Cell
from scripts.fault_chain_storms import Storm

CELL = Cell("signed / failed / restart", True, 1.0, (1, 1), (1, 1), True)
STORM = Storm("dropped", 4, 0, 0, 0, 0, is_drained=True, seconds=1.0)
BOUND = Bounded(20, 10, 0, 0, 30, 1.0, is_good=True)
SOUND = fault_kill.Outcome(100, 3, 4, 0, 0, 0, 0, 0, {"http": [0.4]}, {202: 100}, 9.0)


def met(storm: Storm = STORM, cell: Cell = CELL, bound: Bounded = BOUND, injected: str = "dropped") -> bool:
    found = targets_of([storm], [cell], bound, Counter({injected: 3}), (1, 1))
    return all(one.met for one in found)


def test_chain_that_lost_nothing_is_sound() -> None:
    assert met()


@pytest.mark.parametrize(
    "broken",
    [
        {"storm": replace(STORM, lost=1)},
        {"storm": replace(STORM, doubled=1)},
        {"storm": replace(STORM, out_of_order=1)},
        {"storm": replace(STORM, is_drained=False, seconds=61.0)},
        {"cell": replace(CELL, applied=(1, 0))},
        {"cell": replace(CELL, carried=(1, 2))},
        {"cell": replace(CELL, is_in_order=False)},
        {"bound": replace(BOUND, is_good=False)},
        {"injected": "another fault than the one that was survived"},
    ],
    ids=" ".join,
)
def test_chain_that_broke_a_promise_is_not(broken: dict[str, object]) -> None:
    assert not met(**broken)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [("lost", 1), ("doubled", 1), ("refused", 1), ("waiting", 1), ("waiting", -1), ("differences", 1)],
)
def test_each_fault_after_kills_counts_alone_and_beside_another(name: str, value: int) -> None:
    plan = fault_kill.Plan(1, 3, 100, 0.0)
    assert SOUND.faults == 0
    assert all(one.met for one in fault_kill.targets(plan, SOUND, {}))
    broken = replace(SOUND, **{name: value})  # type: ignore[arg-type]
    assert broken.faults == 1
    assert replace(broken, answers={500: 1}).faults == 2
    assert not all(one.met for one in fault_kill.targets(plan, broken, {}))


def test_fewer_blows_than_planned_are_not_enough_however_many_signals_they_were() -> None:
    plan = fault_kill.Plan(1, 4, 100, 0.0)
    assert not all(one.met for one in fault_kill.targets(plan, replace(SOUND, signals=9), {}))


def test_mutant_that_was_not_found_out_is_a_missed_target() -> None:
    plan = fault_kill.Plan(1, 3, 100, 0.0)
    assert not all(one.met for one in fault_kill.targets(plan, SOUND, {"a mutant": 0}))


class Costs(Ledger):
    """A ledger of a size at which a step costs so much, whatever is counted."""

    def __init__(self, size: int, cost: float) -> None:
        self.size, self._cost = size, cost
        self.starts, self.openings = [1.0], [{"chain": 0.1}]

    def total(self, what: str) -> float:
        del what
        return self._cost


@pytest.mark.parametrize(
    ("costs", "met"),
    [
        ((1.0, 1.05, 1.1, 1.2), True),
        ((1.0, 1.2, 1.4, 1.7), False),
        ((1.0, 1.0, 1.0, 1.2), False),
    ],
    ids=["slowly", "at each size", "at the last alone"],
)
def test_cost_that_grows_with_the_ledger_is_found(costs: tuple[float, ...], met: bool) -> None:
    ledgers = [Costs(10 ** (3 + place), cost) for place, cost in enumerate(costs)]
    found = [one for one in growth_targets(ledgers) if one.target != "P8 start"]
    assert len(found) == 8
    assert all(one.met for one in found) is met
