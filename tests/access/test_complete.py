"""A function, act, action or council call that is not in the matrix fails here."""

import pytest

from ledger.acts import ACTS
from ledger.procedure import ALL_RIGHTS, RULES, Right, Role
from ledger.rules.council import CALLS
from ledger.world import CONTRACTS
from node.artifacts import artifact
from tests.access.cast import ACTORS, Condition, Kind
from tests.access.table import ADMIN_ROWS, ANYBODY, COUNCIL_ROWS, DIRECT, NOT_APPLICABLE, STEP_ROWS

VIEWS: dict[str, tuple[str, ...]] = {
    "council": ("delay", "domainSeparator", "isMember", "judged", "members", "scheduled", "threshold"),
    "directory": ("council", "current", "isVersion", "versions"),
    "registry": (
        "agencyStanding", "agencyWord", "council", "currentKey", "domainSeparator", "identify", "judged", "keyWord",
        "standing", "whyNot", "whyNotAgency", "windowWord",
    ),
    "catalogue": ("domainSeparator", "identify", "itemWord", "judged", "latest", "registry", "retiredFrom", "terms"),
    "grants": (
        "agreementHash", "catalogue", "council", "covers", "directory", "domainSeparator", "grantWord", "identify",
        "judged", "mandate", "quotaOf", "registry", "whyNot",
    ),
    "seals": ("domainSeparator", "identify", "judged", "registry", "sealDigest", "sealWord", "standing", "whyNot"),
    "licenses": (
        "batchWord", "catalogue", "domainSeparator", "identify", "judged", "licenseWord", "registry", "seals",
        "standing", "useWord", "whyStopped",
    ),
    "trails": (
        "catalogue", "clock", "council", "domainSeparator", "grants", "heads", "licenses", "links", "registry", "seals",
    ),
}  # fmt: skip
"""Functions that only read: open to everybody, they change nothing."""


def declared(contract: str) -> dict[str, str]:
    """The contract's external functions with their state mutability."""
    return {one["name"]: one["stateMutability"] for one in artifact(contract)["abi"] if one["type"] == "function"}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_function_that_changes_state_has_a_row(contract: str) -> None:
    changing = {f"{contract}.{name}" for name, kind in declared(contract).items() if kind not in ("view", "pure")}
    listed = {name for name in (*DIRECT, *ANYBODY) if name.startswith(f"{contract}.")}
    assert changing == listed


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_view_is_known_as_one(contract: str) -> None:
    views = {name for name, kind in declared(contract).items() if kind in ("view", "pure")}
    assert views == set(VIEWS[contract])


@pytest.mark.parametrize("contract", CONTRACTS)
def test_nothing_takes_money_or_unknown_calls(contract: str) -> None:
    abi = artifact(contract)["abi"]
    assert not [one for one in abi if one["type"] in ("receive", "fallback")]
    assert "payable" not in declared(contract).values()


def test_every_act_has_a_row() -> None:
    assert {row.cls for row in ADMIN_ROWS} == {cls for classes in ACTS.values() for cls in classes}


def test_every_action_has_a_row() -> None:
    assert {int(row.action) for row in STEP_ROWS} == set(RULES)


def test_every_council_call_has_a_row_and_waits_as_it_should() -> None:
    assert {(row.call, row.waits) for row in COUNCIL_ROWS} == {(call.name, not call.prompt) for call in CALLS}
    assert {f"{call.contract}.{call.name}" for call in CALLS} <= set(DIRECT)


def test_every_role_is_tried_alone_on_each_side() -> None:
    tried = {(actor.side, actor.roles) for actor in ACTORS if actor.kind is Kind.OFFICER}
    assert all((side, int(role)) in tried for side in (1, 2, 3) for role in Role)


def test_every_right_is_taken_out_of_a_grant() -> None:
    assert {row.right for row in STEP_ROWS if row.right} == set(Right)
    assert sum(Right) == ALL_RIGHTS


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row.name for rows in (ADMIN_ROWS, STEP_ROWS, COUNCIL_ROWS) for row in rows]
    assert len(names) == len(set(names))


def test_what_has_no_cell_has_a_reason() -> None:
    assert all(NOT_APPLICABLE.values())
    assert len(Condition) == 11
