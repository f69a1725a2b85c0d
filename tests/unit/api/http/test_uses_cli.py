"""The command line at both ends: a license is issued to a holder's key, shown, authorised, used, and read about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from api.client import HuxinClient
from api.signers import LIGHT_SCRYPT_N, write_keystore
from ledger.crypto import address_of, checksum, keccak
from ledger.ids import format_id
from tests.unit.api.http.town import CLERK, DECIDER, ITEM, SEAL, WINDOW, Town, key_of

HOLDER, THIEF = keccak(b"phone of a holder"), keccak(b"phone of a thief")
Run = Callable[..., tuple[int, Any]]


class Wire(httpx.BaseTransport):
    """To the town, which carries what waits whenever somebody asks what became of an act."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and "/acts/" in str(request.url):
            self.town.settle()
        headers = dict(request.headers)
        answer = self.town.client.request(request.method, str(request.url), content=request.content, headers=headers)
        return httpx.Response(answer.status_code, headers={"content-type": "application/json"}, content=answer.content)


@pytest.fixture
def run(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def client(_url: str, signer: Any = None, **_: Any) -> HuxinClient:
        return HuxinClient("http://127.0.0.1:8600", signer, over=Wire(town), clock=lambda: float(town.now))

    monkeypatch.setattr("api.cli.session.HuxinClient", client)
    (tmp_path / "password").write_text("a long enough password", "utf-8")
    keys = {"clerk": key_of(CLERK), "issuer": key_of(DECIDER), "holder": HOLDER, "thief": THIEF}
    for name, key in keys.items():
        write_keystore(tmp_path / f"{name}.key", key, "a long enough password", scrypt_n=LIGHT_SCRYPT_N)

    def command(who: str, *words: str) -> tuple[int, Any]:
        code = app.main([
            *words, "-k", str(tmp_path / f"{who}.key"), "--password-file", str(tmp_path / "password"), "--json",
        ])  # fmt: skip
        captured = capsys.readouterr()
        return code, json.loads(captured.out or captured.err)

    return command


def reasons(report: Any) -> set[str]:
    return {one["reasonCode"] for one in report["checks"] if one["verdict"] != "valid"}


def test_a_license_goes_from_its_issuer_to_its_holder_to_a_window(town: Town, run: Run, tmp_path: Path) -> None:
    file, card, given = tmp_path / "license.ofd", tmp_path / "card.json", tmp_path / "given.json"
    file.write_bytes(b"a license's bytes")
    for path in (card, given):  # what stood there before was for everybody
        path.touch(mode=0o644)
    code, issued = run(
        "issuer", "license", "issue", str(file), "--item", format_id(ITEM), "--seal", format_id(SEAL),
        "--identifier", "1.2.156.3005.2.Y.1", "--holder", "代码", "--holder-name", "持证人", "--holder-key",
        checksum(address_of(HOLDER)), "--card", str(card),
    )  # fmt: skip
    assert (code, issued["status"]) == (0, "applied")
    assert "持证人" not in card.read_text("utf-8"), "the card shows the key and not who holds it"

    code, trap = run("holder", "license", "present", str(card), "--challenge", "huxin:uses")
    assert (code, trap["error"]["code"]) == (65, "AUDIENCE_RESERVED")
    code, shown = run("holder", "license", "present", str(card), "--challenge", "4711")
    verify = ("verify", "license", "--code", shown["code"])
    town.container.vitals.forget()
    assert run("clerk", *verify, "--challenge", "4711")[0] == 0
    assert run("clerk", *verify, "--challenge", "4711", "--card", str(card))[0] == 0
    code, report = run("clerk", *verify, "--challenge", "4712")
    assert (code, reasons(report)) == (1, {"PRESENTATION_FOR_ANOTHER"})
    code, forged = run("thief", "license", "present", str(card), "--challenge", "4711")
    code, report = run("clerk", "verify", "license", "--code", forged["code"], "--challenge", "4711")
    assert (code, reasons(report)) == (1, {"HOLDER_NOT_PROVEN"})
    assert run("clerk", *verify, "--leaf", issued["leaf"])[1]["error"]["code"] == "ONE_OF"
    alone = ("verify", "license", "--leaf", issued["leaf"], "--challenge", "4711")
    assert run("clerk", *alone)[1]["error"]["code"] == "OPTIONS_CONFLICT"

    where = ("--window", format_id(WINDOW), "--item", format_id(ITEM), "--agent-name", "受托人")
    assert run("holder", "license", "authorize", str(card), str(given), *where)[0] == 0
    assert {path.stat().st_mode & 0o777 for path in (card, given)} == {0o600}
    code, used = run("clerk", "license", "use", str(given))
    assert (code, used["status"]) == (0, "applied")
    code, again = run("clerk", "license", "use", str(given))
    assert (code, again["reason"]["code"]) == (1, "AUTHORIZATION_USED")

    assert len(run("holder", "license", "uses", str(card))[1]["uses"]) == 1
    assert len(run("issuer", "license", "uses", issued["leaf"])[1]["uses"]) == 1
    assert run("thief", "license", "uses", str(card))[0] == 66
    assert run("clerk", "license", "uses", issued["leaf"])[0] == 66
    assert run("issuer", "seal", "uses", format_id(SEAL)) == (0, [])
    assert run("clerk", "seal", "uses", format_id(SEAL))[0] == 66


def test_a_thief_signs_the_authorization_of_a_stolen_card(run: Run, tmp_path: Path) -> None:
    file, card, given = tmp_path / "license.ofd", tmp_path / "card.json", tmp_path / "given.json"
    file.write_bytes(b"another license's bytes")
    run(
        "issuer", "license", "issue", str(file), "--item", format_id(ITEM), "--seal", format_id(SEAL),
        "--identifier", "1.2.156.3005.2.Y.2", "--holder", "代码", "--holder-key", checksum(address_of(HOLDER)),
        "--card", str(card),
    )  # fmt: skip
    run("thief", "license", "authorize", str(card), str(given), "--window", format_id(WINDOW), "--item",
        format_id(ITEM))  # fmt: skip
    code, answer = run("clerk", "license", "use", str(given))
    assert (code, answer["error"]["code"]) == (65, "HOLDER_NOT_PROVEN")
    given.write_text("[]", "utf-8")
    assert run("clerk", "license", "use", str(given))[1]["error"]["code"] == "FILE_NOT_JSON"
    given.write_text("{}", "utf-8")
    assert run("clerk", "license", "use", str(given))[1]["error"]["code"] == "AUTHORIZATION_MALFORMED"
    assert run("holder", "license", "present", str(given))[1]["error"]["code"] == "CARD_MALFORMED"
