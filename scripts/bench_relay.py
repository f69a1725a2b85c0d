"""What relay and index cost beside the engine: processor time a step, from the outbox to the index, and of replaying.

`python -m scripts.bench_relay [--steps 3000] [--seed 1] [--profile FILE] [--json] [--quick]`. The engine is a process
of its own; relay and index run in this one, so that its processor time is theirs. A third of the steps opens cases, the
rest are running ones; every case has three steps, accepted before the first is anchored.
"""

import argparse
import cProfile
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from api.index.rebuild import rebuild
from api.store import index_tables as t
from api.store.origin import Origin
from api.store.store import open_store
from node.gateway.gateway import Gateway
from scripts.fault_chain_place import CHAIN_ID, Place, founded
from scripts.report import Target, conclude, progress

SHARE = 0.4
"""Of a core, that relay and index may use at `AT` steps/s."""
AT = 400
_IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds; `processor` is that of this process alone."""

    steps: int
    seconds: float
    processor: float
    blocks: int

    @property
    def milliseconds(self) -> float:
        """Processor time a step."""
        return self.processor * 1000 / self.steps


def carry(place: Place, count: int) -> Run:
    """Anchor and index that many steps."""
    entries = place.tale(max(1, count // 3))
    place.accept(entries)
    carrier = place.carrier()
    before, wall, processor = _blocks(place), time.monotonic(), time.process_time()
    if not carrier.drain(600.0):
        raise SystemExit("not anchored in time")
    carrier.lease.release()
    seconds, used = time.monotonic() - wall, time.process_time() - processor
    if place.times_applied([act.act_id for one in entries for act in one.acts]) != [1] * len(entries):
        raise SystemExit("not every step was taken exactly once")
    return Run(len(entries), seconds, used, _blocks(place) - before)


def idle(place: Place, seconds: float) -> float:
    """The share of a core that looking and waiting takes; with an engine that is slow it is most of what is used."""
    carrier = place.carrier("idle")
    deadline, processor = time.monotonic() + seconds, time.process_time()
    carrier.until(lambda: time.monotonic() > deadline, 2 * seconds)
    carrier.lease.release()
    return (time.process_time() - processor) / seconds


def replay(place: Place, steps: int) -> Run:
    """The index alone, rebuilt from the chain."""
    with tempfile.TemporaryDirectory(prefix="huxin-experiment-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'index.db'}")
        chain = Gateway(place.engine.url, CHAIN_ID)
        wall, processor = time.monotonic(), time.process_time()
        blocks = rebuild(store, chain, Origin.of(place.network), lambda _done, _of: None)
        seconds, used = time.monotonic() - wall, time.process_time() - processor
        store.close()
    return Run(steps, seconds, used, blocks)


def _blocks(place: Place) -> int:
    with place.store.db.read() as connection:
        return int(connection.execute(select(func.count()).select_from(t.blocks)).scalar_one())


def main() -> int:
    """Exit code 1 where the share of a core is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1, help="nothing here is random; kept as all scripts have it")
    parser.add_argument("--profile", type=Path, help="write cProfile's figures of relay and index here")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="function only")
    options = parser.parse_args()
    steps = 150 if options.quick else options.steps
    profile = cProfile.Profile() if options.profile else None
    with founded() as place:
        progress(f"{steps} steps, seed {options.seed}")
        if profile:
            profile.enable()
        carried = carry(place, steps)
        base = idle(place, 1.0 if options.quick else _IDLE_SECONDS)
        replayed = replay(place, steps)
        if profile:
            profile.disable()
            profile.dump_stats(options.profile)
    progress(
        f"carried {carried.steps} in {carried.seconds:.1f} s ({carried.steps / carried.seconds:.0f}/s, "
        f"{carried.blocks} blocks), replayed in {replayed.seconds:.1f} s"
    )
    own = max(0.0, carried.processor - base * carried.seconds) / carried.steps
    most = SHARE / AT * 1000
    targets = [
        Target("relay+index", f"share of a core at {AT} steps/s", base + AT * own, SHARE, at_most=True),
        Target("a step", "processor time from outbox to index", own * 1000, most, "ms", at_most=True),
        Target("waiting", "share of a core while nothing comes", base, SHARE, at_most=True),
        Target("index", "processor time of replaying a step", replayed.milliseconds, most, "ms", at_most=True),
    ]
    return conclude(targets, as_json=options.json, judged=not options.quick)


if __name__ == "__main__":
    sys.exit(main())
