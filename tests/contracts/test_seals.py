"""Seals.sol and the model, check by check."""

from typing import Any

import pytest

from ledger import acts
from ledger.ids import FOREVER, scoped
from ledger.procedure import Role
from ledger.reasons import Reason
from ledger.records import SEAL as SEAL_REASONS
from ledger.records import Status
from tests.contracts.acting import do, must
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, CLERK, HOME, HOME_ADMIN, SEAL, WINDOW


def enter(pair: Pair, cls: type = acts.RegisterSeal, officer: int = CLERK, **fields: object) -> Reason:
    defaults = {
        "seal": scoped(HOME, 2), "name": "专用章", "sm3": b"\x01" * 32, "sha256": b"\x02" * 32,
        "certificate": b"\x03" * 32, "valid_from": 0, "valid_until": FOREVER,
    }  # fmt: skip
    return do(pair, cls, officer, **(defaults | fields))


def status(pair: Pair, to: int, seal: int = SEAL, officer: int = CLERK) -> Reason:
    return do(pair, acts.SetSealStatus, officer, seal=seal, status=to, reason=2)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"seal": scoped(AWAY, 2)}, Reason.NOT_YOUR_AGENCY),
        ({"seal": HOME << 32}, Reason.BAD_FIELD),
        ({"seal": SEAL}, Reason.SEAL_EXISTS),
        ({"name": ""}, Reason.BAD_FIELD),
        ({"name": "n" * 129}, Reason.BAD_FIELD),
        ({"valid_until": 3}, Reason.BAD_INTERVAL),
        ({"officer": HOME_ADMIN}, Reason.ROLE_MISSING),
    ],
)
def test_register_seal(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert enter(pair, acts.RegisterSeal, **fields) is reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"seal": scoped(AWAY, 2)}, Reason.NOT_YOUR_AGENCY),
        ({"seal": HOME << 32}, Reason.BAD_FIELD),
        ({"seal": scoped(HOME, 9)}, Reason.SEAL_UNKNOWN),
        ({"name": ""}, Reason.BAD_FIELD),
        ({"valid_until": 3}, Reason.BAD_INTERVAL),
        ({"officer": HOME_ADMIN}, Reason.ROLE_MISSING),
    ],
)
def test_change_seal(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert enter(pair, acts.ChangeSeal, **({"seal": SEAL} | fields)) is reason


def test_suspended_seal_is_not_changed(pair: Pair) -> None:
    assert status(pair, Status.SUSPENDED) is Reason.OK
    assert enter(pair, acts.ChangeSeal, seal=SEAL) is Reason.BAD_STATUS_CHANGE


def test_seal_status(pair: Pair) -> None:
    assert status(pair, 2, scoped(AWAY, 1)) is Reason.NOT_YOUR_AGENCY
    assert status(pair, 2, HOME << 32) is Reason.BAD_FIELD
    assert status(pair, 2, scoped(HOME, 9)) is Reason.SEAL_UNKNOWN
    assert status(pair, 1) is Reason.BAD_STATUS_CHANGE
    fields = {"subject": CLERK, "window": WINDOW, "roles": int(Role.WINDOW), "valid_until": FOREVER}
    must(pair, acts.AssignOfficer, HOME_ADMIN, **fields)
    assert status(pair, 2) is Reason.ROLE_MISSING


def test_standing_says_the_same_as_the_model_at_every_edge(pair: Pair) -> None:
    now = pair.scene.now
    later: dict[str, Any] = {"valid_from": now + 10, "valid_until": now + 40}
    for number in (2, 3, 4):
        assert enter(pair, seal=scoped(HOME, number), **later) is Reason.OK
    pair.scene.now = now + 20
    assert status(pair, 2, scoped(HOME, 3)) is Reason.OK
    assert status(pair, 3, scoped(HOME, 4)) is Reason.OK
    pair.scene.now = now + 30
    assert status(pair, 1, scoped(HOME, 3)) is Reason.OK
    assert enter(pair, acts.ChangeSeal, seal=SEAL) is Reason.OK
    for seal, record in pair.world.seals.items():
        word = pair.ask("seals", "standing(uint64)", seal)
        for at in sorted({now + base + step for base in (0, 10, 20, 30, 40) for step in (-1, 0, 1)} | {0, FOREVER}):
            reason = record.standing(at, SEAL_REASONS)
            assert ((word & 0xFFFFFFFF) <= at < word >> 32) == (reason is Reason.OK)
            assert pair.ask("seals", "whyNot(uint64,uint32)", seal, at) == reason
    assert pair.ask("seals", "standing(uint64)", scoped(HOME, 99)) == 0
    assert pair.ask("seals", "whyNot(uint64,uint32)", scoped(HOME, 99), now) == Reason.SEAL_UNKNOWN
