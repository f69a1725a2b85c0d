"""A copy is of one moment, however much is written meanwhile."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from api.backup import keys, sqlite
from ledger.errors import InvalidInput, NotFound


def database(path: Path, rows: int = 20_000) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE pair (a INTEGER, b INTEGER, filling BLOB)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO pair VALUES (?, ?, zeroblob(400))", ((n, n) for n in range(rows)))
        connection.execute("COMMIT")
    return path


def test_copy_under_load_is_of_one_moment_and_begun_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_PAGES", 500)
    source, stopping = database(tmp_path / "live.db"), threading.Event()
    written = []

    def write() -> None:
        with closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as connection:
            while not stopping.is_set():
                # both columns in one transaction: a copy that tears sees them differ
                connection.execute("UPDATE pair SET a = a + 1, b = b + 1")
                written.append(1)

    told: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        # at each step of the copy another commit has come in between
        seen = len(written)
        while len(written) <= seen and thread.is_alive():
            pass
        told.append((done, of))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        sqlite.copy(source, tmp_path / "copy.db", progress)
    finally:
        stopping.set()
        thread.join()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT COUNT(*), SUM(a - b), COUNT(DISTINCT a - rowid) FROM pair").fetchone() == (
            20_000,
            0,
            1,
        )
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert not (tmp_path / "copy.db-wal").exists()


def test_copy_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="NOTHING_TO_BACK_UP"):
        sqlite.copy(tmp_path / "none.db", tmp_path / "copy.db", lambda _done, _of: None)


def test_damaged_pages_are_found(tmp_path: Path) -> None:
    source = database(tmp_path / "live.db", 2_000)
    content = bytearray(source.read_bytes())
    content[8192:12288] = bytes(4096)
    source.write_bytes(content)
    with pytest.raises(InvalidInput, match="BACKUP_DAMAGED"):
        sqlite.check(source)


def test_sealed_keys_cannot_place_a_file_elsewhere(tmp_path: Path) -> None:
    """Whoever knows the password must still not write where no key file belongs."""
    for name in ("../relay.key", "keys/../../x", "/etc/x", "huxin.db", "keys/"):
        with pytest.raises(InvalidInput, match="KEY_FILE_UNKNOWN"):
            keys.put_in_place({name: "x"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_changed_byte_of_sealed_keys_is_found() -> None:
    sealed = keys.seal({"relay.key": "secret"}, "password", bytes)
    assert keys.unseal(sealed, "password") == {"relay.key": "secret"}
    for at in (0, 4, 20, 32, len(sealed) - 1):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(InvalidInput, match="KEYS_PASSWORD"):
            keys.unseal(changed, "password")
