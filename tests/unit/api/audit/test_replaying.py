"""The audit of a chain whose signers are recovered in other processes: the same findings as in one."""

import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from multiprocessing import active_children

import pytest

from api import ahead
from api.replaying import Found, replay_blocks
from ledger import calldata
from ledger.audit import Executed
from ledger.crypto import keccak
from ledger.errors import Fault
from ledger.events import Emitted
from ledger.procedure import Action
from ledger.rules.judge import Outcome
from ledger.world import World
from tests.scene import Sent
from tests.unit.ledger.rules_town import CLERK, ITEM, Town

BATCH = 20
BATCHES = 24


@dataclass(frozen=True, slots=True)
class Log:
    """An event as the chain would have it."""

    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Transaction:
    """A mined transaction."""

    hash: bytes
    to: bytes | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block of an engine that seals in its own way."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    transactions: tuple[Transaction, ...]
    header_rlp: bytes = b""


@dataclass(frozen=True, slots=True)
class Chain:
    """Blocks as some node gives them."""

    blocks: tuple[Found, ...]

    def hash_of(self, number: int) -> bytes | None:
        return self.blocks[number].block.hash

    def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
        yield from ((number, self.blocks[number]) for number in range(first, last + 1))


class Recording(Town):
    """The town of the rules' scenarios; whatever it judges is mined, one transaction a block."""

    def __init__(self) -> None:
        self.mined: list[Found] = []
        super().__init__()

    def _settle(self) -> None:
        self.founded = deepcopy(self.world)
        super()._settle()

    def judged(self, sent: Sent) -> tuple[Outcome, ...]:
        outcomes = super().judged(sent)
        contract, data = sent
        number = len(self.mined)
        emitted = [Emitted.expected(one) for one in outcomes]
        transaction = Transaction(keccak(b"tx %d" % number), self.scene.deployment.addresses[contract], data)
        parent = self.mined[-1].block.hash if self.mined else bytes(32)
        block = Block(number, keccak(b"block %d" % number), parent, self.now, (transaction,))
        logs = tuple(Log(one.topics, one.data) for one in emitted)
        self.mined.append(Found(block, {transaction.hash: Executed(True, logs)}))
        self.later(1)
        return outcomes


@dataclass(frozen=True, slots=True)
class Mined:
    """A sound chain, the world it starts from, and which blocks have batches."""

    chain: Chain
    founded: World
    batches: tuple[int, ...]
    steps: int


@pytest.fixture(scope="module")
def mined() -> Mined:
    """Cases opened, verified and forwarded in batches, behind everything that a town needs."""
    town = Recording()
    key, steps, batches = town.scene.key_of(CLERK), 0, []
    for _ in range(BATCHES // 3):
        opened = [town.scene.open(CLERK, ITEM) for _ in range(BATCH)]
        known = set(town.states)
        batches.append(len(town.mined))
        town.send(town.trails(*(town.scene.group(key, act) for act in opened)))
        cases = [case for case in town.states if case not in known]
        for action in (Action.VERIFY, Action.FORWARD):
            batches.append(len(town.mined))
            reasons = town.send(town.trails(*(town.scene.group(key, town.move(case, action)) for case in cases)))
            assert not any(reasons)
        steps += 3 * BATCH
    return Mined(Chain(tuple(town.mined)), town.founded, tuple(batches), steps)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes are used from the first batch on, for one batch at a time."""
    monkeypatch.setattr(ahead, "WORTH_A_POOL", 0)
    monkeypatch.setattr(ahead, "BYTES_A_TASK", 1)


def audited(mined: Mined, chain: Chain, processes: int) -> tuple[list[Fault], tuple[int, ...]]:
    """What is found, and the counts."""
    faults: list[Fault] = []
    replay = replay_blocks(chain, deepcopy(mined.founded), len(chain.blocks) - 1, faults.append, processes=processes)
    return faults, (replay.blocks, replay.transactions, replay.acts, replay.steps, replay.refusals)


def everywhere(mined: Mined, chain: Chain) -> list[Fault]:
    """The findings, which are the same in one process as with two more."""
    alone = audited(mined, chain, 0)
    assert audited(mined, chain, 2) == alone
    return alone[0]


def changed(mined: Mined, number: int, change: Callable[[Found], Found | None]) -> Chain:
    """The chain with one block changed."""
    blocks = list(mined.chain.blocks)
    other = change(blocks[number])
    assert other is not None
    blocks[number] = other
    return Chain(tuple(blocks))


def with_data(found: Found, change: Callable[[bytes], bytes]) -> Found:
    """A block with other calldata in its transaction."""
    assert isinstance(found.block, Block)
    (transaction,) = found.block.transactions
    other = replace(transaction, data=change(transaction.data))
    return Found(replace(found.block, transactions=(other,)), found.executed)


@pytest.mark.usefixtures("eager")
def test_a_sound_chain_has_no_fault_and_the_processes_end(mined: Mined) -> None:
    faults, counts = audited(mined, mined.chain, 2)
    assert faults == []
    assert counts[3] == mined.steps
    assert counts == audited(mined, mined.chain, 0)[1]
    assert active_children() == []


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("group", [0, BATCH // 2, BATCH - 1])
def test_attack_a_signature_changed_in_the_middle_of_a_chain(mined: Mined, group: int) -> None:
    """One bit of one signature, with the events left as they were."""
    number = mined.batches[len(mined.batches) // 2]

    def forge(data: bytes) -> bytes:
        groups = list(calldata.read_trails_call(data))
        signature = groups[group].signature
        groups[group] = replace(groups[group], signature=signature[:40] + bytes((signature[40] ^ 1,)) + signature[41:])
        return calldata.trails_call(groups)

    faults = everywhere(mined, changed(mined, number, lambda found: with_data(found, forge)))
    assert (faults[0].code, faults[0].where.partition(",")[0]) == ("VERDICT_DIFFERS", f"block {number}")
    assert faults[0].where.endswith(f"act {group}")


@pytest.mark.usefixtures("eager")
def test_attack_a_verdict_changed_in_the_middle_of_a_chain(mined: Mined) -> None:
    """An event says another trail than the rules; and one event too few."""
    number = mined.batches[len(mined.batches) // 2]

    def rewritten(found: Found) -> Found:
        ((tx_hash, executed),) = found.executed.items()
        logs = [*executed.logs]
        logs[3] = Log(logs[3].topics, bytes(32))
        return Found(found.block, {tx_hash: Executed(True, tuple(logs))})

    def shortened(found: Found) -> Found:
        ((tx_hash, executed),) = found.executed.items()
        return Found(found.block, {tx_hash: Executed(True, executed.logs[:-1])})

    for change, act in ((rewritten, 3), (shortened, BATCH - 1)):
        (fault,) = everywhere(mined, changed(mined, number, change))
        assert (fault.code, fault.where.partition(",")[0]) == ("VERDICT_DIFFERS", f"block {number}")
        assert fault.where.endswith(f"act {act}")


@pytest.mark.usefixtures("eager")
def test_attack_two_batches_under_one_transaction_hash(mined: Mined) -> None:
    """A node's word for a hash: what is known of a sound batch must not vouch for a forged one of the same name."""
    sound, target = mined.batches[-1], mined.batches[-2]
    name = mined.chain.blocks[sound].block.transactions[0].hash

    def renamed(found: Found) -> Found:
        assert isinstance(found.block, Block)
        (transaction,) = found.block.transactions
        groups = list(calldata.read_trails_call(transaction.data))
        signatures = [
            one.signature for one in calldata.read_trails_call(mined.chain.blocks[sound].block.transactions[0].data)
        ]
        forged = [replace(one, signature=other) for one, other in zip(groups, signatures, strict=True)]
        data = calldata.trails_call(forged)
        block = replace(found.block, transactions=(Transaction(name, transaction.to, data),))
        return Found(block, {name: found.executed[transaction.hash]})

    faults = everywhere(mined, changed(mined, target, renamed))
    assert faults[0].where.startswith(f"block {target},")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("length", [3, 100, 2000])
def test_attack_calldata_cut_short(mined: Mined, length: int) -> None:
    """What cannot be read is told, by whichever process comes upon it."""
    number = mined.batches[4]
    faults = everywhere(mined, changed(mined, number, lambda found: with_data(found, lambda data: data[:length])))
    assert (faults[0].code, faults[0].where.partition(",")[0]) == ("CALL_UNEXPECTED", f"block {number}")


@pytest.mark.usefixtures("eager")
def test_a_missing_block_is_named_and_the_rest_is_judged(mined: Mined) -> None:
    number = mined.batches[-1]

    class Gap(Chain):
        def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
            for place, found in super().read(first, last):
                yield place, None if place == number else found

    faults = everywhere(mined, Gap(mined.chain.blocks))
    assert [(one.code, one.where) for one in faults] == [("BLOCK_MISSING", f"block {number}")]


@pytest.mark.usefixtures("eager")
def test_an_ended_process_slows_the_audit_and_changes_nothing(mined: Mined) -> None:
    """Somebody kills the processes half-way: the judging one does their work."""
    killed: list[int] = []

    class Killing(Chain):
        def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
            for place, found in super().read(first, last):
                if place == mined.batches[10]:
                    for child in active_children():
                        child.kill()
                        killed.append(place)
                yield place, found

    faults, counts = audited(mined, Killing(mined.chain.blocks), 2)
    assert killed
    assert faults == []
    assert counts[3] == mined.steps


@pytest.mark.usefixtures("eager")
def test_a_process_with_threads_starts_new_ones_and_finds_the_same(mined: Mined) -> None:
    """A copy of a process whose threads hold locks would wait for them for ever."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        assert audited(mined, mined.chain, 1) == audited(mined, mined.chain, 0)
    finally:
        over.set()
        other.join()


def test_little_to_do_starts_no_process(mined: Mined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "ProcessPoolExecutor", None)
    assert audited(mined, mined.chain, 2)[0] == []
