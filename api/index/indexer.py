"""Follows the chain: judges each transaction again, compares with the events, writes block by block."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from api.index.ports import BlockSource
from api.index.prefetch import prefetch_steps
from api.index.record import BlockRecord, Place
from api.index.verdicts import IndexDiverged, compare, found
from api.index.write import write_block
from api.store import index_tables as t
from api.store.database import Database
from api.store.models import IndexHead
from api.store.origin import Origin
from api.store.own_tables import heartbeats
from api.store.reads import read_head
from api.store.upgrade import reset_index
from api.store.worldview import Worldview
from ledger import calldata
from ledger.errors import Conflict, InvalidInput, Unavailable
from ledger.rules.judge import judge
from node.gateway.port import ChainBlock, ChainReceipt, ChainTransaction

_EXECUTE = calldata.selector(calldata.COUNCIL_EXECUTE)
_TRAILS = calldata.selector(calldata.TRAILS_SUBMIT)
Progress = Callable[[int, int], None]
AHEAD = 8
"""Blocks in one request: a full one is some hundred kilobytes."""


class Indexer:
    """The one writer of the index; not for several threads.

    ``guard`` is called in each writing transaction and raises where we are no longer the one.
    """

    def __init__(
        self,
        db: Database,
        chain: BlockSource,
        origin: Origin,
        guard: Callable[[Connection], None] = lambda _connection: None,
    ) -> None:
        """Raises Conflict ``CHAIN_IS_ANOTHER`` where the chain has another genesis than the origin."""
        self._db = db
        self._chain = chain
        self._origin = origin
        self._guard = guard
        self._judging = 0
        self._contracts = {at: name for name, at in origin.deployment.addresses.items()}
        self._target = -1
        self._ahead: dict[int, tuple[ChainBlock, tuple[ChainReceipt, ...]]] = {}
        self.check_chain()
        self.diverged: IndexDiverged | None = None
        self._load()

    def check_chain(self) -> None:
        """Raise Conflict ``CHAIN_IS_ANOTHER`` where the endpoint has another genesis block than the origin."""
        wanted = self._origin.genesis_hash
        if wanted and self._chain.block_hash(0) != wanted:
            raise Conflict("CHAIN_IS_ANOTHER", "the chain has another genesis block", "链的创世块与记录不符")

    def _load(self) -> None:
        self._is_unsettled = True
        with self._db.read() as connection:
            self.head = read_head(connection)
        self._view = Worldview(self._origin, self._db.read, self._has_code)
        self._is_unsettled = False

    def _has_code(self, address: bytes) -> bool:
        return bool(self._chain.code(address, self._judging))

    @property
    def next_block(self) -> int:
        """The height of the block to be read next."""
        return self._origin.first_block if self.head.number < 0 else self.head.number + 1

    def follow(self, most: int = 50, progress: Progress = lambda _done, _of: None) -> int:
        """Read at most ``most`` new final blocks; how many there were.

        A reorganisation drops the index and begins again. Raises IndexDiverged, and keeps to it.
        """
        if self.diverged is not None:
            raise self.diverged
        self._ahead.clear()
        if self._is_unsettled:
            self._load()
        target = self._target = self._chain.final_head()
        if self._is_reorganised(target):
            self._begin_again()
        done = 0
        while self.next_block <= target and done < most:
            if not self._step(self.next_block):
                self._begin_again()
                break
            done += 1
            progress(self.head.number, target)
        return done

    def is_current(self) -> bool:
        """Whether every block that was final at the last :meth:`follow` is in the index."""
        return self.diverged is None and self._target >= 0 and self.next_block > self._target

    def _begin_again(self) -> None:
        # an endpoint that was given another chain must not cost us the index of ours
        self.check_chain()
        self.restart()

    def restart(self) -> None:
        """Drop the index; the next :meth:`follow` begins at the first block."""
        with self._db.write() as connection:
            self._guard(connection)
            reset_index(connection)
        self.diverged = None
        self._load()

    def _is_reorganised(self, target: int) -> bool:
        if not 0 <= target < self.head.number:
            return False
        # the chain is shorter than what we have read: only a different block says that it is another
        ours = self._stored_hash(target)
        theirs = self._chain.block_hash(target)
        return ours is not None and theirs is not None and ours != theirs

    def _stored_hash(self, number: int) -> bytes | None:
        query = select(t.blocks.c.hash).where(t.blocks.c.number == number)
        with self._db.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def _step(self, number: int) -> bool:
        """Read one block; False where it does not continue what we have."""
        block, receipts_there = self._fetch(number)
        if self.head.number >= 0 and block.parent_hash != self.head.hash:
            return False
        receipts = _by_hash(block, receipts_there)
        self._judging = number
        record = BlockRecord()
        # what is judged is in memory only: whatever stops us, the next look reads again what the database has
        self._is_unsettled = True
        try:
            for transaction in block.transactions:
                self._transaction(block, transaction, receipts[transaction.hash], record)
        except IndexDiverged as error:
            self.diverged = error
            raise
        self._write(block, record)
        self._is_unsettled = False
        return True

    def _fetch(self, number: int) -> tuple[ChainBlock, tuple[ChainReceipt, ...]]:
        """A block with its receipts; several are asked for at once."""
        if number not in self._ahead:
            last = min(self._target, number + AHEAD - 1)
            self._ahead = {found[0].number: found for found in self._chain.blocks_with_receipts(number, last)}
        if number not in self._ahead:
            raise Unavailable("BLOCK_MISSING", f"the chain does not give block {number}", f"链未返回区块 {number}")
        return self._ahead.pop(number)

    def _transaction(
        self, block: ChainBlock, transaction: ChainTransaction, receipt: ChainReceipt, record: BlockRecord
    ) -> None:
        self._check_no_detour(transaction, receipt)
        contract = self._contracts.get(transaction.to or b"")
        if contract is None:
            return
        record.transactions[transaction.hash] = "mined" if receipt.succeeded else "failed"
        if not receipt.succeeded:
            return
        seen = found(receipt.logs, self._origin.deployment.addresses[contract])
        executes = contract == "council" and transaction.data[:4] == _EXECUTE
        try:
            if contract == "trails" and transaction.data[:4] == _TRAILS:
                prefetch_steps(self._view.maps, calldata.read_trails_call(transaction.data))
            outcomes = judge(self._view.world, contract, transaction.data, block.timestamp)
        except InvalidInput as error:
            if seen:
                raise IndexDiverged(block.number, transaction.hash, 0, error.code, str(seen[0])) from error
            return
        compare(block.number, transaction.hash, outcomes, seen)
        where = Place(block.number, block.timestamp, transaction.tx_index, transaction.hash)
        record.add(self._view.world, contract, where, outcomes, executes=executes)

    def _check_no_detour(self, transaction: ChainTransaction, receipt: ChainReceipt) -> None:
        """Acts that reach a contract through another one leave events, but no calldata to judge."""
        for address in self._contracts:
            if address == transaction.to:
                continue
            if seen := found(receipt.logs, address):
                raise IndexDiverged(receipt.block_number, transaction.hash, 0, "no internal call", str(seen[0]))

    def _write(self, block: ChainBlock, record: BlockRecord) -> None:
        with self._db.write() as connection:
            self._guard(connection)
            self._view.flush(connection, block.number, record.details)
            write_block(connection, block, record)
        self._view.settle()
        self.head = IndexHead(block.number, block.hash, block.timestamp)


def _by_hash(block: ChainBlock, receipts: tuple[ChainReceipt, ...]) -> dict[bytes, ChainReceipt]:
    found_there = {receipt.tx_hash: receipt for receipt in receipts}
    whole = all(one.hash in found_there for one in block.transactions)
    if not whole or any(receipt.block_hash != block.hash for receipt in receipts):
        raise Unavailable(
            "RECEIPTS_MISSING", f"receipts of block {block.number} are missing or another block's",
            f"区块 {block.number} 的回执缺失或属于其他区块",
        )  # fmt: skip
    return found_there


def beat(connection: Connection, name: str, at: int, detail: dict[str, Any]) -> None:
    """Say that a process lives, and how it stands."""
    at_name = heartbeats.c.name == name
    changed = connection.execute(update(heartbeats).where(at_name).values(at=at, detail=detail))
    if not changed.rowcount:
        connection.execute(insert(heartbeats).values(name=name, at=at, detail=detail))
