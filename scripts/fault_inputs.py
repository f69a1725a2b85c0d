"""R7: malformed, oversized, replayed, reordered, foreign, expired, spoilt input; slow, endless and greedy clients.

Against the contracts (py-evm), everything checked offline, and a running server over sockets. Each input must be
refused with its kind's own code, the same on the chain and in the API; nothing may crash, hang, grow or be found valid,
and other clients may hardly notice. Then each mutant (``scripts/mutants/inputs``) must be found out.

What others notice: ten clients at addresses of their own ask ten times a second each, from another process, while one
trouble goes on for ten seconds; their p99 (a thousand answers, counted from when each was due; who is turned away has
waited for ever) is divided by that of the ten seconds just before and after it. Each trouble is made five times, each
time a flood comes from an address with all of its burst to spend; the median of the five counts. Who makes trouble
would bring a machine of his own, so here his process is niced and yields to the server and the others, but his rate is
kept: what he could not send in time he sends at once.

Seals, signatures and documents have an experiment of their own, ``fault_documents``. Who may do what is a matrix of
its own: ``tests/access``, every contract function, role and condition; its cells are counted here.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from scripts import fault_inputs_clients as clients
from scripts import fault_inputs_offline as offline
from scripts import mutant
from scripts.fault_inputs_chain import ChainArm, snapshot
from scripts.fault_inputs_http import HttpArm, raw_nonsense
from scripts.fault_inputs_steps import Desk
from scripts.fault_inputs_tally import Tally
from scripts.fault_inputs_wire import Server
from scripts.report import Target, conclude, progress
from scripts.trials.ledger import Trial, running

LOCAL_MUTANTS = ("inputs.high_s_accepted", "inputs.deadline_off", "inputs.any_merkle_proof")
SERVER_MUTANTS = (
    "inputs.depth_check_off", "inputs.rate_limit_off", "inputs.slow_clients_kept",
    "inputs.slow_bodies_keep_their_places",
)  # fmt: skip
_ENVIRONMENT = {
    "HUXIN_PUBLIC_RATE": str(clients.RATE * 60),
    "HUXIN_HEAD_SECONDS": str(clients.HEAD_SECONDS),
    "HUXIN_BODY_SECONDS": str(clients.BODY_SECONDS),
}
MOST_GROWTH = 50.0
"""MB that the server may grow by."""
MOST_SLOWDOWN = 2.0
FOUND_OUT = 3


class Experiment:
    """One server, one seed."""

    def __init__(self, trial: Trial, seed: int, tally: Tally) -> None:
        self.trial, self.tally = trial, tally
        self.server = Server(*trial.address)
        chance = random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
        self.desk = Desk(trial.network.deployment, trial.people, int(time.time()), chance)
        self._before = self.memory()

    @property
    def grown(self) -> float:
        """MB that the server has grown by since its caches were filled."""
        return max(0.0, self.memory() - self._before)

    def memory(self) -> float:
        """Resident memory of the HTTP process, MB."""
        status = Path(f"/proc/{self.trial.supervisor.pids()['http']}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def requests(self, count: int) -> None:
        """The API's share; a first tenth fills the caches."""
        arm = HttpArm(self.server, self.desk, self.tally)
        asyncio.run(arm.run(count // 10))
        self._before = self.memory()
        asyncio.run(arm.run(count))
        asyncio.run(arm.again(max(10, count // 100)))
        asyncio.run(raw_nonsense(self.server, self.desk.chance, self.tally, max(3, count // 500)))
        waiting = self.trial.drain()
        if waiting:
            self.tally.fault("outbox", f"{waiting} acts wait for ever")
        asyncio.run(arm.afterwards())

    def mutants(self, *, together: bool) -> dict[str, bool]:
        """Each mutated server, or one with all of them, and whether what each lets through was noticed."""
        tallies = {name: Tally() for name in SERVER_MUTANTS}
        if together:
            self.restart(mutant.runner("inputs.server_open"))
        for name, tally in tallies.items():
            if not together:
                self.restart(mutant.runner(name))
            self.probe(name, tally)
        return {name: bool(tally.wrong) for name, tally in tallies.items()}

    def probe(self, name: str, tally: Tally) -> None:
        """One mutant of the server; that it ends over what it is sent is a fault like any other."""
        try:
            asyncio.run(probe(name, self.server, self.desk, tally))
        except ConnectionError as error:
            tally.fault(f"server: {name}", f"it went away: {error}")
            self._await_life(0)

    def restart(self, runner: tuple[str, ...]) -> None:
        """Another HTTP process, run by ``runner``."""
        supervisor = self.trial.supervisor
        old = supervisor.pids()["http"]
        supervisor.run_with("http", runner)
        os.kill(old, signal.SIGKILL)
        self._await_life(old)

    def _await_life(self, old: int) -> None:
        """Until another process than ``old`` answers."""
        supervisor, until = self.trial.supervisor, time.monotonic() + 60
        while time.monotonic() < until:
            time.sleep(0.1)
            if supervisor.pids().get("http", old) != old and _lives(supervisor.url):
                return
        raise TimeoutError("the HTTP process did not come back")


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health/live", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def probe(name: str, server: Server, desk: Desk, found: Tally) -> Coroutine[Any, Any, None]:
    """The part of the experiment that a mutant of the server must fail."""
    if name == "inputs.depth_check_off":
        return HttpArm(server, desk, found).run(100)
    if name == "inputs.rate_limit_off":
        return clients.spends(server, found)
    if name == "inputs.slow_bodies_keep_their_places":
        return clients.crowd(server, found)
    return _only_slow(server, found)


async def _only_slow(server: Server, found: Tally) -> None:
    waiting = asyncio.ensure_future(clients.slow_clients(server, found, 8))
    await asyncio.wait({waiting}, timeout=clients.PATIENCE)
    waiting.cancel()


def local(seed: int, count: int, tally: Tally) -> None:
    """The contracts and what is checked offline."""
    arm = ChainArm(seed, tally)
    progress(f"  contracts and rules: {count // 2:,}")
    arm.taken_before(3)
    before = snapshot(arm)
    before.heads.clear()
    arm.run(count // 2)
    after = snapshot(arm)
    after.heads.clear()
    if after != before:
        tally.fault("chain", "hostile input changed what the ledger holds")
    progress(f"  offline: {count // 2:,}")
    offline.run(seed, count // 2, tally)


def local_mutants(seed: int, count: int) -> dict[str, bool]:
    """Each in a copy of this process, for what it patches stays patched."""
    fork = multiprocessing.get_context("fork")
    found = {}
    for name in LOCAL_MUTANTS:
        child = fork.Process(target=_found_out_locally, args=(name, seed, count))
        child.start()
        child.join()
        found[name] = child.exitcode == FOUND_OUT
    return found


def _found_out_locally(name: str, seed: int, count: int) -> None:
    mutant.patch_of(name)()
    tally = Tally()
    local(seed, count, tally)
    sys.exit(FOUND_OUT if tally.wrong else 0)


def access_cells() -> int:
    """Functions times conditions of the access matrix in ``tests/access``; in each every actor is tried.

    They are counted here and tried in CI, where a function that is missing fails (``test_complete``).
    """
    command = (sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/access", "-p", "no:cacheprovider")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return sum("test_matrix.py::test_who_may[" in line for line in done.stdout.splitlines())


def experiment(seed: int, count: int, *, quick: bool) -> tuple[list[Target], list[Target]]:
    """Function first, then figures."""
    tally, began = Tally(), time.monotonic()
    caught = local_mutants(seed, 200 if quick else 1_000)
    local(seed, count * 4 // 10 if not quick else 300, tally)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", 6, _ENVIRONMENT) as trial:
        one = Experiment(trial, seed, tally)
        http = count * 6 // 10 if not quick else 600
        progress(f"  API over sockets: {http:,}")
        one.requests(http)
        grown = one.grown
        progress("  slow, endless and greedy clients")
        quiet = asyncio.run(_measured(one.server, tally, quick=quick))
        asyncio.run(clients.crowd(one.server, tally))
        asyncio.run(_alone(one.server, tally))
        grown = max(grown, one.grown)
        progress("  mutants")
        caught |= one.mutants(together=quick)
    print(tally.table())
    print(f"\nseed {seed}; {tally.total:,} inputs in {time.monotonic() - began:.0f} s")
    for name in quiet.beside:
        beside, alone = (1_000 * median(found[name]) for found in (quiet.beside, quiet.alone))
        each = " ".join(f"{one:.2f}" for one in quiet.slowdowns(name))
        print(f"  p99 of others {name:<36} {beside:8.1f} ms, alone {alone:8.1f} ms: {each} times")
    for sample in tally.samples:
        print(f"  WRONG {sample}")
    return _functions(tally, caught, count, quick=quick), [
        Target("R7", "p99 of others beside", quiet.worst, MOST_SLOWDOWN, "x", at_most=True),
        Target("R7", "growth of the server", grown, MOST_GROWTH, "MB", at_most=True),
    ]


def _measured(server: Server, tally: Tally, *, quick: bool) -> Coroutine[Any, Any, clients.Quiet]:
    if quick:
        return clients.measured(server, tally, 1.0, slow=20, rounds=1)
    return clients.measured(server, tally, 10.0, slow=500)


async def _alone(server: Server, tally: Tally) -> None:
    """What must come to its end, however long that takes here."""
    await asyncio.gather(clients.spends(server, tally), clients.without_end(server, tally, "127.0.8.1"))


def _functions(tally: Tally, caught: dict[str, bool], count: int, *, quick: bool) -> list[Target]:
    print("\n".join(f"  mutant {name:<30} {'found out' if red else 'NOT FOUND OUT'}" for name, red in caught.items()))
    cells = () if quick else (Target("R7", "functions x conditions of tests/access", access_cells(), 1, "cells"),)
    return [
        *cells,
        Target("R7", "inputs", tally.total, 0 if quick else count, "inputs"),
        Target("R7", "answered wrongly", sum(tally.wrong.values()), 0, "inputs", at_most=True),
        Target("R7", "mutants found out", sum(caught.values()), len(LOCAL_MUTANTS + SERVER_MUTANTS), "mutants"),
    ]


def mutated(name: str, seed: int) -> list[Target]:
    """One mutant by itself: red means that it was found out."""
    tally = Tally()
    if name in SERVER_MUTANTS:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", 6, _ENVIRONMENT) as trial:
            one = Experiment(trial, seed, tally)
            one.restart(mutant.runner(name))
            one.probe(name, tally)
    else:
        mutant.patch_of(name)()
        local(seed, 800, tally)
    for sample in tally.samples:
        print(f"  WRONG {sample}")
    return [Target("R7", f"answered wrongly with {name}", sum(tally.wrong.values()), 0, "inputs", at_most=True)]


def main() -> int:
    """Exit code 1 where anything was answered wrongly or a mutant was not found out."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fault_inputs", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="bounded: function, not figures")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=105_000)
    parser.add_argument("--mutant", help=f"one of {', '.join((*LOCAL_MUTANTS, *SERVER_MUTANTS))}")
    asked = parser.parse_args()
    if asked.mutant:
        return conclude(mutated(asked.mutant, asked.seed), as_json=asked.json)
    functions, figures = experiment(asked.seed, asked.count, quick=asked.quick)
    wrong = not all(target.met for target in functions)
    return conclude([*functions, *figures], as_json=asked.json, judged=wrong or not asked.quick)


if __name__ == "__main__":
    sys.exit(main())
