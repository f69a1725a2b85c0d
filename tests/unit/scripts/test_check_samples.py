"""The table over our own specimens, and over a folder."""

import json
from pathlib import Path

import pytest

from ledger.seals.seal import Form
from scripts import check_samples
from scripts.check_samples_own import specimens
from tests.unit.ledger.seals.place import DOCUMENT, Place, found_place


@pytest.fixture(scope="module")
def somewhere() -> Place:
    return found_place()


def test_every_specimen_of_our_own_gets_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_samples.main(["--quick", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(rows) == len({row["file"] for row in rows}) == len(list(specimens(1)))
    assert {row["verdict"] for row in rows} == {"valid", "invalid", "indeterminate"}
    assert all(row["right"] for row in rows)


def test_another_verdict_than_it_must_have_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    blind = check_samples.judged
    monkeypatch.setattr(check_samples, "judged", lambda name, data, _, trust, at: blind(name, data, b"x", trust, at))
    assert check_samples.main(["--quick"]) == 1


def test_folder_is_judged_with_the_certificates_inside(
    somewhere: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.esl").write_bytes(somewhere.seal(Form.V1))
    (tmp_path / "SignedValue.dat").write_bytes(somewhere.signature(Form.V4))
    (tmp_path / "Signature.xml").write_bytes(DOCUMENT)
    (tmp_path / "broken.dat").write_bytes(b"0")
    assert check_samples.main([str(tmp_path), "--at", "2026-06-01", "--pin", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {row["file"]: row["verdict"] for row in rows} == {
        "a.esl": "valid", "SignedValue.dat": "valid", "broken.dat": "invalid",
    }  # fmt: skip
    assert check_samples.main([str(tmp_path / "nothing")]) == 2


def test_anchors_from_a_folder(somewhere: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seals, trusted = tmp_path / "seals", tmp_path / "anchors"
    seals.mkdir()
    trusted.mkdir()
    (seals / "seal.esl").write_bytes(somewhere.seal(Form.V5))
    (trusted / "root.cer").write_bytes(somewhere.authority.root.certificate)
    arguments = [str(seals), "--at", "2026-06-01", "--anchors", str(trusted), "--json"]
    for list_there, verdict in ((False, "indeterminate"), (True, "valid")):
        if list_there:
            (trusted / "root.crl").write_bytes(somewhere.authority.revocation_list(1_780_000_000))
        assert check_samples.main(arguments) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])[0]["verdict"] == verdict
