"""The command line at both ends: a decision names the document that was sealed, and the seal's uses show it."""

import json
from io import BytesIO
from pathlib import Path

import pytest

from api.cli import app
from api.client.sealing import seal_use
from ledger.crypto import Digest, file_digests, sm3
from ledger.errors import InvalidInput
from ledger.ids import format_id
from tests.unit.api.http import test_uses_cli, test_verify_document
from tests.unit.api.http.test_seal_uses import reviewed
from tests.unit.api.http.test_uses_cli import Run
from tests.unit.api.http.test_verify_document import SEAL, Bureau
from tests.unit.api.http.town import Town

bureau = test_verify_document.bureau
run = test_uses_cli.run
DRAFT = {"version": 1, "kind": "decision", "fields": [{"name": "decision", "public": False, "text": "准予许可"}]}


@pytest.fixture
def town(bureau: Bureau) -> Town:
    return bureau.town


def test_decision_is_taken_with_its_sealed_document_and_the_use_of_the_seal_shows_it(
    bureau: Bureau, town: Town, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, draft, case = tmp_path / "decision.ofd", tmp_path / "draft.json", "0x" + reviewed(town, 1).hex()
    file.write_bytes(bureau.document("准予许可决定书"))
    draft.write_text(json.dumps(DRAFT), "utf-8")
    town.container.vitals.forget()
    step = ("case", "step", case, "APPROVE", "--subject", format_id(SEAL), "--sealed", str(file))
    assert run("issuer", *step)[1]["error"]["code"] == "OPTIONS_CONFLICT"
    code, answer = run("issuer", *step, "--document", str(draft))
    assert code == 0, answer
    (use,) = run("issuer", "seal", "uses", format_id(SEAL))[1]
    assert use["record"]["documentSm3"] == "0x" + file_digests((file.read_bytes(),))[0].value.hex()
    assert use["record"]["judged"]["verdict"] == "valid", use["record"]["judged"]
    key, password = str(tmp_path / "issuer.key"), str(tmp_path / "password")
    assert app.main(["seal", "uses", format_id(SEAL), "-k", key, "--password-file", password]) == 0
    assert "APPROVE" in capsys.readouterr().out


def test_document_under_another_seal_or_none_makes_no_record(bureau: Bureau) -> None:
    file = bureau.document("决定书")
    found = seal_use(BytesIO(file), SEAL, sm3(bureau.seal).value)
    assert Digest("sm3", found.document_sm3) == file_digests((file,))[0]
    for shown, registered in ((file, bytes(32)), (b"%PDF-1.7", sm3(bureau.seal).value), (b"", bytes(32))):
        with pytest.raises(InvalidInput) as raised:
            seal_use(BytesIO(shown), SEAL, registered)
        assert raised.value.code == "SEAL_NOT_FOUND_IN_FILE"
