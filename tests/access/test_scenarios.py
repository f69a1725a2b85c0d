"""Every attack on the rules again on the contracts: the same reason, and the same words stored."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from ledger.reasons import Reason
from ledger.rules.judge import Outcome
from ledger.state import CaseState
from ledger.world import World
from tests.contracts.pair import Mark, Pair
from tests.scene import Scene, Sent
from tests.unit.ledger.rules_town import Town, all_scenarios

MODEL_ONLY = {"test_rules_trail.test_case_grown_past_its_last_number"}
"""Scenarios that put the model into a state which a chain reaches after 65,535 steps only."""


class ChainTown(Town):
    """The same town, on contracts and model at once."""

    def __init__(self) -> None:
        self.pair = Pair()
        super().__init__()
        self._settled: tuple[Mark, dict[bytes, CaseState]] = self.pair.mark(), dict(self.states)

    def _deployed(self) -> tuple[Scene, World]:
        return self.pair.scene, self.pair.world

    def judged(self, sent: Sent) -> tuple[Outcome, ...]:
        """The outcomes, the same on both sides."""
        outcomes = self.pair.run(*sent, self.now)
        assert outcomes is not None, "reverted as a whole"
        return outcomes

    def again(self) -> "ChainTown":
        """As it was when it was settled."""
        mark, states = self._settled
        self.pair.back(mark)
        self.scene, self.world, self.states = self.pair.scene, self.pair.world, deepcopy(states)
        return self


@pytest.fixture(scope="module")
def chain_town() -> ChainTown:
    """Settled once for all scenarios."""
    return ChainTown()


ATTACKS = [pytest.param(*one, id=name) for name, one in all_scenarios().items() if name not in MODEL_ONLY]


@pytest.mark.parametrize(("reason", "scenario"), ATTACKS)
def test_contracts_refuse_it_too(chain_town: ChainTown, reason: Reason, scenario: Callable[[Town], Reason]) -> None:
    """The scenario's own transactions, on the EVM."""
    assert scenario(chain_town.again()) is reason
