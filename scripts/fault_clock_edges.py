"""The second at each edge of every window of time, and the seconds beside it: contracts, rules and API must agree.

What is right is written down here by hand, not asked of the rules.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger import acts, calldata
from ledger.calldata import Group
from ledger.crypto import address_of, keccak
from ledger.errors import InvalidInput
from ledger.events import verdicts
from ledger.ids import FOREVER, scoped
from ledger.records import GranteeKind
from ledger.rules.judge import judge
from ledger.state import Carried
from tests.contracts.acting import terms
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, AWAY_ADMIN, AWAY_WINDOW, HOME, HOME_ADMIN, ITEM, settle
from tests.scene import CITY
from tests.unit.api.http import town as api_town

BEGINS, LASTS = 10_000, 1_000_000
"""Keys, windows and grants of this experiment begin so long after their entry and last so long (s)."""
SKEW, PROMPT, LATE, SCHEDULED = 30, 900, 259_200, 14 * 86_400
PLACES = ("rules", "chain", "API")


@dataclass(frozen=True, slots=True)
class Edge:
    """A step judged at ``begin + at``: who takes it, when signed and until when, and what must come of it."""

    name: str
    who: str
    at: int
    wanted: str
    signed: int = 0
    deadline: int = FOREVER
    revoked: int | None = None
    """The officer's key is revoked at this moment, known when the step is judged."""


def edges() -> Iterator[Edge]:
    """All of them, three seconds each; times count from the moment at which the young things begin."""
    inside = LASTS // 2
    for at, wanted in ((-1, "OK"), (0, "OK"), (1, "ACT_EXPIRED")):
        yield Edge("deadline", "usual", inside + at, wanted, inside - 5, inside)
    for ahead, wanted in ((SKEW - 1, "OK"), (SKEW, "OK"), (SKEW + 1, "TIME_IN_FUTURE")):
        yield Edge("signed ahead", "usual", inside, wanted, inside + ahead)
    for ago, wanted in ((LATE - 1, "OK"), (LATE, "OK"), (LATE + 1, "TOO_LATE")):
        yield Edge("signed long ago", "usual", inside, wanted, inside - ago)
    for kind, name in (("key", "KEY"), ("window", "WINDOW"), ("grant", "GRANT")):
        for at, wanted in ((-1, f"{name}_NOT_YET_VALID"), (0, "OK"), (1, "OK")):
            yield Edge(f"{kind} begins", kind, at, wanted, at)
        for at, wanted in ((-1, "OK"), (0, f"{name}_EXPIRED"), (1, f"{name}_EXPIRED")):
            yield Edge(f"{kind} ends", kind, LASTS + at, wanted, LASTS + at)
        # signed in time, carried promptly but after the end: it must hold at both moments; late, when it was signed
        for after, wanted in ((PROMPT - 1, f"{name}_EXPIRED"), (PROMPT, f"{name}_EXPIRED"), (PROMPT + 1, "OK")):
            yield Edge(f"{kind} ends before the block", kind, LASTS - 1 + after, wanted, LASTS - 1)
    for signed, wanted in ((-1, "OK"), (0, "KEY_REVOKED"), (1, "KEY_REVOKED")):
        yield Edge("key revoked, late step", "leaver", inside + PROMPT + 10, wanted, inside + signed, revoked=inside)


class Stage(Protocol):
    """Where an edge is tried."""

    def verdicts(self, edge: Edge) -> dict[str, str]:
        """Reason names by place."""


_PEOPLE = {"usual": 10, "key": 11, "window": 12, "grant": 13, "leaver": 14}


def _entries(begin: int, key_of: Callable[[int], bytes], region: int) -> Iterator[tuple[Any, ...]]:
    """Acts that enter the people: (act class, officer, fields)."""
    young: dict[str, Any] = {"valid_from": begin, "valid_until": begin + LASTS}
    always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER}
    admin, away = AWAY_ADMIN, scoped(AWAY, 90)
    yield acts.RegisterWindow, admin, {"window": away, "name": "新窗口", "region": region, **young}
    for name, number in _PEOPLE.items():
        at = away if name == "window" else AWAY_WINDOW
        fields = {"subject": scoped(AWAY, number), "window": at, "roles": 511, "key": key_of(scoped(AWAY, number))}
        yield acts.EnrolOfficer, admin, fields | (young if name == "key" else always)
    grants = ((80, always), (81, young))
    for number, time in grants:
        given = terms(number, GranteeKind.AGENCY, AWAY, **time)
        yield acts.OfferGrant, HOME_ADMIN, {"terms": given}
        yield acts.AcceptGrant, admin, {"grant": given.grant}


class ChainStage:
    """Contracts in py-evm beside the rules."""

    def __init__(self) -> None:
        self.pair = Pair()
        settle(self.pair)
        scene = self.pair.scene
        self.begin = scene.now + BEGINS
        for number in _PEOPLE.values():
            scene.people[scoped(AWAY, number)] = f"clock {number}"
        for cls, officer, fields in _entries(self.begin, self._address, CITY):
            self.pair.applied(*scene.administer(cls, officer, **fields))
        self._mark = self.pair.mark()

    def _address(self, officer: int) -> bytes:
        return address_of(self.pair.scene.key_of(officer))

    def verdicts(self, edge: Edge) -> dict[str, str]:
        """The rules' and the chain's, each at the block time that the edge names."""
        self.pair.back(self._mark)
        scene, officer = self.pair.scene, scoped(AWAY, _PEOPLE[edge.who])
        if edge.revoked is not None:
            scene.now = self.begin + edge.revoked
            fields = {"subject": officer, "status": 3, "reason": 1, "since": 0}
            self.pair.applied(*scene.administer(acts.SetOfficerStatus, AWAY_ADMIN, **fields))
        act = scene.open(
            officer, ITEM, scoped(HOME, 81 if edge.who == "grant" else 80),
            signed_at=self.begin + edge.signed, deadline=_until(self.begin, edge),
        )  # fmt: skip
        data = calldata.trails_call([scene.group(scene.key_of(officer), act)])
        return self._judge("trails", data, self.begin + edge.at)

    def _judge(self, contract: str, data: bytes, now: int) -> dict[str, str]:
        try:
            rules = judge(self.pair.world, contract, data, now)[0].reason.name
        except InvalidInput as error:
            rules = error.code
        logs = self.pair.evm.send(self.pair.deployment.addresses[contract], data, now).logs
        return {"rules": rules, "chain": next((one.reason.name for one in verdicts(logs)), "reverted")}

    def others(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        """Edges that are no step's: acts of administration, the council's delay, the last step's time."""
        for after, wanted in ((-1, "OK"), (0, "OK"), (1, "ACT_EXPIRED")):
            self.pair.back(self._mark)
            scene = self.pair.scene
            fields = {"window": scoped(AWAY, 70), "name": "窗", "region": CITY, "valid_from": 0, "valid_until": FOREVER}
            act = scene.make(acts.RegisterWindow, AWAY_ADMIN, **fields)
            data = calldata.admin_call([scene.carry(act, scene.key_of(AWAY_ADMIN))])
            yield "act of administration", wanted, self._judge("registry", data, act.deadline + after)
        delay = self.pair.world.council.delay
        waits = ((delay - 1, "DELAY_NOT_OVER"), (delay, "OK"), (delay + SCHEDULED, "OK"))
        for after, wanted in (*waits, (delay + SCHEDULED + 1, "TOO_LATE_TO_EXECUTE")):
            self.pair.back(self._mark)
            scene = self.pair.scene
            proposal = scene.proposal("setDelay", 5)
            self.pair.applied(*scene.ballot(proposal))
            yield (
                "council's delay",
                wanted,
                self._judge("council", calldata.execute_call([proposal]), scene.now + after),
            )
        for after, wanted in ((-1, "TIME_BEFORE_LAST_STEP"), (0, "OK"), (1, "OK")):
            self.pair.back(self._mark)
            yield "last step", wanted, self._second_step(after)

    def _second_step(self, after: int) -> dict[str, str]:
        scene, officer, now = self.pair.scene, scoped(AWAY, _PEOPLE["usual"]), self.begin + 100
        scene.now = now
        opened = scene.open(officer, ITEM, scoped(HOME, 80))
        (outcome,) = self.pair.run("trails", calldata.trails_call([scene.group(scene.key_of(officer), opened)])) or ()
        if outcome.state is None:
            return {"rules": outcome.reason.name, "chain": outcome.reason.name}
        step = acts.Step(
            outcome.subject, 2, 4, officer, scoped(HOME, 80), 0, bytes(32), keccak(b"evidence"), outcome.state.trail,
            now + after, FOREVER,
        )  # fmt: skip
        group: Group = scene.group(scene.key_of(officer), Carried(step, outcome.state))
        return self._judge("trails", calldata.trails_call([group]), now + 10)


def _until(begin: int, edge: Edge) -> int:
    return FOREVER if edge.deadline == FOREVER else begin + edge.deadline


class ApiStage:
    """The HTTP application with its store, its clock in our hand and set to and fro."""

    def __init__(self, folder: Path) -> None:
        self.town = api_town.make_town(folder)
        self.town.found()
        self.begin = self.town.now + BEGINS
        self._numbers = iter(range(1, 1 << 30))
        # the town's agencies, window and item have the numbers of the contract tests' province
        entries = _entries(self.begin, self._address, 0x430200000000)
        for cls, officer, fields in entries:
            self._carry(self.town.admin(cls, officer, **fields))

    def _carry(self, act: Any) -> None:
        response = self.town.submit(act)
        if response.status_code != 202:
            raise RuntimeError(response.text)
        self.town.settle()
        status = self.town.container.tracking.view(self.town.digest(act)).status
        if status != "applied":
            raise RuntimeError(f"{act}: {status}")

    @staticmethod
    def _address(officer: int) -> bytes:
        return address_of(api_town.key_of(officer))

    def verdicts(self, edge: Edge) -> dict[str, str]:
        """What the API answers, or foretells, when its clock shows the edge's moment."""
        officer = scoped(AWAY, _PEOPLE[edge.who])
        if edge.revoked is not None and self.town.container.new_world().keys[self._address(officer)].status == 1:
            self.town.chain.time = self.begin + edge.revoked - 1
            fields = {"subject": officer, "status": 3, "reason": 1, "since": self.begin + edge.revoked}
            self._carry(self.town.admin(acts.SetOfficerStatus, AWAY_ADMIN, **fields))
        self.town.chain.time = self.begin + edge.at
        act = self.town.open(
            next(self._numbers), officer=officer, grant=scoped(HOME, 81 if edge.who == "grant" else 80),
            signed_at=self.begin + edge.signed, deadline=_until(self.begin, edge),
        )  # fmt: skip
        answer = self.town.submit(act)
        said = answer.json()
        if answer.status_code >= 400:
            return {"API": str(said["code"])}
        predicted = said["entries"][0]["predicted"]
        return {"API": str(predicted["code"]) if predicted else "nothing foretold"}

    def close(self) -> None:
        """Close the store."""
        self.town.store.close()
