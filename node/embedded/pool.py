"""Transactions waiting for a block: in nonce order for each sender, gaps wait for what is missing.

The pool is memory only, as on every engine: whoever sent a transaction sends it again after a
restart. All methods are called under the chain's lock.
"""

from collections.abc import Callable, Iterator
from itertools import count

from node.embedded.admission import Admitted, refuse

MAX_TRANSACTIONS = 8_192
MAX_BYTES = 128 * 1024 * 1024
MAX_NONCE_GAP = 1_024


class Pool:
    """Waiting transactions by sender and nonce."""

    def __init__(self) -> None:
        """Empty."""
        self._by_sender: dict[bytes, dict[int, Admitted]] = {}
        self._by_hash: dict[bytes, Admitted] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """How many transactions wait, gaps included."""
        return len(self._by_hash)

    def get(self, tx_hash: bytes) -> Admitted | None:
        """The waiting transaction of this hash."""
        return self._by_hash.get(tx_hash)

    def add(self, admitted: Admitted, account_nonce: int) -> None:
        """Let a transaction wait.

        Raises TransactionRefused: ``TX_ALREADY_KNOWN``, ``TX_REPLACEMENT`` (another transaction has
        this nonce: with no price there is none to outbid), ``TX_NONCE_GAP``, ``TX_POOL_FULL``.
        """
        if admitted.hash in self._by_hash:
            raise refuse("TX_ALREADY_KNOWN", "already known", "该交易已在等待")
        queue = self._by_sender.setdefault(admitted.sender, {})
        if admitted.nonce in queue:
            raise refuse(
                "TX_REPLACEMENT",
                "replacement transaction underpriced: this nonce is taken by a waiting transaction",
                "该序号已有等待中的交易,零价链上不能替换",
            )
        if admitted.nonce - account_nonce > MAX_NONCE_GAP:
            raise refuse("TX_NONCE_GAP", "nonce too far ahead", "交易序号超前过多")
        if len(self) >= MAX_TRANSACTIONS or self._bytes + len(admitted.raw) > MAX_BYTES:
            raise refuse("TX_POOL_FULL", "txpool is full", "等待的交易已满,请稍后重发")
        queue[admitted.nonce] = admitted
        self._by_hash[admitted.hash] = admitted
        self._bytes += len(admitted.raw)

    def remove(self, admitted: Admitted) -> None:
        """Forget a transaction that was mined or can no longer be."""
        if self._by_hash.pop(admitted.hash, None) is None:
            return
        queue = self._by_sender[admitted.sender]
        del queue[admitted.nonce]
        self._bytes -= len(admitted.raw)
        if not queue:
            del self._by_sender[admitted.sender]

    def next_nonce(self, sender: bytes, account_nonce: int) -> int:
        """The nonce after the waiting transactions that follow ``account_nonce`` without a gap."""
        queue = self._by_sender.get(sender, {})
        return next(nonce for nonce in count(account_nonce) if nonce not in queue)

    def executable(self, account_nonce: Callable[[bytes], int]) -> tuple[Admitted, ...]:
        """What the next block may hold: each sender's unbroken run, senders taking turns."""
        runs = [self._run(sender, account_nonce(sender)) for sender in self._by_sender]
        return tuple(_take_turns(runs))

    def _run(self, sender: bytes, account_nonce: int) -> Iterator[Admitted]:
        queue = self._by_sender[sender]
        end = self.next_nonce(sender, account_nonce)
        return iter([queue[nonce] for nonce in range(account_nonce, end)])

    def drop_stale(self, account_nonce: Callable[[bytes], int]) -> None:
        """Forget what a block has overtaken."""
        stale = [
            admitted
            for sender, queue in self._by_sender.items()
            for nonce, admitted in queue.items()
            if nonce < account_nonce(sender)
        ]
        for admitted in stale:
            self.remove(admitted)


def _take_turns(runs: list[Iterator[Admitted]]) -> Iterator[Admitted]:
    while runs:
        remaining = []
        for run in runs:
            admitted = next(run, None)
            if admitted is not None:
                remaining.append(run)
                yield admitted
        runs = remaining
