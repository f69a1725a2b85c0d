"""A data folder's first run: nothing made twice, nothing readable by others, no other version's ledger opened."""

import secrets
from pathlib import Path

import pytest

from api import founding
from api.founding import DataFolder
from api.supervisor import take_lock
from ledger.errors import Conflict, InvalidInput


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    founding.prepare(folder, secrets.token_bytes)
    return folder


def contents(folder: DataFolder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_second_run_changes_nothing(folder: DataFolder) -> None:
    before = contents(folder)
    founding.prepare(folder, secrets.token_bytes)
    assert contents(folder) == before


def test_run_that_was_cut_off_is_completed(folder: DataFolder) -> None:
    before = founding.read_relay_key(folder)
    (folder.keys / "council-2.json").unlink()
    folder.master_key_file.unlink()
    founding.prepare(folder, secrets.token_bytes)
    assert founding.read_relay_key(folder) == before
    assert len(founding.council_addresses(folder).members) == founding.MEMBERS
    assert folder.master_key_file.exists()


def test_secrets_are_readable_by_their_owner_alone(folder: DataFolder) -> None:
    assert folder.path.stat().st_mode & 0o077 == 0
    for path in (folder.relay_key_file, folder.master_key_file, folder.password_file, *folder.keys.glob("*.json")):
        assert path.stat().st_mode & 0o077 == 0


def test_council_keys_open_and_rise(folder: DataFolder) -> None:
    signers = founding.council_signers(folder)
    assert tuple(signer.address for signer in signers) == founding.council_addresses(folder).members


def test_ledger_of_other_contracts_is_not_opened(folder: DataFolder) -> None:
    folder.version_file.write_text("00" * 32 + "\n")
    with pytest.raises(Conflict) as caught:
        founding.prepare(folder, secrets.token_bytes)
    assert caught.value.code == "CONTRACTS_OF_ANOTHER_VERSION"


def test_folder_set_aside_keeps_everything(folder: DataFolder) -> None:
    before = sorted(path.name for path in folder.path.rglob("*"))
    folder.path.with_name("data.1").mkdir()
    place = founding.set_aside(folder)
    assert place.name == "data.2"
    assert sorted(path.name for path in place.rglob("*")) == before
    assert not folder.path.exists()


def test_second_supervisor_is_kept_out(folder: DataFolder) -> None:
    with take_lock(folder.path):
        with pytest.raises(Conflict) as caught:
            take_lock(folder.path)
        assert caught.value.code == "DATA_IN_USE"
    take_lock(folder.path).close()


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_password_file_that_gives_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        founding.read_password(path)
    assert caught.value.code == "PASSWORD_FILE"
