"""A case over HTTP on each footing, and nothing acknowledged lost when the server is killed."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from ledger import acts
from ledger.errors import NotFound
from ledger.evidence import Document, DocumentKind
from ledger.evidence_rules import Entry
from ledger.procedure import Action
from ledger.state import case_key
from tests.e2e.footing import FOOTINGS, footing_of
from tests.e2e.http_place import AWAY_ADMIN, CLERK, DECIDER, GRANT, SEAL, Place, running


@pytest.fixture(scope="module", params=FOOTINGS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("http")
    with footing_of(request, folder) as footing, running(folder / "data", footing.variables) as made:
        yield made


def follow(place: Place, case: bytes, action: Action, officer: int, **fields: object) -> acts.Step:
    """The next step of a case as the officer's own client sees it."""
    client = place.client(officer)
    client.sign_in()
    view = client.cases.show(case)
    values = {
        "case_key": case, "seq": view.seq + 1, "action": int(action), "officer": officer,
        "grant": GRANT if officer == CLERK else 0, "detail": 0, "subject": bytes(32), "evidence": bytes(32),
        "previous": bytes.fromhex(view.trail[2:]), "signed_at": max(view.last_at, client.now() - 1),
        "deadline": client.now() + 600,
    }  # fmt: skip
    return acts.Step(**(values | fields))  # type: ignore[arg-type]  # the fields of a step, by name


def test_case_with_evidence_is_decided_and_delivered(place: Place) -> None:
    clerk = place.client(CLERK)
    clerk.sign_in()
    evidence = Document.make(DocumentKind.MATERIALS, [Entry("holder", "张三")], os.urandom)
    opening = place.opening(1, evidence.root)
    case = case_key(CLERK, opening.commitment)
    clerk.cases.store(case, evidence, opening.commitment)
    answer = place.step(opening)
    assert answer.status == "applied", answer
    seal = SEAL.to_bytes(32)
    for action, officer in (
        (Action.VERIFY, CLERK), (Action.ACCEPT, CLERK), (Action.FORWARD, CLERK), (Action.REVIEW, DECIDER),
        (Action.APPROVE, DECIDER), (Action.DELIVER, CLERK),
    ):  # fmt: skip
        step = follow(place, case, action, officer, subject=seal if action is Action.APPROVE else bytes(32))
        answer = place.step(step)
        assert answer.status == "applied", answer
    decider = place.client(DECIDER)
    assert decider.cases.document(case, evidence.root) == evidence
    assert [read.officer for read in decider.cases.reads(case)] == ["1-2"]
    assert [step.action for step in decider.cases.steps(case)][-1] == "DELIVER"
    assert place.client(AWAY_ADMIN).proofs.verify_seal(SEAL).verdict == "valid"


def test_refused_step_is_anchored_with_its_reason(place: Place) -> None:
    opening = place.opening(2)
    case = case_key(CLERK, opening.commitment)
    place.step(opening)
    answer = place.step(follow(place, case, Action.DELIVER, CLERK))
    assert (answer.status, answer.entries[0].reason and answer.entries[0].reason.code) == (
        "refused", "NOT_IN_THIS_STATUS",
    )  # fmt: skip
    assert [one.action for one in place.client(DECIDER).cases.refusals(case)] == ["DELIVER"]


def test_stranger_sees_no_case(place: Place) -> None:
    client = place.client(AWAY_ADMIN)
    client.sign_in()
    with pytest.raises(NotFound) as caught:
        client.cases.show(bytes(32))
    assert caught.value.code == "CASE_NOT_FOUND"


def test_kill_9_of_the_server_loses_nothing_acknowledged(place: Place) -> None:
    clerk = place.client(CLERK)
    taken = []
    for number in range(100, 130):
        taken.append(clerk.submit(place.opening(number)).act_id)
        if number in (110, 120):
            os.kill(place.supervisor.pids()["http"], signal.SIGKILL)
            time.sleep(0.2)
    views = clerk.wait_for([bytes.fromhex(one[2:]) for one in taken], seconds=60)
    assert {view.status for view in views} == {"applied"}
    assert len({view.act_id for view in views}) == 30
