"""The short way of usual steps says what the long way says; what shares a commit is judged as if it came one by one."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given

from api.services.submission import Submission
from api.store.entries import Claim
from api.store.outbox import Receipt
from api.wire.acts import Submitted
from api.wire.plain import read_plain
from ledger import acts
from ledger.crypto import keccak, sign
from ledger.eip712 import message
from ledger.errors import HuxinError
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.state import case_key, first_trail, next_trail
from tests.strategies import structs
from tests.unit.api.http.town import CLERK, DECIDER, GRANT, NOTHING, Town, key_of


def body(town: Town, act: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.dumps(town.signed(act)))
    return said


def claim(town: Town, act: Any, key: bytes | None = None) -> Claim:
    said = town.signed(act, key)
    found = town.container.submissions.examine(
        Submission(said["type"], said["act"], (bytes.fromhex(said["signature"][2:]),))
    )
    assert isinstance(found, Claim)
    return found


def commit(town: Town, *claims: Claim) -> list[Receipt | HuxinError]:
    return list(town.store.outbox._commit(claims))


def predicted(answer: Receipt | HuxinError) -> tuple[Reason, ...]:
    assert isinstance(answer, Receipt), answer
    return answer.predicted


def code(answer: Receipt | HuxinError) -> str:
    assert isinstance(answer, HuxinError), answer
    return answer.code


def following(town: Town, opening: acts.Open, *actions: Action) -> list[acts.Step]:
    """Steps signed ahead, each over the one before it."""
    case, trail = case_key(CLERK, opening.commitment), first_trail(town.network.deployment.domain("trails"), opening)
    made = []
    for place, action in enumerate(actions):
        made.append(
            acts.Step(
                case, 2 + place, int(action), CLERK, GRANT, 0, NOTHING, NOTHING, trail, opening.signed_at,
                opening.deadline,
            )
        )  # fmt: skip
        trail = next_trail(made[-1])
    return made


# --- the short way


def test_short_way_answers_with_the_bytes_of_the_long_way(town: Town) -> None:
    response = town.submit(town.open(700))
    assert response.status_code == 202
    assert Submitted.model_validate_json(response.content).model_dump_json().encode() == response.content


def test_both_ways_give_one_answer(town: Town) -> None:
    short = town.submit(town.open(701)).json()
    said = body(town, town.open(702))
    said["act"]["officer"] = "2-2"  # an unusual spelling goes the long way
    long = town.client.post("/v1/acts", json=said).json()
    for one in (short, long):
        for part in (one, *one["entries"]):
            del part["actId"], part["links"]
            part.pop("caseKey", None)
    assert short == long


@given(structs(acts.Open) | structs(acts.Step))
def test_short_way_reads_what_was_written(act: Any) -> None:
    written = {"type": type(act).__name__, "act": message(act), "signature": "0x" + "1b" * 64}
    assert read_plain(json.dumps(written).encode()) == (act, b"\x1b" * 64)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("officer", "2-2"), ("officer", -1), ("officer", 2**64), ("officer", 1.0), ("officer", True), ("officer", None),
        ("version", 2**16), ("evidence", "0x" + "5E" * 32), ("evidence", "0x" + " 5e" * 22), ("evidence", "5e" * 33),
        ("evidence", "0x" + "5e" * 31), ("evidence", "0X" + "5e" * 32), ("evidence", 7), ("evidence", "0x" + "五" * 64),
    ],
)  # fmt: skip
def test_whatever_is_written_otherwise_is_left_to_the_long_way(town: Town, field: str, value: Any) -> None:
    said = body(town, town.open(703))
    said["act"][field] = value
    assert read_plain(json.dumps(said).encode()) is None


@pytest.mark.parametrize("more", [{"wait": 1}, {"batch": "0x" + "00" * 32}, {"proof": ["0x" + "00" * 32]}, {"x": 1}])
def test_unusual_request_is_left_to_the_long_way(town: Town, more: dict[str, Any]) -> None:
    assert read_plain(json.dumps(body(town, town.open(704)) | more).encode()) is None


def test_missing_or_further_field_is_left_to_the_long_way(town: Town) -> None:
    said = body(town, town.open(705))
    assert read_plain(json.dumps(said | {"act": said["act"] | {"x": 1}}).encode()) is None
    del said["act"]["deadline"]
    assert read_plain(json.dumps(said).encode()) is None
    assert read_plain(b"\xff{") is None


# --- what shares a commit


def test_fifty_identical_submissions_at_once_are_taken_once(town: Town) -> None:
    one = claim(town, town.open(710))

    async def all_at_once() -> list[Receipt]:
        return await asyncio.gather(*(town.store.outbox.accept(one) for _ in range(50)))

    before = town.store.outbox.pending_count()
    receipts = asyncio.run(all_at_once())
    assert town.store.outbox.pending_count() == before + 1
    assert len({receipt.acts for receipt in receipts}) == 1
    assert sum(not receipt.repeated for receipt in receipts) == 1


def test_steps_signed_ahead_may_share_a_commit(town: Town) -> None:
    opening = town.open(711)
    steps = following(town, opening, Action.VERIFY, Action.ACCEPT, Action.FORWARD)
    answers = commit(town, *(claim(town, act) for act in (opening, *steps)))
    assert [predicted(one) for one in answers] == [(Reason.OK,)] * 4
    town.settle()
    views = [town.client.get(f"/v1/acts/0x{town.digest(step).hex()}").json() for step in steps]
    assert [view["status"] for view in views] == ["applied"] * 3


def test_of_two_steps_from_one_state_the_later_is_turned_away(town: Town) -> None:
    opening = town.open(712)
    (verify,) = following(town, opening, Action.VERIFY)
    (accept,) = following(town, opening, Action.ACCEPT)
    answers = commit(town, *(claim(town, act) for act in (opening, verify, accept)))
    assert predicted(answers[1]) == (Reason.OK,)
    assert code(answers[2]) == "STALE_STATE"


def test_list_that_is_turned_away_leaves_nothing_behind(town: Town) -> None:
    opening, stranger = town.open(713), town.open(714)
    (unknown,) = following(town, stranger, Action.VERIFY)
    answers = commit(town, claim(town, acts.StepList((opening,), (unknown,))), claim(town, opening))
    assert code(answers[0]) == "CASE_UNKNOWN"
    assert predicted(answers[1]) == (Reason.OK,)


def test_known_act_under_a_strangers_signature_tells_him_nothing(town: Town) -> None:
    opening = town.open(715)
    answers = commit(town, claim(town, opening), claim(town, opening, keccak(b"nobody")))
    assert predicted(answers[0]) == (Reason.OK,)
    assert code(answers[1]) == "SIGNER_UNKNOWN"


def test_full_outbox_turns_claims_away_unjudged(town: Town) -> None:
    outbox = town.store.outbox
    opening = town.open(716)
    limit, outbox._limit, outbox._counted = outbox._limit, 0, float("-inf")
    try:
        assert code(commit(town, claim(town, opening))[0]) == "OUTBOX_FULL"
    finally:
        outbox._limit, outbox._counted = limit, float("-inf")
    assert predicted(commit(town, claim(town, opening))[0]) == (Reason.OK,)


def test_signature_with_v_is_taken_as_its_compact_form(town: Town) -> None:
    opening = town.open(717)
    compact = sign(key_of(CLERK), town.digest(opening))
    parity, s = compact[32] >> 7, bytes((compact[32] & 0x7F,)) + compact[33:]
    said = body(town, opening) | {"signature": "0x" + (compact[:32] + s + bytes((27 + parity,))).hex()}
    assert town.client.post("/v1/acts", json=said).status_code == 202


def test_colleague_who_signs_in_anothers_name_uses_up_none_of_his_rate(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged: list[int] = []
    callers = town.client.app.state.callers  # type: ignore[attr-defined]  # Starlette's type has no state
    monkeypatch.setattr(callers, "charge", lambda officer, *_: charged.append(officer))
    assert town.submit(town.open(718), key_of(DECIDER)).json()["code"] == "WRONG_ACTOR"
    assert charged == []
    town.submit(town.open(719))
    assert charged == [CLERK]


@pytest.mark.parametrize("unusual", [{}, {"wait": 0.01}], ids=["short way", "long way"])
def test_acts_that_were_read_and_handed_in_again_use_up_none_of_their_officers_rate(
    town: Town, monkeypatch: pytest.MonkeyPatch, unusual: dict[str, Any]
) -> None:
    counted: list[int] = []
    callers = town.client.app.state.callers  # type: ignore[attr-defined]  # Starlette's type has no state
    monkeypatch.setattr(callers, "charge", lambda _officer, number=1: counted.append(number))
    opening = town.open(720 + len(unusual))
    for _ in range(3):
        assert town.submit(opening, **unusual).status_code == 202
    assert sum(counted) == 1
