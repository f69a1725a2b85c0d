"""Registry.sol and the model, check by check."""

from typing import Any

import pytest

from ledger import acts, calldata
from ledger.crypto import address_of, checksum
from ledger.ids import FOREVER, agency_of, scoped
from ledger.procedure import ALL_ROLES, Role
from ledger.reasons import Reason
from ledger.records import AGENCY, Status
from ledger.rules.authority import key_standing
from tests.contracts.acting import decide, decide_late, do, must
from tests.contracts.pair import Pair
from tests.contracts.province import (
    AWAY,
    AWAY_ADMIN,
    AWAY_CLERK,
    AWAY_WINDOW,
    CLERK,
    HOME,
    HOME_ADMIN,
    WINDOW,
)
from tests.scene import CITY, OTHER_CITY, PROVINCE, secret

NEW = scoped(HOME, 7)
KEY = address_of(secret("new key"))


def enrol(pair: Pair, officer: int = HOME_ADMIN, **fields: object) -> Reason:
    defaults = {
        "subject": NEW, "window": WINDOW, "roles": 1, "key": KEY, "valid_from": 0, "valid_until": FOREVER,
    }  # fmt: skip
    pair.scene.people[NEW] = "new key"
    return do(pair, acts.EnrolOfficer, officer, **(defaults | fields))


def window(pair: Pair, officer: int = HOME_ADMIN, **fields: object) -> Reason:
    defaults = {
        "window": scoped(HOME, 9), "name": "窗口", "region": PROVINCE, "valid_from": 0, "valid_until": FOREVER,
    }  # fmt: skip
    return do(pair, acts.RegisterWindow, officer, **(defaults | fields))


def status(pair: Pair, officer: int, to: int, since: int = 0, by: int = HOME_ADMIN) -> Reason:
    return do(pair, acts.SetOfficerStatus, by, subject=officer, status=to, reason=3, since=since)


def bare_clerk(pair: Pair, roles: int = Role.WINDOW) -> None:
    """The clerk keeps only these roles; her acts are from a second later."""
    fields = {"subject": CLERK, "window": WINDOW, "roles": int(roles), "valid_until": FOREVER}
    must(pair, acts.AssignOfficer, HOME_ADMIN, **fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"window": scoped(AWAY, 9)}, Reason.NOT_YOUR_AGENCY),
        ({"window": HOME << 32}, Reason.BAD_FIELD),
        ({"window": WINDOW}, Reason.WINDOW_EXISTS),
        ({"name": ""}, Reason.BAD_FIELD),
        ({"name": "a" * 128}, Reason.OK),
        ({"name": "口" * 43}, Reason.BAD_FIELD),
        ({"region": 0xA00000000000}, Reason.BAD_FIELD),
        ({"region": 0x110000000000}, Reason.REGION_OUTSIDE),
        ({"valid_until": 5}, Reason.BAD_INTERVAL),
        ({"valid_from": FOREVER}, Reason.BAD_INTERVAL),
        ({"valid_from": FOREVER - 1}, Reason.OK),
    ],
)
def test_register_window(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert window(pair, **fields) is reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"window": 0}, Reason.OK),
        ({"subject": scoped(AWAY, 7)}, Reason.NOT_YOUR_AGENCY),
        ({"subject": HOME << 32}, Reason.BAD_FIELD),
        ({"subject": CLERK}, Reason.OFFICER_EXISTS),
        ({"window": AWAY_WINDOW}, Reason.NOT_YOUR_AGENCY),
        ({"window": HOME << 32}, Reason.WINDOW_UNKNOWN),
        ({"window": scoped(HOME, 99)}, Reason.WINDOW_UNKNOWN),
        ({"roles": 0}, Reason.BAD_FIELD),
        ({"roles": ALL_ROLES}, Reason.OK),
        ({"roles": ALL_ROLES + 1}, Reason.BAD_FIELD),
        ({"key": bytes(20)}, Reason.BAD_FIELD),
        ({"key": address_of(secret("officer 2-1"))}, Reason.KEY_IN_USE),
        ({"valid_from": 9, "valid_until": 9}, Reason.BAD_INTERVAL),
    ],
)
def test_enrol_officer(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert enrol(pair, **fields) is reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"subject": AWAY_CLERK}, Reason.NOT_YOUR_AGENCY),
        ({"subject": HOME << 32}, Reason.BAD_FIELD),
        ({"subject": scoped(HOME, 99)}, Reason.OFFICER_UNKNOWN),
        ({"window": AWAY_WINDOW}, Reason.NOT_YOUR_AGENCY),
        ({"window": scoped(HOME, 99)}, Reason.WINDOW_UNKNOWN),
        ({"roles": 0}, Reason.BAD_FIELD),
        ({"valid_until": 1}, Reason.BAD_INTERVAL),
    ],
)
def test_assign_officer(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    defaults = {"subject": CLERK, "window": 0, "roles": 5, "valid_until": FOREVER}
    assert do(pair, acts.AssignOfficer, HOME_ADMIN, **(defaults | fields)) is reason


def test_suspended_officer_is_not_assigned(pair: Pair) -> None:
    assert status(pair, CLERK, Status.SUSPENDED) is Reason.OK
    fields = {"subject": CLERK, "window": 0, "roles": 5, "valid_until": FOREVER}
    assert do(pair, acts.AssignOfficer, HOME_ADMIN, **fields) is Reason.BAD_STATUS_CHANGE


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"subject": AWAY_CLERK}, Reason.NOT_YOUR_AGENCY),
        ({"subject": HOME << 32}, Reason.BAD_FIELD),
        ({"subject": scoped(HOME, 99)}, Reason.OFFICER_UNKNOWN),
        ({"old_key": KEY}, Reason.BAD_FIELD),
        ({"new_key": bytes(20)}, Reason.BAD_FIELD),
        ({"new_key": address_of(secret("officer 1-2"))}, Reason.KEY_IN_USE),
        ({"valid_until": 9}, Reason.BAD_INTERVAL),
    ],
)
def test_rotate_key(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    old = address_of(pair.scene.key_of(CLERK))
    defaults = {"subject": CLERK, "old_key": old, "new_key": KEY, "valid_until": FOREVER, "since": 0}
    assert do(pair, acts.RotateKey, HOME_ADMIN, **(defaults | fields)) is reason


def test_officer_rotates_the_own_key_but_not_for_longer(pair: Pair) -> None:
    now = pair.scene.now
    fields = {"subject": CLERK, "window": WINDOW, "roles": 4, "valid_until": now + 500}
    must(pair, acts.AssignOfficer, HOME_ADMIN, **fields)
    rotation = {"subject": CLERK, "old_key": address_of(pair.scene.key_of(CLERK)), "new_key": KEY, "since": 0}
    longer = rotation | {"valid_until": now + 501}
    assert do(pair, acts.RotateKey, CLERK, **longer) is Reason.BAD_INTERVAL
    anothers = longer | {"subject": HOME_ADMIN}
    assert do(pair, acts.RotateKey, CLERK, **anothers) is Reason.ROLE_MISSING
    must(pair, acts.RotateKey, CLERK, **(rotation | {"valid_until": now + 500}))
    assert window(pair, CLERK) is Reason.KEY_REPLACED
    pair.scene.people[CLERK] = "new key"
    assert window(pair, CLERK) is Reason.ROLE_MISSING


def test_key_that_was_revoked_is_not_rotated(pair: Pair) -> None:
    assert status(pair, CLERK, Status.REVOKED) is Reason.OK
    fields = {"subject": CLERK, "old_key": address_of(pair.scene.key_of(CLERK)), "new_key": KEY}
    assert do(pair, acts.RotateKey, HOME_ADMIN, valid_until=FOREVER, since=0, **fields) is Reason.BAD_STATUS_CHANGE


@pytest.mark.parametrize("first", list(Status))
@pytest.mark.parametrize("second", [*Status, 9, 255])
def test_every_status_change_of_a_window(pair: Pair, first: Status, second: int) -> None:
    for to in (first, second):
        do(pair, acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=int(to), reason=1)
        pair.scene.now += 7
    pair.check_everything()


def test_set_window_status(pair: Pair) -> None:
    suspend = {"status": 2, "reason": 0}
    assert do(pair, acts.SetWindowStatus, HOME_ADMIN, window=AWAY_WINDOW, **suspend) is Reason.NOT_YOUR_AGENCY
    assert do(pair, acts.SetWindowStatus, HOME_ADMIN, window=HOME << 32, **suspend) is Reason.BAD_FIELD
    assert do(pair, acts.SetWindowStatus, HOME_ADMIN, window=scoped(HOME, 9), **suspend) is Reason.WINDOW_UNKNOWN


def test_officer_status_and_its_reach_back(pair: Pair) -> None:
    now = pair.scene.now
    assert status(pair, AWAY_CLERK, 2) is Reason.NOT_YOUR_AGENCY
    assert status(pair, HOME << 32, 2) is Reason.BAD_FIELD
    assert status(pair, scoped(HOME, 99), 2) is Reason.OFFICER_UNKNOWN
    assert status(pair, CLERK, Status.SUSPENDED, since=now - 5) is Reason.BAD_FIELD
    assert status(pair, CLERK, Status.REVOKED, since=now + 1) is Reason.BAD_FIELD
    assert status(pair, CLERK, Status.SUSPENDED) is Reason.OK
    assert status(pair, CLERK, Status.SUSPENDED) is Reason.BAD_STATUS_CHANGE
    pair.scene.now += 5
    assert status(pair, CLERK, Status.REVOKED, since=now + 3) is Reason.OK
    assert status(pair, CLERK, Status.ACTIVE) is Reason.BAD_STATUS_CHANGE
    clerk = address_of(pair.scene.key_of(CLERK))
    assert pair.ask("registry", "whyNot(address,uint32)", checksum(clerk), now) == Reason.KEY_REVOKED


def test_only_administrators_administer(pair: Pair) -> None:
    bare_clerk(pair)
    assert window(pair, CLERK) is Reason.ROLE_MISSING
    assert enrol(pair, CLERK) is Reason.ROLE_MISSING
    assert status(pair, HOME_ADMIN, 2, by=CLERK) is Reason.ROLE_MISSING
    assert do(pair, acts.SetWindowStatus, CLERK, window=WINDOW, status=2, reason=0) is Reason.ROLE_MISSING
    assert (
        do(pair, acts.AssignOfficer, CLERK, subject=CLERK, window=0, roles=1, valid_until=FOREVER)
        is Reason.ROLE_MISSING
    )


def test_key_window_and_agency_must_hold_in_this_order(pair: Pair) -> None:
    now = pair.scene.now
    assert enrol(pair, valid_from=now + 10, valid_until=now + 20) is Reason.OK
    again = {"window": scoped(HOME, 50)}
    assert window(pair, NEW, **again) is Reason.KEY_NOT_YET_VALID
    pair.scene.now = now + 20
    assert window(pair, NEW, **again) is Reason.KEY_EXPIRED
    pair.scene.now = now + 12
    assert status(pair, NEW, Status.SUSPENDED) is Reason.OK
    assert window(pair, NEW, **again) is Reason.KEY_SUSPENDED
    assert status(pair, NEW, Status.REVOKED) is Reason.OK
    assert window(pair, NEW, **again) is Reason.KEY_REVOKED


def test_window_that_does_not_hold_stops_its_officers(pair: Pair) -> None:
    now = pair.scene.now
    assert window(pair, valid_from=now + 10, valid_until=now + 20) is Reason.OK
    assert enrol(pair, window=scoped(HOME, 9)) is Reason.OK
    assert window(pair, NEW) is Reason.WINDOW_NOT_YET_VALID
    pair.scene.now = now + 20
    assert window(pair, NEW) is Reason.WINDOW_EXPIRED
    pair.scene.now = now + 12
    for to, reason in ((2, Reason.WINDOW_SUSPENDED), (3, Reason.WINDOW_REVOKED)):
        must(pair, acts.SetWindowStatus, HOME_ADMIN, window=scoped(HOME, 9), status=to, reason=0)
        assert window(pair, NEW) is reason


def test_agency_that_does_not_hold_stops_everybody(pair: Pair) -> None:
    assert decide(pair, "setAgencyStatus", HOME, 2, 1) is Reason.OK
    assert window(pair) is Reason.AGENCY_SUSPENDED
    assert decide(pair, "setAgencyStatus", HOME, 1, 1) is Reason.OK
    assert window(pair) is Reason.OK
    assert decide_late(pair, "revokeAgency", HOME, 1) is Reason.OK
    assert window(pair) is Reason.AGENCY_REVOKED


def test_agencies_by_the_council(pair: Pair) -> None:
    fields = [8, "11430000MB28000008", "机构", CITY, 1, 1, checksum(KEY)]

    def register(place: int, value: object) -> Reason:
        return decide(pair, "registerAgency", *fields[:place], value, *fields[place + 1 :])

    assert register(0, 0) is Reason.BAD_FIELD
    assert register(5, 0) is Reason.BAD_FIELD
    assert register(0, HOME) is Reason.AGENCY_EXISTS
    assert register(1, "短") is Reason.BAD_FIELD
    assert register(2, "") is Reason.BAD_FIELD
    assert register(3, 0xB00000000000) is Reason.BAD_FIELD
    assert register(4, 4) is Reason.BAD_FIELD
    assert register(6, checksum(bytes(20))) is Reason.BAD_FIELD
    assert register(6, checksum(address_of(secret("officer 1-1")))) is Reason.KEY_IN_USE
    assert register(2, "名" * 42) is Reason.OK


def test_agency_status_by_the_council(pair: Pair) -> None:
    assert decide(pair, "setAgencyStatus", 99, 2, 0) is Reason.AGENCY_UNKNOWN
    assert decide(pair, "setAgencyStatus", HOME, 3, 0) is Reason.BAD_STATUS_CHANGE
    assert decide(pair, "setAgencyStatus", HOME, 1, 0) is Reason.BAD_STATUS_CHANGE
    assert decide_late(pair, "revokeAgency", 99, 0) is Reason.AGENCY_UNKNOWN
    assert decide_late(pair, "revokeAgency", HOME, 0) is Reason.OK
    assert decide_late(pair, "revokeAgency", HOME, 0) is Reason.BAD_STATUS_CHANGE


def test_administrator_by_the_council(pair: Pair) -> None:
    key = checksum(KEY)
    assert decide_late(pair, "appointAdmin", 99, 5, key) is Reason.AGENCY_UNKNOWN
    assert decide_late(pair, "appointAdmin", HOME, 0, key) is Reason.BAD_FIELD
    assert decide_late(pair, "appointAdmin", HOME, 1, key) is Reason.OFFICER_EXISTS
    assert decide_late(pair, "appointAdmin", HOME, 5, checksum(bytes(20))) is Reason.BAD_FIELD
    assert decide_late(pair, "appointAdmin", HOME, 5, key) is Reason.OK


def test_standing_says_the_same_as_the_model_at_every_edge(pair: Pair) -> None:
    """``from <= t < end`` and ``whyNot`` against the model, for keys stopped and resumed in every way."""
    now = pair.scene.now
    assert enrol(pair, valid_from=now + 10, valid_until=now + 90) is Reason.OK
    pair.scene.now = now + 30
    assert status(pair, CLERK, Status.SUSPENDED) is Reason.OK
    must(pair, acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=2, reason=0)
    pair.scene.now = now + 40
    must(pair, acts.SetWindowStatus, HOME_ADMIN, window=WINDOW, status=1, reason=0)
    assert decide(pair, "setAgencyStatus", AWAY, 2, 0) is Reason.OK
    assert status(pair, AWAY_CLERK, 3, since=now + 4, by=AWAY_ADMIN) is Reason.AGENCY_SUSPENDED
    moments = sorted({now + base + step for base in (0, 10, 30, 40, 90) for step in (-1, 0, 1)} | {0, FOREVER})
    for address, key in pair.world.keys.items():
        word = pair.ask("registry", "standing(address)", checksum(address))
        assert word >> 160 == key.officer
        assert word >> 64 & 0xFFFF == key.roles
        for at in moments:
            reason = key_standing(pair.world, key, at)
            assert ((word & 0xFFFFFFFF) <= at < (word >> 32 & 0xFFFFFFFF)) == (reason is Reason.OK)
            assert pair.ask("registry", "whyNot(address,uint32)", checksum(address), at) == reason
            agency = agency_of(key.officer)
            standing = pair.world.agencies[agency].standing(at, AGENCY)
            assert pair.ask("registry", "whyNotAgency(uint32,uint32)", agency, at) == standing


def test_unknown_key_and_agency_have_no_standing(pair: Pair) -> None:
    assert pair.ask("registry", "standing(address)", checksum(KEY)) == 0
    assert pair.ask("registry", "whyNot(address,uint32)", checksum(KEY), 5) == Reason.SIGNER_UNKNOWN
    assert pair.ask("registry", "agencyStanding(uint32)", 99) == 0
    assert pair.ask("registry", "whyNotAgency(uint32,uint32)", 99, 5) == Reason.AGENCY_UNKNOWN


def test_agency_standing_has_region_and_flags(pair: Pair) -> None:
    word = pair.ask("registry", "agencyStanding(uint32)", 4)
    assert (word >> 72, word >> 64 & 255) == (OTHER_CITY, 1)


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("registerAgency(uint32,string,string,uint48,uint8,uint32,address)",
         (8, "11430000MB28000008", "机构", CITY, 1, 1, checksum(KEY))),
        ("setAgencyStatus(uint32,uint8,uint8)", (HOME, 2, 0)),
        ("revokeAgency(uint32,uint8)", (HOME, 0)),
        ("appointAdmin(uint32,uint32,address)", (HOME, 5, checksum(KEY))),
    ],
)  # fmt: skip
def test_nobody_but_the_council_administers_agencies(pair: Pair, signature: str, arguments: tuple[object, ...]) -> None:
    result = pair.direct("registry", signature, *arguments)
    assert not result.succeeded
    assert result.output == calldata.selector("Refused(uint16)") + int(Reason.NOT_COUNCIL).to_bytes(32, "big")
