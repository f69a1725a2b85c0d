"""Random acts through the Python model and the contracts on one or two EVMs: the same verdicts, or exit code 1.

`python -m scripts.differential --sequences 100 --length 60 [--seed 1] [--hardhat] [--json]`. Each sequence starts from
a fresh deployment, sends so many random transactions and then compares every stored word. Sequence `n` of seed `s`
depends on nothing else, so that `--seed s --first n --sequences 1` drives a disagreement again.

Exit codes: 0 all agreed, 1 a disagreement (it is printed), 2 a tool is missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from ledger.reasons import Reason
from node.engines import discover
from scripts.node_tools import ROOT, ToolMissingError, node_command
from tests.differential.backends import Backend
from tests.differential.embedded import CHAIN_ID, SENDER, Embedded
from tests.differential.hardhat import Hardhat
from tests.differential.run import Bench, Disagreement, Tally
from tests.scene import START

AGREED, DISAGREED, NO_TOOL = 0, 1, 2


@contextmanager
def benches(*, hardhat: bool) -> Iterator[Bench]:
    """The contracts on the embedded chain, with `hardhat` beside it on Hardhat's EVM."""
    with TemporaryDirectory(prefix="huxin-differential-") as folder:
        embedded = Embedded(Path(folder), START - 100)
        backends: dict[str, Backend] = {"py-evm": embedded}
        try:
            if not hardhat:
                yield Bench(backends)
                return
            node_command("hardhat")
            with discover(ROOT)["hardhat"].start(Path(folder), CHAIN_ID) as running:
                second = Hardhat(running.url, SENDER.address)
                yield Bench(backends | {"hardhat": second})
                second.close()
        finally:
            embedded.close()


def drive(bench: Bench, options: argparse.Namespace, tally: Tally) -> str | None:
    """All sequences; what disagreed first, if anything."""
    last = options.first + options.sequences
    for number in range(options.first, last):
        try:
            chosen = Random(f"{options.seed}/{number}")  # noqa: S311 - seeded, so that a sequence can be driven again
            bench.sequence(chosen, options.length, tally)
        except Disagreement as found:
            return f"sequence {number} of seed {options.seed}: {found}"
        if not options.quiet:
            print(f"\r{number + 1 - options.first}/{options.sequences} 序列 sequences, {tally.acts} 行为 acts",
                  end="", file=sys.stderr, flush=True)  # fmt: skip
    return None


@dataclass(frozen=True, slots=True)
class Figures:
    """A run's figures; ``never_seen`` are the reasons that no act was refused for."""

    engines: tuple[str, ...]
    sequences: int
    transactions: int
    reverted: int
    acts: int
    seconds: float
    verdicts: dict[str, int]
    never_seen: tuple[str, ...]
    disagreement: str | None


def figures_of(tally: Tally, engines: Sequence[str], seconds: float, found: str | None) -> Figures:
    """What is reported of a run."""
    never = tuple(reason.name for reason in Reason if reason.name not in tally.reasons)
    return Figures(
        ("model", *engines), tally.sequences, tally.transactions, tally.reverted, tally.acts, round(seconds, 1),
        dict(tally.reasons.most_common()), never, found,
    )  # fmt: skip


def show(run: Figures) -> None:
    """For people."""
    print(f"引擎 engines: {', '.join(run.engines)}")
    print(f"序列 sequences {run.sequences}, 交易 transactions {run.transactions} "
          f"(整体回退 reverted whole {run.reverted}), 行为 acts {run.acts}, {run.seconds} s")  # fmt: skip
    print(f"结论 verdicts ({len(run.verdicts)}): {', '.join(f'{name} {n}' for name, n in run.verdicts.items())}")
    print(f"未出现的原因 reasons never seen ({len(run.never_seen)}): {', '.join(run.never_seen)}")
    print(f"不一致 disagreement: {run.disagreement or '无 none'}")


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="模型与合约的随机对照 / random acts on model and contracts")
    parser.add_argument("--sequences", type=int, default=100, help="序列数 how many sequences")
    parser.add_argument("--length", type=int, default=60, help="每个序列的交易数 transactions in each")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 seed of all choices")
    parser.add_argument("--first", type=int, default=0, help="首个序列编号 number of the first sequence")
    parser.add_argument("--hardhat", action="store_true", help="同时在 Hardhat 上运行 on Hardhat's EVM too")
    parser.add_argument("--json", action="store_true", help="机器可读 figures as JSON")
    parser.add_argument("--quiet", action="store_true", help="不显示进度 no progress")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    options = parsed(arguments)
    tally, started = Tally(), time.monotonic()
    try:
        with benches(hardhat=options.hardhat) as bench:
            found = drive(bench, options, tally)
            engines = list(bench.backends)
    except ToolMissingError as missing:
        print(missing, file=sys.stderr)
        return NO_TOOL
    if not options.quiet:
        print(file=sys.stderr)
    run = figures_of(tally, engines, time.monotonic() - started, found)
    if options.json:
        print(json.dumps(asdict(run), ensure_ascii=False, indent=2))
    else:
        show(run)
    return DISAGREED if found else AGREED


if __name__ == "__main__":
    sys.exit(main())
