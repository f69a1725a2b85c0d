"""The demonstration as a user runs it: killed half way, run again, audited; and what ``huxin up`` promises."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(600)

HUXIN = (sys.executable, "-m", "api.cli")
SECONDS = 240


def run(*arguments: str, expect: int = 0) -> Any:
    done = subprocess.run((*HUXIN, *arguments, "--json"), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == expect, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else json.loads(done.stderr.splitlines()[-1])


def wait_until(holds: Any, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def listens(url: str) -> bool:
    try:
        httpx.get(url, timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def kill_half_way(data: Path) -> None:
    """SIGKILL while the case is under way: the supervisor, and with it everything, is gone."""
    with (data.parent / "first.err").open("w+b") as errors:
        demo = subprocess.Popen((*HUXIN, "demo", "--data", str(data)), stdout=subprocess.DEVNULL, stderr=errors)
        try:
            wait_until(lambda: "收件".encode() in Path(errors.name).read_bytes() or demo.poll() is not None)
            state = json.loads((data / "supervisor.json").read_text())
            assert demo.poll() is None, Path(errors.name).read_text()
        finally:
            demo.send_signal(signal.SIGKILL)
            demo.wait()
    wait_until(lambda: not listens(state["url"]) and not listens(state["rpcUrl"]), 30)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    data = tmp_path_factory.mktemp("demo") / "data"
    kill_half_way(data)
    return data, run("demo", "--data", str(data), "--no-audit")


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
