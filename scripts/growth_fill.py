"""History that was never executed: rows of the real shape under random keys, head slots in the contract's own trie.

A million executions would take most of an hour. What later steps meet is the same: as many rows in each table, blocks
and transactions of the usual size, and a storage trie with a slot for every case, under sealed headers that follow on
each other. Only what the transactions of these blocks hold is noise, so no audit would pass this chain.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, cast

import rlp
from eth.rlp.accounts import Account
from eth.vm.forks.london.blocks import LondonBlockHeader
from trie import HexaryTrie

from api.services.submission import owner_of
from api.store import index_tables as t
from api.store.bulk import insert_rows
from api.store.own_tables import idempotency, outbox_acts, outbox_entries, relay_batches
from api.store.store import open_store
from ledger import headers
from ledger.crypto import address_of, keccak
from ledger.ids import agency_of
from ledger.state import CaseState
from ledger.stateproof import EMPTY_ROOT
from node.embedded.database import BlockRow, ChainDatabase, StateStore
from node.embedded.logs import posting_key
from node.embedded.network import load_network
from node.embedded.sealing import decode_header, next_header, seal
from scripts.engine_chain import VALIDATOR
from scripts.gas_scene import Case, Officer
from scripts.growth_trie import build, leaf, leaves

STEPS_A_CASE = 4
STEPS_A_BLOCK = 200
_RAW_BYTES, _RECEIPT_BYTES = 45_000, 42_000
"""Of a transaction of 200 steps."""
_HEADS_SLOT = 0
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Template:
    """A case as its opening leaves it: who opened it, and its state."""

    by: Officer
    state: CaseState


@dataclass(frozen=True, slots=True)
class Filled:
    """Cases of the history that stand after their first step, and who may take the next."""

    running: tuple[tuple[Officer, Case], ...]


def fill(folder: Path, steps: int, templates: Sequence[Template], trails: bytes, seed: int, running: int) -> Filled:
    """Put ``steps`` into a closed place; ``running`` of its cases have one step only, spread over the whole."""
    history = _History(Random(seed), steps, templates, running)  # noqa: S311 - a history, no secret
    blocks = _fill_chain(folder / "chain" / "chain.sqlite", history, trails)
    _fill_store(folder / "huxin.db", history, blocks)
    return Filled(tuple(history.running))


@dataclass(frozen=True, slots=True)
class _Old:
    """A case of the history: its key, state, opener, and how many steps it has."""

    key: bytes
    state: CaseState
    by: Officer
    steps: int


class _History:
    def __init__(self, random: Random, steps: int, templates: Sequence[Template], running: int) -> None:
        self.random = random
        self.running: list[tuple[Officer, Case]] = []
        self.cases: list[_Old] = []
        every, left = max(1, steps // STEPS_A_CASE // running), steps
        while left > 0:
            one = templates[len(self.cases) % len(templates)]
            short = len(self.running) < running and len(self.cases) % every == 0
            count = min(left, 1 if short else STEPS_A_CASE)
            case = _Old(random.randbytes(32), one.state.but(trail=random.randbytes(32)), one.by, count)
            if short:
                self.running.append((one.by, Case(case.key, case.state)))
            self.cases.append(case)
            left -= count

    def blocks(self) -> Iterator[list[tuple[_Old, int]]]:
        """(case, number of its step) by block: all first steps, all second ones, and so on through groups of cases."""
        steps = self._steps()
        return iter(lambda: list(islice(steps, STEPS_A_BLOCK)), [])

    def _steps(self) -> Iterator[tuple[_Old, int]]:
        for start in range(0, len(self.cases), STEPS_A_BLOCK):
            together = self.cases[start : start + STEPS_A_BLOCK]
            for number in range(1, STEPS_A_CASE + 1):
                yield from ((case, number) for case in together if number <= case.steps)


def _fill_chain(path: Path, history: _History, trails: bytes) -> list[BlockRow]:
    database = ChainDatabase(path)
    head = database.head()
    nodes: dict[bytes, bytes] = {}
    root = _state_root(database, decode_header(head.header).state_root, history, trails, nodes) if head else b""
    network = load_network(path.parent / "chain.json")
    blocks = [head] if head else []
    count = sum(1 for _ in history.blocks())
    for number in range(count):
        last = blocks[-1]
        header = next_header(network, last.header, decode_header(last.header).timestamp + 1)
        if number == count - 1:
            header = cast("LondonBlockHeader", header.copy(state_root=root))
        sealed = seal(header, VALIDATOR)
        blocks.append(BlockRow(last.number + 1, headers.block_hash(sealed), sealed))
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    connection.execute("BEGIN")
    shuffled = list(nodes.items())
    history.random.shuffle(shuffled)
    connection.executemany("INSERT OR IGNORE INTO node VALUES (?,?)", shuffled)
    for block, steps in zip(blocks[1:], history.blocks(), strict=True):
        _fill_block(connection, block, steps, history.random)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return blocks[1:]


def _state_root(
    database: ChainDatabase, root: bytes, history: _History, trails: bytes, nodes: dict[bytes, bytes]
) -> bytes:
    """Enter a head slot for each case."""
    store = StateStore(database)
    accounts = HexaryTrie(store, root)
    account = rlp.decode(accounts[keccak(trails)], sedes=Account)
    there = [] if account.storage_root == EMPTY_ROOT else list(leaves(account.storage_root, database.node))
    new = (leaf(_slot(case.key), case.state.head) for case in history.cases)
    storage = build(sorted([*there, *new]), nodes.__setitem__)
    accounts[keccak(trails)] = rlp.encode(account.copy(storage_root=storage))
    nodes.update(store.written)
    return bytes(accounts.root_hash)


def _slot(case_key: bytes) -> int:
    return int.from_bytes(keccak(case_key + _HEADS_SLOT.to_bytes(32)))


def _fill_block(connection: sqlite3.Connection, block: BlockRow, steps: list[tuple[_Old, int]], random: Random) -> None:
    share = len(steps) / STEPS_A_BLOCK
    row = (
        block.number, 0, random.randbytes(32), bytes(20), random.randbytes(int(_RAW_BYTES * share)),
        random.randbytes(int(_RECEIPT_BYTES * share)), 0,
    )  # fmt: skip
    connection.execute("INSERT INTO block VALUES (?,?,?)", (block.number, block.hash, block.header))
    connection.execute("INSERT INTO tx VALUES (?,?,?,?,?,?,?)", row)
    keys = {posting_key(2, case.key) for case, _ in steps}
    connection.executemany("INSERT INTO posting VALUES (?,?,?)", ((key, block.number, 0) for key in keys))


def _fill_store(path: Path, history: _History, blocks: Sequence[BlockRow]) -> None:
    store = open_store(f"sqlite:///{path}")
    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (
            relay_batches, outbox_entries, outbox_acts, idempotency, t.blocks, t.outcomes, t.steps, t.cases,
        )
    }  # fmt: skip
    made = _Rows(history.random, rows)
    with store.db.write() as connection:
        connection.exec_driver_sql("PRAGMA cache_size=-400000")
        for block, steps in zip(blocks, history.blocks(), strict=True):
            made.block(block, steps)
            if len(rows[t.steps]) >= _CHUNK or block is blocks[-1]:
                for table, content in rows.items():
                    if content:
                        insert_rows(connection, table, content)
                        content.clear()
    store.close()


@cache
def _owner(key: bytes) -> str:
    return owner_of((address_of(key),))


class _Rows:
    """One row after another in every table that a step leaves something in."""

    def __init__(self, random: Random, rows: dict[Any, list[dict[str, Any]]]) -> None:
        self._random, self._rows = random, rows
        self._entry = self._batch = 1_000  # beyond those that the founding has used

    def block(self, block: BlockRow, steps: list[tuple[_Old, int]]) -> None:
        bits = self._random.randbytes
        at = int(decode_header(block.header).timestamp)
        tx_hash, raw = bits(32), bits(_RAW_BYTES * len(steps) // STEPS_A_BLOCK)
        self._batch += 1
        self._rows[relay_batches].append({
            "id": self._batch, "nonce": 1_000_000 + self._batch, "contract": "trails", "raw": raw, "tx_hash": tx_hash,
            "gas": 10_000_000, "entries": len(steps), "state": "mined", "created_at": at, "block": block.number,
        })  # fmt: skip
        parent = headers.decode_header(block.header).parent_hash
        self._rows[t.blocks].append({
            "number": block.number, "hash": block.hash, "parent_hash": parent, "timestamp": at, "acts": len(steps),
        })  # fmt: skip
        for place, (case, number) in enumerate(steps):
            self._step(case, number, block.number << 28 | place, tx_hash, block.number, at)

    def _step(self, case: _Old, number: int, position: int, tx_hash: bytes, block: int, at: int) -> None:
        bits, rows, by, state = self._random.randbytes, self._rows, case.by, case.state
        act_id, agency = bits(32), agency_of(by.officer)
        last = number == case.steps
        trail = state.trail if last else bits(32)
        self._entry += 1
        name = "Open" if number == 1 else "Step"
        rows[outbox_entries].append({
            "id": self._entry, "contract": "trails", "payload": bits(223 if number > 1 else 197),
            "lanes": [case.key.hex()], "gas": 60_000, "acts": 1, "most": None, "received_at": at, "state": "done",
            "batch": self._batch,
        })  # fmt: skip
        rows[outbox_acts].append({
            "act_id": act_id, "entry": self._entry, "place": 0, "name": name, "officer": by.officer, "agency": agency,
            "subject": case.key, "child": None, "status": "applied", "reason": 0, "tx_hash": tx_hash, "block": block,
            "at": at, "after_trail": trail, "after_word": state.word,
        })  # fmt: skip
        rows[idempotency].append({
            "owner": _owner(by.key), "key": bits(16).hex(), "body_hash": bits(32), "acts": [act_id.hex()],
            "created_at": at,
        })  # fmt: skip
        rows[t.outcomes].append({
            "position": position, "block": block, "tx_hash": tx_hash, "act_id": act_id, "contract": "trails",
            "name": name, "officer": by.officer, "agency": agency, "other": state.home, "subject": case.key,
            "reason": 0, "result": "applied", "judged": False, "at": at, "act": None, "license": None,
        })  # fmt: skip
        rows[t.steps].append({
            "case_key": case.key, "seq": number, "action": number, "officer": by.officer, "agency": agency,
            "grant": by.grant, "detail": 0, "subject": bytes(32), "evidence": bits(32), "previous": bits(32),
            "signed_at": at, "deadline": at + 3600, "trail": trail, "word": state.word, "late": False,
            "position": position,
        })  # fmt: skip
        if last:
            rows[t.cases].append({
                "case_key": case.key, "head": state.head, "trail": trail, "word": state.word, "item": state.item,
                "version": state.version, "mode": state.mode, "status": state.status, "seq": state.seq,
                "opened_at": at, "last_at": state.last_at, "home": state.home, "officer": by.officer,
                "agency": agency, "parent": bytes(32), "block": block,
            })  # fmt: skip
