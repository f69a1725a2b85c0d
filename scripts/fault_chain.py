"""R3: the chain down, slow, lossy, lying, stuck, replaced, forgetful, foreign; and every place where our way can break.

`python -m scripts.fault_chain [--seed 1] [--seconds 6] [--quick] [--json]`

A proxy with the fault stands between the gateway and a real engine (the embedded chain; anvil where a transaction is
replaced or priced out). Acts keep coming in; when the fault has ended, everything accepted must be on chain exactly
once and in order within 60 s, without a hand. Then the matrix: {outbox commit, nonce reserved, signed, sent, receipt,
marked} × {failed, failed but applied} × {same again, restart, other next}. Two mutants of our own must turn red: one
records the nonce after it has sent, one takes what was sent for accepted.
"""

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from api.relay.relay import Relay
from node.engines import ANVIL, discover
from scripts.fault_chain_bound import Bounded, bounded
from scripts.fault_chain_matrix import Cell, cells, crash_while_waiting, run_cell
from scripts.fault_chain_place import Place, founded
from scripts.fault_chain_proxy import SINGLE, WHOLE, Proxy
from scripts.fault_chain_storms import (
    Storm,
    by_proxy,
    foreign,
    node_restarted,
    priced_out,
    replaced,
    wrong_chain,
)
from scripts.node_tools import ROOT
from scripts.report import Target, conclude, progress

QUICK_FAULTS = ("dropped", "accepting")
QUICK_CELLS = (
    ("outbox commit", "failed but applied", "same again"), ("signed", "failed but applied", "other next"),
    ("sent", "failed but applied", "restart"), ("marked", "failed", "same again"),
)  # fmt: skip
_MUTANT_SECONDS = 15.0


@contextmanager
def behind(seed: int, engine: str = "embedded") -> Iterator[tuple[Place, Proxy]]:
    """A founded place whose relays reach the engine through a proxy."""
    made: list[Proxy] = []

    def way(url: str) -> str:
        made.append(Proxy(url, seed).__enter__())
        return made[0].url

    try:
        with founded(engine, way=lambda url: made[0].url if made else way(url)) as place:
            try:
                yield place, made[0]
            finally:
                place.engine.stop()
    finally:
        for proxy in made:
            proxy.__exit__()


def storms(place: Place, proxy: Proxy, seconds: float, *, quick: bool) -> Iterator[Storm]:
    """Every fault in turn."""
    for fault in QUICK_FAULTS if quick else (*WHOLE, *SINGLE):
        yield by_proxy(place, proxy, fault, seconds)
    yield foreign(place, proxy, seconds)
    if not quick:
        yield node_restarted(place, proxy, seconds)
        yield wrong_chain(place, proxy, seconds)


def on_anvil(seed: int, seconds: float) -> tuple[list[Storm], Counter[str]]:
    """What needs an engine whose pool and price can be set."""
    with behind(seed, ANVIL) as (place, proxy):
        return [replaced(place, proxy, seconds), priced_out(place, proxy, seconds)], proxy.faults.counts


# --- mutants


def sent_before_recorded(seconds: float) -> bool:
    """The transaction is sent first and recorded afterwards: a crash in between signs it a second time. Red?"""

    def mutated(self: Any, batch: Any, nonce: int) -> None:
        with patch.object(self._journal, "record", partial(_send_first, self, self._journal.record)):
            original(self, batch, nonce)

    original = Relay._sign_and_send  # noqa: SLF001 - mutants are patches
    with behind(1) as (place, proxy), patch.object(Relay, "_sign_and_send", mutated), _patience(seconds):
        return not crash_while_waiting(place, proxy).is_good


def _send_first(relay: Any, record: Callable[..., Any], batch: Any, contract: str, signed: Any, now: int) -> Any:
    relay._chain.send_raw(signed.raw)  # noqa: SLF001 - mutants are patches
    return record(batch, contract, signed, now)


def sent_taken_for_accepted(seconds: float) -> bool:
    """What was sent is never looked after again: what a node loses is lost. Red?"""
    with founded() as place, patch.object(Relay, "_is_due", lambda _self, _one: False), _patience(seconds):
        return not run_cell(place, "sent", "failed", "same again").is_good


def _patience(seconds: float) -> Any:
    return patch("scripts.fault_chain_matrix.SECONDS", seconds)


MUTANTS: dict[str, Callable[[float], bool]] = {
    "sent-before-recorded": sent_before_recorded,
    "sent-taken-for-accepted": sent_taken_for_accepted,
}


# --- the whole


def run_mutants(names: Sequence[str]) -> int:
    """How many turn red."""
    red = 0
    for name in names:
        is_red = MUTANTS[name](_MUTANT_SECONDS)
        progress(f"变异体 mutant {name}: {'红 red' if is_red else '未被发现 NOT FOUND'}")
        red += is_red
    return red


def targets_of(
    seen: Sequence[Storm], matrix: Sequence[Cell], bound: Bounded, injected: Counter[str], mutants: tuple[int, int]
) -> list[Target]:
    """R3's counts; `mutants` are (red, all)."""
    red, every = mutants
    slowest = max([*(one.seconds for one in seen), *(one.seconds for one in matrix), bound.seconds])
    acts = sum(one.acts for one in seen) + sum(len(one.applied) for one in matrix) + bound.anchored_once
    lost = sum(one.lost for one in seen) + sum(one.lost for one in matrix)
    doubled = sum(one.doubled for one in seen) + sum(one.doubled for one in matrix)
    return [
        Target("R3 cells", "cells exactly once, in order", sum(one.is_good for one in matrix), len(matrix)),
        Target("R3 faults", "kinds of fault survived", sum(one.is_good for one in seen), len(seen)),
        Target("R3 injected", "faults injected, of all kinds", injected.total(), len(seen)),
        Target("R3 kinds", "kinds injected at least once", sum(injected[one.fault] > 0 for one in seen), len(seen)),
        Target("R3 acts", "acts accepted while it went wrong", acts, 1),
        Target("R3 lost", "acts without effect", lost, 0, at_most=True),
        Target("R3 doubled", "acts with two effects", doubled, 0, at_most=True),
        Target("R3 order", "cases out of order", sum(one.out_of_order for one in seen), 0, at_most=True),
        Target("R3 drained", "after the fault's end, slowest", slowest, 60, "s", at_most=True),
        Target("R3 bound", "queued and shown as such, then 503 + Retry-After", float(bound.is_good), 1),
        Target("R3 mutants", "turn red", red, every),
    ]


def main() -> int:
    """Exit code 1 where anything was lost, doubled, late or out of order, or a mutant stays green."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each fault")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="run this alone; exit code 1 where it turns red")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if options.mutant:
        return run_mutants([options.mutant])
    progress(f"种子 seed {options.seed}")
    if not options.quick and ANVIL not in discover(ROOT):
        sys.exit("没有 anvil,replaced 与 below price 无法进行 / no anvil: replaced and below price cannot be made")
    seconds = 1.5 if options.quick else options.seconds
    with behind(options.seed) as (place, proxy):
        matrix = [_told_cell(run_cell(place, *cell)) for cell in (QUICK_CELLS if options.quick else cells())]
        matrix.append(_told_cell(crash_while_waiting(place, proxy)))
        seen = [_told_storm(one) for one in storms(place, proxy, seconds, quick=options.quick)]
        bound = bounded(place, proxy)
        progress(f"上限 bound: {bound}")
        counts = proxy.faults.counts
    if not options.quick:
        more, there = on_anvil(options.seed, seconds)
        seen += [_told_storm(one) for one in more]
        counts += there
    names = ["sent-before-recorded"] if options.quick else sorted(MUTANTS)
    red = run_mutants(names)
    progress("注入的故障 faults injected: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return conclude(targets_of(seen, matrix, bound, counts, (red, len(names))), as_json=options.json)


def _told_cell(cell: Cell) -> Cell:
    progress(
        f"{'好 ok ' if cell.is_good else '坏 BAD'} {cell.name} {cell.seconds:.1f} s"
        + ("" if cell.is_good else f" {cell}")
    )
    return cell


def _told_storm(storm: Storm) -> Storm:
    progress(f"{'好 ok ' if storm.is_good else '坏 BAD'} {storm}")
    return storm


if __name__ == "__main__":
    sys.exit(main())
