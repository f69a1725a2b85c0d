"""Attacks on the council: too few members, replays, calls before the delay or long after it."""

from ledger import calldata
from ledger.calldata import Ballot
from ledger.crypto import sign
from ledger.eip712 import digest, struct_hash
from ledger.reasons import Reason
from ledger.rules.council import EXECUTION_WINDOW
from tests.scene import CITY, DELAY, MEMBERS
from tests.unit.ledger.rules_town import (
    ADMIN,
    HOME,
    Town,
    raw_proposal,
    refuses,
)


@refuses(Reason.NOT_ENOUGH_SIGNATURES)
def test_single_member_decides(town: Town) -> Reason:
    return town.sent(town.scene.ballot(town.scene.proposal("setAgencyStatus", HOME, 2, 0), MEMBERS[:1]))


@refuses(Reason.BAD_SIGNATURE)
def test_one_member_signs_twice(town: Town) -> Reason:
    return town.sent(town.scene.ballot(town.scene.proposal("setAgencyStatus", HOME, 2, 0), MEMBERS[:1] * 2))


@refuses(Reason.NOT_A_MEMBER)
def test_administrators_decide_for_the_council(town: Town) -> Reason:
    ballot = town.scene.ballot(town.scene.proposal("setAgencyStatus", HOME, 2, 0), (town.scene.key_of(ADMIN),))
    return town.sent(ballot)


@refuses(Reason.PROPOSAL_UNKNOWN)
def test_execution_of_what_nobody_decided(town: Town) -> Reason:
    return town.sent(("council", calldata.execute_call([town.scene.proposal("setDelay", 0)])))


@refuses(Reason.PROPOSAL_UNKNOWN)
def test_execution_of_what_was_cancelled(town: Town) -> Reason:
    made = town.scene.proposal("setDelay", 0)
    assert town.sent(town.scene.ballot(made)) is Reason.OK
    identity = digest(town.world.deployment.domain("council"), struct_hash(made))
    assert town.sent(town.scene.ballot(town.scene.proposal("cancel", identity))) is Reason.OK
    town.later(DELAY)
    return town.sent(("council", calldata.execute_call([made])))


@refuses(Reason.DELAY_NOT_OVER)
def test_dangerous_call_before_the_delay(town: Town) -> Reason:
    return scheduled(town, DELAY - 1)


@refuses(Reason.TOO_LATE_TO_EXECUTE)
def test_forgotten_proposal_is_dug_out(town: Town) -> Reason:
    return scheduled(town, DELAY + EXECUTION_WINDOW + 1)


def scheduled(town: Town, after: int) -> Reason:
    made = town.scene.proposal("setDelay", 0)
    assert town.sent(town.scene.ballot(made)) is Reason.OK
    town.later(after)
    return town.sent(("council", calldata.execute_call([made])))


@refuses(Reason.AGENCY_UNKNOWN)
def test_administrator_for_an_agency_that_is_not_there(town: Town) -> Reason:
    return town.decide("appointAdmin", 99, 1, town.shown(town.key("x")))


@refuses(Reason.AGENCY_EXISTS)
def test_agency_registered_over_another(town: Town) -> Reason:
    return town.sent(town.scene.found(HOME, CITY))


@refuses(Reason.CALL_FAILED)
def test_council_is_led_to_a_foreign_contract(town: Town) -> Reason:
    made = raw_proposal(town, b"\x99" * 20, bytes(4))
    assert town.sent(town.scene.ballot(made)) is Reason.OK
    town.later(DELAY)
    return town.sent(("council", calldata.execute_call([made])))


@refuses(Reason.ENTRY_EXISTS)
def test_directory_entry_replaced_without_the_delay(town: Town) -> Reason:
    trails = town.world.deployment.addresses["trails"]
    return town.decide("enter", b"trails".ljust(32, b"\0"), town.shown(trails))


@refuses(Reason.ENTRY_UNKNOWN)
def test_version_of_what_was_never_entered(town: Town) -> Reason:
    return town.decide("replace", b"nothing".ljust(32, b"\0"), town.shown(town.world.deployment.addresses["trails"]))


@refuses(Reason.NO_CODE)
def test_directory_entry_without_code(town: Town) -> Reason:
    return town.decide("enter", b"new".ljust(32, b"\0"), town.shown(b"\x99" * 20))


@refuses(Reason.ALREADY_JUDGED)
def test_replay_of_a_ballot(town: Town) -> Reason:
    made = town.scene.proposal("setAgencyStatus", HOME, 2, 0)
    assert town.sent(town.scene.ballot(made)) is Reason.OK
    hashed = digest(town.world.deployment.domain("council"), struct_hash(made))
    others = tuple(sign(member, hashed) for member in MEMBERS[1:])
    return town.sent(("council", calldata.council_call([Ballot(made, others)])))
