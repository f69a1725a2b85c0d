"""How often each step stands on the chain: by the calldata of mined transactions, and by the contract's events."""

from collections import Counter
from dataclasses import dataclass, field

from ledger import calldata
from ledger.acts import Open, Step
from ledger.eip712 import digest, struct_hash
from ledger.events import STEPPED
from ledger.state import first_trail, next_trail
from node.gateway.port import ChainReceipt, ChainTransaction
from scripts.load.steps import Signed
from scripts.trials.ledger import Trial

_SUBMIT = calldata.selector(calldata.TRAILS_SUBMIT)


@dataclass(slots=True)
class Book:
    """``carried`` by act id (32 bytes); ``stepped`` by the trail (32 bytes) that a step led to."""

    domain: bytes
    carried: Counter[bytes] = field(default_factory=Counter)
    stepped: Counter[bytes] = field(default_factory=Counter)
    blocks: int = 0

    def times(self, signed: Signed) -> tuple[int, int]:
        """How often a step was carried, and how often it was applied."""
        return self.carried[signed.act_id], self.stepped[self._trail(signed.act)]

    def _trail(self, act: Open | Step) -> bytes:
        return first_trail(self.domain, act) if isinstance(act, Open) else next_trail(act)

    def read(self, trial: Trial) -> None:
        """Read the whole chain."""
        chain, contract = trial.gateway(), trial.network.address("trails")
        for number in range(trial.network.first_block, chain.head() + 1):
            block = chain.block(number)
            if block is None or not block.transactions:
                continue
            receipts = {one.tx_hash: one for one in chain.receipts_of_block(number)}
            for transaction in block.transactions:
                if transaction.to == contract:
                    self._note(transaction, receipts[transaction.hash])
            self.blocks += 1

    def _note(self, transaction: ChainTransaction, receipt: ChainReceipt) -> None:
        self.stepped.update(log.data for log in receipt.logs if log.topics[0] == STEPPED)
        if not receipt.succeeded or transaction.data[:4] != _SUBMIT:
            return
        for group in calldata.read_trails_call(transaction.data):
            self.carried[digest(self.domain, struct_hash(group.signed))] += 1


def book_of(trial: Trial) -> Book:
    """What stands on the chain now."""
    book = Book(trial.domain)
    book.read(trial)
    return book
