"""Batches of steps for the engine, signed beforehand: the scene of `bench_gas` on the embedded chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger import calldata
from ledger.procedure import Action
from ledger.reasons import Reason
from ledger.rules.judge import judge
from scripts.engine_chain import EngineChain
from scripts.gas_scene import CHAIN_ID, START, Case, Mismatch, Officer, Scene, create_on, officer, ten_officers

USUAL = (Action.VERIFY, Action.ACCEPT, Action.FORWARD)
"""What a window does after it has collected."""


@dataclass(slots=True)
class EngineScene:
    """Signs steps over the states that the rules predict, without waiting for the chain."""

    engine: EngineChain
    scene: Scene
    running: list[tuple[list[Case], int]] = field(default_factory=list)
    """Batches of cases that wait for their next usual step, by its number."""

    @classmethod
    def new(cls, folder: Path, start: int = START) -> "EngineScene":
        """A new chain in `folder`, from `start` (Unix seconds) on, with the contracts and everybody in them."""
        engine = EngineChain.new(folder, CHAIN_ID, start)
        return cls(engine, create_on(engine))

    def opening(self, people: Sequence[Officer]) -> bytes:
        """A transaction in which each officer opens a case."""
        raw, cases = self._signed([self.scene.group(by, (self.scene.open(by),)) for by in people])
        self.running.append((cases, 0))
        return raw

    def following(self, people: Sequence[Officer]) -> bytes:
        """A transaction with the next usual step of the cases that have waited longest."""
        cases, place = self.running.pop(0)
        scene, action = self.scene, USUAL[place]
        groups = [
            scene.group(by, steps=(scene.step(case, by, action),)) for by, case in zip(people, cases, strict=True)
        ]
        raw, moved = self._signed(groups)
        if place + 1 < len(USUAL):
            self.running.append((moved, place + 1))
        return raw

    def usual(self, people: Sequence[Officer], count: int) -> Iterator[bytes]:
        """`count` transactions as a working day mixes them: one opening to three later steps."""
        for place in range(count):
            yield self.opening(people) if place % (1 + len(USUAL)) == 0 else self.following(people)

    def _signed(self, groups: Sequence[calldata.Group]) -> tuple[bytes, list[Case]]:
        trails = self.scene.world.deployment.addresses["trails"]
        data = calldata.trails_call(groups)
        outcomes = judge(self.scene.world, "trails", data, self.scene.chain.time + 1)
        if any(one.reason is not Reason.OK for one in outcomes):
            raise Mismatch(f"a step would be refused: {[one.reason for one in outcomes][:3]}")
        cases = [Case(one.subject, one.state) for one in outcomes if one.state is not None]
        return self.engine.sign(trails, data), cases


def crew(size: int, *, hundred: bool = False) -> tuple[Officer, ...]:
    """Who signs a batch of `size` steps: ten officers under five grants, or a hundred under a hundred."""
    if hundred:
        return tuple(officer(place % 100) for place in range(size))
    return ten_officers(size)
