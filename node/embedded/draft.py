"""The next block while it is being filled: executed, not sealed yet, thrown away without harm."""

from collections.abc import Callable, Iterable

from ledger import headers
from node.embedded.admission import Admitted
from node.embedded.database import BlockRow, ChainDatabase, StateStore, TxRow
from node.embedded.logs import postings
from node.embedded.network import Network
from node.embedded.sealing import BlockBuilder, ancestors, build_state, next_header, seal


class Draft:
    """A block after ``parent`` at ``timestamp`` (Unix seconds), which may still lie ahead of the clock."""

    def __init__(self, database: ChainDatabase, network: Network, parent: BlockRow, timestamp: int) -> None:
        """Nothing is in it yet."""
        self.timestamp = timestamp
        self.included: list[Admitted] = []
        self.refused: list[Admitted] = []
        self._database = database
        self._number = parent.number + 1
        self._store = StateStore(database)
        header = next_header(network, parent.header, timestamp)
        state = build_state(network, self._store, header, ancestors(database, self._number))
        self._builder = BlockBuilder(state, header)
        self._taken: set[bytes] = set()
        self._is_full = False
        self._is_settled = True
        self._rows: list[TxRow] = []
        self._postings: list[tuple[int, int, int]] = []
        self._logs = 0

    def fresh(self, candidates: Iterable[Admitted]) -> tuple[Admitted, ...]:
        """Candidates not yet tried here; none once the block is full."""
        if self._is_full:
            return ()
        return tuple(admitted for admitted in candidates if admitted.hash not in self._taken)

    def execute(self, candidates: Iterable[Admitted], is_over: Callable[[], bool]) -> None:
        """Take candidates in order until one has no room or ``is_over`` says so between two of them."""
        for admitted in candidates:
            if is_over():
                return
            if not self._builder.has_room(admitted.transaction):
                self._is_full = True
                return
            self._take(admitted)

    def _take(self, admitted: Admitted) -> None:
        self._taken.add(admitted.hash)
        receipt = self._builder.add(admitted.transaction)
        if receipt is None:
            self.refused.append(admitted)
            return
        self._is_settled = False
        position = len(self.included)
        self.included.append(admitted)
        place = (self._number, position, admitted.hash, admitted.sender, admitted.raw)
        self._rows.append(TxRow(*place, receipt.encode(), self._logs))
        self._postings.extend(postings(self._number, position, receipt))
        self._logs += len(receipt.logs)

    def settle(self) -> None:
        """Bring the tries up to date while there is time, so that sealing has less to do."""
        if not self._is_settled:
            self._builder.settle()
            self._is_settled = True

    def seal(self, validator_key: bytes) -> BlockRow:
        """Finish, sign and commit; the block is durable when this returns."""
        executed = self._builder.finish()
        header = seal(executed.header, validator_key)
        block = BlockRow(self._number, headers.block_hash(header), header)
        self._database.commit_block(block, self._rows, self._postings, self._store.written)
        return block
