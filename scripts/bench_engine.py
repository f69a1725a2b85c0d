"""The yardstick of P2: steps a second that the embedded engine does by itself, same contracts, same batch size.

Signed transactions go straight into the chain's own pool and block building, with its store on disk (SQLite, WAL,
synchronous=FULL); there is no HTTP, no relay, no index, and no waiting for a block's second. Steps count only if
the contract took them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from scripts.engine_chain import EngineRun
from scripts.engine_scene import EngineScene, crew
from scripts.report import Target, conclude, progress

GOAL = 350.0
"""Steps a second: what P2 demands of everything together, the engine must do alone."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="two small batches: function, not figures")
    parser.add_argument("--seed", type=int, default=0, help="unused: every key and case is derived from names")
    parser.add_argument("--steps", type=int, default=4_000, help="for each row")
    return parser.parse_args()


def _run(scene: EngineScene, size: int, steps: int, *, hundred: bool) -> EngineRun:
    """Openings and later steps as they mix; blocks of about a second's work."""
    count = max(4, steps // size // 4 * 4)
    transactions = list(scene.usual(crew(size, hundred=hundred), count))
    run = scene.engine.feed(transactions, max(1, 400 // size))
    if run.steps != count * size:
        raise SystemExit(f"{run.steps} of {count * size} steps were taken")
    return run


def main() -> int:
    """Measure batches of 10, 100 and 200 steps; the exit code is 1 where a goal is missed."""
    arguments = _arguments()
    progress(f"seed {arguments.seed} (nothing here is random)")
    targets = []
    with tempfile.TemporaryDirectory() as folder:
        progress("deploy the contracts, enter agencies, officers, grants ...")
        scene = EngineScene.new(Path(folder))
        plans = (
            [(10, False), (100, False)] if arguments.quick else [(10, False), (100, False), (200, False), (200, True)]
        )
        with scene.engine:
            for size, hundred in plans:
                steps = size * 8 if arguments.quick else arguments.steps
                run = _run(scene, size, steps, hundred=hundred)
                who = "100 officers, 100 grants" if hundred else "10 officers, 5 grants"
                progress(f"batches of {size}, {who}: {run.per_second:.0f} steps/s in {run.blocks} blocks")
                goal = GOAL if size >= 100 else 0.0
                targets.append(Target(f"engine×{size}", f"the engine alone, {who}", run.per_second, goal, "steps/s"))
    return conclude(targets, as_json=arguments.json, judged=not arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
