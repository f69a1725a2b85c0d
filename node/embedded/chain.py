"""The chain: opens its store, takes transactions, seals them into blocks, gives states to readers."""

import threading
from collections.abc import Callable

from eth.abc import StateAPI
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth_typing import Address

from ledger import headers
from ledger.errors import InvalidInput
from node.embedded.admission import Admitted, admit, check_account
from node.embedded.database import BlockRow, ChainDatabase, StateStore, TxRow, damaged
from node.embedded.logs import postings
from node.embedded.network import Network
from node.embedded.pool import Pool
from node.embedded.sealing import (
    BlockBuilder,
    Executed,
    ancestors,
    build_state,
    decode_header,
    genesis_header,
    next_header,
    seal,
)


class Chain:
    """One chain of one validator over one store; safe under threads, sealing is done by one."""

    def __init__(
        self,
        database: ChainDatabase,
        network: Network,
        validator_key: bytes,
        clock: Callable[[], float],
    ) -> None:
        """Open, and write the genesis block into an empty store.

        ``clock`` gives Unix seconds. Raises StoreDamaged where the store's head does not fit the
        network or itself.
        """
        self.database = database
        self.network = network
        self._key = validator_key
        self._clock = clock
        self._pool = Pool()
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._head = self._open()
        self._head_state = self.state_after(self._head)

    # --- opening

    def _open(self) -> BlockRow:
        genesis = genesis_header(self.network)
        stored = self.database.block(0)
        if stored is None:
            row = BlockRow(0, headers.block_hash(genesis), genesis)
            self.database.commit_block(row, (), (), {})
        elif stored.header != genesis:
            raise damaged(
                "the store's genesis block is not that of the network file",
                "链库的创世区块与网络文件不符",
            )
        head = self.database.head()
        if head is None:
            raise damaged("the store has no block", "链库中没有区块")
        self._check_head(head)
        return head

    def _check_head(self, head: BlockRow) -> None:
        """The head alone, so that opening costs the same however long the chain is."""
        if head.number == 0:
            return
        report = headers.verify_header_seals(head.header, (self.network.validator,))
        if not report.valid or report.block_hash != head.hash or report.number != head.number:
            failed = [check.code for check in report.checks if not check.passed]
            raise damaged(f"the head block {head.number} fails {failed}", "链首区块校验不通过")
        root = decode_header(head.header).state_root
        if root != headers.decode_header(genesis_header(self.network)).state_root:
            try:
                self.database.node(root)
            except KeyError as error:
                raise damaged("the head's state is missing", "链首的状态缺失") from error

    # --- reading

    @property
    def head(self) -> BlockRow:
        """The last sealed block."""
        return self._head

    def now(self) -> int:
        """The clock's second."""
        return int(self._clock())

    def state_after(self, block: BlockRow) -> StateAPI:
        """The state a block left, in the block's own context; what is written to it is lost."""
        header = decode_header(block.header)
        store = StateStore(self.database)
        return build_state(self.network, store, header, ancestors(self.database, block.number))

    def pending_header(self) -> LondonBlockHeader:
        """The header of the block that would be sealed now, before anything is executed."""
        head = self._head
        return next_header(self.network, head.header, self._next_timestamp(head))

    def pending_state(self) -> StateAPI:
        """The head's state in the context of the block that would be sealed now."""
        header = self.pending_header()
        before = ancestors(self.database, header.block_number)
        return build_state(self.network, StateStore(self.database), header, before)

    def pending_transactions(self) -> tuple[Admitted, ...]:
        """What the next block may hold."""
        with self._lock:
            return self._pool.executable(self.nonce)

    def _next_timestamp(self, parent: BlockRow) -> int:
        earliest = decode_header(parent.header).timestamp + self.network.block_period
        return max(self.now(), earliest)

    def nonce(self, address: bytes) -> int:
        """The account's next nonce at the head."""
        return int(self._head_state.get_nonce(Address(address)))

    def balance(self, address: bytes) -> int:
        """The account's balance at the head, in wei."""
        return int(self._head_state.get_balance(Address(address)))

    def has_code(self, address: bytes) -> bool:
        """Whether the account is a contract at the head."""
        return bool(self._head_state.get_code(Address(address)))

    def pending_nonce(self, address: bytes) -> int:
        """The account's next nonce after the transactions that wait."""
        with self._lock:
            return self._pool.next_nonce(address, self.nonce(address))

    def waiting(self, tx_hash: bytes) -> Admitted | None:
        """The waiting transaction of this hash."""
        with self._lock:
            return self._pool.get(tx_hash)

    # --- writing

    def submit(self, raw: bytes) -> bytes:
        """Take a raw transaction into the pool and give its hash.

        Raises TransactionRefused (see ``admission`` and ``pool``).
        """
        admitted = admit(raw, self.network)
        with self._lock:
            if self.database.transaction_by_hash(admitted.hash) is None:
                check_account(admitted, self)
            else:
                raise _mined_already()
            self._pool.add(admitted, self.nonce(admitted.sender))
            self._arrived.notify_all()
        return admitted.hash

    def seal_when_due(self, stopping: threading.Event) -> BlockRow | None:
        """Wait for transactions and for the clock, then seal one block; None when stopping.

        A block is sealed at once where the clock's second allows it: times rise by a period at
        least, and never run ahead of the clock.
        """
        candidates = self._await_candidates(stopping)
        if not candidates:
            return None
        timestamp = self._next_timestamp(self._head)
        return self._seal(candidates, timestamp)

    def _await_candidates(self, stopping: threading.Event) -> tuple[Admitted, ...]:
        with self._arrived:
            while not stopping.is_set():
                wait = self._next_timestamp(self._head) - self._clock()
                candidates = self._pool.executable(self.nonce)
                if candidates and wait <= 0:
                    return candidates
                self._arrived.wait(min(max(wait, 0.005), 1.0) if candidates else 1.0)
        return ()

    def wake(self) -> None:
        """Let the sealing thread look at its stop signal."""
        with self._arrived:
            self._arrived.notify_all()

    def _seal(self, candidates: tuple[Admitted, ...], timestamp: int) -> BlockRow | None:
        by_hash = {admitted.transaction.hash: admitted for admitted in candidates}
        store = StateStore(self.database)
        executed = self._execute(store, candidates, timestamp)
        refused = [by_hash[transaction.hash] for transaction, _ in executed.refused]
        included = [by_hash[transaction.hash] for transaction in executed.transactions]
        block = self._commit(store, executed, included) if included else None
        with self._lock:
            if block is not None:
                self._head, self._head_state = block, self.state_after(block)
            for admitted in (*refused, *included):
                self._pool.remove(admitted)
            self._pool.drop_stale(self.nonce)
        return block

    def _execute(self, store: StateStore, candidates: tuple[Admitted, ...], timestamp: int) -> Executed:
        """Fill a block until it is full or a block period was spent on it."""
        header = next_header(self.network, self._head.header, timestamp)
        state = build_state(self.network, store, header, ancestors(self.database, header.block_number))
        builder = BlockBuilder(state, header)
        deadline = self._clock() + self.network.block_period
        for admitted in candidates:
            if not builder.has_room(admitted.transaction) or self._clock() >= deadline:
                break
            builder.add(admitted.transaction)
        return builder.finish()

    def _commit(self, store: StateStore, executed: Executed, included: list[Admitted]) -> BlockRow:
        header = seal(executed.header, self._key)
        number = int(executed.header.block_number)
        block = BlockRow(number, headers.block_hash(header), header)
        rows = _rows(number, executed, included)
        self.database.commit_block(block, rows, postings(number, executed.receipts), store.written)
        return block


def _rows(number: int, executed: Executed, included: list[Admitted]) -> tuple[TxRow, ...]:
    rows, first_log = [], 0
    pairs = zip(included, executed.receipts, strict=True)
    for position, (admitted, receipt) in enumerate(pairs):
        rows.append(
            TxRow(
                number,
                position,
                admitted.hash,
                admitted.sender,
                admitted.raw,
                receipt.encode(),
                first_log,
            )
        )
        first_log += len(receipt.logs)
    return tuple(rows)


def _mined_already() -> InvalidInput:
    return InvalidInput("TX_ALREADY_KNOWN", "transaction", "already known", "该交易已入链")
