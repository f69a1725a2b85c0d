"""What the compilation refuses, and that committed artifacts are compared to the byte."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import compile_contracts
from scripts.compile_contracts import MAX_CODE_BYTES, Artifact, CompileError, artifact, differing, is_fault, write


def compiled(code_bytes: int = 3, links: dict[str, Any] | None = None) -> dict[str, Any]:
    """The compiler's output for one contract with one immutable variable, syntax-tree id 7."""
    return {
        "abi": [],
        "storageLayout": {"storage": [{"astId": 41, "label": "heads", "slot": "0"}], "types": None},
        "evm": {
            "bytecode": {"object": "60ff", "linkReferences": links or {}},
            "deployedBytecode": {
                "object": "00" * code_bytes,
                "immutableReferences": {"7": [{"start": 1, "length": 32}]},
            },
            "methodIdentifiers": {},
        },
    }


def build(**changes: Any) -> Artifact:
    return artifact("contracts/src/Trails.sol", "Trails", compiled(**changes), {"7": "born"}, {"version": "0.8.37"})


def test_artifact_names_immutables_and_leaves_ids_out() -> None:
    content = json.loads(build().text)
    assert content["immutableReferences"] == {"born": [{"start": 1, "length": 32}]}
    assert content["storageLayout"]["storage"] == [{"label": "heads", "slot": "0"}]
    assert content["bytecode"] == "0x60ff"


def test_code_at_the_limit_passes_and_one_byte_more_is_refused() -> None:
    build(code_bytes=MAX_CODE_BYTES)
    with pytest.raises(CompileError, match="Trails: 24577 bytes of code, 1 over"):
        build(code_bytes=MAX_CODE_BYTES + 1)


def test_contract_that_needs_linking_is_refused() -> None:
    with pytest.raises(CompileError, match="needs linking"):
        build(links={"contracts/src/Library.sol": {}})


@pytest.mark.parametrize(
    ("severity", "file", "fault"),
    [
        ("error", "@openzeppelin/contracts/x.sol", True),
        ("warning", "@openzeppelin/contracts/x.sol", False),
        ("warning", "contracts/src/Trails.sol", True),
        ("info", "contracts/src/Trails.sol", False),
    ],
)
def test_warnings_are_faults_in_our_sources_only(severity: str, file: str, fault: bool) -> None:
    assert is_fault({"severity": severity, "sourceLocation": {"file": file}}) is fault


def test_warning_without_a_place_is_ours() -> None:
    assert is_fault({"severity": "warning"})


def test_artifact_tampered_missing_or_left_over_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_contracts, "ARTIFACTS", tmp_path / "artifacts")
    built = (build(), Artifact("Seals", "{}\n"))
    assert differing(built) == ("Seals", "Trails")
    write(built)
    assert differing(built) == ()
    built[0].path.write_text(built[0].text.replace("60ff", "60fe"), encoding="utf-8")
    assert differing(built) == ("Trails",)
    write((built[0],))
    assert differing((built[0],)) == ()
    assert differing(()) == ("Trails",)


@pytest.mark.needs("solc")
def test_committed_artifacts_are_those_of_the_sources() -> None:
    assert differing(compile_contracts.build_artifacts()) == ()
