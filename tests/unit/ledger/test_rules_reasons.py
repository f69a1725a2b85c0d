"""No reason without an attack: each is shown by a scenario, or it is said here why the rules never give it."""

from ledger.reasons import RETIRED, Reason
from tests.unit.ledger.rules_town import all_scenarios

NEVER = {
    Reason.OK: "not a refusal",
    Reason.BATCH_UNKNOWN: "of reports: the rules say LICENSE_NOT_PROVEN, for anybody may have exchanged the batch",
    Reason.BAD_PROOF: "of reports: the rules say LICENSE_NOT_PROVEN, for anybody may have broken the proof",
    Reason.NOT_COUNCIL: "a direct call, which the contracts revert and which is no act: tests/access shows it",
}  # fmt: skip
"""Reasons that judging an act never gives."""


def shown() -> set[Reason]:
    """The reasons that have a scenario."""
    return {reason for reason, _ in all_scenarios().values()}


def test_every_reason_is_shown_by_an_attack() -> None:
    assert set(Reason) - shown() == set(NEVER)


def test_reasons_that_never_come_up_have_no_scenario() -> None:
    assert not set(NEVER) & shown()


def test_a_number_that_meant_something_else_is_not_given_again() -> None:
    assert not RETIRED & set(Reason)
