"""A backup of a ledger with everything in it, put back; and backups that somebody tampered with."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api.backup.making import Machine, backup
from api.backup.restoring import Restored, Secrets, restore
from api.settings import Settings
from api.store.models import StoredDocument
from api.store.store import open_store
from api.upkeep import rebuild_index
from ledger.errors import Conflict, HuxinError, InvalidInput, Unavailable
from scripts.postgres import PostgresServer, postgres_binaries
from tests.e2e.running import run

pytestmark = pytest.mark.timeout(600)
PASSWORD = "a password of the test"
Members = dict[str, bytes]


def quiet(_stage: str, _done: int, _of: int) -> None:
    pass


def make(data: Path, target: Path, password: str | None = PASSWORD) -> Path:
    backup(Settings(data=data), target, Machine(time.time, os.urandom, os.environ), password, quiet)
    return target


def put_back(source: Path, data: Path, password: str = PASSWORD, keys: Path | None = None) -> Restored:
    secrets = Secrets(None if keys else lambda: password, keys)
    return restore(source, Settings(data=data), secrets, os.environ, quiet)


@pytest.fixture(scope="module")
def saved(played: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(played[0], tmp_path_factory.mktemp("backup") / "all.tar")


def members(source: Path) -> Members:
    with tarfile.open(source) as archive:
        return {one.name: file.read() for one in archive if (file := archive.extractfile(one)) is not None}


def packed(parts: Members, target: Path) -> Path:
    with tarfile.open(target, "w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 - our own names
    finally:
        connection.close()


def test_everything_comes_back_and_the_audit_is_clean(played: tuple[Path, Any], saved: Path, tmp_path: Path) -> None:
    restored = put_back(saved, tmp_path / "again")
    assert restored.audit is not None
    assert restored.audit.clean
    assert restored.audit.steps > 30
    assert restored.missing_keys == ()
    for table in ("outbox_acts", "documents", "vault_keys", "license_records", "steps", "relay_batches"):
        there = rows(tmp_path / "again" / "huxin.db", table)
        assert there == rows(played[0] / "huxin.db", table)
        assert there, table
    for name in ("master.key", "relay.key", "chain/validator.key", "keys/password"):
        assert (tmp_path / "again" / name).read_bytes() == (played[0] / name).read_bytes()
        assert (tmp_path / "again" / name).stat().st_mode & 0o777 == 0o600


def test_restored_ledger_runs_and_rebuilds_by_the_command(saved: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    data = str(tmp_path / "again")
    said = run("restore", "--from", str(saved), "--data", data, "--password-file", str(password))
    assert (said["clean"], said["audited"]) == (True, True)
    (tmp_path / "again" / "huxin.db").unlink()
    rebuilt = run("index", "rebuild", "--data", data)
    assert rebuilt["documentsMissing"] > 0
    assert rebuilt["licenseRecordsMissing"] > 0
    assert run("audit", "--data", data)["clean"]


def test_without_keys_none_is_in_it_and_the_operator_hears_of_it(played: tuple[Path, Any], tmp_path: Path) -> None:
    said = run("backup", "--data", str(played[0]), "--to", str(tmp_path / "b.tar"))
    assert said["keys"] == "excluded"
    content = (tmp_path / "b.tar").read_bytes()
    for name in ("master.key", "relay.key", "chain/validator.key", "keys/password"):
        assert (played[0] / name).read_text().strip().encode() not in content
    again = run("restore", "--from", str(tmp_path / "b.tar"), "--data", str(tmp_path / "r"))
    assert again["audited"] is False
    assert set(again["missingKeys"]) == {"master.key", "relay.key", "chain/validator.key"}
    with_keys = put_back(tmp_path / "b.tar", tmp_path / "r2", keys=played[0])
    assert with_keys.audit is not None
    assert with_keys.audit.clean


def test_sealed_keys_are_not_readable_in_the_file_nor_with_another_password(
    played: tuple[Path, Any], saved: Path, tmp_path: Path
) -> None:
    content = saved.read_bytes()
    assert (played[0] / "master.key").read_text().strip().encode() not in content
    with pytest.raises(InvalidInput, match="KEYS_PASSWORD"):
        put_back(saved, tmp_path / "r", password="another")
    assert not (tmp_path / "r").exists()


def test_signed_in_sessions_do_not_come_back(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(members(saved)["huxin.db"])
    assert rows(tmp_path / "copy.db", "sessions") == rows(tmp_path / "copy.db", "challenges") == []
    assert rows(tmp_path / "copy.db", "documents")


def flip(name: str) -> Callable[[Members], Members]:
    def change(parts: Members) -> Members:
        content = parts[name]
        middle = len(content) // 2
        return parts | {name: content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]}

    return change


def with_manifest(change: Callable[[Any], object]) -> Callable[[Members], Members]:
    def changed(parts: Members) -> Members:
        manifest = json.loads(parts["manifest.json"])
        change(manifest)
        return parts | {"manifest.json": json.dumps(manifest).encode()}

    return changed


ATTACKS: dict[str, Callable[[Members], Members]] = {
    "byte of the database": flip("huxin.db"),
    "byte of the chain": flip("chain/chain.sqlite"),
    "byte of the anchor": flip("network.json"),
    "byte of the keys": flip("keys.sealed"),
    "part left out": lambda parts: {name: one for name, one in parts.items() if name != "chain/chain.sqlite"},
    "part nobody named": lambda parts: parts | {"extra": b"x"},
    "way out of the folder": lambda parts: parts | {"../outside": b"x"},
    "absolute name": lambda parts: parts | {"/tmp/huxin-outside": b"x"},  # noqa: S108 - the attack
    "manifest that names a way out": with_manifest(
        lambda of: of["parts"].append({"name": "../outside", "bytes": 0, "sha256": ""})
    ),
    "manifest of another form": with_manifest(lambda of: of.update(format="huxin-backup/9")),
    "manifest with a part twice": with_manifest(lambda of: of["parts"].append(of["parts"][0])),
    "manifest not first": lambda parts: {"network.json": parts["network.json"], **parts},
    "manifest that is none": lambda parts: parts | {"manifest.json": b"[" * 5_000},
    "index ahead of the chain": with_manifest(lambda of: of["index"].update(number=of["index"]["number"] + 1)),
    "index of another chain": with_manifest(lambda of: of["index"].update(hash="0x" + "00" * 32)),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_tampered_backup_puts_nothing_in_place(saved: Path, tmp_path: Path, attack: str) -> None:
    parts = members(saved)
    source = packed(ATTACKS[attack](parts), tmp_path / "bad.tar")
    with pytest.raises(HuxinError) as caught:
        put_back(source, tmp_path / "r")
    assert caught.value.code in {"BACKUP_DAMAGED", "BACKUP_UNREADABLE", "BACKUP_INCONSISTENT"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar"]


def test_link_in_place_of_a_part_is_refused(saved: Path, tmp_path: Path) -> None:
    parts = members(saved)
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            if name == "huxin.db":
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = 0 if info.issym() else len(content)
            archive.addfile(info, None if info.issym() else io.BytesIO(content))
    with pytest.raises(InvalidInput, match="BACKUP_DAMAGED"):
        put_back(tmp_path / "bad.tar", tmp_path / "r")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_cut_backup_puts_nothing_in_place(saved: Path, tmp_path: Path, share: float) -> None:
    content = saved.read_bytes()
    (tmp_path / "cut.tar").write_bytes(content[: int(len(content) * share * 0.98)])
    with pytest.raises(InvalidInput, match="BACKUP_"):
        put_back(tmp_path / "cut.tar", tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_neither_a_folder_nor_a_file_is_overwritten(played: tuple[Path, Any], saved: Path, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "something").touch()
    with pytest.raises(Conflict, match="DATA_NOT_EMPTY"):
        put_back(saved, tmp_path / "r")
    with pytest.raises(Conflict, match="BACKUP_EXISTS"):
        make(played[0], saved)


def test_index_that_is_ahead_of_its_chain_is_not_backed_up(played: tuple[Path, Any], tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(played[0], data)
    connection = sqlite3.connect(data / "chain" / "chain.sqlite")
    connection.execute("DELETE FROM block WHERE number = (SELECT MAX(number) FROM block)")
    connection.commit()
    connection.close()
    with pytest.raises(Conflict, match="BACKUP_INCONSISTENT"):
        make(data, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


# --- rebuilding


class Interrupted(Exception):
    """As by Ctrl-C."""


def test_interrupted_rebuild_goes_on_and_ends_the_same(played: tuple[Path, Any], tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(played[0], data)
    machine = Machine(time.time, os.urandom, os.environ)

    def stop_half_way(done: int, last: int) -> None:
        if done > last // 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        rebuild_index(Settings(data=data), machine, stop_half_way)
    half = len(rows(data / "huxin.db", "blocks"))
    done = rebuild_index(Settings(data=data), machine, lambda _done, _of: None)
    assert done.resumed
    assert done.blocks + half == len(rows(played[0] / "huxin.db", "blocks"))
    for table in ("blocks", "outcomes", "steps", "cases", "grants", "licenses", "outbox_acts", "outbox_entries"):
        assert rows(data / "huxin.db", table) == rows(played[0] / "huxin.db", table), table
    again = rebuild_index(Settings(data=data), machine, lambda _done, _of: None)
    assert not again.resumed
    assert again.blocks == done.blocks + half


# --- PostgreSQL


@pytest.mark.needs("postgresql")
def test_postgresql_comes_back_by_its_own_programs(
    played: tuple[Path, Any], postgres: PostgresServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(played[0], data)
    (data / "huxin.db").unlink()
    live = Settings(data=data, database_url=postgres.create())
    variables = {**os.environ, "PATH": f"{postgres_binaries()}:{os.environ['PATH']}"}
    machine = Machine(time.time, os.urandom, variables)
    rebuild_index(live, machine, lambda _done, _of: None)
    sealed = StoredDocument(b"\x01" * 32, b"\x02" * 32, "materials", b"sealed", 7, 8)
    with closing(open_store(live.database)) as store:
        store.documents.put(sealed)
    backup(live, tmp_path / "pg.tar", machine, PASSWORD, quiet)
    assert {"huxin.pgdump", "chain/chain.sqlite"} <= set(members(tmp_path / "pg.tar"))

    new = Settings(data=tmp_path / "again", database_url=postgres.create())
    restored = restore(tmp_path / "pg.tar", new, Secrets(lambda: PASSWORD), variables, quiet)
    assert restored.audit is not None
    assert restored.audit.clean
    assert restored.audit.index_rows > 50
    with closing(open_store(new.database)) as store:
        assert store.documents.get(sealed.case_key, sealed.root) == sealed
    with pytest.raises(Conflict, match="DATABASE_NOT_EMPTY"):
        restore(
            tmp_path / "pg.tar", new.model_copy(update={"data": tmp_path / "third"}), Secrets(lambda: PASSWORD),
            variables, quiet,
        )  # fmt: skip
    assert not (tmp_path / "third").exists()
    with pytest.raises(Unavailable, match="PG_PROGRAM_MISSING"):
        backup(live, tmp_path / "none.tar", Machine(time.time, os.urandom, {"PATH": str(tmp_path)}), None, quiet)
    assert not (tmp_path / "none.tar").exists()
