"""One call audits a folder, whatever state it is in."""

from pathlib import Path

import pytest

from node.embedded import store
from node.embedded.checks import audit_folder
from tests.unit.node.chains import deployed


def _codes(folder: Path) -> list[str]:
    return [fault.code for fault in audit_folder(folder, execute=True)]


def test_a_sound_folder_passes_and_tells_its_stages(tmp_path: Path) -> None:
    deployed(tmp_path)[0].chain.database.close()
    told: list[tuple[str, int]] = []
    assert list(audit_folder(tmp_path, execute=True, progress=lambda *step: told.append(step))) == []
    assert told == [("records", 0), ("records", 1), ("execution", 1)]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "huxin-network/1"}', "\ud800"])
def test_attack_a_network_file_that_is_none(tmp_path: Path, content: str) -> None:
    deployed(tmp_path)[0].chain.database.close()
    (tmp_path / store.NETWORK_FILE).write_bytes(content.encode("utf-8", "surrogatepass"))
    assert _codes(tmp_path) == ["NETWORK_FILE"]


def test_an_empty_folder_has_no_chain(tmp_path: Path) -> None:
    assert _codes(tmp_path) == ["NETWORK_FILE"]


def test_attack_another_network_put_over_the_chain(tmp_path: Path) -> None:
    deployed(tmp_path)[0].chain.database.close()
    file = tmp_path / store.NETWORK_FILE
    file.write_text(file.read_text().replace("77001", "77002").replace("1699999990", "1699999980"))
    assert "GENESIS" in _codes(tmp_path)


def test_attack_a_store_that_is_gone(tmp_path: Path) -> None:
    deployed(tmp_path)[0].chain.database.close()
    (tmp_path / store.STORE_FILE).unlink()
    assert _codes(tmp_path) == ["STORE_UNREADABLE"]
