"""Runs one sequence of random acts through the model and every EVM, and compares all of it."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from ledger.audit import questions
from ledger.crypto import address_of
from ledger.errors import InvalidInput
from ledger.events import Emitted, first_difference, verdicts
from ledger.reasons import Reason
from ledger.rules.judge import Outcome, judge
from ledger.world import World
from node.deployment import creations, plan
from node.network import Council
from tests.differential.backends import Backend, ask
from tests.differential.embedded import CHAIN_ID, SENDER
from tests.differential.generator import Generator
from tests.scene import DELAY, MEMBERS, START, THRESHOLD, Scene, Sent


class Disagreement(AssertionError):
    """Model and an EVM came to different verdicts or states."""


@dataclass(slots=True)
class Tally:
    """What was driven: sequences, transactions, acts, and how often each reason came up."""

    sequences: int = 0
    transactions: int = 0
    reverted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def acts(self) -> int:
        """All acts judged."""
        return self.reasons.total()

    def lines(self) -> str:
        """For people."""
        counted = ", ".join(f"{name} {number}" for name, number in self.reasons.most_common())
        return (
            f"{self.sequences} sequences, {self.transactions} transactions, {self.acts} acts, "
            f"{len(self.reasons)} different verdicts: {counted}"
        )


class Bench:
    """The same contracts on several EVMs, at the same addresses."""

    def __init__(self, backends: dict[str, Backend]) -> None:
        self.backends = backends
        self.deployment = plan(CHAIN_ID, SENDER.address)
        council = Council(tuple(map(address_of, MEMBERS)), THRESHOLD, DELAY)
        for backend in backends.values():
            for place, (name, code) in enumerate(
                zip(self.deployment.addresses, creations(self.deployment, council), strict=True)
            ):
                created = backend.deploy(code, START + place)
                if created != self.deployment.addresses[name]:
                    message = f"{name} came to lie at {created.hex()}"
                    raise AssertionError(message)
        self._marks = {name: backend.mark() for name, backend in backends.items()}

    def fresh(self) -> tuple[Scene, World]:
        """Everything as right after the deployment."""
        for name, backend in self.backends.items():
            backend.back(self._marks[name])
            self._marks[name] = backend.mark()
        scene = Scene(self.deployment, now=START + 100)
        world = scene.world()
        codes = set(self.deployment.addresses.values())
        world.has_code = lambda address: address in codes
        return scene, world

    def send(self, world: World, sent: Sent, at: int) -> tuple[Outcome, ...] | None:
        """One transaction everywhere; the outcomes, or None where it reverted as a whole."""
        contract, data = sent
        try:
            outcomes = judge(world, contract, data, at)
        except InvalidInput:
            outcomes = None
        for name, backend in self.backends.items():
            result = backend.send(self.deployment.addresses[contract], data, at)
            if outcomes is None:
                _must(not result.succeeded, f"{name}: succeeded where the model cannot parse {contract} {data.hex()}")
                continue
            _must(result.succeeded, f"{name}: reverted ({result.gas} gas) where the model has {outcomes}")
            found = first_difference(outcomes, verdicts(result.logs))
            if found is not None:
                raise Disagreement(
                    f"{name}: {_shown(*found)}\n{outcomes[found[0]] if found[0] < len(outcomes) else ''}"
                )
        return outcomes

    def compare_words(self, world: World) -> int:
        """Every stored word everywhere; how many were compared."""
        asked = list(questions(world))
        for name, backend in self.backends.items():
            for question in asked:
                found = ask(backend, self.deployment.addresses, question)
                _must(
                    found == question.expected, f"{name}: {question.where} is {found:#x}, model {question.expected:#x}"
                )
        return len(asked)

    def sequence(self, rng: Random, length: int, tally: Tally) -> None:
        """The setting, then ``length`` random transactions, then every word."""
        scene, world = self.fresh()
        generator = Generator(scene, world, rng)
        for sent in (one for several in generator.setting() for one in several):
            scene.now += 1
            outcomes = self.send(world, sent, scene.now)
            _must(outcomes is not None and all(o.reason is Reason.OK for o in outcomes), f"the setting: {outcomes}")
        for _ in range(length):
            sent = generator.transaction()
            outcomes = self.send(world, sent, scene.now)
            tally.transactions += 1
            if outcomes is None:
                tally.reverted += 1
                continue
            generator.learn(outcomes)
            tally.reasons.update(outcome.reason.name for outcome in outcomes)
        self.compare_words(world)
        tally.sequences += 1


def _must(condition: object, message: str) -> None:
    if not condition:
        raise Disagreement(message)


def _shown(place: int, ours: Emitted | None, theirs: Emitted | None) -> str:
    return f"act {place}: model {ours}, chain {theirs}"
