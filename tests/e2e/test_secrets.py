"""Marked secrets go through a whole story: none is found in a log, in the metrics or in an answer to a fault."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.fleet import free_ports
from ledger.evidence import Document, DocumentKind
from ledger.evidence_rules import Entry
from ledger.procedure import Action
from ledger.state import case_key
from tests.e2e.http_place import CLERK, Place, running, signer_of
from tests.e2e.test_http_story import follow

NAME = "欧阳密语甲乙丙丁"
SALT = bytes(range(100, 132))
GARBAGE = "marker-of-a-malformed-body-" + "q" * 30


@dataclass
class Told:
    """What the ledger said, and what it must not have."""

    logs: str
    metrics: str
    problems: str
    act: str
    case: str
    secrets: dict[str, bytes]


def story(place: Place, http: httpx.Client, problems: list[str]) -> tuple[str, str, str]:
    """(act id, case key, session token) of a case with evidence, and every kind of refusal beside it."""
    clerk = place.client(CLERK)
    clerk.sign_in()
    token = str(clerk._transport._token)
    evidence = Document.of(DocumentKind.MATERIALS, [(Entry("holder", NAME), SALT)])
    opening = place.opening(1, evidence.root)
    case = case_key(CLERK, opening.commitment)
    clerk.cases.store(case, evidence, opening.commitment)
    answer = place.step(opening)
    assert answer.status == "applied"
    assert place.step(follow(place, case, Action.DELIVER, CLERK)).status == "refused"
    signed = {"type": "Open", "act": {"holder": NAME, "x": GARBAGE}, "signature": "0x" + "11" * 64}
    bad = {"Authorization": f"Bearer {token}x"}
    for response in (
        http.post("/v1/acts", json=signed),
        http.post("/v1/acts", content=f'{{"{GARBAGE}":"{NAME}'.encode(), headers={"Content-Type": "application/json"}),
        http.post("/v1/session", json={"message": GARBAGE + NAME, "signature": "0x" + "11" * 64}),
        http.get(f"/v1/cases/0x{case.hex()}", headers=bad),
        http.get(f"/v1/cases/0x{case.hex()}/documents/0x{evidence.root.hex()}"),
        http.get("/v1/nowhere", params={"q": GARBAGE, "token": token}),
        http.post("/v1/verify/license", json={"digest": GARBAGE}),
    ):
        assert response.is_error
        problems.append(response.text)
    return answer.act_id, "0x" + case.hex(), token


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    data = tmp_path_factory.mktemp("secrets") / "data"
    (port,) = free_ports(1)
    variables = {"HUXIN_LOG_LEVEL": "DEBUG", "HUXIN_RELAY_METRICS_PORT": str(port)}
    problems: list[str] = []
    with running(data, variables) as place, httpx.Client(base_url=place.supervisor.url, trust_env=False) as http:
        act, case, token = story(place, http, problems)
        metrics = http.get("/metrics").text + httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    logs = "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted((data / "logs").iterdir()))
    return Told(logs, metrics, "\n".join(problems), act, case, secrets_of(data, token))


def secrets_of(data: Path, token: str) -> dict[str, bytes]:
    """By name, as bytes."""
    files = ("master.key", "relay.key", "chain/validator.key", "keys/password")
    found = {name: (data / name).read_text(encoding="utf-8").strip().encode() for name in files}
    found |= {f"raw {name}": bytes.fromhex(found[name].decode()) for name in files}
    officer = signer_of(CLERK)._key
    return found | {
        "token": token.encode(), "salt": SALT, "name": NAME.encode(), "body": GARBAGE.encode(), "officer": officer,
    }  # fmt: skip


def forms(secret: bytes) -> set[str]:
    """Every way in which it could have been written out."""
    text = secret.decode("utf-8", "ignore")
    escaped = json.dumps(text)[1:-1] if text else ""
    encoded = {base64.b64encode(secret).decode().rstrip("="), base64.urlsafe_b64encode(secret).decode().rstrip("=")}
    plain = {form for form in (text, escaped) if len(form) >= 8}
    return plain | encoded | {secret.hex(), repr(secret)[2:-1], str(int.from_bytes(secret))}


@pytest.mark.parametrize("where", ["logs", "metrics", "problems"])
def test_no_secret_is_told(told: Told, where: str) -> None:
    text = getattr(told, where).lower()
    assert len(text) > 500
    found = [name for name, secret in told.secrets.items() for form in forms(secret) if form.lower() in text]
    assert found == []


def test_this_test_would_find_a_secret(told: Told) -> None:
    for name, secret in told.secrets.items():
        for form in forms(secret):
            assert any(one.lower() in f"xx{form}yy".lower() for one in forms(secret)), name


def test_each_act_is_in_the_logs_from_acceptance_to_verdict_by_its_ids(told: Told) -> None:
    lines = [json.loads(line) for line in told.logs.splitlines() if line.startswith('{"time"')]
    assert {line["process"] for line in lines} == {"http", "relay", "chain"}
    events = {line["event"]: line for line in lines if line.get("act") == told.act}
    assert set(events) >= {"ACT_ACCEPTED", "ACT_JUDGED"}
    assert events["ACT_ACCEPTED"]["case"] == events["ACT_JUDGED"]["case"] == told.case
    assert events["ACT_JUDGED"]["reason"] == "OK"
    recorded = {line["tx"] for line in lines if line["event"] == "BATCH_RECORDED"}
    assert events["ACT_JUDGED"]["tx"] in recorded
    sealed = {line["hash"] for line in lines if line["event"] == "BLOCK_SEALED"}
    assert {line["hash"] for line in lines if line["event"] == "BLOCK_INDEXED"} <= sealed
    assert any(line["event"] == "BLOCK_INDEXED" and line["block"] == events["ACT_JUDGED"]["block"] for line in lines)


def test_every_line_of_a_log_is_json_or_the_ready_line(told: Told) -> None:
    for line in told.logs.splitlines():
        assert isinstance(json.loads(line), dict), line
