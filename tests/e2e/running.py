"""``huxin`` as a user runs it, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

HUXIN = (sys.executable, "-m", "api.cli")
SECONDS = 240
_NONE: Mapping[str, str] = MappingProxyType({})


def run(*arguments: str, expect: int = 0, variables: Mapping[str, str] = _NONE) -> Any:
    done = subprocess.run(
        (*HUXIN, *arguments, "--json"), capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip
    assert done.returncode == expect, done.stdout[-60000:] + done.stderr[-2000:]
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


def kill_half_way(data: Path, variables: Mapping[str, str] = _NONE) -> None:
    """SIGKILL while the case is under way: the supervisor, and with it everything of ours, is gone."""
    with (data.parent / "first.err").open("w+b") as errors:
        demo = subprocess.Popen(
            (*HUXIN, "demo", "--data", str(data)), stdout=subprocess.DEVNULL, stderr=errors,
            env={**os.environ, **variables},
        )  # fmt: skip
        try:
            wait_until(lambda: "收件".encode() in Path(errors.name).read_bytes() or demo.poll() is not None)
            state = json.loads((data / "supervisor.json").read_text())
            assert demo.poll() is None, Path(errors.name).read_text()
        finally:
            demo.send_signal(signal.SIGKILL)
            demo.wait()
    ended = [*state["urls"], *([] if "HUXIN_RPC_URL" in variables else [state["rpcUrl"]])]
    wait_until(lambda: not any(listens(url) for url in ended), 30)
