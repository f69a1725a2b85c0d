"""P2 and P3: steps a second from HTTP to the chain, and how fast they are acknowledged durably.

P3 first, on a ledger whose chain and relay stand still, so that accepting is all that is measured: 32 clients hand in
signed steps, each a request; beside it the reference application (`scripts.load.reference`) takes the same requests,
and PostgreSQL chains hashes in a function for 16 clients. Then P2: everything runs, 32 clients hand in as fast as they
are answered, and the clock stops when the index has the last verdict; beside it the engine alone, fed with batches of
the size that the relay made. At half of P2's rate each step is timed from when it was due to the verdict in the index.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.load.acceptance import acceptance
from scripts.load.anchoring import anchored
from scripts.report import Target, conclude, progress

PARTS: dict[str, Callable[[Path, int, bytes], list[Target]]] = {"P3": acceptance, "P2": anchored}
QUICK_STEPS = 400


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="环节吞吐量 / Steps a second (P2, P3)")
    parser.add_argument("--json", action="store_true", help="最后一行为 JSON / the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="少量环节,不判定数值 / few steps, figures not judged")
    parser.add_argument("--seed", default="1", help="案件编号的种子 / what the cases are derived from")
    parser.add_argument("--steps", type=int, default=8_000, help="每项环节数 / steps of each part")
    parser.add_argument("--only", choices=PARTS, help="只测一项 / one part alone")
    return parser.parse_args()


def main() -> int:
    """Measure and print; exit code 1 where a target is missed."""
    arguments = _arguments()
    progress(f"seed {arguments.seed}")
    steps = QUICK_STEPS if arguments.quick else arguments.steps
    targets: list[Target] = []
    for name, measure in PARTS.items():
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                targets += measure(Path(folder), steps, arguments.seed.encode())
    return conclude(targets, as_json=arguments.json, judged=not arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
