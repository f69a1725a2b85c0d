"""Our own records: documents, sessions, licenses; and the schema itself."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from api.store.lazy import LazyMap, LazySet
from api.store.models import LicenseRecordRow, Session, StoredDocument
from api.store.schema import Unsigned, metadata
from api.store.store import Store, open_store
from ledger.crypto import keccak


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'a.db'}")


def test_migrations_make_exactly_the_declared_tables(store: Store) -> None:
    with store.db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


def test_upgrading_again_changes_nothing_and_keeps_records(tmp_path: Path, store: Store) -> None:
    store.sessions.add_challenge("n", b"a" * 20, 10)
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    assert again.sessions.take_challenge("n", 5) == b"a" * 20
    again.close()


def test_challenge_answered_twice_or_late_is_refused(store: Store) -> None:
    for nonce in ("once", "late"):
        store.sessions.add_challenge(nonce, b"a" * 20, 10)
    assert store.sessions.take_challenge("once", 9) == b"a" * 20
    assert store.sessions.take_challenge("once", 9) is None
    assert store.sessions.take_challenge("late", 10) is None
    assert store.sessions.take_challenge("unknown", 0) is None
    store.close()


def test_session_ends_at_its_time_and_at_sign_out(store: Store) -> None:
    session = Session(keccak(b"token"), b"a" * 20, 2**33 + 1, 0, 10)
    store.sessions.add(session)
    assert store.sessions.get(session.token_hash, 9) == session
    assert store.sessions.get(session.token_hash, 10) is None
    store.sessions.remove(session.token_hash)
    assert store.sessions.get(session.token_hash, 9) is None
    store.close()


def test_first_document_and_first_key_of_a_case_stay(store: Store) -> None:
    document = StoredDocument(b"c" * 32, b"r" * 32, "materials", b"sealed", 5, 1)
    assert store.documents.put(document)
    assert not store.documents.put(StoredDocument(b"c" * 32, b"r" * 32, "materials", b"other", 6, 2))
    assert store.documents.get(b"c" * 32, b"r" * 32) == document
    assert store.documents.keep_key(b"c" * 32, b"first") == b"first"
    assert store.documents.keep_key(b"c" * 32, b"second") == b"first"
    store.documents.replace(b"c" * 32, b"r" * 32, b"less")
    assert [one.sealed for one in store.documents.of_case(b"c" * 32)] == [b"less"]
    assert [one.case_key for one in store.documents.find(b"r" * 32)] == [b"c" * 32]
    store.close()


def test_reads_are_paged_in_order(store: Store) -> None:
    for at in range(5):
        store.documents.log_read(b"c" * 32, None, 7, at, "case")
    first = store.documents.reads(b"c" * 32, 3)
    rest = store.documents.reads(b"c" * 32, 3, first.after)
    assert [one.at for one in (*first.items, *rest.items)] == [0, 1, 2, 3, 4]
    assert rest.after is None
    store.close()


def test_license_records_and_leaves_of_a_batch(store: Store) -> None:
    row = LicenseRecordRow(b"l" * 32, 1, b"body", b"3" * 32, b"2" * 32, b"k" * 32, b"sealed", 9)
    assert store.licenses.put([row, row]) == 1
    assert store.licenses.put([row]) == 0
    assert store.licenses.by_digest(b"3" * 32) == store.licenses.by_lookup(b"k" * 32) == (row,)
    leaves = [keccak(bytes((number,))) for number in range(5)]
    assert store.licenses.put_batch(b"r" * 32, 1, leaves, 9)
    assert not store.licenses.put_batch(b"r" * 32, 1, leaves, 9)
    assert store.licenses.batch_leaves(b"r" * 32) == tuple(leaves)
    assert store.licenses.batch_of(leaves[3]) == b"r" * 32
    assert store.licenses.batch_leaves(b"x" * 32) is None
    store.close()


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_ids_keep_their_value_and_order_as_bytes(left: int, right: int) -> None:
    column, dialect = Unsigned(8), sqlite.dialect()
    stored = [column.process_bind_param(one, dialect) for one in (left, right)]
    assert [column.process_result_value(one, dialect) for one in stored] == [left, right]
    assert (stored[0] < stored[1]) == (left < right)  # type: ignore[operator]


def test_lazy_map_asks_once_and_knows_what_changed() -> None:
    asked: list[int] = []

    def fetch(keys: list[int]) -> dict[int, list[int]]:
        asked.extend(keys)
        return {key: [key] for key in keys if key < 10}

    lazy: LazyMap[int, list[int]] = LazyMap(fetch, lambda _key, value: tuple(value))
    assert 11 not in lazy
    assert lazy.get(11) is None
    lazy.prefetch((1, 2))
    lazy[1].append(5)
    lazy[11] = [0]
    del lazy[2]
    _ = lazy[3]
    assert sorted(asked) == [1, 2, 3, 11]
    assert {key: now for key, _, _, now in lazy.changes()} == {1: (1, 5), 2: None, 11: (0,)}
    lazy.settle()
    assert list(lazy.changes()) == []


def test_lazy_set_asks_once() -> None:
    asked: list[int] = []

    def fetch(keys: list[int]) -> set[int]:
        asked.extend(keys)
        return {1}.intersection(keys)

    lazy: LazySet[int] = LazySet(fetch)
    assert 1 in lazy
    assert 2 not in lazy
    lazy.add(2)
    assert 2 in lazy
    assert asked == [1, 2]
