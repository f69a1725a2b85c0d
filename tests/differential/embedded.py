"""The embedded chain itself (py-evm, sealed blocks, its store) as a backend, inside the test's process."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ledger import crypto
from node.deployment import created_address
from node.embedded import store
from node.embedded.chain import Chain
from node.embedded.database import TxRow
from node.embedded.execution import Call, ExecutionReverted, call_contract
from node.embedded.logs import decode_receipt, receipt_logs
from node.embedded.network import Network
from node.gateway.account import RelayAccount
from tests.differential.backends import EmittedLog, Result

CHAIN_ID = 31_337
GAS = 25_000_000
VALIDATOR = b"\x42" * 32
SENDER = RelayAccount(b"\x07" * 32, CHAIN_ID)


@dataclass(slots=True)
class _Clock:
    now: float

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction to be: who sends it, the 20-byte address called, calldata."""

    sender: RelayAccount
    to: bytes
    data: bytes


class Embedded:
    """A chain in ``folder``; marks are copies of its store."""

    def __init__(self, folder: Path, start: int) -> None:
        self._folder, self._clock, self._copies = folder / "live", _Clock(start), count()
        network = Network(CHAIN_ID, crypto.address_of(VALIDATOR), start - 10)
        store.create(self._folder, network, VALIDATOR)
        self._chain = self._open()

    def _open(self) -> Chain:
        return store.open_chain(self._folder, self._clock)

    def _mine(self, to: bytes | None, data: bytes, at: int) -> tuple[Result, bytes]:
        nonce = self._chain.nonce(SENDER.address)
        self._chain.submit(SENDER.sign_transaction(nonce, to, data, GAS).raw)
        self._clock.now = at
        block = self._chain.seal_when_due(threading.Event())
        if block is None:
            message = "the transaction was not sealed"
            raise RuntimeError(message)
        (row,) = self._chain.database.transactions(block.number)
        return _result(row), created_address(SENDER.address, nonce)

    def deploy(self, code: bytes, at: int) -> bytes:
        """Mine a contract creation; its address."""
        result, address = self._mine(None, code, at)
        if not result.succeeded:
            message = f"creation failed after {result.gas} gas"
            raise RuntimeError(message)
        return address

    def send(self, to: bytes, data: bytes, at: int) -> Result:
        """Mine one transaction at ``at``."""
        return self._mine(to, data, at)[0]

    def send_together(self, calls: Sequence[Signed], at: int) -> tuple[Result, ...]:
        """Mine several transactions in one block at ``at``, in order within each sender."""
        nonces: dict[bytes, int] = {}
        hashes = []
        for one in calls:
            nonce = nonces.setdefault(one.sender.address, self._chain.nonce(one.sender.address))
            nonces[one.sender.address] += 1
            hashes.append(self._chain.submit(one.sender.sign_transaction(nonce, one.to, one.data, GAS).raw))
        self._clock.now = at
        block = self._chain.seal_when_due(threading.Event())
        rows = {row.hash: row for row in self._chain.database.transactions(block.number)} if block else {}
        if len(rows) != len(hashes):
            message = f"{len(rows)} of {len(hashes)} transactions went into the block"
            raise RuntimeError(message)
        return tuple(_result(rows[one]) for one in hashes)

    def reverted_with(self, sender: bytes, to: bytes, data: bytes) -> bytes | None:
        """The revert data of a plain call by ``sender`` at the newest block; None where it succeeds."""
        try:
            call_contract(self._chain.state_after(self._chain.head), Call(sender, to, data, GAS))
        except ExecutionReverted as reverted:
            return reverted.data
        return None

    def call(self, to: bytes, data: bytes) -> bytes:
        """A view at the newest block."""
        return call_contract(self._chain.state_after(self._chain.head), Call(SENDER.address, to, data, GAS))

    def close(self) -> None:
        """Close the store."""
        self._chain.database.close()

    def mark(self) -> object:
        """A copy of the folder, the store closed meanwhile."""
        copy = self._folder.with_name(f"mark-{next(self._copies)}")
        self._chain.database.close()
        shutil.copytree(self._folder, copy)
        self._chain = self._open()
        return copy, self._clock.now

    def back(self, mark: object) -> None:
        """The copy becomes the chain again; it stays usable."""
        assert isinstance(mark, tuple)
        copy, self._clock.now = mark
        self._chain.database.close()
        shutil.rmtree(self._folder)
        shutil.copytree(copy, self._folder)
        self._chain = self._open()


def _result(row: TxRow) -> Result:
    """The gas is counted from the block's beginning."""
    receipt = decode_receipt(row.receipt)
    logs = tuple(EmittedLog(log.topics, log.data) for log in receipt_logs(row))
    return Result(receipt.state_root == b"\x01", logs, int(receipt.gas_used))
