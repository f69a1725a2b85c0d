"""Random acts give the same verdict, reason and state in Solidity, on two EVMs, and in the Python model."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.differential.run import Bench, Tally

LENGTH = 40
# a seed does not shrink to anything simpler; the sequence it makes is the finding
relaxed = settings(
    deadline=None, max_examples=12, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)


@relaxed
@given(seed=st.integers(0, 2**32))
def test_embedded_chain_agrees_with_the_model(embedded_bench: Bench, tallies: dict[str, Tally], seed: int) -> None:
    """The rules people read in Python are those the chain applies."""
    embedded_bench.sequence(Random(seed), LENGTH, tallies.setdefault("model = py-evm", Tally()))


@pytest.mark.needs("hardhat")
@relaxed
@given(seed=st.integers(0, 2**32))
def test_two_evms_and_the_model_agree(two_evms: Bench, tallies: dict[str, Tally], seed: int) -> None:
    """Neither EVM has rules of its own."""
    two_evms.sequence(Random(seed), LENGTH, tallies.setdefault("model = py-evm = hardhat", Tally()))
