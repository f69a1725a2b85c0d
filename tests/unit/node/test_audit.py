"""The store's audit: clean on a sound chain, and every change of a byte that matters is named."""

import random
import sqlite3
from pathlib import Path

import pytest

from node.embedded.audit import verify_store
from node.embedded.store import STORE_FILE
from tests.ports.bytecode import words
from tests.unit.node.chains import account, deployed, new_network

BLOCKS = 4


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a few blocks, closed."""
    folder = tmp_path_factory.mktemp("sound")
    bench, contract = deployed(folder)
    for nonce in range(1, 1 + BLOCKS * 3):
        bench.chain.submit(account().sign_transaction(nonce, contract, words(1, nonce, 5), 100_000).raw)
        if nonce % 3 == 0:
            assert bench.seal() is not None
    bench.chain.database.close()
    return folder / STORE_FILE


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    target = tmp_path / STORE_FILE
    source, changed = sqlite3.connect(sound), sqlite3.connect(target)
    source.backup(changed)
    changed.execute("PRAGMA journal_mode=DELETE")
    source.close()
    changed.close()
    return target


def _codes(path: Path) -> set[str]:
    return {fault.code for fault in verify_store(path, new_network())}


def _edit(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_sound_store_has_no_fault_and_progress_is_told(copy: Path) -> None:
    told: list[int] = []
    assert list(verify_store(copy, new_network(), told.append)) == []
    assert told == list(range(BLOCKS + 2))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE block SET hash=zeroblob(32) WHERE number=2", {"BLOCK_HASH"}),
        ("UPDATE block SET header=zeroblob(500) WHERE number=2", {"HEADER"}),
        ("UPDATE block SET header='text' WHERE number=2", {"HEADER"}),
        ("UPDATE block SET header=5 WHERE number=5", {"HEADER"}),
        ("DELETE FROM block WHERE number=3", {"BLOCK_MISSING", "TRANSACTION"}),
        ("DELETE FROM tx WHERE number=2 AND position=1", {"TRANSACTIONS_ROOT", "RECEIPTS_ROOT"}),
        ("UPDATE tx SET raw=zeroblob(9) WHERE number=2 AND position=1", {"TRANSACTION"}),
        ("UPDATE tx SET raw=7 WHERE number=2 AND position=1", {"TRANSACTION"}),
        ("UPDATE tx SET hash=zeroblob(32) WHERE number=2 AND position=1", {"TRANSACTION"}),
        ("UPDATE tx SET sender=zeroblob(20) WHERE number=2 AND position=1", {"SENDER"}),
        ("UPDATE tx SET first_log=9 WHERE number=2 AND position=1", {"LOG_INDEX"}),
        (
            "UPDATE tx SET receipt=(SELECT receipt FROM tx WHERE number=3 AND position=0) WHERE number=2",
            {"RECEIPTS_ROOT"},
        ),
        ("DELETE FROM posting WHERE number=2", {"POSTINGS"}),
        ("INSERT INTO posting VALUES (1,2,0)", {"POSTINGS"}),
        ("UPDATE node SET value=zeroblob(40) WHERE rowid=3", {"NODE"}),
        ("UPDATE node SET value=12 WHERE rowid=3", {"NODE"}),
        ("CREATE TABLE extra (x)", {"STORE_SCHEMA"}),
    ],
)
def test_attack_a_changed_record_is_named(copy: Path, statement: str, expected: set[str]) -> None:
    _edit(copy, statement)
    assert expected <= _codes(copy)


def test_attack_a_state_with_a_node_missing(copy: Path) -> None:
    _edit(copy, "DELETE FROM node WHERE rowid=(SELECT MAX(rowid) FROM node)")
    assert _codes(copy) & {"STATE", "STATE_ROOT"}


def test_attack_a_history_sealed_by_another_key(copy: Path) -> None:
    network = new_network()
    other = type(network)(network.chain_id, b"\x01" * 20, network.timestamp)
    codes = {fault.code for fault in verify_store(copy, other)}
    assert {"GENESIS", "SEAL"} <= codes


def test_attack_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / STORE_FILE
    assert _codes(path) == {"STORE_UNREADABLE"}
    path.write_bytes(b"not a database" * 1000)
    assert _codes(path) == {"STORE_UNREADABLE"}


def _content(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    content = list(connection.iterdump())
    connection.close()
    return content


@pytest.mark.parametrize("seed", range(60))
def test_attack_one_bit_flipped_anywhere_is_found_or_changes_no_record(copy: Path, seed: int) -> None:
    before = _content(copy)
    raw = bytearray(copy.read_bytes())
    source = random.Random(seed)
    raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
    copy.write_bytes(raw)
    if not _codes(copy):
        assert _content(copy) == before


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_attack_a_store_cut_short_is_reported_and_never_crashes_the_audit(copy: Path, share: float) -> None:
    raw = copy.read_bytes()
    copy.write_bytes(raw[: int(len(raw) * share)])
    assert _codes(copy)
