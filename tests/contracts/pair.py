"""The contracts and the Python model side by side: each transaction goes to both, all must agree."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode as abi_encode

from ledger.audit import questions
from ledger.calldata import selector
from ledger.crypto import address_of, checksum
from ledger.errors import InvalidInput
from ledger.events import first_difference, verdicts
from ledger.ids import number_of
from ledger.reasons import ANYBODY_CAN_CAUSE, Reason
from ledger.rules.judge import Outcome, judge
from ledger.world import CONTRACTS, World
from node.deployment import creations, directory_name, plan
from node.network import Council
from tests.contracts.evm import SENDER, Evm, Result
from tests.scene import DELAY, MEMBERS, START, THRESHOLD, Scene

CHAIN_ID = 31_337

Asked = tuple[str, str, tuple[Any, ...]]
"""One view call: contract, function signature, arguments."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A remembered moment of both sides and of the scene."""

    root: Any
    world: World
    scene: Scene
    extra: dict[Asked, bytes]


class Pair:
    """Both ledgers of one deployment, entered in its Directory.

    ``scene`` signs; ``world`` is the model's state; ``evm`` runs the contracts. ``run`` judges a
    transaction on both sides and fails on any difference in verdicts or in what is stored.
    """

    def __init__(self) -> None:
        self.evm = Evm(CHAIN_ID)
        self.deployment = plan(CHAIN_ID, SENDER)
        council = Council(tuple(map(address_of, MEMBERS)), THRESHOLD, DELAY)
        for name, code in zip(CONTRACTS, creations(self.deployment, council), strict=True):
            assert self.evm.deploy(code, START) == self.deployment.addresses[name], name
        self.scene = Scene(self.deployment, now=START + 100)
        self.world = self.scene.world()
        self.world.has_code = has_code(self.evm)
        self._known: dict[Asked, bytes] = {}
        for name in CONTRACTS:
            entry = self.scene.proposal("enter", directory_name(name), checksum(self.deployment.addresses[name]))
            self.applied(*self.scene.ballot(entry))

    def run(self, contract: str, data: bytes, now: int | None = None) -> tuple[Outcome, ...] | None:
        """Judge one transaction on both sides; the outcomes, None where both reverted as a whole.

        ``now`` (uint32 seconds, the scene's time unless given) is the block's time. Compared are the
        verdict events, and every stored word that should have changed, as well as those of before
        that are gone.
        """
        now = self.scene.now if now is None else now
        try:
            outcomes = judge(self.world, contract, data, now)
        except InvalidInput:
            outcomes = None
        result = self.evm.send(self.deployment.addresses[contract], data, now)
        self.last = result
        if outcomes is None:
            assert not result.succeeded, f"{contract} took what the model cannot parse: {data.hex()}"
        else:
            assert result.succeeded, f"{contract} reverted with {result.output.hex()}, model: {outcomes}"
            found = first_difference(outcomes, verdicts(result.logs))
            assert found is None, f"verdict {found}: {outcomes}"
            self._check_judged(contract, outcomes)
        self._check_changes()
        return outcomes

    def reason(self, contract: str, data: bytes, now: int | None = None) -> Reason:
        """The verdict on a transaction of a single act, agreed by both sides."""
        outcomes = self.run(contract, data, now)
        assert outcomes is not None, "reverted as a whole"
        (outcome,) = outcomes
        return outcome.reason

    def applied(self, contract: str, data: bytes, now: int | None = None) -> None:
        """Run what must be carried out."""
        reason = self.reason(contract, data, now)
        assert reason is Reason.OK, reason.name

    def ask(self, contract: str, signature: str, *arguments: Any, now: int = 1) -> int:
        """The first word that a view returns."""
        return int.from_bytes(self.view(contract, signature, *arguments, now=now).output[:32], "big")

    def view(self, contract: str, signature: str, *arguments: Any, now: int = 1) -> Result:
        """A view call; its execution leaves no trace."""
        data = call_data(signature, arguments)
        return self.evm.call(self.deployment.addresses[contract], data, now)

    def direct(self, contract: str, signature: str, *arguments: Any, sender: bytes = SENDER) -> Result:
        """A plain call of a function as any sender, undone afterwards."""
        data = call_data(signature, arguments)
        return self.evm.call(self.deployment.addresses[contract], data, self.scene.now, sender=sender)

    def mark(self) -> Mark:
        """Remember both sides."""
        return Mark(self.evm.mark(), deepcopy(self.world), deepcopy(self.scene), dict(self._known))

    def back(self, mark: Mark) -> None:
        """Return to a remembered moment; the mark stays usable."""
        self.evm.back(mark.root)
        self.world, self.scene = deepcopy(mark.world), deepcopy(mark.scene)
        self._known = dict(mark.extra)

    def check_everything(self) -> int:
        """Compare every stored word; how many there are."""
        expected = dict(stored(self.world))
        for asked, value in expected.items():
            self._check(asked, value)
        return len(expected)

    def _check_changes(self) -> None:
        expected = dict(stored(self.world))
        for asked, value in expected.items():
            if self._known.get(asked) != value:
                self._check(asked, value)
        for asked in self._known.keys() - expected.keys():
            self._check(asked, bytes(32))
        self._known = expected

    def _check(self, asked: Asked, value: bytes) -> None:
        contract, signature, arguments = asked
        found = self.view(contract, signature, *arguments).output
        assert found == value, f"{contract}.{signature}{arguments}: {found.hex()}, model {value.hex()}"

    def _check_judged(self, contract: str, outcomes: tuple[Outcome, ...]) -> None:
        if contract == "trails":
            return
        for outcome in outcomes:
            final = outcome.reason is Reason.OK or outcome.reason >= ANYBODY_CAN_CAUSE
            entered = bool(self.ask(contract, "judged(bytes32)", outcome.act_id))
            assert entered == (outcome.act_id in self.world.judged), f"judged: {outcome}"
            assert entered or not final


def has_code(evm: Evm) -> Callable[[bytes], bool]:
    """A plain function, so that copies of a world share the EVM."""
    return lambda address: evm.has_code(address)  # noqa: PLW0108 - a bound method would be copied with its EVM


def call_data(signature: str, arguments: tuple[Any, ...]) -> bytes:
    """ABI calldata from a canonical signature of plain types."""
    inner = signature[signature.index("(") + 1 : -1]
    return selector(signature) + abi_encode(inner.split(",") if inner else (), arguments)


def stored(world: World) -> Iterator[tuple[Asked, bytes]]:
    """What every view of stored state must return, by the model."""
    for one in questions(world):
        yield (one.contract, one.signature, one.arguments), one.expected.to_bytes(32, "big")
    yield from _items(world)
    yield from _grants(world)
    yield from _governance(world)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _items(world: World) -> Iterator[tuple[Asked, bytes]]:
    for item, record in world.items.items():
        yield ("catalogue", "latest(uint64)", (item,)), _word(len(record.versions))
        yield ("catalogue", "retiredFrom(uint64)", (item,)), _word(record.retired_from)


def _grants(world: World) -> Iterator[tuple[Asked, bytes]]:
    for grant, record in world.grants.items():
        numbers = {number_of(item) for item in world.items} | (record.items or frozenset())
        for number in (*numbers, 0xFFFFFFFF):
            covered = record.items is None or number in record.items
            yield ("grants", "covers(uint64,uint32)", (grant, number)), _word(covered)
    for agreement, terms in world.agreements.items():
        yield ("grants", "agreementHash(uint64)", (agreement,)), terms or _word(1)


def _governance(world: World) -> Iterator[tuple[Asked, bytes]]:
    council = world.council
    members = [checksum(member) for member in sorted(council.members)]
    yield ("council", "members()", ()), abi_encode(("address[]",), (members,))
    for member in members:
        yield ("council", "isMember(address)", (member,)), _word(1)
    yield ("council", "threshold()", ()), _word(council.threshold)
    yield ("council", "delay()", ()), _word(council.delay)
    for proposal, ready in council.scheduled.items():
        yield ("council", "scheduled(bytes32)", (proposal,)), _word(ready)
    for name, contracts in world.directory.items():
        entries = [checksum(each) for each in contracts]
        yield ("directory", "versions(bytes32)", (name,)), abi_encode(("address[]",), (entries,))
        yield ("directory", "current(bytes32)", (name,)), _word(int.from_bytes(contracts[-1], "big"))
    clock = world.clock
    yield ("trails", "clock()", ()), abi_encode(("uint32",) * 3, (clock.skew, clock.prompt, clock.late_limit))
