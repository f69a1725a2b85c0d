"""The audit: everything the chain holds is computed again in Python and compared.

Checks, in this order:
1. each block names its parent, and numbers and times rise;
2. every transaction to our contracts is judged by the rules; its verdicts are the chain's, in order;
3. the contracts hold, at the last block, what the rules say they must (packed words);
4. the index, where there is one, holds the same.
Nothing is believed but the trust anchor: chain id, contract addresses and code, the first council.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ledger import words
from ledger.errors import Fault, InvalidInput
from ledger.events import Log, first_difference, verdicts
from ledger.ids import MAX_UINT32, format_id
from ledger.reasons import OK
from ledger.rules.judge import judge
from ledger.rules.signed import Signed
from ledger.world import World

NOTHING_YET: Mapping[bytes, tuple[Signed, ...]] = {}


class Transaction(Protocol):
    """A mined transaction."""

    @property
    def hash(self) -> bytes:
        """32 bytes."""

    @property
    def to(self) -> bytes | None:
        """Called contract, 20 bytes; None where one was created."""

    @property
    def data(self) -> bytes:
        """Calldata."""


class Block(Protocol):
    """A mined block."""

    @property
    def number(self) -> int:
        """Height."""

    @property
    def hash(self) -> bytes:
        """32 bytes."""

    @property
    def parent_hash(self) -> bytes:
        """32 bytes."""

    @property
    def timestamp(self) -> int:
        """Seconds."""

    @property
    def transactions(self) -> "tuple[Transaction, ...]":
        """In order."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a transaction: whether it succeeded, and its logs."""

    succeeded: bool
    logs: tuple[Log, ...]


@dataclass(slots=True)
class Replay:
    """Checks 1 and 2, block by block; ``world`` is the state by the rules so far."""

    world: World
    blocks: int = 0
    transactions: int = 0
    acts: int = 0
    steps: int = 0
    refusals: int = 0
    _last: Block | None = field(default=None, repr=False)

    def block(
        self, block: Block, executed: Mapping[bytes, Executed], ahead: Mapping[bytes, tuple[Signed, ...]] = NOTHING_YET
    ) -> Iterator[Fault]:  # fmt: skip
        """Judge one block; ``executed`` has the result of each of its transactions.

        ``ahead`` is what ``ledger.rules.signed`` says of batches of steps, by their calldata, as far as that has been
        worked out; by nothing weaker, for the hash of a transaction is what the chain's node says.
        """
        yield from self._check_link(block)
        self._last = block
        self.blocks += 1
        for transaction in block.transactions:
            name = self.world.deployment.name_of(transaction.to) if transaction.to else None
            if name is None:
                continue
            self.transactions += 1
            result = executed.get(transaction.hash)
            if result is None:
                yield _missing_receipt(transaction)
                continue
            yield from self._transaction(block, transaction, name, result, ahead.get(transaction.data))

    def _check_link(self, block: Block) -> Iterator[Fault]:
        last = self._last
        if last is None:
            return
        follows = block.number == last.number + 1 and block.parent_hash == last.hash
        # blocks made within one second share their time on chains that allow it (anvil, QBFT)
        if not follows or block.timestamp < last.timestamp:
            yield Fault(
                "BLOCK_NOT_LINKED",
                f"block {block.number}",
                "区块未按序链接到上一区块(编号、父哈希或时间)",
                "the block does not follow its parent in number, hash or time",
            )

    def _transaction(
        self, block: Block, transaction: Transaction, contract: str, result: Executed, ahead: tuple[Signed, ...] | None
    ) -> Iterator[Fault]:  # fmt: skip
        where = f"block {block.number}, transaction 0x{transaction.hash.hex()}"
        if not result.succeeded:
            # it changed nothing; who sent it paid for it
            return
        try:
            outcomes = judge(self.world, contract, transaction.data, block.timestamp, ahead)
        except InvalidInput as error:
            yield Fault("CALL_UNEXPECTED", where, f"链上成功但无法按规则解析:{error.zh}",
                             f"succeeded on chain but cannot be read: {error.en}")  # fmt: skip
            return
        self.acts += len(outcomes)
        self.steps += sum(outcome.state is not None for outcome in outcomes)
        self.refusals += sum(outcome.reason is not OK for outcome in outcomes)
        found = first_difference(outcomes, verdicts(result.logs))
        if found is not None:
            place, ours, theirs = found
            yield Fault(
                "VERDICT_DIFFERS",
                f"{where}, act {place}",
                f"链上结论与规则不一致:规则 {ours},链上 {theirs}",
                f"the chain's verdict is not the rules': rules {ours}, chain {theirs}",
            )


def _missing_receipt(transaction: Transaction) -> Fault:
    return Fault(
        "RECEIPT_MISSING", f"transaction 0x{transaction.hash.hex()}",
        "交易没有回执", "the transaction has no receipt",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One view call of the state comparison: contract, function, arguments, what it must return."""

    contract: str
    signature: str
    arguments: tuple[int | bytes, ...]
    expected: int
    where: str


def questions(world: World) -> Iterator[Question]:
    """Check 3: what to ask each contract, with the answer by the rules."""
    for contract, signature, kind, records, word in _single_words(world):
        for key, record in records.items():
            arguments = key if isinstance(key, tuple) else (key,)
            yield Question(contract, signature, arguments, word(record), f"{kind} {' '.join(map(_shown, arguments))}")
    for item_id, item in world.items.items():
        for number, version in enumerate(item.versions, 1):
            yield Question(
                "catalogue",
                "itemWord(uint64,uint16)",
                (item_id, number),
                words.item_version(version),
                f"item {format_id(item_id)} version {number}",
            )


def _single_words(world: World) -> Iterator[tuple[str, str, str, Mapping[Any, Any], Callable[[Any], int]]]:
    """(contract, view, what it is, records by key or tuple of keys, word of a record)."""
    number = int.from_bytes
    limited = {grant_id: grant for grant_id, grant in world.grants.items() if grant.quota}
    digests = {seal_id: seal.digest for seal_id, seal in world.seals.items()}
    yield "registry", "agencyWord(uint32)", "agency", world.agencies, words.agency
    yield "registry", "windowWord(uint64)", "window", world.windows, words.window
    yield "registry", "keyWord(address)", "key", world.keys, words.key
    yield "registry", "currentKey(uint64)", "officer", world.current_key, number
    yield "grants", "grantWord(uint64)", "grant", world.grants, words.grant
    yield "grants", "quotaOf(uint64)", "quota of grant", limited, words.quota
    yield "seals", "sealWord(uint64)", "seal", world.seals, words.seal
    yield "seals", "sealDigest(uint64)", "digest of seal", digests, number
    yield "licenses", "licenseWord(uint32,bytes32)", "license", world.licenses, words.license_
    yield "licenses", "batchWord(uint32,bytes32)", "license batch", world.batches, words.batch
    yield "licenses", "useWord(bytes32)", "authorization", world.uses, words.use
    yield "trails", "heads(bytes32)", "case", world.heads, number
    yield "trails", "links(bytes32)", "child case", world.links, number


def _shown(key: int | bytes) -> str:
    if isinstance(key, bytes):
        return "0x" + key.hex()
    return format_id(key) if key > MAX_UINT32 else str(key)


def compare_state(
    asked: Iterable[Question], answers: Callable[[list[Question]], list[int]], *, at_once: int = 500
) -> Iterator[Fault]:
    """Ask the contracts, ``at_once`` questions a call, and name each answer that differs."""
    waiting: list[Question] = []
    for question in asked:
        waiting.append(question)
        if len(waiting) == at_once:
            yield from _compare(waiting, answers(waiting))
            waiting = []
    if waiting:
        yield from _compare(waiting, answers(waiting))


def _compare(asked: list[Question], answers: list[int]) -> Iterator[Fault]:
    for question, answer in zip(asked, answers, strict=True):
        if question.expected != answer:
            yield Fault(
                "STATE_DIFFERS",
                question.where,
                f"合约状态与规则推算不一致:应为 {question.expected:#x},实为 {answer:#x}",
                f"the contract holds {answer:#x} where the rules give {question.expected:#x}",
            )
