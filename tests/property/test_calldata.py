"""The packed batch of Trails and the ABI calls, there and back; what is cut never parses as less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import acts, calldata
from ledger.calldata import NO_STATE, Group, SignedAct
from ledger.errors import InvalidInput
from ledger.procedure import RULES, Effect, Subject
from ledger.state import NO_SUBJECT, Carried, CaseState
from tests.strategies import structs

words = st.integers(0, 2**256 - 1)
hashes = st.binary(min_size=32, max_size=32)


@st.composite
def carried(draw: st.DrawFn) -> Carried:
    """A step that starts from a random state, as the packed form can express it."""
    state = CaseState.unpack(draw(hashes), draw(words))
    action = draw(st.sampled_from(sorted(RULES)))
    step = draw(structs(acts.Step))
    subject = step.subject if RULES[action].subject is not Subject.NONE else NO_SUBJECT
    child = None
    if RULES[action].effect is Effect.JOIN:
        child = CaseState.unpack(draw(hashes), draw(words))
        child = None if child == NO_STATE else child
    step = acts.Step(
        step.case_key, (state.seq + 1) % 2**16, action, step.officer, step.grant, step.detail, subject,
        step.evidence, state.trail, step.signed_at, step.deadline,
    )  # fmt: skip
    return Carried(step, state, child)


groups = st.builds(
    Group,
    st.lists(structs(acts.Open), max_size=3).map(tuple),
    st.lists(carried(), max_size=3).map(tuple),
    st.binary(min_size=64, max_size=64),
).filter(lambda group: bool(group.opens or group.steps))


@given(st.lists(groups, max_size=4).map(tuple))
def test_groups_there_and_back(batch: tuple[Group, ...]) -> None:
    """The relay's packing loses nothing that was signed."""
    assert calldata.read_trails_call(calldata.trails_call(batch)) == batch


@given(groups, st.data())
def test_a_cut_batch_is_malformed(group: Group, data: st.DataObject) -> None:
    """No prefix of a group is taken for a shorter group."""
    packed = calldata.pack_group(group)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(InvalidInput, match=r"BATCH_TRUNCATED|GROUP_EMPTY"):
        tuple(calldata.unpack_groups(packed[:cut]))


@given(st.lists(st.builds(SignedAct, st.integers(0, 255), st.binary(), st.binary())).map(tuple))
def test_admin_calls_there_and_back(signed: tuple[SignedAct, ...]) -> None:
    """Admin acts travel as they are, malformed ones too."""
    assert calldata.read_admin_call(calldata.admin_call(signed)) == signed


@given(st.binary(max_size=200))
def test_garbage_calldata_is_an_error_not_a_crash(data: bytes) -> None:
    """Whatever bytes were mined, reading them raises only our own error."""
    for read in (calldata.read_trails_call, calldata.read_admin_call, calldata.read_council_call):
        try:
            read(b"\0\0\0\0" + data)
        except InvalidInput:
            continue


@given(hashes, words)
def test_case_words_there_and_back(trail: bytes, word: int) -> None:
    """Every 256-bit word is a state, and the other way round."""
    assert CaseState.unpack(trail, word).word == word
