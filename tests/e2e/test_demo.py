"""The demonstration as a user runs it: killed half way, run again, audited; and what ``huxin up`` promises."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.running import HUXIN, listens, run, wait_until

pytestmark = pytest.mark.timeout(600)


def test_demo_runs_through_after_a_kill_half_way(played: tuple[Path, Any]) -> None:
    _, report = played
    assert report["met"]
    assert report["unmet"] == 0
    assert report["acts"] > 60
    assert report["verdicts"] >= 10


def test_every_refusal_has_its_own_reason(played: tuple[Path, Any]) -> None:
    _, report = played
    refused = {row["got"] for row in report["rows"] if row["kind"] == "refusal"}
    assert refused >= {
        "ALREADY_NOTIFIED", "SAME_OFFICER_TWICE", "SEAL_SUSPENDED", "GRANT_REVOKED", "GRANT_EXPIRED", "WRONG_REGION",
        "TOO_DEEP", "SIGNER_UNKNOWN", "CASE_NOT_FOUND", "PERSONAL_DATA", "HOME_AGENCY_ONLY",
    }  # fmt: skip


def test_audit_of_a_ledger_at_rest_is_clean(played: tuple[Path, Any]) -> None:
    data, _ = played
    report = run("audit", "--data", str(data))
    assert report["clean"]
    assert report["steps"] > 30
    assert report["differences"] == []


def test_index_is_rebuilt_from_the_chain_alone(played: tuple[Path, Any]) -> None:
    data, _ = played
    assert run("index", "rebuild", "--data", str(data))["blocks"] > 10
    assert run("audit", "--data", str(data))["clean"]


def test_no_secret_in_any_log(played: tuple[Path, Any]) -> None:
    data, _ = played
    secrets = [(data / name).read_text().strip() for name in ("relay.key", "master.key", "keys/password")]
    logs = "".join(path.read_text(errors="replace") for path in (data / "logs").iterdir())
    assert not [secret for secret in secrets if secret in logs]


def test_up_restarts_what_dies_and_refuses_a_second(played: tuple[Path, Any]) -> None:
    data, _ = played
    command = (*HUXIN, "up", "--data", str(data), "--port", "0", "--rpc-port", "0", "--json")
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert up.stdout
        ready = json.loads(up.stdout.readline())
        assert run("up", "--data", str(data), expect=73)["error"]["code"] == "DATA_IN_USE"
        health = f"{ready['url']}/v1/health/ready"
        for name in ("http", "relay", "chain"):
            os.kill(ready["pids"][name], signal.SIGKILL)
        wait_until(lambda: not listens(health), 10)
        wait_until(lambda: listens(health) and httpx.get(health, trust_env=False).status_code == 200, 60)
        findings = {one["name"]: one for one in run("doctor", "--data", str(data))}
        assert findings["contracts"]["ok"]
        assert findings["server relay"]["ok"]
        assert run("agency", "list", "--url", ready["url"])
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
        wait_until(lambda: not listens(ready["url"]) and not listens(ready["rpc"]), 10)
    finally:
        up.kill()
        up.communicate()
