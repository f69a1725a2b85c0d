"""How far back a rotation reaches: Registry.sol and the model, step by step."""

import pytest

from ledger import acts, calldata
from ledger.crypto import address_of, keccak
from ledger.ids import FOREVER
from ledger.procedure import Action
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.records import Status
from tests.contracts.acting import must
from tests.contracts.pair import Pair
from tests.contracts.province import CLERK, HOME_ADMIN, ITEM
from tests.contracts.test_trails import step, take
from tests.scene import secret

EVENT = keccak(b"KeyRotated(uint64,address,address,uint32,uint32)")


def rotate(
    pair: Pair, to: str, since: int, old: bytes | None = None, by: int = HOME_ADMIN, signing: bytes | None = None
) -> Reason:
    """The clerk's key, by default the present one, gives way to the key ``to``."""
    old = old or pair.world.current_key[CLERK]
    act = pair.scene.make(acts.RotateKey, by, subject=CLERK, old_key=old, new_key=address_of(secret(to)),
                          valid_until=FOREVER, since=since)  # fmt: skip
    signed = pair.scene.carry(act, signing or pair.scene.key_of(by))
    return pair.reason("registry", calldata.admin_call([signed]))


@pytest.mark.parametrize(("dated", "reason"), [(-1, Reason.OK), (0, Reason.KEY_REPLACED), (1, Reason.KEY_REPLACED)])
def test_what_the_old_key_dated_from_the_leak_on_is_refused_and_what_is_older_taken(
    pair: Pair, dated: int, reason: Reason
) -> None:
    leaked, old = pair.scene.now, pair.scene.key_of(CLERK)
    act = pair.scene.open(CLERK, ITEM, signed_at=leaked + dated, deadline=FOREVER)
    pair.scene.now += 1_000
    assert rotate(pair, "new", leaked) is Reason.OK
    assert take(pair, act, old).reason is reason


def test_the_officer_signs_again_what_the_rotation_undid_and_what_was_anchored_stays(pair: Pair) -> None:
    leaked, old, new = pair.scene.now, pair.scene.key_of(CLERK), secret("new")
    opened = take(pair, pair.scene.open(CLERK, ITEM), old)
    assert opened.state is not None
    undone = step(pair, opened.state, opened.subject, Action.VERIFY, deadline=FOREVER)
    pair.scene.now += 1_000
    assert rotate(pair, "new", leaked) is Reason.OK
    assert pair.world.heads[opened.subject] == opened.state.head
    refused = take(pair, undone, old).reason
    assert refused is Reason.KEY_REPLACED
    assert refused < ANYBODY_CAN_CAUSE
    assert take(pair, step(pair, opened.state, opened.subject, Action.VERIFY), new).reason is Reason.OK


def test_a_key_that_was_ended_is_ended_earlier_but_never_later(pair: Pair) -> None:
    first, now = pair.world.current_key[CLERK], pair.scene.now
    pair.scene.now += 100
    assert rotate(pair, "second", 0) is Reason.OK
    assert pair.world.keys[first].end == now + 100
    for since, end in ((now + 100, now + 100), (now + 50, now + 50), (now + 80, now + 50), (1, 1)):
        pair.scene.now += 10
        assert rotate(pair, f"next {since}", since, first) is Reason.OK
        assert pair.world.keys[first].end == end


def test_a_thief_who_rotates_twice_loses_every_key_to_as_many_rotations(pair: Pair) -> None:
    leaked, stolen = pair.scene.now, pair.scene.key_of(CLERK)
    late = []
    for thief, following in ((stolen, "second"), (secret("second"), "third"), (secret("third"), None)):
        late.append((thief, pair.scene.open(CLERK, ITEM, deadline=FOREVER)))
        pair.scene.now += 10
        if following:
            assert rotate(pair, following, 0, by=CLERK, signing=thief) is Reason.OK
    pair.scene.now += 1_000
    assert rotate(pair, "new", leaked, address_of(stolen)) is Reason.OK
    assert rotate(pair, "newer", leaked, address_of(secret("second"))) is Reason.OK
    assert [take(pair, act, key).reason for key, act in late] == [Reason.KEY_REPLACED] * 3


def test_a_revoked_officers_keys_are_not_rotated_and_stay_as_they_are(pair: Pair) -> None:
    """Who needs both rotates first: the rotation that is refused ends nothing."""
    first = pair.world.current_key[CLERK]
    assert rotate(pair, "second", 0) is Reason.OK
    must(pair, acts.SetOfficerStatus, HOME_ADMIN, subject=CLERK, status=int(Status.REVOKED), reason=1, since=0)
    before = pair.world.keys[first].end
    assert rotate(pair, "third", 1, first) is Reason.BAD_STATUS_CHANGE
    assert pair.world.keys[first].end == before
    pair.check_everything()


def test_a_suspended_key_is_ended_when_it_was_suspended_or_before(pair: Pair) -> None:
    first, now = pair.world.current_key[CLERK], pair.scene.now
    must(pair, acts.SetOfficerStatus, HOME_ADMIN, subject=CLERK, status=int(Status.SUSPENDED), reason=1, since=0)
    pair.scene.now += 100
    assert rotate(pair, "second", now + 50) is Reason.OK
    assert pair.world.keys[first].end == now


def test_everybody_sees_how_far_back_a_rotation_reached(pair: Pair) -> None:
    assert rotate(pair, "new", 77) is Reason.OK
    (log,) = [one for one in pair.last.logs if one.topics[0] == EVENT]
    assert (log.data[:32], log.data[32:]) == (FOREVER.to_bytes(32, "big"), (77).to_bytes(32, "big"))
