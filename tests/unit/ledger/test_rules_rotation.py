"""Attacks with an officer's old key: on the rotation that ends it, and after it."""

from typing import Any

from ledger import acts
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action, Role
from ledger.reasons import Reason
from ledger.records import Status
from tests.scene import secret
from tests.unit.ledger.rules_town import ADMIN, AWAY_ADMIN, CLERK, HOME, SECOND, Town, refuses

NEW = scoped(HOME, 9)


def rotated(town: Town, to: str, by: int = ADMIN, *, signing: bytes | None = None, **fields: Any) -> Reason:
    """The clerk's key gives way to the key ``to``."""
    defaults: dict[str, Any] = {
        "subject": CLERK, "old_key": town.world.current_key[CLERK], "new_key": town.key(to), "valid_until": FOREVER,
        "since": 0,
    }  # fmt: skip
    return town.do(acts.RotateKey, by, signing=signing, **(defaults | fields))


def plain_officer(town: Town) -> None:
    """An officer at work at a window who administers nothing."""
    town.scene.people[NEW] = "town plain"
    town.must(acts.EnrolOfficer, ADMIN, subject=NEW, window=0, roles=int(Role.WINDOW), key=town.key("plain"),
              valid_from=0, valid_until=FOREVER)  # fmt: skip


@refuses(Reason.KEY_REPLACED)
def test_thief_hands_in_a_backdated_late_step_after_the_rotation(town: Town) -> Reason:
    case, leaked = town.open(), town.now
    town.later(1_000)
    assert rotated(town, "new", since=leaked) is Reason.OK
    return town.step(case, Action.FORWARD, signed_at=leaked)


@refuses(Reason.KEY_REPLACED)
def test_thief_rotates_the_key_first_and_then_hands_in_backdated_steps_under_the_stolen_one(town: Town) -> Reason:
    """The administrator names the stolen key, although it is not the present one."""
    case, leaked, stolen = town.open(), town.now, town.world.current_key[CLERK]
    town.later(1_000)
    assert rotated(town, "thief", CLERK) is Reason.OK
    town.later(10)
    assert rotated(town, "new", old_key=stolen, since=leaked) is Reason.OK
    return town.step(case, Action.FORWARD, signed_at=leaked)


@refuses(Reason.KEY_REPLACED)
def test_thief_hands_in_a_late_step_under_the_key_that_he_rotated_to(town: Town) -> Reason:
    """Naming the stolen key ends the present one with it, so a race with the thief cannot be lost."""
    case, leaked, stolen = town.open(), town.now, town.world.current_key[CLERK]
    town.later(1_000)
    assert rotated(town, "thief", CLERK) is Reason.OK
    move = town.move(case, Action.FORWARD)
    town.later(10)
    assert rotated(town, "new", old_key=stolen, since=leaked) is Reason.OK
    town.later(1_000)
    return town.carry(CLERK, move, key=secret("town thief"))


@refuses(Reason.ROLE_MISSING)
def test_thief_undoes_what_the_officer_has_yet_to_hand_in(town: Town) -> Reason:
    plain_officer(town)
    return rotated(town, "thief", NEW, subject=NEW, old_key=town.key("plain"), since=1)


@refuses(Reason.ROLE_MISSING)
def test_officer_ends_an_own_earlier_key_once_more(town: Town) -> Reason:
    plain_officer(town)
    assert rotated(town, "next", NEW, subject=NEW, old_key=town.key("plain")) is Reason.OK
    town.later(10)
    fields: dict[str, Any] = {"subject": NEW, "old_key": town.key("plain"), "since": 1}
    return rotated(town, "third", NEW, signing=secret("town next"), **fields)


@refuses(Reason.NOT_YOUR_AGENCY)
def test_administrator_of_another_agency_undoes_what_officers_have_yet_to_hand_in(town: Town) -> Reason:
    return rotated(town, "new", AWAY_ADMIN, since=1)


@refuses(Reason.BAD_FIELD)
def test_rotation_of_tomorrow(town: Town) -> Reason:
    return rotated(town, "new", since=town.now + 1)


@refuses(Reason.BAD_FIELD)
def test_rotation_that_ends_the_key_of_a_colleague(town: Town) -> Reason:
    return rotated(town, "new", old_key=town.world.current_key[SECOND], since=1)


@refuses(Reason.BAD_FIELD)
def test_rotation_that_ends_a_key_nobody_has(town: Town) -> Reason:
    return rotated(town, "new", old_key=town.key("nobody's"), since=1)


@refuses(Reason.BAD_FIELD)
def test_rotation_of_a_key_that_somebody_has_replaced_meanwhile(town: Town) -> Reason:
    stolen = town.world.current_key[CLERK]
    assert rotated(town, "thief", CLERK) is Reason.OK
    return rotated(town, "new", old_key=stolen)


@refuses(Reason.KEY_REPLACED)
def test_replaced_key_that_was_entered_and_ended_in_the_same_seconds_as_the_present_one(town: Town) -> Reason:
    """The records of both are alike; they are two keys all the same."""
    plain_officer(town)
    assert rotated(town, "next", subject=NEW, old_key=town.key("plain")) is Reason.OK
    town.must(acts.SetOfficerStatus, ADMIN, subject=NEW, status=int(Status.REVOKED), reason=0, since=0)
    return rotated(town, "third", NEW, subject=NEW)
