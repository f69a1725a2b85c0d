"""R5: several relays and gateways on one database; one dies holding a batch; poison; identical submissions at once.

`python -m scripts.fault_relays [--seed 1] [--kills 10] [--quick] [--json]`, on PostgreSQL (a server of its own) and
SQLite; `--quick` on PostgreSQL where it is installed. Everything runs as processes against the embedded chain. The
mutant has two relays at work that both believe to be the only one: it must do something twice, or not get done.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import httpx

from api.store.entries import Entry, EntryAct
from ledger.crypto import keccak
from ledger.procedure import Action
from ledger.reasons import Reason
from scripts.fault_chain_matrix import times_carried
from scripts.fault_chain_place import Place, founded
from scripts.fault_relays_crew import Crew, body_of, crew, id_of, open_batches, wait_drained
from scripts.node_tools import ToolMissingError
from scripts.postgres import postgres_binaries, postgres_server
from scripts.report import Target, conclude, progress
from tests.unit.api.store.scenario import DECIDER

MUTANT = "relays.lease_off"
SAME = 50
BATCH = 100
BOUND = 60
_DRAIN_SECONDS = 60.0
_HOLDING_SECONDS = 20.0
_MUTANT_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class Result:
    """One experiment on one database: whether it held, and what was counted."""

    name: str
    is_good: bool
    acts: int
    lost: int
    doubled: int
    detail: str


def relay_dies(place: Place, people: Crew, chosen: Random, kills: int) -> Result:
    """Two relays; the one that has the lease dies with a batch under way, again and again."""
    ids: list[bytes] = []
    killed = holding = 0
    for _ in range(kills):
        ids += place.accept(place.tale(10))
        deadline = time.monotonic() + _HOLDING_SECONDS
        # what is open may be the last one's, whose lease has not run out yet
        while not (people.holder() and open_batches(place)) and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(chosen.random() * 0.05)
        open_ = bool(open_batches(place))
        if people.kill_holder():
            killed, holding = killed + 1, holding + open_
    drained = wait_drained(place, _DRAIN_SECONDS)
    once, twice, _again = _counted(place, ids)
    is_good = drained and once == len(ids) and not twice and _is_in_order(place, ids) and not people.contradicted()
    # a batch may be mined between the look and the blow, but not half of the times
    is_good = is_good and killed == kills and holding >= kills // 2
    return Result("relay dies", is_good, len(ids), len(ids) - once, twice, f"{killed} kills, {holding} holding a batch")


def poison(place: Place) -> Result:
    """Of 100 acts in one batch one is refused by the rules; then of 100 one makes its whole transaction fail."""
    first = place.cases
    opened = place.accept(place.openings(BATCH))
    drained = wait_drained(place, _DRAIN_SECONDS)
    steps = place.steps(range(first, first + BATCH - 1), Action.VERIFY)
    # the decider has no right at the window's case: the rules refuse, and the others go through
    steps.insert(50, place.scenario.step(place.worlds.scratch(), first + BATCH - 1, Action.VERIFY, officer=DECIDER))
    refused = place.accept(steps)
    drained = wait_drained(place, _DRAIN_SECONDS) and drained
    steps = place.steps(range(first, first + BATCH - 1), Action.ACCEPT)
    steps.insert(50, _broken(steps[0]))
    failed = place.accept(steps)
    drained = wait_drained(place, 2 * _DRAIN_SECONDS) and drained
    statuses = place.store.outbox.statuses([*refused, *failed])
    first_kind = [statuses[one].status for one in refused]
    second_kind = [statuses[one].status for one in failed]
    visible = statuses[refused[50]].reason not in (None, 0) and statuses[failed[50]].reason == Reason.MALFORMED
    is_good = drained and visible and first_kind[50] == "refused" and second_kind[50] == "discarded"
    anchored = (first_kind.count("applied"), second_kind.count("applied"))
    is_good = is_good and anchored == (BATCH - 1, BATCH - 1)
    _once, twice, _again = _counted(place, [*opened, *refused, *failed])
    lost = 2 * (BATCH - 1) - sum(anchored)
    return Result(
        "poison", is_good, len(opened) + 2 * BATCH, lost, twice, f"anchored {anchored}, refused and visible 2"
    )


def _broken(entry: Entry) -> Entry:
    """An entry whose bytes end in the middle of a step: no contract can read the batch that it is in."""
    act = EntryAct(keccak(b"poison"), "Step", entry.acts[0].officer, keccak(b"no such case"))
    return replace(entry, payload=entry.payload[:-5], lanes=("poison",), acts=(act,), idempotency=None)


def same_at_once(place: Place, urls: Sequence[str]) -> Result:
    """50 identical submissions at once to several gateways; then the same idempotency key with another body."""
    body = body_of(place, b"same at once")
    clients = [httpx.Client(base_url=url, timeout=30.0, trust_env=False) for url in urls]
    with ThreadPoolExecutor(SAME) as pool:
        answers = list(pool.map(lambda n: clients[n % len(clients)].post("/v1/acts", json=body), range(SAME)))
    key = {"Idempotency-Key": "r5-key"}
    keyed = [
        clients[0].post("/v1/acts", json=body_of(place, b"keyed"), headers=key),
        clients[-1].post("/v1/acts", json=body_of(place, b"another"), headers=key),
    ]
    for client in clients:
        client.close()
    drained = wait_drained(place, _DRAIN_SECONDS)
    ids = {id_of(one) for one in answers if one.status_code in (200, 202)}
    receipts = {_receipt(one) for one in answers}
    conflict = (keyed[0].status_code, keyed[1].status_code)
    carried = times_carried(place, list(ids))
    is_good = drained and len(ids) == len(receipts) == 1 and carried == [1] and conflict == (202, 409)
    detail = f"{SAME} answers {sorted({one.status_code for one in answers})}, {len(receipts)} receipt, keys {conflict}"
    return Result("same at once", is_good, SAME, int(carried != [1]), sum(one > 1 for one in carried), detail)


def _receipt(answer: httpx.Response) -> str:
    """What an answer vouches for: which acts were taken (how they stand meanwhile moves on)."""
    return id_of(answer).hex() if answer.status_code in (200, 202) else answer.text


def gateways_share(place: Place, people: Crew) -> Result:
    """No relay: several gateways fill one outbox up to its bound, each act once, and turn the rest away."""
    urls = [url for _, url in people.gateways]
    bodies = [body_of(place, b"share" + number.to_bytes(4)) for number in range(3 * BOUND)]
    with ThreadPoolExecutor(8) as pool, httpx.Client(timeout=30.0, trust_env=False) as client:
        answers = list(pool.map(lambda n: client.post(f"{urls[n % 2]}/v1/acts", json=bodies[n]), range(len(bodies))))
    taken = [id_of(one) for one in answers if one.status_code == 202]
    away = [one for one in answers if one.status_code == 503 and "retry-after" in one.headers]
    waiting = place.store.outbox.pending_count()
    people.start_relay()
    drained = wait_drained(place, _DRAIN_SECONDS)
    once, twice, _again = _counted(place, taken)
    is_good = drained and once == len(taken) == waiting and not twice and len(taken) + len(away) == len(bodies)
    # each process counts for itself between two looks at the database, so the bound is one of each gateway
    is_good = is_good and waiting <= BOUND * len(urls)
    detail = f"bound {BOUND} a gateway, two gateways took {waiting}, turned away {len(away)}"
    return Result("gateways", is_good, len(taken), len(taken) - once, twice, detail)


def mutant_is_red(database: str, seconds: float) -> bool:
    """Two relays that both believe to be the only one: something is done twice, or not, or one breaks off over it."""
    with founded(database=database or None) as place, crew(place, 2, MUTANT) as people:
        ids: list[bytes] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not people.contradicted():
            ids += place.accept(place.tale(5))
            time.sleep(0.3)
        drained = wait_drained(place, seconds)
        once, twice, again = _counted(place, ids)
        broke_off = people.contradicted()
        progress(
            f"变异体 mutant: drained {drained}, applied {once} of {len(ids)}, twice {twice}, carried again {again}, "
            f"relays that broke off {broke_off} of 2"
        )
        return not drained or once < len(ids) or bool(twice) or bool(again) or bool(broke_off)


def _counted(place: Place, ids: Sequence[bytes]) -> tuple[int, int, int]:
    """(applied once, applied more than once, carried more than once)."""
    applied = place.times_applied(ids)
    again = sum(one > 1 for one in times_carried(place, ids))
    return applied.count(1), sum(one > 1 for one in applied), again


def _is_in_order(place: Place, ids: Sequence[bytes]) -> bool:
    place_of = {one: at for at, one in enumerate(ids)}
    for number in range(place.cases):
        steps = [place_of.get(step.act_id, -1) for step in place.store.cases.steps(place.scenario.key(number))]
        if steps != sorted(steps):
            return False
    return True


# --- the whole


@contextmanager
def databases(*, quick: bool) -> Iterator[list[tuple[str, str, str]]]:
    """(name, URL of an empty database for the experiments, another for the mutant)."""
    try:
        postgres_binaries()
    except ToolMissingError:
        if not quick:
            raise
        yield [("SQLite", "", "")]
        return
    with postgres_server() as server:
        found = [("PostgreSQL", server.create(), server.create())]
        yield found if quick else [*found, ("SQLite", "", "")]


def experiments(place: Place, chosen: Random, kills: int) -> Iterator[Result]:
    """All of them on one database."""
    with crew(place, 2) as people:
        yield relay_dies(place, people, chosen, kills)
        yield poison(place)
        people.stop_relays()
        urls = [people.start_gateway(HUXIN_OUTBOX_LIMIT=str(BOUND)) for _ in range(2)]
        yield gateways_share(place, people)
        yield same_at_once(place, urls)


def main() -> int:
    """Exit code 1 where anything was lost, doubled or hidden, or the mutant stays green."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10, help="of the relay that holds the lease, on each database")
    parser.add_argument("--mutant", action="store_true", help="run the mutant alone; exit code 1 where it turns red")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    progress(f"种子 seed {options.seed}")
    results: list[Result] = []
    red = every = 0
    with databases(quick=options.quick or options.mutant) as found:
        for name, url, spare in found:
            if not options.mutant:
                chosen = Random(f"{options.seed}/{name}")  # noqa: S311 - seeded, so that a run can be repeated
                with founded(database=url or None) as place:
                    for one in experiments(place, chosen, 1 if options.quick else options.kills):
                        progress(f"{'好 ok ' if one.is_good else '坏 BAD'} {name} {one}")
                        results.append(one)
            every += 1
            red += mutant_is_red(spare, _MUTANT_SECONDS)
    if options.mutant:
        return int(bool(red))
    return conclude(targets_of(results, red, every), as_json=options.json)


def targets_of(results: Sequence[Result], red: int, every: int) -> list[Target]:
    """R5's counts."""
    held: dict[str, list[Any]] = {}
    for one in results:
        held.setdefault(one.name, []).append(one.is_good)
    return [
        *(Target(f"R5 {name}", "databases on which it held", sum(good), len(good)) for name, good in held.items()),
        Target("R5 acts", "acts in all", sum(one.acts for one in results), 1),
        Target("R5 lost", "acknowledged without effect", sum(one.lost for one in results), 0, at_most=True),
        Target("R5 doubled", "acts with two effects", sum(one.doubled for one in results), 0, at_most=True),
        Target("R5 mutant", "turns red", red, every),
    ]


if __name__ == "__main__":
    sys.exit(main())
