"""Each check of the doctor, in order and not; what does not answer is unknown, and nothing is made by looking."""

import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from api.doctor import chain as chain_checks
from api.doctor.chain import chain_of
from api.doctor.examine import examine, exit_code, row
from api.doctor.machine import clock_steady, folder_of, keys_of
from api.doctor.store import store_of
from api.founding import DataFolder, prepare
from api.index.indexer import beat
from api.services.finding import Finding
from api.settings import Settings
from api.store.store import Store, open_store
from ledger.crypto import keccak
from ledger.errors import Conflict
from ledger.vault import MasterKey, Vault
from ledger.world import CONTRACTS
from node.gateway.errors import ChainUnavailable
from node.network import Council, DeployedContract, LedgerNetwork

NOW = 1_800_000_000
GENESIS = keccak(b"genesis")
NETWORK = LedgerNetwork(
    7, "http://127.0.0.1:9", GENESIS, 0, Council((b"\x01" * 20,), 1),
    tuple(DeployedContract(name, keccak(name.encode())[:20], keccak(b"code")) for name in CONTRACTS),
)  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    prepare(DataFolder(data), os.urandom)
    return Settings(data=data)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    made = open_store(settings.database)
    yield made
    made.close()


def by_name(findings: Any) -> dict[str, Finding]:
    return {one.name: one for one in findings}


# --- folder, keys, clock


def test_key_file_that_others_can_read_is_named(settings: Settings) -> None:
    assert all(one.ok for one in folder_of(DataFolder(settings.data)))
    settings.master_key_file.chmod(0o640)
    (wrong,) = [one for one in folder_of(DataFolder(settings.data)) if not one.ok]
    assert (wrong.name, wrong.code, wrong.facts["mode"]) == ("permissions master.key", "SECRET_READABLE", "640")


@pytest.mark.parametrize("content", ["", "zz", "00" * 32, "11" * 31, None])
def test_relay_key_that_does_not_sign_is_found(settings: Settings, content: str | None) -> None:
    assert by_name(keys_of(DataFolder(settings.data)))["relay key"].ok
    if content is None:
        settings.relay_key_file.unlink()
    else:
        settings.relay_key_file.write_text(content)
    assert by_name(keys_of(DataFolder(settings.data)))["relay key"].verdict == "wrong"


def test_clock_that_jumps_or_stands_in_the_past_is_wrong() -> None:
    assert clock_steady((NOW, 5.0), (NOW + 2, 7.0)).ok
    assert clock_steady((NOW, 5.0), (NOW + 90, 7.0)).code == "CLOCK_JUMPED"
    assert clock_steady((NOW, 5.0), (NOW - 3600, 7.0)).code == "CLOCK_JUMPED"
    assert clock_steady((0.0, 5.0), (2.0, 7.0)).code == "CLOCK_IN_THE_PAST"


# --- store


def looked(settings: Settings, now: float = NOW) -> dict[str, Finding]:
    return by_name(store_of(settings, lambda: now, os.urandom))


def test_missing_database_is_unknown_and_is_not_made(settings: Settings) -> None:
    assert looked(settings)["store"].verdict == "unknown"
    assert not (settings.data / "huxin.db").exists()


def test_database_in_order_is_written_to_and_left_as_it_was(settings: Settings, store: Store) -> None:
    with store.db.write() as connection:
        beat(connection, "relay", NOW, {"error": None})
    found = looked(settings)
    assert {name for name, one in found.items() if one.ok} == {"migration", "store", "outbox", "relay", "master key"}
    assert store.outcomes.heartbeat("doctor") is None


def test_database_that_cannot_be_written_to_is_not_fine(settings: Settings, store: Store) -> None:
    with sqlite3.connect(settings.data / "huxin.db") as connection:
        connection.execute("DROP TABLE heartbeats")
    assert "unknown" in {one.verdict for one in looked(settings).values()}
    assert "store" not in {name for name, one in looked(settings).items() if one.ok}
    store.close()


def test_file_that_is_no_database_is_unknown(settings: Settings) -> None:
    (settings.data / "huxin.db").write_bytes(b"not a database at all" * 500)
    assert looked(settings)["store"].verdict == "unknown"


def test_tables_of_another_version_are_wrong(settings: Settings, store: Store) -> None:
    with store.db.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    found = looked(settings)
    assert found["migration"].code == "MIGRATION_DIFFERS"
    assert set(found) == {"migration"}


def test_silent_relay_and_a_clock_behind_it(settings: Settings, store: Store) -> None:
    assert looked(settings)["relay"].code == "RELAY_SILENT"
    with store.db.write() as connection:
        beat(connection, "relay", NOW, {})
    assert looked(settings, NOW + 60)["relay"].code == "RELAY_SILENT"
    assert looked(settings, NOW - 60)["relay"].code == "CLOCK_BEHIND_RELAY"


def test_act_that_waits_too_long_is_told(settings: Settings, store: Store) -> None:
    values = "(1,'trails',x'00','[]',1,1,:at,'queued')"
    with store.db.write() as connection:
        columns = "(id,contract,payload,lanes,gas,acts,received_at,state)"
        connection.execute(text(f"INSERT INTO outbox_entries {columns} VALUES {values}"), {"at": NOW - 500})  # noqa: S608
    assert (looked(settings)["outbox"].code, looked(settings)["outbox"].facts["acts"]) == ("OUTBOX_STALE", "1")


def test_master_key_of_another_ledger_does_not_open_what_is_stored(settings: Settings, store: Store) -> None:
    other = Vault(MasterKey(b"\x01" * 32), os.urandom)
    store.documents.keep_key(b"\x05" * 32, other.new_case_key(b"\x05" * 32))
    assert looked(settings)["master key"].code == "VAULT_MASTER_KEY_UNKNOWN"


# --- chain


@dataclass
class Chain:
    """A chain as the doctor sees it through the gateway."""

    number: int = 9
    time: int = NOW
    waiting: int = 0
    moves: bool = False
    contract_code: bytes = b"code"
    genesis: bytes = GENESIS
    hashes: dict[int, bytes] = field(default_factory=dict)

    def block(self, _tag: str) -> Any:
        return SimpleNamespace(number=self.number, timestamp=self.time)

    def head(self) -> int:
        self.number += self.moves
        return self.number

    def final_head(self) -> int:
        return self.number

    def block_hash(self, number: int) -> bytes | None:
        return self.genesis if number == 0 else self.hashes.get(number)

    def code(self, _address: bytes) -> bytes:
        return self.contract_code

    def nonce(self, _address: bytes) -> int:
        return 4

    def pending_nonce(self, _address: bytes) -> int:
        return 4 + self.waiting


def ask(settings: Settings, chain: Chain | Exception, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:
    def connect(*_: object) -> Chain:
        if isinstance(chain, Exception):
            raise chain
        return chain

    monkeypatch.setattr(chain_checks, "Gateway", connect)
    return by_name(chain_of(settings, NETWORK, lambda: NOW, lambda _seconds: None))


def test_idle_chain_without_transactions_is_in_order(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(settings, Chain(time=NOW - 86_400), monkeypatch)
    assert found["chain"].ok
    assert found["chain"].facts["state"] == "idle"


def test_chain_with_transactions_must_move(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(settings, Chain(waiting=2, moves=True, time=NOW - 500), monkeypatch)["chain"].ok
    assert ask(settings, Chain(waiting=2, time=NOW - 500), monkeypatch)["chain"].code == "CHAIN_STUCK"
    assert ask(settings, Chain(waiting=2, time=NOW - 1), monkeypatch)["chain"].verdict == "unknown"


def test_outage_is_unknown_and_nothing_of_it_fine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(settings, ChainUnavailable("CHAIN_UNREACHABLE", "no answer", "无应答"), monkeypatch)
    assert {one.verdict for one in found.values()} == {"unknown"}
    assert set(found) == {"chain", "contracts", "index", "clock"}


def test_another_chain_is_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Conflict("CHAIN_ID_MISMATCH", "another chain", "另一条链")
    assert ask(settings, other, monkeypatch)["chain"].code == "CHAIN_ID_MISMATCH"
    assert ask(settings, Chain(genesis=bytes(32)), monkeypatch)["chain"].code == "GENESIS_DIFFERS"


def test_changed_contract_and_a_slow_clock_are_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(settings, Chain(contract_code=b"other"), monkeypatch)["contracts"].code == "CONTRACTS_DIFFER"
    assert ask(settings, Chain(time=NOW + 31), monkeypatch)["clock"].code == "CLOCK_BEHIND_CHAIN"


@pytest.mark.parametrize(
    ("indexed", "hashes", "code"),
    [
        (9, {9: b"h" * 32}, ""),
        (2, {2: b"h" * 32}, "INDEX_BEHIND"),
        (9, {9: b"x" * 32}, "INDEX_OF_ANOTHER_CHAIN"),
        (12, {}, "INDEX_OF_ANOTHER_CHAIN"),
    ],
)
def test_index_must_follow_this_very_chain(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, indexed: int, hashes: dict[int, bytes], code: str
) -> None:
    with store.db.write() as connection:
        connection.execute(
            text("INSERT INTO blocks (number, hash, parent_hash, timestamp, acts) VALUES (:n, :h, :h, 1, 0)"),
            {"n": indexed, "h": b"h" * 32},
        )
    assert ask(settings, Chain(hashes=hashes), monkeypatch)["index"].code == code


def test_divergence_is_wrong(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.db.write() as connection:
        beat(connection, "index", NOW, {"diverged": {"block": 3}})
    assert ask(settings, Chain(), monkeypatch)["index"].code == "INDEX_DIVERGED"


# --- all of it


def test_exit_code_and_advice() -> None:
    ok, wrong, unknown = (Finding("x", one, "中", "en", "CODE", "做", "do") for one in ("ok", "wrong", "unknown"))
    assert [exit_code(some) for some in ([ok], [ok, unknown], [unknown, wrong])] == [0, 3, 1]
    assert row(wrong, machine=False)["怎么办 to do"] == "做 / do"
    assert row(ok, machine=False)["怎么办 to do"] == ""
    assert row(unknown, machine=True)["verdict"] == "unknown"


def test_ledger_at_rest_is_examined_to_the_end(settings: Settings) -> None:
    machine = SimpleNamespace(clock=time.time, monotonic=time.monotonic, random_bytes=os.urandom)
    found = by_name(examine(settings, "http://127.0.0.1:9", machine, lambda _seconds: None))
    assert found["network"].verdict == found["http"].verdict == found["store"].verdict == "unknown"
    assert found["relay key"].ok
    assert found["clock steady"].ok
    assert exit_code(tuple(found.values())) == 3


def test_folder_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    machine = SimpleNamespace(clock=time.time, monotonic=time.monotonic, random_bytes=os.urandom)
    found = by_name(examine(Settings(data=tmp_path / "no"), "http://127.0.0.1:9", machine, lambda _seconds: None))
    assert found["data"].code == "DATA_MISSING"
    assert not (tmp_path / "no").exists()
