"""R9: clocks set to and fro, time zones, leap days, holidays.

(1) Each second at and beside the edge of every window of time, to contracts, rules and API: each must say what is
written down in ``scripts/fault_clock_edges``, in rising, falling and random order of time. (2) The embedded chain's
clock leaps a day back and forth while it seals: block times rise and never run ahead of the clock. (3) The server's
clock leaps around a sign-in: no challenge or session outlives its time. (4) Statutory deadlines from random moments and
those around midnights, leap days and holidays, in six time zones of the machine, against a second reckoning with the
time zone database and the published working days. Then each mutant (``scripts/mutants/clock``) must be found out.
"""

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar

from ledger import crypto, headers
from ledger.deadlines import Limit, Standing, Taken, clocks
from ledger.procedure import Action
from ledger.signin import personal_digest
from node.embedded import store
from node.embedded.network import Network
from node.gateway.account import RelayAccount
from scripts import mutant
from scripts.fault_clock_edges import PLACES, ApiStage, ChainStage, Edge, edges
from scripts.report import Target, conclude, progress
from tests.unit.api.http import town as api_town

MUTANTS = {"clock.skew_off": "edges", "clock.validity_a_second_longer": "edges", "inputs.deadline_off": "edges",
           "clock.local_time": "deadlines", "clock.weekends_only": "deadlines"}  # fmt: skip
"""Which part must find each of them out."""
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Shanghai")
CHINA = ZoneInfo("Asia/Shanghai")
DAY = 86_400
FOUND_OUT = 3
_FIRST, _LAST = date(2005, 1, 1), date(2026, 12, 31)
_VALIDATOR, _SENDER = b"\x42" * 32, RelayAccount(b"\x07" * 32, 860_000)


class Findings:
    """Checks by part, and what was wrong."""

    def __init__(self) -> None:
        self.checks: Counter[str] = Counter()
        self.wrong: list[str] = []

    def check(self, part: str, what: object, *, holds: bool) -> None:
        """One check."""
        self.checks[part] += 1
        if not holds:
            self.wrong.append(f"{part}: {what}")


def at_the_edges(found: Findings, seed: int, orders: int) -> None:
    """Every edge, the API's clock going forwards, backwards, then leaping at random."""
    chain, listed = ChainStage(), list(edges())
    with tempfile.TemporaryDirectory() as folder:
        api = ApiStage(Path(folder))
        for order in range(orders):
            for edge in _ordered(listed, order, random.Random(seed + order)):  # noqa: S311 - repeatable
                said = chain.verdicts(edge) | api.verdicts(edge)
                found.check(f"edge: {edge.name}", f"{edge} {said}", holds=_agree(said, edge.wanted))
        api.close()
    for name, wanted, said in chain.others():
        found.check(f"edge: {name}", f"wanted {wanted}: {said}", holds=set(said.values()) == {wanted})


def _agree(said: dict[str, str], wanted: str) -> bool:
    return set(said) == set(PLACES) and set(said.values()) == {wanted}


def _ordered(listed: Sequence[Edge], order: int, chance: random.Random) -> Sequence[Edge]:
    if order < 2:
        return sorted(listed, key=lambda edge: edge.at, reverse=bool(order))
    return chance.sample(listed, len(listed))


class Leaping:
    """The machine's clock, set forth or back by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead


def chain_clock(found: Findings) -> None:
    """Blocks before, during and after leaps; a leap back is set right while a transaction waits."""
    clock = Leaping()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "chain"
        store.create(data, Network(860_000, crypto.address_of(_VALIDATOR), int(time.time()) - 10), _VALIDATOR)
        chain = store.open_chain(data, clock)
        times = []
        for number, leap in enumerate((0.0, DAY, -DAY, 3_600.0, -1.0, 0.0)):
            clock.ahead += leap
            chain.submit(_SENDER.sign_transaction(number, b"\x01" * 20, b"", 21_000).raw)
            repair = threading.Timer(0.5, _set_right, (clock, -leap))
            if leap < 0:
                repair.start()
            block = chain.seal_when_due(threading.Event())
            stamp = 0 if block is None else headers.decode_header(block.header).timestamp
            found.check("chain's clock", f"sealed {stamp}, clock {clock()}", holds=0 < stamp <= clock())
            times.append(stamp)
        chain.database.close()
    for before, after in pairwise(times):
        found.check("chain's clock", times, holds=before < after)


def _set_right(clock: Leaping, by: float) -> None:
    clock.ahead += by


def server_clock(found: Findings) -> None:
    """Challenges and sessions at their ends, and when the server's clock is set back afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        town = api_town.make_town(Path(folder))
        town.found()
        key = api_town.key_of(api_town.CLERK)
        for late, taken in ((299, True), (300, False), (301, False)):
            found.check("sign-in", f"answered after {late} s", holds=_answered(town, key, late) is taken)
        start = town.now
        token = town.as_(api_town.CLERK)
        for moment, lives in ((3_599, True), (3_600, False), (DAY, False), (-DAY, None), (10, None)):
            town.chain.time = start + moment
            status = town.client.get("/v1/session", headers=token).status_code
            # where it went back before the session began nothing is promised but an answer
            holds = status in (200, 401) if lives is None else (status == 200) is lives
            found.check("session", f"at {moment} s: {status}", holds=holds)
        town.store.close()


def _answered(town: api_town.Town, key: bytes, late: int) -> bool:
    """Whether a challenge is still good so much later."""
    asked = town.client.post("/v1/session/challenge", json={"address": crypto.checksum(crypto.address_of(key))})
    text = asked.json()["message"]
    town.chain.time += late
    signature = "0x" + crypto.sign(key, personal_digest(text.encode())).hex()
    response = town.client.post("/v1/session", json={"message": text, "signature": signature})
    return response.status_code < 300


def deadlines(found: Findings, seed: int, count: int) -> None:
    """Due times in each zone of the machine against the second reckoning; the seconds at their edges."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes a run repeatable
    before = os.environ.get("TZ")
    try:
        for zone in ZONES:
            os.environ["TZ"] = zone
            time.tzset()
            for start in _moments(chance, count // len(ZONES)):
                _one_deadline(found, zone, start, chance.randrange(1, 6), chance.randrange(1, 21))
    finally:
        os.environ.pop("TZ", None) if before is None else os.environ.update(TZ=before)
        time.tzset()


def _moments(chance: random.Random, count: int) -> Iterator[int]:
    """Times in the years that are known: midnights, leap days, the days around holidays, and any."""
    span = (_LAST - _FIRST).days - 60
    for place in range(count):
        day = _FIRST + timedelta(days=chance.randrange(span))
        if place % 4 == 1:
            day = date(chance.choice([2008, 2012, 2016, 2020, 2024]), 2, 29)
        elif place % 4 == 2:
            day = date(chance.randrange(2005, 2026), *chance.choice([(1, 1), (4, 30), (9, 30), (10, 8), (12, 31)]))
        midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
        offset = chance.choice([0, 1, DAY - 1]) if place % 2 else chance.randrange(DAY)
        yield int(midnight.timestamp()) + offset


def _one_deadline(found: Findings, zone: str, start: int, accept: int, decide: int) -> None:
    received = Taken(int(Action.COLLECT), start, start)
    due = _due(start, accept)
    for answered, wanted in ((due - 1, Standing.KEPT), (due, Standing.MISSED), (due + 1, Standing.MISSED)):
        steps = (received, Taken(int(Action.ACCEPT), answered, answered))
        by = {clock.limit: clock for clock in clocks(steps, accept, decide, answered)}
        said = by[Limit.ACCEPTANCE]
        found.check("deadline", f"{zone} {start} +{accept}: {said}, wanted {due}", holds=said.due == due)
        found.check("deadline", f"{zone} {answered}: {said}", holds=said.standing is wanted)
        begun = answered if wanted is Standing.KEPT else start
        expected = _due(begun, decide)
        found.check("decision", f"{zone} {begun} +{decide}", holds=by[Limit.DECISION].due == expected)


def _due(start: int, count: int) -> int:
    """The second reckoning: the time zone database and the list of working days, no arithmetic of our own."""
    first = datetime.fromtimestamp(start, CHINA).date() + timedelta(days=1)
    listed = chinese_calendar.get_workdays(first, min(_LAST, first + timedelta(days=90)))
    after = listed[count - 1] + timedelta(days=1)
    return int(datetime(after.year, after.month, after.day, tzinfo=CHINA).timestamp())


def _found_out(name: str, part: str, seed: int) -> None:
    mutant.patch_of(name)()
    found = Findings()
    if part == "edges":
        at_the_edges(found, seed, 1)
    else:
        deadlines(found, seed, 240)
    sys.exit(FOUND_OUT if found.wrong else 0)


def mutants(names: Sequence[str], seed: int) -> dict[str, bool]:
    """Each in a copy of this process, for what it patches stays patched."""
    fork, caught = multiprocessing.get_context("fork"), {}
    for name in names:
        child = fork.Process(target=_found_out, args=(name, MUTANTS[name], seed))
        child.start()
        child.join()
        caught[name] = child.exitcode == FOUND_OUT
        print(f"  mutant {name:<32} {'found out' if caught[name] else 'NOT FOUND OUT'}", flush=True)
    return caught


def experiment(seed: int, count: int, orders: int) -> Findings:
    """All four parts."""
    found = Findings()
    progress("  edges: contracts, rules, API")
    at_the_edges(found, seed, orders)
    progress("  clocks that leap")
    chain_clock(found)
    server_clock(found)
    progress(f"  deadlines: {count:,} moments in {len(ZONES)} zones")
    deadlines(found, seed, count)
    return found


def main() -> int:
    """Exit code 1 where a time was judged wrongly or a mutant was not found out."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fault_clock", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--mutant", choices=sorted(MUTANTS))
    asked = parser.parse_args()
    if asked.mutant:
        mutant.patch_of(asked.mutant)()
    caught = {} if asked.mutant else mutants(tuple(MUTANTS), asked.seed)
    count, orders = (600, 1) if asked.quick or asked.mutant else (asked.count, 6)
    found = experiment(asked.seed, count, orders)
    for part, checks in sorted(found.checks.items()):
        print(f"  {part:<40} {checks:>9,}")
    for line in found.wrong[:8]:
        print(f"  WRONG {line[:300]}")
    print(f"seed {asked.seed}")
    targets = [
        Target("R9", "checks", found.checks.total(), 1, "checks"),
        Target("R9", "judged wrongly", len(found.wrong), 0, "checks", at_most=True),
    ]
    if not asked.mutant:
        targets.append(Target("R9", "mutants found out", sum(caught.values()), len(MUTANTS), "mutants"))
    return conclude(targets, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
