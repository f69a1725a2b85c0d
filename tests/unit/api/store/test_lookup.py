"""Licenses by the digest of their file, on both databases: one statement tells all that several others do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from api.store import index_tables as t
from api.store.lookup import Answer, LicenseLookup
from api.store.own_tables import license_leaves, license_records
from api.store.store import Store, open_store
from ledger.ids import scoped
from ledger.records import LicenseRecord, Status

FILE, OTHER = b"f" * 32, b"o" * 32
BODY = bytes(320)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = open_store(database_url)
    made.start_writer()
    yield made
    made.close()


def license_row(leaf: bytes, sm3: bytes | None = FILE, **fields: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("identifier", "holder", "case_key", "supersedes", "batch"))
    return {
        "leaf": leaf, "valid_from": 1, "valid_until": 9, "status": 1, "stopped_at": 0, "issuer": 3, "seal": 4,
        "case_tag": 5, "item": scoped(3, 1), "sm3": sm3, "sha256": None, "block": 7, **blank, **fields,
    }  # fmt: skip


def record_row(leaf: bytes, sm3: bytes = FILE) -> dict[str, Any]:
    return {
        "leaf": leaf, "issuer": 3, "body": BODY, "sm3": sm3, "sha256": OTHER, "lookup": b"", "sealed": b"",
        "created_at": 1,
    }  # fmt: skip


def enter(store: Store, table: Any, *rows: dict[str, Any]) -> None:
    with store.db.write() as connection:
        connection.execute(insert(table), list(rows))


def head(store: Store, number: int) -> None:
    blank = {"hash": b"h" * 32, "parent_hash": b"p" * 32, "timestamp": 1, "acts": 0}
    enter(store, t.blocks, {"number": number, **blank})


def asked(lookup: LicenseLookup, algorithm: str, digest: bytes) -> Answer:
    """The answer, which is the same on both ways where there are two."""
    answer = lookup.by_digest(algorithm, digest)
    if lookup.is_quick:
        assert lookup.at_once(algorithm, digest) == answer
    return answer


def test_nothing_known(store: Store) -> None:
    assert asked(store.lookup, "sm3", FILE) == Answer(-1, ())
    head(store, 12)
    assert asked(store.lookup, "sm3", FILE) == Answer(12, ())


def test_everything_of_each_license_of_a_file(store: Store) -> None:
    head(store, 12)
    enter(
        store, t.licenses, license_row(b"b" * 32, status=2, stopped_at=6), license_row(b"a" * 32),
        license_row(b"n" * 32, None, supersedes=b"a" * 32), license_row(b"x" * 32, OTHER),
    )  # fmt: skip
    enter(store, license_records, record_row(b"a" * 32), record_row(b"r" * 32))
    enter(store, license_leaves, {"root": b"t" * 32, "place": 0, "leaf": b"r" * 32})
    answer = asked(store.lookup, "sm3", FILE)
    first, second, third = answer.found
    assert (first.leaf, first.body, first.superseded_by, first.batch, first.block) == (
        b"a" * 32, BODY, b"n" * 32, None, 7,
    )  # fmt: skip
    assert first.record == LicenseRecord(1, 9, Status.ACTIVE, 0, 3, 4, 5)
    assert second.record == LicenseRecord(1, 9, Status.SUSPENDED, 6, 3, 4, 5)
    assert (second.body, second.superseded_by) == (None, None)
    assert (third.leaf, third.record, third.body, third.batch) == (b"r" * 32, None, BODY, b"t" * 32)


def of_a_batch(leaf: bytes, issuer: int, **fields: Any) -> dict[str, Any]:
    """What an agency has made of a leaf that it has put into a batch."""
    return license_row(leaf, None, issuer=issuer, item=None, **fields)


def test_what_another_agency_makes_of_a_leaf_is_not_looked_at(store: Store) -> None:
    single, in_batch = b"a" * 32, b"r" * 32
    enter(
        store, t.licenses, license_row(single), of_a_batch(single, 2, status=3), of_a_batch(in_batch, 2, status=3),
        license_row(b"n" * 32, OTHER, issuer=2, item=scoped(2, 1), supersedes=single),
    )  # fmt: skip
    enter(store, license_records, record_row(in_batch))
    enter(store, license_leaves, {"root": b"t" * 32, "place": 0, "leaf": in_batch})
    first, second = asked(store.lookup, "sm3", FILE).found
    assert (first.leaf, first.superseded_by) == (single, None)
    assert first.record == LicenseRecord(1, 9, Status.ACTIVE, 0, 3, 4, 5)
    assert (second.leaf, second.record, second.batch) == (in_batch, None, b"t" * 32)
    assert [store.licenses.issuer_of(leaf) for leaf in (single, in_batch, b"x" * 32)] == [3, 3, None]
    assert [row.issuer for row in store.registry.licenses_of(single)] == [2, 3]
    assert store.registry.superseded_by(single, 3) is None
    assert store.registry.superseded_by(single, 2) == b"n" * 32


def test_license_of_a_batch_that_was_changed_is_not_lost_where_its_batch_is_kept_elsewhere(store: Store) -> None:
    enter(store, t.licenses, of_a_batch(b"r" * 32, 3))
    enter(store, license_records, record_row(b"r" * 32))
    (found,) = asked(store.lookup, "sm3", FILE).found
    assert (found.record, found.batch) == (None, b"r" * 32), "so the long way is taken"


def test_algorithms_are_told_apart(store: Store) -> None:
    enter(store, t.licenses, license_row(b"a" * 32, FILE), license_row(b"b" * 32, None, sha256=FILE))
    assert [one.leaf for one in asked(store.lookup, "sha256", FILE).found] == [b"b" * 32]
    assert [one.leaf for one in asked(store.lookup, "sm3", FILE).found] == [b"a" * 32]


def test_what_was_written_a_moment_ago_is_seen(store: Store) -> None:
    asked(store.lookup, "sm3", FILE)
    enter(store, t.licenses, license_row(b"a" * 32))
    assert [one.leaf for one in asked(store.lookup, "sm3", FILE).found] == [b"a" * 32]


def batch(store: Store, number: int, *, is_kept_here: bool) -> None:
    """A block with one batch of agency 3."""
    root = number.to_bytes(32)
    blank = {"parent_hash": b"p" * 32, "timestamp": 1, "acts": 1}
    enter(store, t.blocks, {"number": number, "hash": b"h" * 32, **blank})
    enter(store, t.batches, {"root": root, "issuer": 3, "seal": 4, "issued_at": 1, "count": 1, "block": number})
    if is_kept_here:
        assert store.licenses.put_batch(root, 3, [b"l" * 32], 1)


def test_batch_whose_licenses_only_its_issuer_has_is_noticed_whenever_it_comes(store: Store) -> None:
    assert not store.licenses.are_kept_elsewhere()
    batch(store, 5, is_kept_here=True)
    assert not store.licenses.are_kept_elsewhere()
    batch(store, 6, is_kept_here=False)
    batch(store, 7, is_kept_here=True)
    assert store.licenses.are_kept_elsewhere()
    assert store.licenses.put_batch((6).to_bytes(32), 3, [b"l" * 32], 1)
    assert not store.licenses.are_kept_elsewhere()
    batch(store, 8, is_kept_here=False)
    assert store.licenses.are_kept_elsewhere()


def test_batch_that_another_agency_keeps_here_is_not_its_issuers(store: Store) -> None:
    batch(store, 5, is_kept_here=False)
    assert store.licenses.put_batch((5).to_bytes(32), 4, [b"l" * 32], 1)
    assert store.licenses.are_kept_elsewhere()


@pytest.mark.parametrize("other", [b"o" * 32, None])
def test_batch_of_a_block_that_a_reorganisation_has_replaced_is_noticed(store: Store, other: bytes | None) -> None:
    """The block that was looked at last is another now, or is not there yet."""
    for number in (5, 6):
        batch(store, number, is_kept_here=True)
    assert not store.licenses.are_kept_elsewhere()
    with store.db.write() as connection:
        connection.execute(delete(t.blocks).where(t.blocks.c.number == 6))
        connection.execute(delete(t.batches).where(t.batches.c.block == 6))
        connection.execute(update(t.batches).where(t.batches.c.block == 5).values(root=b"x" * 32))
    if other is not None:
        enter(store, t.blocks, {"number": 6, "hash": other, "parent_hash": b"p" * 32, "timestamp": 1, "acts": 0})
    assert store.licenses.are_kept_elsewhere()


def test_batches_that_were_looked_at_cost_nothing_again(tmp_path: Path) -> None:
    """Every quarter of a second it is asked; with thousands of batches it took longer than that."""
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    for number in range(500):
        batch(store, number, is_kept_here=True)
    assert steps_of(store) > 10 * steps_of(store)
    store.close()


def steps_of(store: Store) -> int:
    """How often SQLite reports progress, which it does every 10 instructions, while the question is answered."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    with store.db.read() as connection:
        driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(count, 10)
    assert not store.licenses.are_kept_elsewhere()
    driver.set_progress_handler(None, 10)
    return counted[0]
