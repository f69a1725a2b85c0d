"""Where the audit reads blocks: the store of this machine if it is the chain's, else the chain."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from api.replaying import ChainSource, StoreSource, block_source
from ledger.errors import Fault
from node.embedded.store import STORE_FILE
from node.gateway.gateway import Gateway
from tests.unit.node.chains import deployed


@dataclass(frozen=True, slots=True)
class Answers:
    """A chain that says one thing only."""

    said: bytes

    def block_hash(self, number: int) -> bytes | None:
        assert number >= 0
        return self.said


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, bytes]:
    """A chain's folder, its last block and that block's hash."""
    folder = tmp_path_factory.mktemp("source")
    bench, _ = deployed(folder)
    head = bench.chain.head
    bench.chain.database.close()
    return folder, head.number, head.hash


def chosen(folder: Path, last: int, said: bytes) -> tuple[type, list[str]]:
    faults: list[Fault] = []
    with block_source(cast("Gateway", Answers(said)), folder, last, faults.append) as source:
        return type(source), [one.code for one in faults]


def test_the_chains_own_store_is_read(store: tuple[Path, int, bytes]) -> None:
    folder, last, block_hash = store
    assert chosen(folder, last, block_hash) == (StoreSource, [])
    assert chosen(folder, -1, b"") == (StoreSource, [])


def test_attack_a_store_that_is_not_the_chains_is_told_and_not_read_instead(store: tuple[Path, int, bytes]) -> None:
    """Otherwise a sound copy beside it would pass for a chain that answers something else."""
    folder, last, _ = store
    assert chosen(folder, last, b"\1" * 32) == (ChainSource, ["STORE_DIFFERS"])
    assert chosen(folder, last + 5, b"\1" * 32) == (ChainSource, ["STORE_DIFFERS"])


def test_a_store_that_is_none_leaves_the_chain(tmp_path: Path) -> None:
    assert chosen(tmp_path, 3, b"\1" * 32) == (ChainSource, [])
    (tmp_path / STORE_FILE).write_bytes(b"not a database" * 1000)
    assert chosen(tmp_path, 3, b"\1" * 32) == (ChainSource, ["STORE_DIFFERS"])
