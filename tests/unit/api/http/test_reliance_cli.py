"""The command line at both ends: a verified license is kept for a case, a step rests on it, everybody reads which."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.crypto import address_of, checksum, file_digests
from ledger.ids import format_id
from tests.unit.api.http import test_uses_cli
from tests.unit.api.http.test_uses_cli import HOLDER, Run
from tests.unit.api.http.town import GRANT, ITEM, SEAL, WINDOW, Town

run = test_uses_cli.run
FILE = b"the bytes of a license that a case rests on"


@pytest.fixture
def card(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "license.ofd").write_bytes(FILE + str(tmp_path).encode())
    run(
        "issuer", "license", "issue", str(tmp_path / "license.ofd"), "--item", format_id(ITEM), "--seal",
        format_id(SEAL), "--identifier", "1.2.156.3005.2.Z.1", "--holder", "代码", "--holder-key",
        checksum(address_of(HOLDER)), "--card", str(tmp_path / "card.json"),
    )  # fmt: skip
    return tmp_path / "card.json"


def opened(run: Run, number: str) -> str:
    words = ("--item", format_id(ITEM), "--mode", "REMOTE_ACCEPTANCE", "--grant", format_id(GRANT))
    key: str = run("clerk", "case", "open", "--number", number, *words)[1]["caseKey"]
    return key


def printed(town: Town, card: Path) -> Path:
    """What ``verify document --json`` prints, where nobody compared the holder with anybody."""
    town.container.vitals.forget()
    sm3, sha256 = file_digests((card.with_name("license.ofd").read_bytes(),))
    view = town.client.post("/v1/verify/license", json={"digest": str(sm3)}).json()
    checks = [{**one, "reason_code": one["reasonCode"]} for one in view["checks"]]
    (leaf,) = {one["facts"]["leaf"] for one in checks if one["name"] == "license.anchored"}
    found: dict[str, Any] = {"verdict": view["verdict"], "checks": checks, "sm3": str(sm3), "sha256": str(sha256)}
    card.with_name("verified.json").write_text(json.dumps(found | {"kind": "OFD", "leaf": leaf}), "utf-8")
    return card.with_name("verified.json")


def test_a_case_rests_on_a_license_that_its_holder_authorised(town: Town, run: Run, card: Path) -> None:
    case, given = opened(run, "R1"), card.with_name("given.json")
    file = printed(town, card)
    assert run("clerk", "case", "license", case, "2", str(file))[1]["error"]["code"] == "HOLDER_NOT_SHOWN"
    run("holder", "license", "authorize", str(card), str(given), "--window", format_id(WINDOW), "--item",
        format_id(ITEM))  # fmt: skip
    again = ("case", "license", case, "2", str(file), "--authorization", str(given))
    assert run("clerk", *again)[1]["error"]["code"] == "AUTHORIZATION_UNKNOWN"
    assert run("clerk", "license", "use", str(given), "--case", case)[0] == 0
    other = opened(run, "R2")
    code, answer = run("clerk", "case", "license", other, "2", str(file), "--authorization", str(given))
    assert (code, answer["error"]["code"]) == (65, "AUTHORIZATION_OF_ANOTHER_CASE")
    code, kept = run("clerk", *again)
    assert code == 0, kept
    step = ("case", "step", case, "VERIFY", "--grant", format_id(GRANT), "--evidence", kept["root"])
    assert run("clerk", *step)[0] == 0
    (seen,) = run("clerk", "case", "licenses", case)[1]
    assert (seen["leaf"], seen["verifiedAt"], seen["steps"]) == (kept["leaf"], kept["verifiedAt"], [2])
    assert seen["judged"]["verdict"] == "valid", seen["judged"]
    assert run("clerk", *step, "--document", str(file))[1]["error"]["code"] == "OPTIONS_CONFLICT"


@pytest.mark.parametrize(("change", "code"), [
    ({"leaf": None}, "LICENSE_NOT_NAMED"), ({"leaf": "0x12"}, "REPORT_MALFORMED"), ({"leaf": 5}, "REPORT_MALFORMED"),
    ({"sm3": None}, "DIGEST_MALFORMED"), ({"checks": None}, "REPORT_MALFORMED"), ({"checks": []}, "REPORT_INCOMPLETE"),
])  # fmt: skip
def test_file_that_the_command_never_printed(
    town: Town, run: Run, card: Path, change: dict[str, Any], code: str
) -> None:
    file = printed(town, card)
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | change), "utf-8")
    assert run("clerk", "case", "license", "0x" + "5e" * 32, "2", str(file))[1]["error"]["code"] == code
