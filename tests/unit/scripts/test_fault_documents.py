"""The experiment with hostile documents runs, finds nothing wrong, and finds each mutant."""

import json

import pytest

from scripts import fault_documents


def test_hostile_documents_are_refused_and_mutants_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fault_documents", "--quick", "--json"])
    answer = fault_documents.main()
    said = capsys.readouterr().out
    assert answer == 0, said
    wrong, mutants, inputs, _ = json.loads(said.splitlines()[-1])
    assert wrong["value"] == 0
    assert mutants["value"] == len(fault_documents.MUTANTS)
    assert inputs["value"] >= 1_500
