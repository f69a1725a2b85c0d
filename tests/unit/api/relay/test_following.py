"""Steps of a case go ahead of their predecessors' verdicts, and never past them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from api.relay.batching import Limits, Queued, plan
from api.relay.families import relatives
from api.relay.relay import Pace
from ledger.crypto import keccak
from ledger.procedure import Action
from ledger.reasons import Reason
from tests.unit.api.relay.ground import Ground, make
from tests.unit.api.relay.simulator import Pooled

TALE = (Action.VERIFY, Action.ACCEPT, Action.FORWARD)


def entry(number: int, lane: str, *, follows: bool = True, contract: str = "trails", most: int | None = None) -> Queued:
    return Queued(number, contract, b"\0\1" + bytes(300), (lane,), 60_000, 1, most, follows)


def places(queue: list[Queued], in_flight: set[str], limits: Limits, room: int) -> list[list[int]]:
    return [[one.id for one in batch.entries] for batch in plan(queue, in_flight, limits, room).batches]


def test_steps_of_a_case_fill_batches_in_order_without_waiting() -> None:
    queue = [entry(1, "a"), entry(2, "b"), entry(3, "a"), entry(4, "a")]
    assert places(queue, {"a"}, Limits(acts=2), 3) == [[1, 2], [3, 4]]


def test_what_does_not_follow_waits_and_holds_what_is_behind_it() -> None:
    queue = [entry(1, "a", follows=False), entry(2, "a"), entry(3, "b")]
    assert places(queue, {"a"}, Limits(), 3) == [[3]]
    assert places(queue, set(), Limits(), 3) == [[1, 2, 3]]


def test_entry_never_goes_into_a_batch_before_that_of_its_predecessor() -> None:
    """The older batch of its kind has room, but what it builds upon is in a later one."""
    queue = [entry(1, "a"), entry(2, "b", contract="grants"), entry(3, "b")]
    assert places(queue, set(), Limits(), 3) == [[1], [2], [3]]


def test_act_of_administration_waits_for_its_lane_in_another_batch() -> None:
    queue = [entry(1, "a"), entry(2, "a", contract="grants", follows=False)]
    assert places(queue, set(), Limits(), 3) == [[1]]


def test_lane_without_room_holds_what_is_behind_it() -> None:
    queue = [entry(1, "a"), entry(2, "b"), entry(3, "b", most=1)]
    assert places(queue, set(), Limits(acts=1), 1) == [[1]]
    queue = [entry(1, "a"), entry(2, "b", contract="grants"), entry(3, "b"), entry(4, "c")]
    assert places(queue, set(), Limits(), 1) == [[1, 4]]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Ground]:
    """A ground whose batches hold two acts, so that a case's steps fall into several."""
    ground = make(tmp_path, Limits(acts=2), Pace(0.0, 8, 5.0))
    ground.found()
    yield ground
    ground.store.close()


def told(ground: Ground, *numbers: int) -> list[list[bytes]]:
    """Whole tales of cases, accepted before anything is sent."""
    ids = [[one] for one in ground.opened(*numbers)]
    for action in TALE:
        for place, number in enumerate(numbers):
            ids[place] += ground.accept(ground.scenario.step(ground.worlds.scratch(), number, action))
    return ids


def all_once_and_in_order(ground: Ground, tales: list[list[bytes]], *numbers: int) -> None:
    for ids, number in zip(tales, numbers, strict=True):
        assert set(ground.statuses(ids)) == {"applied"}
        assert [ground.times_on_chain(one) for one in ids] == [1] * len(ids)
        assert [step.act_id for step in ground.store.cases.steps(ground.scenario.key(number))] == ids


def test_batch_is_sent_when_its_oldest_has_waited_enough_and_later_while_the_chain_is_behind(tmp_path: Path) -> None:
    ground = make(tmp_path, Limits(acts=50), Pace(1.0, 8, 1e9))
    ground.found()

    def under_way_after(seconds: float) -> int:
        ground.monotonic[0] += seconds
        ground.turn()
        return len(ground.chain.pool)

    ground.opened(1)
    assert under_way_after(0) == 1
    ground.opened(2)
    assert under_way_after(0) == 1
    assert under_way_after(1.0) == 2
    ground.opened(3)
    # by now the first has been under way for longer than a chain takes that keeps up
    assert under_way_after(2.0) == 2
    assert under_way_after(2.0) == 2
    assert under_way_after(3.0) == 3
    ground.store.close()


def discards(ground: Ground) -> int:
    return sum(one.result == "discarded" for one in ground.store.outcomes.since(-1, 10_000))


def test_case_moves_all_its_steps_in_one_block(small: Ground) -> None:
    tales = told(small, 1, 2)
    head = len(small.chain.blocks)
    small.turn()
    small.chain.mine()
    small.turn()
    all_once_and_in_order(small, tales, 1, 2)
    assert len(small.chain.blocks) == head + 1
    assert len(small.chain.blocks[-1].transactions) == 4
    assert discards(small) == 0


def failing(times: set[int]) -> Callable[[Pooled], bool]:
    seen = iter(range(1_000))
    return lambda _transaction: next(seen) in times


@pytest.mark.parametrize("times", [{0}, {1}, {0, 1}, {2}, {0, 2, 4}])
def test_steps_that_overtook_a_failed_transaction_go_again_behind_it(small: Ground, times: set[int]) -> None:
    tales = told(small, 1, 2)
    small.chain.fails = failing(times)
    small.rounds(15)
    all_once_and_in_order(small, tales, 1, 2)


def test_poisoned_opening_ends_its_case_and_no_other(small: Ground) -> None:
    """What followed on it is discarded for good, once nothing before it waits any more."""
    tales = told(small, 1, 2)
    commitment = keccak((1).to_bytes(8, "big"))
    small.chain.fails = lambda one: commitment in one.data
    small.rounds(40)
    assert small.statuses(tales[0]) == ["discarded"] * 4
    assert small.status(tales[0][0]).reason == Reason.MALFORMED
    assert small.status(tales[0][1]).reason == Reason.CASE_UNKNOWN
    all_once_and_in_order(small, tales[1:], 2)


def test_nonce_lost_to_a_stranger_puts_its_steps_behind_and_the_rest_again(small: Ground) -> None:
    """The first transaction is signed again with a later nonce than those that continue it."""
    tales = told(small, 1, 2)
    small.chain.faults = ["drop"]
    small.turn()
    account = small.relay._account
    small.chain.send_raw(account.sign_transaction(small.chain.nonce(account.address), bytes(20), b"", 21_000).raw)
    small.rounds(15)
    all_once_and_in_order(small, tales, 1, 2)
    assert discards(small) > 0


def test_stale_step_without_anything_waiting_before_it_stays_discarded(small: Ground) -> None:
    """Two windows continue the same state: the second is not carried for ever."""
    (opened,) = small.opened(1)
    small.rounds(2)
    state = small.scenario.states[small.scenario.key(1)]
    winner = small.accept(small.scenario.step(small.worlds.scratch(), 1, Action.VERIFY))
    small.scenario.states[small.scenario.key(1)] = state
    loser = small.accept(small.scenario.step(small.worlds.scratch(pending=False), 1, Action.ACCEPT))
    small.rounds(6)
    assert small.statuses([opened, *winner, *loser]) == ["applied", "applied", "discarded"]
    assert small.status(loser[0]).reason == Reason.STALE_STATE


def test_relatives_are_lanes_of_steps_that_name_other_cases(small: Ground) -> None:
    small.opened(1)
    plain = small.scenario.step(small.worlds.scratch(), 1, Action.VERIFY)
    assert relatives(plain.payload) == ()
    child = small.scenario.key(9)
    linked = small.scenario.step(small.worlds.scratch(), 1, Action.LINK, subject=child)
    assert relatives(linked.payload) == (child.hex(),)


@contextmanager
def counted(ground: Ground) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engines = (ground.store.db._readers, ground.store.db._writers)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def cost(ground: Ground, first: int, count: int) -> tuple[int, int]:
    """SQL statements and chain requests from the outbox to the index for so many cases of two steps."""
    numbers = range(first, first + count)
    ids = ground.opened(*numbers)
    for number in numbers:
        ids += ground.accept(ground.scenario.step(ground.worlds.scratch(), number, Action.VERIFY))
    asked: list[str] = []
    check = ground.chain._check

    def counting() -> None:
        asked.append("request")
        check()

    vars(ground.chain)["_check"] = counting
    try:
        with counted(ground) as statements:
            ground.turn()
            ground.chain.mine()
            ground.turn()
    finally:
        del vars(ground.chain)["_check"]
    assert set(ground.statuses(ids)) == {"applied"}
    return len(statements), len(asked)


def test_statements_and_requests_a_block_do_not_grow_with_its_steps(ground: Ground) -> None:
    """Up to the 64 rows that an INSERT takes; other counts than powers of two are split, never by row."""
    cost(ground, 1, 2)
    assert cost(ground, 100, 2) == cost(ground, 200, 32)
