"""No reason without an attack: each is shown by a scenario, or it is said here why the rules never give it."""

import importlib
from pathlib import Path

from ledger.reasons import Reason
from tests.unit.ledger.rules_town import PRODUCED

NEVER = {
    Reason.OK: "not a refusal",
    Reason.LICENSE_NOT_YET_VALID: "for who verifies a license: the rules ask whether it was stopped, not for its period",
    Reason.LICENSE_EXPIRED: "likewise",
    Reason.NOT_COUNCIL: "a direct call, which the contracts revert and which is no act: tests/access shows it",
}  # fmt: skip
"""Reasons that judging an act never gives."""


def scenarios() -> dict[Reason, list[str]]:
    """All scenarios by reason, whichever of them this run has collected."""
    for path in sorted(Path(__file__).parent.glob("test_rules_*.py")):
        importlib.import_module(f"tests.unit.ledger.{path.stem}")
    return PRODUCED


def test_every_reason_is_shown_by_an_attack() -> None:
    assert set(Reason) - set(scenarios()) == set(NEVER)


def test_reasons_that_never_come_up_have_no_scenario() -> None:
    assert not set(NEVER) & set(scenarios())


def test_scenarios_have_names_of_their_own() -> None:
    named = [name for several in scenarios().values() for name in several]
    assert len({*named}) == len({name.rpartition(".")[2] for name in named})
