"""The demonstration on each footing: killed half way, run again, audited; and what ``huxin up`` promises."""

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

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
    }  # fmt: skip


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
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
        wait_until(lambda: not listens(ready["url"]), 10)
        wait_until(lambda: listens(ready["rpc"]) == (told.footing.engine != EMBEDDED), 10)
    finally:
        up.kill()
        up.communicate()


def verify_as_a_window_does(data: Path, url: str) -> None:
    """A license of the last round, by the command: online, offline, by somebody else, changed."""
    place = max((data / "rounds").glob("round-*"), key=lambda path: path.stat().st_mtime)
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
