"""The client against the reference rules: it signs what it computed, repeats what is safe, believes no server."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.client import HuxinClient, Patience
from api.client.council import call_named, make_proposal, sign_proposal
from api.client.events import parse_events
from api.signers import KeySigner
from ledger import acts
from ledger.crypto import checksum, keccak, recover
from ledger.errors import Conflict, Forbidden, HuxinError, InvalidInput, NotFound, TooMany, Unauthenticated, Unavailable
from ledger.ids import FOREVER, scoped
from tests.unit.api.client.simulator import COUNCIL_KEYS, Simulator, problem

NOW = 1_790_000_000
ADMIN = KeySigner(keccak(b"admin"))
WINDOW: dict[str, Any] = {
    "window": "1-1",
    "name": "窗口",
    "region": 0x430100000000,
    "validFrom": 0,
    "validUntil": FOREVER,
}
Fault = Callable[[httpx.Request], httpx.Response | None]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(lambda: NOW)


@pytest.fixture
def client(simulator: Simulator) -> HuxinClient:
    client = HuxinClient(
        "http://ledger.test", ADMIN, over=simulator.transport, clock=lambda: float(NOW), sleep=lambda _: None,
        patience=Patience(1.0, 3, 0.0),
    )  # fmt: skip
    call = call_named("registry", "registerAgency")
    arguments = (1, "1" * 18, "甲市", 0x430100000000, 0, 1, ADMIN.address)
    proposal = make_proposal(client.deployment, call, arguments, 1, NOW + 60)
    members = [KeySigner(key) for key in COUNCIL_KEYS[:2]]
    client.propose(proposal, sign_proposal(client.deployment, proposal, members))
    return client


def register(client: HuxinClient, number: int = 1) -> acts.RegisterWindow:
    return client.make(
        acts.RegisterWindow, scoped(1, 1), window=scoped(1, number), name="窗口", region=0x430100000000, valid_from=0,
        valid_until=FOREVER,
    )  # fmt: skip


def test_act_is_signed_handed_in_and_judged(client: HuxinClient) -> None:
    act = register(client)
    client.submit(act)
    (view,) = client.wait_for([client.digest_of(act)])
    assert view.status == "applied"


def test_refusal_by_the_rules_keeps_its_code(client: HuxinClient) -> None:
    client.submit(register(client))
    again = register(client)
    client.submit(again)
    view = client.status(client.digest_of(again))
    assert view.reason
    assert view.reason.code == "WINDOW_EXISTS"


def test_prepared_act_is_taken_with_what_was_left_open(client: HuxinClient) -> None:
    act = client.prepare("RegisterWindow", WINDOW | {"officer": "1-1"})
    assert (act.nonce, act.deadline, act.window) == (5, NOW + 60, scoped(1, 1))


def _other_name(prepared: dict[str, Any]) -> dict[str, Any]:
    prepared["act"]["name"] = "另一窗口"
    return prepared


def _other_digest(prepared: dict[str, Any]) -> dict[str, Any]:
    prepared["actId"] = "0x" + "11" * 32
    return prepared


def _other_typed_data(prepared: dict[str, Any]) -> dict[str, Any]:
    prepared["typedData"]["message"]["officer"] = scoped(9, 9)
    return prepared


def _other_contract(prepared: dict[str, Any]) -> dict[str, Any]:
    prepared["typedData"]["domain"]["verifyingContract"] = "0x" + "11" * 20
    return prepared


@pytest.mark.parametrize("tamper", [_other_name, _other_digest, _other_typed_data, _other_contract])
def test_lying_server_gets_no_signature(
    client: HuxinClient, simulator: Simulator, tamper: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    simulator.tamper = tamper
    with pytest.raises(Conflict) as caught:
        client.prepare("RegisterWindow", WINDOW | {"officer": "1-1"})
    assert caught.value.code == "PREPARED_DIFFERS"


def _challenged(simulator: Simulator, change: Callable[[str], str]) -> None:
    """Let the server change the text it wants signed."""

    def other(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/v1/session/challenge":
            return None
        given = simulator.challenge(json.loads(request.content))
        return httpx.Response(200, json=given | {"message": change(given["message"])})

    simulator.faults.append(other)


@pytest.mark.parametrize("change", [
    lambda text: text.replace(checksum(ADMIN.address), checksum(bytes(19) + b"\x01")),
    lambda text: text.replace("URI: ", "URL: "),
    lambda text: f"{text}\nsign anything",
])  # fmt: skip
def test_challenge_for_another_address_is_not_signed(
    client: HuxinClient, simulator: Simulator, change: Callable[[str], str]
) -> None:
    _challenged(simulator, change)
    with pytest.raises(Conflict) as caught:
        client.sign_in()
    assert caught.value.code == "CHALLENGE_DIFFERS"


@pytest.mark.parametrize("change", [
    lambda text: text.replace("ledger.test", "ministry.test"),
    lambda text: text.replace("ledger.test wants", "ministry.test wants"),
    lambda text: text.replace("//ledger.test", "//ministry.test"),
    lambda text: text.replace("ledger.test", "ledger.test.evil.test"),
    lambda text: text.replace("ledger.test", "ledger.test:8443"),
])  # fmt: skip
def test_challenge_relayed_from_another_site_is_not_signed(
    client: HuxinClient, simulator: Simulator, change: Callable[[str], str]
) -> None:
    _challenged(simulator, change)
    with pytest.raises(Conflict) as caught:
        client.sign_in()
    assert caught.value.code == "CHALLENGE_OF_ANOTHER_SITE"


@pytest.mark.parametrize("url", ["http://ledger.test:80/", "http://LEDGER.test"])
def test_a_site_is_known_however_its_address_is_written(simulator: Simulator, url: str) -> None:
    client = HuxinClient(url, ADMIN, over=simulator.transport, clock=lambda: float(NOW), patience=Patience(1.0, 1, 0.0))
    assert client.sign_in().token


def test_a_site_is_known_where_the_server_writes_its_schemes_own_port(
    client: HuxinClient, simulator: Simulator
) -> None:
    _challenged(simulator, lambda text: text.replace("ledger.test", "ledger.test:80"))
    assert client.sign_in().token


def _failing(times: int, make: Callable[[], httpx.Response]) -> Fault:
    left = [times]

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/v1/acts" or not left[0]:
            return None
        left[0] -= 1
        return make()

    return fault


def _timed_out() -> httpx.Response:
    raise httpx.ReadTimeout("slow")


@pytest.mark.parametrize("make", [lambda: problem(503, "QUEUE_FULL"), lambda: problem(429, "RATE"), _timed_out])
def test_repeated_submission_has_the_same_key_and_body(
    client: HuxinClient, simulator: Simulator, make: Callable[[], httpx.Response]
) -> None:
    simulator.faults.append(_failing(2, make))
    client.submit(register(client))
    tried = [request for request in simulator.requests if request.url.path == "/v1/acts"][-3:]
    assert len({request.headers["Idempotency-Key"] for request in tried}) == 1
    assert len({request.content for request in tried}) == 1


def test_two_submissions_have_different_keys(client: HuxinClient, simulator: Simulator) -> None:
    client.submit(register(client, 1))
    client.submit(register(client, 2))
    keys = [one.headers["Idempotency-Key"] for one in simulator.requests if one.url.path == "/v1/acts"]
    assert len(set(keys)) == len(keys)


def test_patience_ends(client: HuxinClient, simulator: Simulator) -> None:
    simulator.faults.append(_failing(99, _timed_out))
    with pytest.raises(Unavailable) as caught:
        client.submit(register(client))
    assert caught.value.code == "SERVER_UNREACHABLE"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthenticated), (403, Forbidden), (404, NotFound), (409, Conflict), (422, InvalidInput), (429, TooMany),
     (503, Unavailable), (500, HuxinError)],
)  # fmt: skip
def test_problem_becomes_the_error_it_was_made_from(
    client: HuxinClient, simulator: Simulator, status: int, kind: type[HuxinError]
) -> None:
    simulator.faults.append(lambda _: problem(status, "SOME_CODE", **{"Retry-After": "7"}))
    with pytest.raises(kind) as caught:
        client.status(bytes(32))
    assert (caught.value.code, caught.value.zh) == ("SOME_CODE", "错")
    assert getattr(caught.value, "retry_after", 7) == 7


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"status": "live"}', b"[]"])
def test_answer_that_is_none_is_said_to_be_unreadable(client: HuxinClient, simulator: Simulator, body: bytes) -> None:
    simulator.faults.append(lambda _: httpx.Response(200, content=body))
    with pytest.raises(HuxinError) as caught:
        client.status(bytes(32))
    assert caught.value.code == "ANSWER_UNREADABLE"


def test_verdict_that_does_not_come_is_not_a_refusal(client: HuxinClient, simulator: Simulator) -> None:
    times = iter(range(NOW, NOW + 10_000, 10))
    client.clock = lambda: float(next(times))
    waiting = {
        "actId": "0x" + "00" * 32, "type": "Step", "status": "queued", "links": {"self": "/v1/acts/0x"},
    }  # fmt: skip
    simulator.faults.append(lambda _: httpx.Response(200, json=waiting))
    with pytest.raises(Unavailable) as caught:
        client.wait_for([bytes(32)], 30)
    assert caught.value.code == "NOT_ANCHORED"


def test_siblings_do_not_share_a_session(client: HuxinClient, simulator: Simulator) -> None:
    client.sign_in()
    client.acting_as(KeySigner(keccak(b"other"))).registry.agencies()
    assert "Authorization" not in simulator.requests[-1].headers
    client.registry.agencies()
    assert simulator.requests[-1].headers["Authorization"].startswith("Bearer ")


def test_council_signatures_rise_by_address(client: HuxinClient) -> None:
    proposal = make_proposal(client.deployment, call_named("council", "setDelay"), [1], 2, NOW)
    members = [KeySigner(key) for key in reversed(COUNCIL_KEYS)]
    signed = sign_proposal(client.deployment, proposal, members)
    signers = [recover(client.digest_of(proposal), one) for one in signed]
    assert signers == sorted(signers)


def test_council_call_with_wrong_arguments_is_refused(client: HuxinClient) -> None:
    with pytest.raises(InvalidInput) as caught:
        make_proposal(client.deployment, call_named("council", "setDelay"), ["x"], 2, NOW)
    assert caught.value.code == "COUNCIL_CALL_ARGUMENTS"


def test_stream_is_read_event_by_event() -> None:
    lines = [": hello", "", "id: 7", "event: act", 'data: {"a":', "data: 1}", "", "data: [2]", "", "event: lost"]
    found = list(parse_events(lines))
    assert [(one.id, one.name, one.data) for one in found] == [("7", "act", {"a": 1}), ("7", "message", [2])]
