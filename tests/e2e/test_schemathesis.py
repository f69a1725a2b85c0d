"""Schemathesis against the running API: no failure of the server, no answer that is not as described."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.http_place import CLERK, Place, running

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)
EXAMPLES = os.environ.get("HUXIN_SCHEMATHESIS_EXAMPLES", "15")
"""Cases an operation in the fuzzing phase; CI asks for more."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("schemathesis")) as made:
        made.step(made.opening(1))
        yield made


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_answer_contradicts_the_description(
    place: Place, tmp_path: Path, signed_in: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        str(Path(sys.executable).parent / "st"), "run", f"{place.supervisor.url}/openapi.json", "--checks", CHECKS,
        "--max-examples", EXAMPLES, "--seed", "7", "--phases", "examples,coverage,fuzzing", "--no-color",
        # a stream does not end, and signing out would end the session that the run is made with
        "--exclude-path", "/v1/events", "--exclude-name", "DELETE /v1/session",
    ]  # fmt: skip
    if signed_in:
        token = place.client(CLERK).sign_in().token
        command += ["--header", f"Authorization: Bearer {token}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1200, check=False)
    cases = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert cases is not None
    assert int(cases[1]) == int(cases[2]) > 500
    with capsys.disabled():
        sys.stdout.write(f"\nschemathesis, signed in {signed_in}: {cases[0]}\n")
