"""The command line at both ends: a step records what became of a paper form, and the case is asked about both forms."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli import app
from api.client.paper import read_record
from ledger import acts
from ledger.crypto import keccak
from ledger.errors import InvalidInput
from ledger.evidence_forms import FormEvent, FormRecord
from ledger.ids import format_id
from ledger.rules.licenses import leaf_of
from tests.unit.api.http import test_uses_cli
from tests.unit.api.http.test_forms import SERIAL, approved, revoke
from tests.unit.api.http.test_seal_uses import reviewed
from tests.unit.api.http.test_uses import license_of
from tests.unit.api.http.test_uses_cli import Run
from tests.unit.api.http.town import DECIDER, SEAL, Town

run = test_uses_cli.run
LEAF = "0x" + keccak(b"leaf").hex()


@pytest.fixture
def town(fresh: Town) -> Town:
    return fresh


def written(path: Path, kind: str, record: dict[str, Any]) -> tuple[str, ...]:
    draft = {"version": 1, "kind": kind, "fields": [{"name": "text", "public": False, "text": "正文"}]}
    path.with_suffix(".draft").write_text(json.dumps(draft), "utf-8")
    path.write_text(json.dumps(record), "utf-8")
    return "--document", str(path.with_suffix(".draft")), "--forms", str(path)


def test_paper_that_a_window_handed_out_is_missed_when_only_the_electronic_license_was_cancelled(
    town: Town, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = approved(town, 1)
    one = replace(license_of(1)[0], case_key=case)
    leaf, key = "0x" + leaf_of(one).hex(), "0x" + case.hex()
    town.carry(town.signed(town.admin(acts.IssueLicense, DECIDER, license=one)))
    record = {"event": "issued", "license": leaf, "printed": SERIAL}
    forms = written(tmp_path / "issued.json", "certificate", record)
    step = ("case", "step", key, "ISSUE", "--subject", leaf)
    assert run("issuer", *step, *forms[2:])[1]["error"]["code"] == "OPTIONS_CONFLICT"
    code, answer = run("issuer", *step, *forms)
    assert code == 0, answer
    town.container.vitals.forget()
    code, found = run("clerk", "case", "forms", key)
    assert (code, found["judged"]["verdict"]) == (0, "valid"), found
    assert (found["records"][0]["license"], SERIAL in json.dumps(found, ensure_ascii=False)) == (leaf, False)

    revoke(town, leaf_of(one))
    town.container.vitals.forget()
    code, found = run("clerk", "case", "forms", key)
    assert (code, found["judged"]["checks"][-1]["reasonCode"]) == (1, "FORMS_ELECTRONIC_ONLY")
    other = "0x" + reviewed(town, 2).hex()
    record = {"event": "cancelled", "license": leaf, "takenBack": SERIAL}
    approve = ("case", "step", other, "APPROVE", "--subject", format_id(SEAL))
    assert run("issuer", *approve, *written(tmp_path / "cancelled.json", "decision", record))[0] == 0
    town.container.vitals.forget()
    assert run("clerk", "case", "forms", other)[0] == 0
    assert run("clerk", "case", "forms", key, "--also", other)[0] == 0
    signed_in = ("-k", str(tmp_path / "clerk.key"), "--password-file", str(tmp_path / "password"))
    assert app.main(["case", "forms", key, *signed_in]) == 1
    assert "纸质证照未同步注销" in capsys.readouterr().out
    town.head.is_down = True
    town.container.vitals.forget()
    assert run("clerk", "case", "forms", other)[0] == 3


def test_record_without_paper_is_read() -> None:
    given = json.dumps({"event": "issued", "license": LEAF, "paper": False})
    assert read_record(given) == FormRecord(FormEvent.ISSUED, keccak(b"leaf"), has_paper=False)


@pytest.mark.parametrize(("change", "where"), [
    ({"event": "lost"}, "event"), ({"event": []}, "event"), ({"license": "0x12"}, "license"),
    ({"license": 5}, "license"), ({"paper": "no"}, "paper"), ({"printed": ""}, "printed"),
    ({"takenBack": 5}, "takenBack"), ({"serial": "1"}, "serial"),
])  # fmt: skip
def test_malformed_record_names_its_fields_and_no_value(change: dict[str, Any], where: str) -> None:
    given = {"event": "issued", "license": LEAF, "printed": SERIAL} | change
    with pytest.raises(InvalidInput) as raised:
        read_record(json.dumps(given))
    assert [(fault.code, fault.where) for fault in raised.value.faults] == [("FORMS_MALFORMED", where)]
    assert SERIAL not in str(raised.value)


@pytest.mark.parametrize("source", ["", "[]", '"x"', "{", '{"event": {"a": {"b": 1}}}'])
def test_file_that_is_no_record(source: str) -> None:
    with pytest.raises(InvalidInput, match="FORMS_MALFORMED"):
        read_record(source)
