"""The access matrix: for every function, who may and what everybody else is told, on the chain and in the model."""

from collections.abc import Iterator
from copy import deepcopy

import pytest

from ledger import calldata
from ledger.crypto import address_of
from ledger.errors import InvalidInput
from ledger.reasons import Reason
from ledger.rules.judge import judge
from tests.access import admin, council, steps
from tests.access.cast import ACTORS, Condition
from tests.access.run import Matrix
from tests.access.stage import Stage
from tests.access.table import COUNCIL_ONLY, COUNCIL_ROWS, DIRECT, EXECUTE, SELF_ONLY, STEP_ROWS

pytestmark = pytest.mark.timeout(900)
REFUSED = calldata.selector("Refused(uint16)") + int(Reason.NOT_COUNCIL).to_bytes(32, "big")
ONLY_SELF = calldata.selector("OnlySelf()")


def functions() -> Iterator[tuple[str, str]]:
    """Every function with each condition that means something for it."""
    yield from dict.fromkeys((cell.row.name, str(cell.condition)) for cell in admin.cells())
    for row in STEP_ROWS:
        for cell in steps.cells(row):
            yield f"{row.name}{', in a list' if cell.listed else ''}", str(cell.condition)
    yield from dict.fromkeys((cell.row.name, str(cell.condition)) for cell in council.cells())
    yield from (("council.execute", str(condition)) for condition in EXECUTE)
    for row_ in COUNCIL_ROWS:
        if row_.waits:
            yield f"council.execute: {row_.call}", str(Condition.ACTIVE)
            yield f"council.execute: {row_.call}", str(Condition.KEY_EXPIRED)


@pytest.mark.parametrize(("function", "condition"), list(dict.fromkeys(functions())))
def test_who_may(matrix: Matrix, function: str, condition: str) -> None:
    """Table, chain and model agree on every actor."""
    cells = matrix.found[function, condition]
    assert cells
    assert [str(cell) for cell in cells if not cell.agreed] == []


def test_nothing_was_driven_that_is_not_shown(matrix: Matrix) -> None:
    assert set(matrix.found) == set(functions())


@pytest.mark.parametrize("function", sorted(DIRECT))
def test_direct_calls_by_anybody_are_refused(stage: Stage, function: str) -> None:
    """The caller's address is what counts: no officer, member or stranger may, whatever keys they hold."""
    to, data = _direct(stage, function)
    expected = ONLY_SELF if DIRECT[function] == SELF_ONLY else REFUSED
    for actor in ACTORS:
        sender = address_of(council.own_account(stage, actor))
        assert stage.chain.reverted_with(sender, to, data) == expected, actor.name


@pytest.mark.parametrize("function", sorted(DIRECT))
def test_model_knows_no_direct_calls(stage: Stage, function: str) -> None:
    _, data = _direct(stage, function)
    with pytest.raises(InvalidInput, match="CALL_UNKNOWN"):
        judge(deepcopy(stage.world), function.partition(".")[0], data, stage.scene.now)


@pytest.mark.parametrize("function", sorted(DIRECT))
def test_the_one_contract_gets_through(stage: Stage, function: str) -> None:
    """Whom the function is open to is not told NOT_COUNCIL or OnlySelf: the refusals above are of the caller."""
    contract = function.partition(".")[0]
    one = {COUNCIL_ONLY: "council", SELF_ONLY: contract}.get(DIRECT[function], "trails")
    to, data = _direct(stage, function)
    answer = stage.chain.reverted_with(stage.scene.deployment.addresses[one], to, data)
    assert answer not in (REFUSED, ONLY_SELF)


@pytest.mark.parametrize("contract", ["grants", "registry", "licenses", "council", "catalogue", "seals", "directory"])
def test_no_contract_but_trails_consumes_a_quota(stage: Stage, contract: str) -> None:
    to, data = _direct(stage, "grants.consume")
    assert stage.chain.reverted_with(stage.scene.deployment.addresses[contract], to, data) == REFUSED


def _direct(stage: Stage, function: str) -> tuple[bytes, bytes]:
    address = stage.scene.deployment.addresses[function.partition(".")[0]]
    return address, council.direct_calls(stage)[function]
