"""Attacks on who signs, on the registry and the catalogue."""

from typing import Any

from ledger import acts, calldata
from ledger.calldata import SignedAct
from ledger.crypto import sign
from ledger.eip712 import digest, domain_separator, struct_hash
from ledger.ids import FOREVER, scoped
from ledger.procedure import Role
from ledger.reasons import Reason
from ledger.records import Status
from tests.scene import CITY, OTHER_CITY, secret
from tests.unit.ledger.rules_town import (
    ADMIN,
    AWAY,
    AWAY_ADMIN,
    CLERK,
    HOME,
    ITEM,
    SECOND,
    Town,
    refuses,
)

NEW = scoped(HOME, 9)


def window(town: Town, number: int = 9, *, officer: int = ADMIN, signing: bytes | None = None, **fields: Any) -> Reason:
    defaults: dict[str, Any] = {
        "window": scoped(HOME, number), "name": "窗口", "region": CITY, "valid_from": 0, "valid_until": FOREVER,
    }  # fmt: skip
    return town.do(acts.RegisterWindow, officer, signing=signing, **(defaults | fields))


def enrol(town: Town, number: int = 9, **fields: Any) -> Reason:
    town.scene.people[scoped(HOME, number)] = f"town {number}"
    defaults: dict[str, Any] = {
        "subject": scoped(HOME, number), "window": 0, "roles": 511, "key": town.key(str(number)), "valid_from": 0,
        "valid_until": FOREVER,
    }  # fmt: skip
    return town.do(acts.EnrolOfficer, ADMIN, **(defaults | fields))


def set_officer(town: Town, status: Status, subject: int = CLERK, since: int = 0) -> Reason:
    return town.do(acts.SetOfficerStatus, ADMIN, subject=subject, status=int(status), reason=0, since=since)


def set_window(town: Town, status: Status, number: int = 1) -> Reason:
    return town.do(acts.SetWindowStatus, ADMIN, window=scoped(HOME, number), status=int(status), reason=0)


def by_clerk(town: Town, officer: int = CLERK) -> Reason:
    return window(town, 30, officer=officer)


# ---------------------------------------------------------------- the envelope


@refuses(Reason.MALFORMED)
def test_act_with_bytes_hidden_behind_it(town: Town) -> Reason:
    act = town.scene.make(acts.DeclineGrant, ADMIN, grant=1)
    signed = town.scene.carry(act, town.scene.key_of(ADMIN))
    spoiled = SignedAct(signed.kind, signed.body + bytes(32), signed.signature)
    return town.sent(("grants", calldata.admin_call([spoiled])))


@refuses(Reason.BAD_SIGNATURE)
def test_signature_spoiled_on_the_way(town: Town) -> Reason:
    act = town.scene.make(acts.DeclineGrant, ADMIN, grant=1)
    signed = town.scene.carry(act, town.scene.key_of(ADMIN))
    return town.sent(("grants", calldata.admin_call([SignedAct(signed.kind, signed.body, bytes(64))])))


@refuses(Reason.SIGNER_UNKNOWN)
def test_strangers_key(town: Town) -> Reason:
    return window(town, signing=secret("stranger"))


@refuses(Reason.SIGNER_UNKNOWN)
def test_act_signed_for_another_chain(town: Town) -> Reason:
    act = town.scene.make(acts.DeclineGrant, ADMIN, grant=1)
    there = digest(domain_separator(1, town.world.deployment.addresses["grants"]), struct_hash(act))
    signed = SignedAct(3, calldata.signed_body(act), sign(town.scene.key_of(ADMIN), there))
    return town.sent(("grants", calldata.admin_call([signed])))


@refuses(Reason.SIGNER_UNKNOWN)
def test_act_signed_for_another_contract(town: Town) -> Reason:
    act = town.scene.make(acts.DeclineGrant, ADMIN, grant=1)
    signature = town.scene.signed(act, town.scene.key_of(ADMIN), contract="seals")
    return town.sent(("grants", calldata.admin_call([SignedAct(3, calldata.signed_body(act), signature)])))


@refuses(Reason.ALREADY_JUDGED)
def test_replay_of_an_act(town: Town) -> Reason:
    act = town.scene.make(acts.SetWindowStatus, ADMIN, window=scoped(HOME, 1), status=2, reason=0)
    call = "registry", calldata.admin_call([town.scene.carry(act, town.scene.key_of(ADMIN))])
    assert town.sent(call) is Reason.OK
    return town.sent(call)


@refuses(Reason.ALREADY_JUDGED)
def test_refused_act_kept_until_it_would_pass(town: Town) -> Reason:
    act = town.scene.make(acts.SetWindowStatus, ADMIN, window=scoped(HOME, 9), status=2, reason=0)
    call = "registry", calldata.admin_call([town.scene.carry(act, town.scene.key_of(ADMIN))])
    assert town.sent(call) is Reason.WINDOW_UNKNOWN
    assert window(town) is Reason.OK
    return town.sent(call)


@refuses(Reason.ACT_EXPIRED)
def test_act_held_back_beyond_its_deadline(town: Town) -> Reason:
    return window(town, deadline=town.now - 1)


@refuses(Reason.WRONG_ACTOR)
def test_act_in_anothers_name(town: Town) -> Reason:
    return window(town, signing=town.scene.key_of(AWAY_ADMIN))


# ---------------------------------------------------------------- keys, windows, agencies


@refuses(Reason.KEY_NOT_YET_VALID)
def test_key_used_before_its_first_day(town: Town) -> Reason:
    assert enrol(town, valid_from=town.now + 60) is Reason.OK
    return by_clerk(town, NEW)


@refuses(Reason.KEY_EXPIRED)
def test_key_used_after_its_last_day(town: Town) -> Reason:
    assert enrol(town, valid_until=town.now + 60) is Reason.OK
    town.later(60)
    return by_clerk(town, NEW)


@refuses(Reason.KEY_SUSPENDED)
def test_suspended_officer_goes_on(town: Town) -> Reason:
    assert set_officer(town, Status.SUSPENDED) is Reason.OK
    return by_clerk(town)


@refuses(Reason.KEY_REVOKED)
def test_key_revoked_in_the_same_second(town: Town) -> Reason:
    assert set_officer(town, Status.REVOKED) is Reason.OK
    return by_clerk(town)


@refuses(Reason.KEY_REPLACED)
def test_old_key_after_its_rotation(town: Town) -> Reason:
    old, new = town.world.current_key[CLERK], town.key("rotated")
    town.must(acts.RotateKey, CLERK, subject=CLERK, old_key=old, new_key=new, valid_until=FOREVER, since=0)
    return by_clerk(town)


def in_new_window(town: Town, **fields: Any) -> None:
    assert window(town, **fields) is Reason.OK
    assert enrol(town, window=scoped(HOME, 9)) is Reason.OK


@refuses(Reason.WINDOW_NOT_YET_VALID)
def test_window_that_has_not_opened(town: Town) -> Reason:
    in_new_window(town, valid_from=town.now + 60)
    return by_clerk(town, NEW)


@refuses(Reason.WINDOW_EXPIRED)
def test_window_that_has_closed(town: Town) -> Reason:
    in_new_window(town, valid_until=town.now + 60)
    town.later(60)
    return by_clerk(town, NEW)


@refuses(Reason.WINDOW_SUSPENDED)
def test_officer_of_a_suspended_window(town: Town) -> Reason:
    assert set_window(town, Status.SUSPENDED) is Reason.OK
    return by_clerk(town)


@refuses(Reason.WINDOW_REVOKED)
def test_officer_of_a_revoked_window(town: Town) -> Reason:
    assert set_window(town, Status.REVOKED) is Reason.OK
    return by_clerk(town)


@refuses(Reason.AGENCY_NOT_YET_VALID)
def test_step_dated_before_the_agency_was_resumed(town: Town) -> Reason:
    case, before = town.open(), town.now
    assert town.decide("setAgencyStatus", HOME, 2, 0) is Reason.OK
    town.later(60)
    assert town.decide("setAgencyStatus", HOME, 1, 0) is Reason.OK
    return town.step(case, 9, signed_at=before)


@refuses(Reason.AGENCY_SUSPENDED)
def test_officer_of_a_suspended_agency(town: Town) -> Reason:
    assert town.decide("setAgencyStatus", HOME, 2, 0) is Reason.OK
    return by_clerk(town)


@refuses(Reason.AGENCY_REVOKED)
def test_officer_of_a_revoked_agency(town: Town) -> Reason:
    assert town.decide("revokeAgency", HOME, 0) is Reason.OK
    return by_clerk(town)


@refuses(Reason.ROLE_MISSING)
def test_window_clerk_makes_himself_an_administrator(town: Town) -> Reason:
    assert enrol(town, roles=int(Role.WINDOW)) is Reason.OK
    return town.do(acts.AssignOfficer, NEW, subject=NEW, window=0, roles=511, valid_until=FOREVER)


@refuses(Reason.NOT_YOUR_AGENCY)
def test_administrator_of_another_agency(town: Town) -> Reason:
    return window(town, officer=AWAY_ADMIN)


# ---------------------------------------------------------------- registry and catalogue


@refuses(Reason.WINDOW_UNKNOWN)
def test_suspension_of_a_window_that_is_not_there(town: Town) -> Reason:
    return set_window(town, Status.SUSPENDED, 9)


@refuses(Reason.WINDOW_EXISTS)
def test_window_registered_over_another(town: Town) -> Reason:
    return window(town, 1)


@refuses(Reason.OFFICER_UNKNOWN)
def test_suspension_of_an_officer_who_is_not_there(town: Town) -> Reason:
    return set_officer(town, Status.SUSPENDED, NEW)


@refuses(Reason.OFFICER_EXISTS)
def test_officer_enrolled_over_another(town: Town) -> Reason:
    return enrol(town, 2)


@refuses(Reason.KEY_IN_USE)
def test_one_key_for_two_officers(town: Town) -> Reason:
    return enrol(town, key=town.world.current_key[AWAY_ADMIN])


@refuses(Reason.BAD_INTERVAL)
def test_window_that_would_never_be_open(town: Town) -> Reason:
    return window(town, valid_until=town.now)


@refuses(Reason.BAD_INTERVAL)
def test_officer_makes_the_own_key_last_longer(town: Town) -> Reason:
    assert enrol(town, roles=int(Role.WINDOW), valid_until=town.now + 60) is Reason.OK
    return town.do(acts.RotateKey, NEW, subject=NEW, old_key=town.key("9"), new_key=town.key("10"),
                   valid_until=FOREVER, since=0)  # fmt: skip


@refuses(Reason.BAD_STATUS_CHANGE)
def test_revoked_officer_is_brought_back(town: Town) -> Reason:
    assert set_officer(town, Status.REVOKED) is Reason.OK
    return set_officer(town, Status.ACTIVE)


@refuses(Reason.BAD_STATUS_CHANGE)
def test_revocation_of_an_agency_without_the_delay(town: Town) -> Reason:
    return town.decide("setAgencyStatus", HOME, int(Status.REVOKED), 0)


@refuses(Reason.REGION_OUTSIDE)
def test_window_in_anothers_region(town: Town) -> Reason:
    return town.do(acts.RegisterWindow, AWAY_ADMIN, window=scoped(AWAY, 9), name="窗口", region=OTHER_CITY,
                   valid_from=0, valid_until=FOREVER)  # fmt: skip


@refuses(Reason.BAD_FIELD)
def test_roles_that_do_not_exist(town: Town) -> Reason:
    return enrol(town, roles=512)


@refuses(Reason.BAD_FIELD)
def test_suspension_that_reaches_back(town: Town) -> Reason:
    return set_officer(town, Status.SUSPENDED, since=town.now - 5)


def publish(town: Town, version: int) -> Reason:
    return town.sent(town.scene.item(HOME, 1, version=version))


@refuses(Reason.ITEM_VERSION_NOT_NEXT)
def test_version_of_an_item_published_over_another(town: Town) -> Reason:
    return publish(town, 1)


@refuses(Reason.ITEM_NOT_IN_FORCE)
def test_retired_item_comes_back(town: Town) -> Reason:
    town.must(acts.RetireItem, ADMIN, item=ITEM, retired_from=0)
    return publish(town, 2)


def test_bad_act_leaves_the_others_of_its_batch(town: Town) -> None:
    made = [town.scene.make(acts.SetWindowStatus, ADMIN, window=scoped(HOME, n), status=2, reason=0) for n in (1, 9, 1)]
    carried = [town.scene.carry(act, town.scene.key_of(ADMIN)) for act in made]
    verdicts = town.send(("registry", calldata.admin_call(carried)))
    assert verdicts == [Reason.OK, Reason.WINDOW_UNKNOWN, Reason.BAD_STATUS_CHANGE]


def test_same_officer_continues_with_the_new_key(town: Town) -> None:
    old, new = town.world.current_key[SECOND], secret("town rotated")
    town.must(acts.RotateKey, ADMIN, subject=SECOND, old_key=old, new_key=town.key("rotated"), valid_until=FOREVER,
              since=0)  # fmt: skip
    assert window(town, officer=SECOND, signing=new) is Reason.OK
