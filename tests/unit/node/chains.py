"""An embedded chain inside the test, under a clock of its own."""

import threading
from dataclasses import dataclass
from pathlib import Path

from ledger import crypto
from node.embedded import store
from node.embedded.chain import Chain
from node.embedded.database import BlockRow
from node.embedded.network import Network
from node.gateway.account import RelayAccount
from tests.ports.bytecode import CREATION

CHAIN_ID = 77_001
VALIDATOR_KEY = b"\x42" * 32
START = 1_700_000_000


@dataclass(slots=True)
class Clock:
    """Seconds that pass only when told."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Bench:
    """A chain, its folder and its clock."""

    chain: Chain
    folder: Path
    clock: Clock

    def seal(self) -> BlockRow | None:
        """Let a period pass and seal what waits."""
        self.clock.now += self.chain.network.block_period
        stopping = threading.Event()
        give_up = threading.Timer(10, stopping.set)
        give_up.start()
        try:
            return self.chain.seal_when_due(stopping)
        finally:
            give_up.cancel()

    def reopen(self) -> "Bench":
        """The same folder, opened again."""
        self.chain.database.close()
        return _opened(self.folder, self.clock)


OPEN: list[Bench] = []
"""What the tests opened; closed after each module."""


def _opened(folder: Path, clock: Clock) -> Bench:
    bench = Bench(store.open_chain(folder, clock), folder, clock)
    OPEN.append(bench)
    return bench


def account(number: int = 1, chain_id: int = CHAIN_ID) -> RelayAccount:
    """One of our senders."""
    return RelayAccount(bytes((number,)) * 32, chain_id)


def new_network(senders: tuple[bytes, ...] = (), gas_limit: int = 100_000_000) -> Network:
    """A network of the test validator."""
    return Network(CHAIN_ID, crypto.address_of(VALIDATOR_KEY), START - 10, gas_limit=gas_limit, senders=senders)


def new_bench(folder: Path, network: Network | None = None) -> Bench:
    """A new chain in ``folder``."""
    store.create(folder, network or new_network(), VALIDATOR_KEY)
    return _opened(folder, Clock())


def deployed(folder: Path) -> tuple[Bench, bytes]:
    """A new chain with the test contract, and the contract's address."""
    bench = new_bench(folder)
    bench.chain.submit(account().sign_transaction(0, None, CREATION, 300_000).raw)
    assert bench.seal() is not None
    return bench, crypto.keccak(b"\xd6\x94" + account().address + b"\x80")[12:]
