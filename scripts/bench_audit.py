"""P9: how fast a whole chain is audited from its blocks and events, every signature included.

Officers sign steps one by one, the embedded chain mines them with the real contracts (batches of 100, five a block),
and the code behind `huxin audit` (`api.replaying`) reads its store, recovers every signer, judges every act by the
Python rules and compares every event. The yardstick, in the same rounds: EIP-712 hash, recovery and address of one
step, on one core, by the very functions that the audit uses.

Timed: reading, recovery, judging and comparing, processes started included. Not timed: mining; the store's own check
and the contracts' words, which `huxin audit` asks one by one.
"""

import argparse
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from api.replaying import BlockSource, Found, StoreSource, replay_blocks
from ledger.audit import Executed
from ledger.calldata import Group, pack_group, read_trails_call
from ledger.crypto import address_of, recover
from ledger.eip712 import digest, struct_hash
from ledger.errors import Fault
from ledger.events import first_difference, verdicts
from ledger.rules.judge import judge
from ledger.rules.signed import read_signed
from ledger.world import CouncilRecord, Deployment, World
from node.embedded.blocks import StoredBlock, StoredBlocks
from node.embedded.store import STORE_FILE
from scripts.engine_scene import EngineScene, crew
from scripts.gas_scene import MEMBERS
from scripts.report import Target, conclude, progress

BATCH = 100
BLOCK = 5
ROUNDS = 5
SAMPLE = 4_000
GOAL_RATIO = 0.7
GOAL_RATE = 15_000.0


class AuditWrong(Exception):
    """The audit missed what was changed, or found what was not."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a short chain, one round: function, not figures")
    parser.add_argument("--seed", type=int, default=0, help="where the chain is tampered with")
    parser.add_argument("--steps", type=int, default=30_000)
    return parser.parse_args()


@dataclass(slots=True)
class Bench:
    """A chain's store, the deployment in it, and its last block."""

    store: Path
    deployment: Deployment
    last: int
    steps: int

    def world(self) -> World:
        """The contracts as they were founded."""
        return World(self.deployment, CouncilRecord(frozenset(map(address_of, MEMBERS)), 2, 0))

    def audit(self, processes: int | None, source: BlockSource | None = None) -> list[Fault]:
        """Audit once; `processes` as `replay_blocks` has it."""
        faults: list[Fault] = []
        with closing(StoredBlocks(self.store)) as stored:
            read = source or StoreSource(stored)
            replay = replay_blocks(read, self.world(), self.last, faults.append, processes=processes)
        if source is None and (faults or replay.steps != self.steps):
            raise AuditWrong(f"{replay.steps} of {self.steps} steps, {faults[:3]}")
        return faults

    def blocks(self) -> list[Found]:
        """All blocks, in memory."""
        with closing(StoredBlocks(self.store)) as stored:
            return [found for _, found in StoreSource(stored).read(0, self.last) if found is not None]

    def batches(self) -> list[tuple[bytes, int]]:
        """Calldata of every batch of steps, with its block's time."""
        trails = self.deployment.addresses["trails"]
        return [
            (each.data, found.block.timestamp)
            for found in self.blocks()
            for each in found.block.transactions
            if each.to == trails
        ]


def build(folder: Path, steps: int) -> Bench:
    """Mine a chain of `steps` steps signed one by one by a hundred officers under a hundred grants."""
    progress("deploy the contracts, enter agencies, officers, grants ...")
    scene = EngineScene.new(folder)
    people = crew(BATCH, hundred=True)
    with scene.engine:
        waiting = list(scene.usual(people, steps // BATCH))
        for place in range(0, len(waiting), 40):
            run = scene.engine.feed(waiting[place : place + 40], BLOCK)
            progress(f"mined {min(place + 40, len(waiting)) * BATCH:,} of {steps:,} steps, {run.per_second:.0f}/s")
        return Bench(
            folder / STORE_FILE, scene.scene.world.deployment, scene.engine.chain.head.number, len(waiting) * BATCH
        )


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Elapsed, and processor time of this process and those it has ended."""
    started, spent = time.perf_counter(), _processor()
    work()
    return time.perf_counter() - started, _processor() - spent


def _processor() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def yardstick(domain: bytes, groups: Sequence[Group]) -> Callable[[], object]:
    """Hash, recover, address of steps, and nothing else."""
    signed = [(group.signed, group.signature) for group in groups]
    return lambda: [recover(digest(domain, struct_hash(act)), signature) for act, signature in signed]


def parts(bench: Bench) -> dict[str, float]:
    """Microseconds a step of each part of the audit, on one core, one after the other."""
    domain, batches, world = bench.deployment.domain("trails"), bench.batches(), bench.world()
    blocks = bench.blocks()
    found: dict[str, float] = {"read the store": _seconds(bench.blocks)[1]}
    found["parse"] = _seconds(lambda: [read_trails_call(data) for data, _ in batches])[1]
    known = {data: read_signed(domain, data) for data, _ in batches}
    found["parse, hash, recover"] = _seconds(lambda: [read_signed(domain, data) for data, _ in batches])[1]
    judging = comparing = 0.0
    names = {address: name for name, address in bench.deployment.addresses.items()}
    for one in blocks:
        for each in one.block.transactions:
            if each.to is None or each.to not in names:
                continue
            ahead, started = known.get(each.data), time.process_time()
            outcomes = judge(world, names[each.to], each.data, one.block.timestamp, ahead)
            judged = time.process_time()
            if first_difference(outcomes, verdicts(one.executed[each.hash].logs)) is not None:
                raise AuditWrong("a verdict differs")
            if ahead is not None:
                judging += judged - started
                comparing += time.process_time() - judged
    found["parse, judge (signers known)"] = judging
    found["compare events"] = comparing
    return {name: seconds / bench.steps * 1e6 for name, seconds in found.items()}


@dataclass(frozen=True, slots=True)
class Changed:
    """A chain as somebody else would have it: one block is another."""

    blocks: Sequence[Found]

    def hash_of(self, number: int) -> bytes | None:
        """As the chain has it."""
        return self.blocks[number].block.hash

    def read(self, first: int, last: int) -> Iterator[tuple[int, Found | None]]:
        """In order."""
        yield from ((number, self.blocks[number]) for number in range(first, last + 1))


def forged(blocks: Sequence[Found], number: int, place: int) -> Changed:
    """One bit of the signature of the first step of a batch is another."""
    block = cast(StoredBlock, blocks[number].block)
    transaction = block.transactions[place]
    signature = pack_group(read_trails_call(transaction.data)[0])[2:66]
    changed = bytes((signature[0] ^ 1,)) + signature[1:]
    data = transaction.data.replace(signature, changed, 1)
    sent = list(block.transactions)
    sent[place] = replace(transaction, data=data)
    other = replace(block, transactions=tuple(sent))
    return Changed([*blocks[:number], Found(other, blocks[number].executed), *blocks[number + 1 :]])


def silenced(blocks: Sequence[Found], number: int, place: int) -> Changed:
    """One event of a batch is gone."""
    found = blocks[number]
    transaction = found.block.transactions[place]
    was = found.executed[transaction.hash]
    executed = found.executed | {transaction.hash: Executed(was.succeeded, was.logs[1:])}
    return Changed([*blocks[:number], Found(found.block, executed), *blocks[number + 1 :]])


def tamper(bench: Bench, source: random.Random) -> None:
    """The audit names the block in which a signature or an event was changed; raises AuditWrong."""
    blocks, trails = bench.blocks(), bench.deployment.addresses["trails"]
    places = [
        (number, place)
        for number, found in enumerate(blocks)
        for place, each in enumerate(found.block.transactions)
        if each.to == trails
    ]
    for change in (forged, silenced):
        number, place = source.choice(places)
        faults = bench.audit(None, change(blocks, number, place))
        if not faults or not faults[0].where.startswith(f"block {number},") or faults[0].code != "VERDICT_DIFFERS":
            raise AuditWrong(f"{change.__name__} in block {number}: {faults[:1]}")
        progress(
            f"{change.__name__} in block {number} of {bench.last}: found ({len(faults)} differences from there on)"
        )


def measure(bench: Bench, rounds: int) -> tuple[Target, ...]:
    """Yardstick and audits in turn; medians. A core's rates are by its processor time, those of all by the clock.

    What is demanded is demanded of the audit as it runs, on all cores; the rows per core say what each of them does.
    """
    domain = bench.deployment.domain("trails")
    groups = [group for data, _ in bench.batches() for group in read_trails_call(data)][:SAMPLE]
    bare = yardstick(domain, groups)
    rows: dict[str, list[float]] = {"yard": [], "yard core": [], "all": [], "all core": [], "one": [], "one core": []}
    for place in range(rounds):
        for name, count, work in (
            ("yard", len(groups), bare),
            ("one", bench.steps, lambda: bench.audit(0)),
            ("yard", len(groups), bare),
            ("all", bench.steps, lambda: bench.audit(None)),
        ):
            elapsed, spent = _seconds(work)
            rows[name].append(count / elapsed)
            rows[f"{name} core"].append(count / spent)
        last = {name: values[-1] for name, values in rows.items()}
        progress(
            f"round {place + 1}: recover {last['yard']:,.0f}/s, audit in one process {last['one']:,.0f}/s, "
            f"on all {_cores()} cores {last['all']:,.0f}/s"
        )
    middle = {name: statistics.median(values) for name, values in rows.items()}
    every = f"audit on all {_cores()} cores"
    return (
        Target("P9", f"{every}, to one core", middle["all"], GOAL_RATIO, "steps/s", middle["yard"], of_ratio=True),
        Target("P9 rate", every, middle["all"], GOAL_RATE, "steps/s"),
        Target(
            "P9 per core", "audit in one process, by processor time", middle["one core"], 0.0, "steps/s",
            middle["yard core"], of_ratio=True,
        ),
        Target(
            "P9 per core, all", f"{every}, by processor time of all processes", middle["all core"], 0.0, "steps/s",
            middle["yard core"], of_ratio=True,
        ),
    )  # fmt: skip


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def main() -> int:
    """Build, audit, tamper, measure; the exit code is 1 where a goal is missed or the audit is wrong."""
    arguments = _arguments()
    progress(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as folder:
        bench = build(Path(folder), 800 if arguments.quick else arguments.steps)
        tamper(bench, random.Random(arguments.seed))  # noqa: S311 - a place to tamper with
        targets = measure(bench, 1 if arguments.quick else ROUNDS)
        for name, microseconds in parts(bench).items():
            progress(f"{microseconds:7.2f} us/step  {name}")
    return conclude(targets, as_json=arguments.json, judged=not arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
