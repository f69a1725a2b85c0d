"""The front: limits, malformed requests, failures, headers, health, metrics, the description."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.limits import Limits, check_depth
from api.http.rates import Buckets, Rate
from api.settings import Settings
from ledger.errors import InvalidInput, TooMany
from tests.unit.api.http.town import CLERK, Town, make_town

JSON = {"Content-Type": "application/json"}


def code(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:huxin:error:{body['code']}"
    assert set(body["detail"]) == {"zh", "en"}
    return response.status_code, body["code"]


def test_oversize_body_is_refused(town: Town) -> None:
    content = b'{"address":"' + b"0" * 2_100_000 + b'"}'
    assert code(town.client.post("/v1/session/challenge", content=content, headers=JSON)) == (413, "BODY_TOO_LARGE")


def test_oversize_body_without_announced_length_is_refused(town: Town) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 10_000

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(town.client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post("/v1/acts", content=chunks(), headers=JSON)

    assert code(asyncio.run(ask())) == (413, "BODY_TOO_LARGE")
    assert sent < 300


def test_deep_json_is_refused_before_it_is_parsed(town: Town) -> None:
    content = b'{"type":"Open","act":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    assert code(town.client.post("/v1/acts", content=content, headers=JSON)) == (422, "JSON_TOO_DEEP")


def test_brackets_in_text_are_not_depth() -> None:
    check_depth(b'{"a":"' + b"[{" * 1000 + b'\\"' + b"[" * 1000 + b'"}')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_depth(("[" * 50 + "]" * 50).encode(encoding))
    assert caught.value.code == "JSON_ENCODING"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"a":NaN', b"\x80"])
def test_what_is_not_json_is_refused(town: Town, content: bytes) -> None:
    response = town.client.post("/v1/acts", content=content, headers=JSON)
    assert response.status_code in (400, 422)
    code(response)


def test_lone_surrogate_in_a_name_is_refused(town: Town) -> None:
    body = b'{"type":"RetireItem","act":{"item":"1-1","\\ud800":1},"signature":"0x' + b"11" * 64 + b'"}'
    response = town.client.post("/v1/acts", content=body, headers=JSON)
    assert response.status_code == 422


def test_wrong_media_type_is_refused(town: Town) -> None:
    response = town.client.post("/v1/acts", content=b"<a/>", headers={"Content-Type": "text/xml"})
    assert code(response) == (415, "MEDIA_TYPE_UNSUPPORTED")


def test_unknown_field_and_missing_field_are_both_told(town: Town) -> None:
    response = town.client.post("/v1/session/challenge", json={"adress": "0x"})
    assert {fault["code"] for fault in response.json()["faults"]} == {"FIELD_UNKNOWN", "FIELD_MISSING"}


def test_unknown_route_and_method(town: Town) -> None:
    assert code(town.client.get("/v1/nothing")) == (404, "ROUTE_UNKNOWN")
    response = town.client.put("/v1/agencies")
    assert code(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET"


_MALFORMED = (
    "/v1/agencies?after=x", "/v1/windows/0-0", "/v1/windows/99999999999999999999", "/v1/grants?status=HELD",
    "/v1/grants?grantee=a-b", "/v1/agencies?limit=0",
)  # fmt: skip


@pytest.mark.parametrize("path", _MALFORMED)
def test_malformed_questions_are_422(town: Town, path: str) -> None:
    assert code(town.client.get(path))[0] == 422


@pytest.mark.parametrize("after", [2**63, 2**64 - 1, 2**70])
def test_cursor_beyond_any_column_ends_the_list_or_is_refused(town: Town, after: int) -> None:
    for path in ("agencies", "windows/../items", "grants", "seals"):
        response = town.client.get(f"/v1/{path}", params={"after": str(after)})
        assert response.status_code in (200, 404, 422)


def test_rate_limit_answers_429_with_the_seconds_to_wait(tmp_path: Path) -> None:
    town = make_town(tmp_path, Settings(data=tmp_path, public_rate=3))
    body = {"seal": "1-1"}
    answers = [town.client.post("/v1/verify/seal", json=body) for _ in range(5)]
    town.store.close()
    assert [one.status_code for one in answers[:3]] == [200] * 3
    assert code(answers[4]) == (429, "RATE_LIMITED")
    assert int(answers[4].headers["retry-after"]) >= 1


def test_bucket_fills_again_and_clients_do_not_share_it() -> None:
    time = [0.0]
    buckets = Buckets((("/", Rate(1.0, 1.0)),), lambda: time[0])
    buckets.take("a", "/x")
    buckets.take("b", "/x")
    with pytest.raises(TooMany):
        buckets.take("a", "/x")
    time[0] = 1.0
    buckets.take("a", "/x")


def test_failure_is_an_incident_without_details(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "hunter" + str(2)

    def fail(*_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(town.store.registry, "agencies", fail)
    response = town.client.get("/v1/agencies")
    assert code(response) == (500, "INTERNAL")
    incident = response.json()["incident"]
    assert incident in caplog.text
    assert secret not in response.text + caplog.text


def test_every_answer_carries_security_headers(town: Town) -> None:
    for response in (town.client.get("/v1/network"), town.client.get("/nowhere")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_ready_says_which_part_is_not(fresh: Town) -> None:
    fresh.settle()
    assert fresh.client.get("/v1/health/ready").json()["status"] == "ready"
    fresh.head.is_down = True
    fresh.container.vitals.forget()
    response = fresh.client.get("/v1/health/ready")
    assert code(response) == (503, "NOT_READY")
    assert {fault["code"] for fault in response.json()["faults"]} == {"UNREADY_CHAIN", "UNREADY_INDEX"}
    assert response.headers["retry-after"]


def test_ready_notices_a_relay_that_is_gone_and_a_store_that_fails(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.chain.time += 1000

    def fail() -> Iterator[None]:
        raise OSError

    monkeypatch.setattr(fresh.store.db, "write", fail)
    faults = fresh.client.get("/v1/health/ready").json()["faults"]
    assert {fault["code"] for fault in faults} == {"UNREADY_STORE", "UNREADY_RELAY"}


def test_metrics_count_acts_and_outcomes(fresh: Town) -> None:
    fresh.client.get("/metrics")
    fresh.submit(fresh.open(1))
    waiting = fresh.client.get("/metrics").text
    fresh.settle()
    text = fresh.client.get("/metrics").text
    assert "huxin_outbox_depth 1.0" in waiting
    assert 'huxin_acts_accepted_total{type="Open"} 1.0' in text
    assert 'huxin_acts_judged_total{reason="OK"} 1.0' in text
    assert 'route="/v1/acts"' in text


def test_events_of_the_own_agency_resume_after_an_id(fresh: Town) -> None:
    fresh.submit(fresh.open(1))
    fresh.submit(fresh.open(2))
    fresh.settle()
    user = fresh.container.signins.user_of(fresh.as_(CLERK)["Authorization"].removeprefix("Bearer "))

    async def first(agency: int, after: int, count: int) -> list[bytes]:
        found = []
        async for part in fresh.container.events.stream(agency, after, lambda: user):
            found.append(part)
            if len(found) > count:
                break
        return found[1:]

    one, two = asyncio.run(first(2, fresh.store.outcomes.last_position() - 2, 2))
    position = int(one.split(b"\n")[0].removeprefix(b"id: "))
    (again,) = asyncio.run(first(2, position, 1))
    assert again == two
    assert json.loads(two.split(b"data: ")[1])["caseKey"] == "0x" + fresh.case(2).hex()
    assert fresh.store.outcomes.since(0, 100, 4)[-1].block < fresh.store.outcomes.head().number


def test_events_need_a_session(town: Town) -> None:
    assert code(town.client.get("/v1/events")) == (401, "SIGN_IN_REQUIRED")


def test_description_is_complete(town: Town) -> None:
    schema = town.client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert " / " in operation["summary"], where
            assert operation["tags"], where
            assert {"422", "429", "500"} <= set(operation["responses"]), where
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (where, status)
    assert schema["components"]["securitySchemes"]["session"]["scheme"] == "bearer"
    assert "ActOpen" in schema["components"]["schemas"]


def test_description_loads_nothing_from_elsewhere(town: Town) -> None:
    assert create_app(town.container, Limits()).docs_url is None
    assert town.client.get("/docs").status_code == 404
    assert Limits().body < Limits().upload
