"""The chain's file read directly: as the library and the store's own readers have it."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from node.embedded import blocks
from node.embedded.blocks import StoredBlocks
from node.embedded.database import StoreDamaged
from node.embedded.logs import receipt_logs
from node.embedded.store import STORE_FILE
from tests.ports.bytecode import words
from tests.unit.node.chains import account, deployed

MINED = 4


def nest(depth: int) -> str:
    """Lists in lists: the decoder must not run out of stack over it."""
    value = b"\xc0"
    for _ in range(depth):
        size = len(value).to_bytes(3)
        value = (bytes((0xC0 + len(value),)) if len(value) < 56 else b"\xfa" + size) + value
    return f"x'{value.hex()}'"


NEST = nest(5_000)
LISTS = f"x'{rlp.encode([[], [], [], [], [], [], b'', b'', b'']).hex()}'"
"""A transaction of which every field is a list."""
LOG_OF_LISTS = f"x'{rlp.encode([b'', b'', b'', [[[b''], [[b'']], [b'']]]]).hex()}'"
"""A receipt with a log of lists."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few blocks with logs, read here through the node's own database class first."""
    folder = tmp_path_factory.mktemp("blocks")
    bench, contract = deployed(folder)
    for nonce in range(1, 1 + MINED):
        bench.chain.submit(account().sign_transaction(nonce, contract, words(1, nonce, 5), 100_000).raw)
        assert bench.seal() is not None
    database, head = bench.chain.database, bench.chain.head
    with_logs = 0
    reader = StoredBlocks(folder / STORE_FILE)
    for number, found in reader.read(0, head.number):
        row = database.block(number)
        assert row is not None
        assert found is not None
        assert (found.hash, found.header_rlp, found.number) == (row.hash, row.header, number)
        assert reader.hash_of(number) == row.hash
        for ours, theirs in zip(found.transactions, database.transactions(number), strict=True):
            logs = receipt_logs(theirs)
            with_logs += bool(logs)
            assert ours.hash == theirs.hash
            assert [tuple(log) for log in ours.logs] == [(log.address, log.topics, log.data) for log in logs]
    assert with_logs >= MINED
    reader.close()
    database.close()
    return folder / STORE_FILE


def test_transactions_are_read_as_sent(store: Path) -> None:
    """Called contract and calldata, in order; a creation has no address; links and times rise."""
    reader = StoredBlocks(store)
    found = [block for _, block in reader.read(1, MINED + 1) if block is not None]
    reader.close()
    created, *called = [each for block in found for each in block.transactions]
    assert created.to is None
    assert [each.data for each in called] == [words(1, nonce, 5) for nonce in range(1, 1 + MINED)]
    assert len({each.to for each in called}) == 1
    assert all(each.succeeded for each in called)
    for before, after in pairwise(found):
        assert after.parent_hash == before.hash
        assert after.timestamp > before.timestamp


@pytest.mark.parametrize("column", ["raw", "receipt"])
@pytest.mark.parametrize(
    "value", ["zeroblob(9)", "x''", "x'c0'", "x'f8ff01'", "7", "'text'", "x'02c0'", NEST, LISTS, LOG_OF_LISTS]
)
def test_attack_what_cannot_be_read_is_no_block_and_no_crash(
    store: Path, tmp_path: Path, column: str, value: str
) -> None:
    copy = tmp_path / STORE_FILE
    source, target = sqlite3.connect(store), sqlite3.connect(copy)
    source.backup(target)
    target.execute(f"UPDATE tx SET {column}={value} WHERE number=3")  # noqa: S608 - our own names
    target.commit()
    source.close()
    target.close()
    reader = StoredBlocks(copy)
    assert [number for number, block in reader.read(0, MINED + 2) if block is None] == [3, MINED + 2]
    assert reader.hash_of(MINED + 2) is None
    reader.close()


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"not a database" * 1000)
    reader = StoredBlocks(tmp_path / STORE_FILE)
    with pytest.raises(StoreDamaged):
        list(reader.read(0, 0))
    reader.close()


NESTED = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=8), max_leaves=40)


@given(value=NESTED)
def test_rlp_is_read_as_the_library_reads_it(value: object) -> None:
    assert blocks._decode(rlp.encode(value)) == value


@given(value=NESTED, cut=st.integers(1, 9))
def test_attack_rlp_cut_short_is_refused(value: object, cut: int) -> None:
    """A record that ends too early is an error and never a shorter record."""
    whole = rlp.encode(value)
    with pytest.raises((ValueError, IndexError)):
        blocks._decode(whole[: max(0, len(whole) - cut)])
