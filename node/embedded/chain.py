"""The chain: opens its store, takes transactions, seals them into blocks, gives states to readers."""

import threading
from collections.abc import Callable

from eth.abc import StateAPI
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth_typing import Address

from ledger import headers
from ledger.errors import InvalidInput
from node.embedded.admission import Admitted, admit, check_account
from node.embedded.database import BlockRow, ChainDatabase, StateStore, damaged
from node.embedded.draft import Draft
from node.embedded.network import Network
from node.embedded.pool import Pool
from node.embedded.sealing import (
    ancestors,
    build_state,
    decode_header,
    genesis_header,
    next_header,
)

_STALE_SECONDS = 6
"""How far the clock may be beyond the time at which a block was executed: more than a long transaction takes."""


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

    def mined_nonce(self, address: bytes) -> int:
        """:meth:`nonce` for other threads than the one that seals."""
        with self._lock:
            return self.nonce(address)

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
        """Wait for transactions, execute them as they come, seal one block; None when stopping.

        Times rise by a period at least and never run ahead of the clock: where the clock does not allow
        the next block yet, it is executed at the time it will have and sealed when the clock is there.
        """
        while self._await_work(stopping):
            draft = Draft(self.database, self.network, self._head, self._next_timestamp(self._head))
            if self._fill(draft, stopping) and (block := self._seal(draft)) is not None:
                return block
        return None

    def _await_work(self, stopping: threading.Event) -> bool:
        with self._arrived:
            while not stopping.is_set():
                if self._pool.executable(self.nonce):
                    return True
                self._arrived.wait(1.0)
        return False

    def _fill(self, draft: Draft, stopping: threading.Event) -> bool:
        """Execute until the block is to be sealed; False where it must not be."""
        if self._clock() >= draft.timestamp:
            deadline = self._clock() + self.network.block_period
            draft.execute(self.pending_transactions(), lambda: self._clock() >= deadline)
            return True
        while not stopping.is_set():
            draft.execute(draft.fresh(self.pending_transactions()), lambda: self._clock() >= draft.timestamp)
            draft.settle()
            self._await_more(draft)
            if self._clock() >= draft.timestamp:
                # after a leap of the clock its time is stale: judge everything anew at the right one
                return self._clock() <= draft.timestamp + _STALE_SECONDS
        return False

    def _await_more(self, draft: Draft) -> None:
        """Wait for a transaction or for the draft's time."""
        with self._arrived:
            wait = draft.timestamp - self._clock()
            if wait > 0 and not draft.fresh(self._pool.executable(self.nonce)):
                self._arrived.wait(min(max(wait, 0.001), 1.0))

    def wake(self) -> None:
        """Let the sealing thread look at its stop signal."""
        with self._arrived:
            self._arrived.notify_all()

    def _seal(self, draft: Draft) -> BlockRow | None:
        """Commit what the draft holds and make it the head; None where all of it was refused."""
        block = draft.seal(self._key) if draft.included else None
        with self._lock:
            if block is not None:
                self._head, self._head_state = block, self.state_after(block)
            for admitted in (*draft.refused, *draft.included):
                self._pool.remove(admitted)
            self._pool.drop_stale(self.nonce)
        return block


def _mined_already() -> InvalidInput:
    return InvalidInput("TX_ALREADY_KNOWN", "transaction", "already known", "该交易已入链")
