"""The demonstration on each footing: killed half way, run again, audited; and what ``huxin up`` promises."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.client.uses import Card
from api.demo.bureau import HOLDER
from node.engines import EMBEDDED
from tests.e2e.conftest import Told
from tests.e2e.running import HUXIN, listens, run, wait_until

pytestmark = pytest.mark.timeout(600)


def test_demo_runs_through_after_a_kill_half_way(told: Told) -> None:
    report = told.report
    assert report["met"]
    assert report["unmet"] == 0
    assert report["acts"] > 60
    assert report["verdicts"] >= 10


def test_every_refusal_has_its_own_reason(told: Told) -> None:
    report = told.report
    refused = {row["got"] for row in report["rows"] if row["kind"] == "refusal"}
    assert refused >= {
        "ALREADY_NOTIFIED", "SAME_OFFICER_TWICE", "SEAL_SUSPENDED", "GRANT_REVOKED", "GRANT_EXPIRED", "WRONG_REGION",
        "TOO_DEEP", "SIGNER_UNKNOWN", "CASE_NOT_FOUND", "PERSONAL_DATA", "HOME_AGENCY_ONLY",
        "AUTHORIZATION_USED", "AUTHORIZATION_ELSEWHERE", "AUTHORIZATION_EXPIRED", "AUTHORIZED_FOR_ANOTHER_ITEM",
        "HOLDER_NOT_PROVEN", "LICENSE_SUSPENDED", "LICENSE_NOT_FOUND", "VERDICT_NOT_VALID+LICENSE_SUSPENDED",
        "VERDICT_NOT_VALID+LICENSE_CANCELLED", "HOLDER_NOT_SHOWN", "AUTHORIZATION_UNKNOWN",
        "AUTHORIZATION_OF_ANOTHER_CASE", "SEAL_OF_ANOTHER", "SEAL_NOT_FOUND",
    }  # fmt: skip


def test_every_way_in_which_a_shown_license_is_wrong_has_its_own_verdict(told: Told) -> None:
    found = {row["got"] for row in told.report["rows"] if row["kind"] == "verdict"}
    assert found >= {
        "valid", "indeterminate:SHARE_NEEDED", "invalid:LICENSE_UNKNOWN", "invalid:PRESENTATION_FOR_ANOTHER",
        "invalid:PRESENTATION_EXPIRED", "invalid:HOLDER_NOT_PROVEN",
        "invalid:LICENSE_SUSPENDED", "invalid:LICENSE_CANCELLED", "invalid:LICENSE_SUPERSEDED",
        "invalid:LICENSE_EXPIRED", "invalid:SEAL_SUSPENDED", "invalid:NOT_YOUR_AGENCY", "invalid:HOLDER_DIFFERS",
        "invalid:OFD_PART_CHANGED+LICENSE_OF_ANOTHER_FILE",
    }  # fmt: skip


def test_each_row_says_what_came_and_not_only_what_was_expected(told: Told) -> None:
    rows = told.report["rows"]
    assert all(row["met"] == (row["expected"] == row["got"]) for row in rows)
    assert all(row["block"] for row in rows if row["kind"] == "act"), "an act that no block holds was not carried out"


def test_audit_of_a_ledger_at_rest_is_clean(told: Told) -> None:
    report = told.run("audit")
    assert report["clean"]
    assert report["steps"] > 30
    assert report["differences"] == []


def test_index_is_rebuilt_from_the_chain_alone(told: Told) -> None:
    assert told.run("index", "rebuild")["blocks"] > 10
    assert told.run("audit")["clean"]


def test_no_secret_in_any_log(told: Told) -> None:
    secrets = [(told.data / name).read_text().strip() for name in ("relay.key", "master.key", "keys/password")]
    if told.footing.database_url is not None:
        secrets.append(told.footing.database_url.partition("@")[0].rpartition(":")[2])
    logs = "".join(path.read_text(errors="replace") for path in (told.data / "logs").iterdir())
    assert not [secret for secret in secrets if secret in logs]


def test_up_restarts_what_dies_and_refuses_a_second(told: Told) -> None:
    command = (*HUXIN, "up", "--data", str(told.data), "--port", "0", "--rpc-port", "0", "--json")
    environment = {**os.environ, **told.footing.variables, "HUXIN_LEASE_SECONDS": "3"}
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert up.stdout
        ready = json.loads(up.stdout.readline())
        assert told.run("up", expect=73)["error"]["code"] == "DATA_IN_USE"
        health = f"{ready['url']}/v1/health/ready"
        ours = ("http", "relay", "chain") if told.footing.engine == EMBEDDED else ("http", "relay")
        assert set(ready["pids"]) == set(ours)
        for name in ours:
            os.kill(ready["pids"][name], signal.SIGKILL)
        wait_until(lambda: not listens(health), 10)
        wait_until(lambda: listens(health) and httpx.get(health, trust_env=False).status_code == 200, 60)
        findings = {one["name"]: one for one in told.run("doctor")}
        assert findings["contracts"]["ok"]
        assert findings["server relay"]["ok"]
        assert run("agency", "list", "--url", ready["url"])
        verify_as_a_window_does(told.data, ready["url"])
        use_as_holder_and_window_do(told.data, ready["url"])
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
        wait_until(lambda: not listens(ready["url"]), 10)
        wait_until(lambda: listens(ready["rpc"]) == (told.footing.engine != EMBEDDED), 10)
    finally:
        up.kill()
        up.communicate()


def last_round(data: Path) -> Path:
    return max((data / "rounds").glob("round-*"), key=lambda path: path.stat().st_mtime)


def use_as_holder_and_window_do(data: Path, url: str) -> None:
    """The card, the authorization and the case of the last round, by the command."""
    place = last_round(data)
    card, number = str(place / "phone.card.json"), place.name.split("-")[1]

    def of(who: str, *words: str, expect: int = 0) -> Any:
        key = ("-k", str(place / "keys" / f"{who}.json"), "--password-file", str(data / "keys" / "password"))
        return run(*words, *key, "--url", url, expect=expect)

    code = of("holder", "license", "present", card, "--challenge", "4711")["code"]
    assert run("verify", "license", "--code", code, "--challenge", "4711", "--url", url)["verdict"] == "valid"
    replayed = run("verify", "license", "--code", code, "--challenge", "4712", "--url", url, expect=1)
    failed = {one["reasonCode"] for one in replayed["checks"] if one["verdict"] != "valid"}
    assert failed == {"PRESENTATION_FOR_ANOTHER"}
    again = of("away.first", "license", "use", str(place / "authorization.json"), expect=1)
    assert again["reason"]["code"] == "AUTHORIZATION_USED"
    uses = of("holder", "license", "uses", card)["uses"]
    (case,) = (use["caseKey"] for use in uses if use["caseKey"])
    assert of("third.window", "license", "uses", of_leaf(place), expect=66)["error"]["code"] == "LICENSE_NOT_FOUND"
    rested = of("auditor", "case", "licenses", case)
    assert [(one["verdict"], one["judged"]["verdict"]) for one in rested] == [("valid", "valid")] * 2
    sealed = of("home.sealer", "seal", "uses", f"{number}2-1")
    assert [one["record"]["judged"]["verdict"] for one in sealed if one["caseKey"] == case] == ["valid"]


def of_leaf(place: Path) -> str:
    return "0x" + Card.read(json.loads((place / "phone.card.json").read_text("utf-8"))).leaf.hex()


def verify_as_a_window_does(data: Path, url: str) -> None:
    """A license of the last round, by the command: online, offline, by somebody else, changed."""
    place = last_round(data)
    common = ("--trust", str(place / "trust"), "--url", url)
    share = ("--share", str(place / "good.share.json"))
    file = str(place / "good.ofd")
    assert run("verify", "document", file, *common, *share, "--holder", HOLDER)["verdict"] == "valid"
    offline = run("verify", "document", file, *common, "--offline", expect=3)
    assert [one["reason_code"] for one in offline["checks"] if one["verdict"] != "valid"] == ["OFFLINE"]
    other = run("verify", "document", file, *common, *share, "--holder", "91430100MA4L16JQ7H", expect=1)
    assert {one["reason_code"] for one in other["checks"] if one["verdict"] != "valid"} == {"HOLDER_DIFFERS"}
    changed = run("verify", "document", str(place / "changed.ofd"), *common, expect=1)
    assert "OFD_PART_CHANGED" in {one["reason_code"] for one in changed["checks"]}
