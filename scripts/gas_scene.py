"""The scene in which gas is measured: agencies, windows, officers, items, grants, and batches of their steps.

Everything is derived from names, so that each run signs the same bytes. Every transaction is also judged by the Python
rules, and what the chain emits must be what they say: a figure of a step that was not taken would be worth nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from eth_abi.abi import encode as abi_encode

from ledger import acts, calldata
from ledger.calldata import Ballot, Group, SignedAct
from ledger.crypto import address_of, keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.events import Emitted, verdicts
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_MODES, ALL_RIGHTS, Action, Mode, Role
from ledger.reasons import Reason
from ledger.rules.council import CALLS
from ledger.rules.judge import Outcome, judge
from ledger.state import Carried, CaseState
from ledger.world import CONTRACTS, CouncilRecord, World
from node.deployment import creations, directory_name, plan
from node.network import Council
from scripts.gas_chain import Mined

CHAIN_ID = 860_000
START = 1_800_000_000
HOMES = 5
"""Home agencies, 101 to 105, each with one item, a seal and a reviewer."""
AWAY = 5
"""Agencies with windows, 201 to 205: two windows each, ten officers a window."""
OFFICERS = 100
QUOTA_GRANT = 900
BACK_OFFICE = 2
SEAL = 1
SET_GRANT = 901
AGE = 60
"""Seconds between a signature and its block: the age of a batch in the relay."""
NOTHING = bytes(32)


class Mismatch(Exception):
    """The chain and the Python rules judged differently, or a transaction failed."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A window officer and the grant he acts under: ids as in `ledger.ids`."""

    officer: int
    grant: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A running case: its key and its state on chain."""

    key: bytes
    state: CaseState


def secret(name: str) -> bytes:
    """Private key of a named person."""
    return keccak(b"gas " + name.encode())


MEMBERS = tuple(sorted((secret(f"member {i}") for i in range(3)), key=address_of))


def home_of(place: int) -> int:
    """The agency that grants its rights to an officer's window."""
    return 101 + place % HOMES


def window_of(place: int) -> int:
    """The window of an officer: ten officers each, two windows an agency."""
    return scoped(201 + place // 20, 1 + place // 10 % 2)


def grant_of(place: int) -> int:
    """Each officer's own grant, out of twenty that the home agency has given."""
    return scoped(home_of(place), 1 + place // HOMES)


def officer(place: int) -> Officer:
    """One of the 100 window officers, under a grant of his own."""
    return Officer(scoped(201 + place // 20, 10 + place % 20), grant_of(place), secret(f"officer {place}"))


def ten_officers(count: int) -> tuple[Officer, ...]:
    """Ten officers in turn, `count` in all: two at each of five windows, who share their window's grant."""
    pairs = [(21 * window, 21 * window + more) for window in range(AWAY) for more in (0, 1)]
    ten = [replace(officer(place), grant=grant_of(first)) for first, place in pairs]
    return tuple(ten[place % 10] for place in range(count))


def with_grant(by: Officer, number: int) -> Officer:
    """The same officer under another grant of the same home agency."""
    return replace(by, grant=scoped(by.grant >> 32, number))


def _applied(mined: Mined, outcomes: tuple[Outcome, ...]) -> Mined:
    refused = [one.reason for one in outcomes if one.reason is not Reason.OK]
    if refused:
        raise Mismatch(f"the scene's own acts were refused: {refused}")
    return mined


class SceneChain(Protocol):
    """A chain that mines each transaction at once, in a block of its own a second after the last."""

    time: int
    """The last block's time; may be set forward."""

    @property
    def relay(self) -> bytes:
        """Address of the sending account."""

    def send(self, to: bytes | None, data: bytes) -> Mined:
        """Mine one transaction; `to` None creates a contract."""


@dataclass(slots=True)
class Scene:
    """The chain, the Python model beside it, and whoever signs."""

    chain: SceneChain
    world: World
    nonce: int = 0
    cases: int = 0

    def send(self, contract: str, data: bytes) -> tuple[Mined, tuple[Outcome, ...]]:
        """Mine a call and compare every verdict with that of the rules; raises Mismatch."""
        mined = self.chain.send(self.world.deployment.addresses[contract], data)
        outcomes = judge(self.world, contract, data, mined.time)
        expected = [Emitted.expected(one) for one in outcomes]
        emitted = list(verdicts(mined.logs))
        if not mined.succeeded or emitted != expected:
            raise Mismatch(f"{contract}: chain {emitted[:3]} rules {expected[:3]} success {mined.succeeded}")
        return mined, outcomes

    def council(self, calls: Iterable[tuple[str, tuple[Any, ...]]]) -> Mined:
        """Council calls by name, signed by two of three."""
        ballots = []
        for name, arguments in calls:
            call = next(call for call in CALLS if call.name == name)
            data = call.selector + abi_encode(call.types, arguments)
            proposal = acts.Proposal(self.world.deployment.addresses[call.contract], data, self._next(), FOREVER)
            hashed = digest(self.world.deployment.domain("council"), struct_hash(proposal))
            ballots.append(Ballot(proposal, tuple(sign(key, hashed) for key in MEMBERS[:2])))
        mined, outcomes = self.send("council", calldata.council_call(ballots))
        return _applied(mined, outcomes)

    def administer(
        self, contract: str, signed: Iterable[tuple[bytes, int, type, dict[str, Any]]],
        unsigned: Callable[[Any], dict[str, Any]] = lambda _act: {},
    ) -> Mined:  # fmt: skip
        """Acts of administration: (key, officer, class, fields); ``unsigned`` says what travels beside one."""
        rows = []
        for key, who, cls, fields in signed:
            act = cls(**fields, officer=who, nonce=self._next(), deadline=FOREVER)
            hashed = digest(self.world.deployment.domain(contract), struct_hash(act))
            rows.append(SignedAct(acts.kind_of(cls), calldata.signed_body(act, **unsigned(act)), sign(key, hashed)))
        mined, outcomes = self.send(contract, calldata.admin_call(rows))
        return _applied(mined, outcomes)

    def _next(self) -> int:
        self.nonce += 1
        return self.nonce

    # --- steps

    def signed_at(self) -> int:
        """When the steps of the next block were signed."""
        return self.chain.time + 1 - AGE

    def open(self, by: Officer) -> acts.Open:
        """The first step of a new case of the officer's grantor."""
        self.cases += 1
        at = self.signed_at()
        return acts.Open(
            commitment=keccak(b"case %d" % self.cases), item=scoped(by.grant >> 32, 1), version=1,
            mode=int(Mode.REMOTE_ACCEPTANCE), parent=NOTHING, officer=by.officer, grant=by.grant,
            evidence=keccak(b"materials %d" % self.cases), signed_at=at, deadline=at + 3600,
        )  # fmt: skip

    def step(self, case: Case, by: Officer, action: Action, detail: int = 0, subject: bytes = NOTHING) -> Carried:
        """A later step of a case."""
        at = self.signed_at()
        step = acts.Step(
            case_key=case.key, seq=case.state.seq + 1, action=int(action), officer=by.officer, grant=by.grant,
            detail=detail, subject=subject, evidence=keccak(b"evidence" + case.state.trail),
            previous=case.state.trail, signed_at=at, deadline=at + 3600,
        )  # fmt: skip
        return Carried(step, case.state)

    def group(self, by: Officer, opens: Sequence[acts.Open] = (), steps: Sequence[Carried] = ()) -> Group:
        """Steps of one officer under one signature."""
        unsigned = Group(tuple(opens), tuple(steps), bytes(64))
        hashed = digest(self.world.deployment.domain("trails"), struct_hash(unsigned.signed))
        return Group(unsigned.opens, unsigned.steps, sign(by.key, hashed))

    def submit(self, groups: Sequence[Group]) -> tuple[Mined, tuple[Case, ...]]:
        """Mine a batch; the cases as it leaves them, in the order of its acts."""
        mined, outcomes = self.send("trails", calldata.trails_call(groups))
        _applied(mined, outcomes)
        return mined, tuple(Case(one.subject, one.state) for one in outcomes if one.state is not None)

    def open_cases(self, officers: Sequence[Officer]) -> tuple[Mined, tuple[Case, ...]]:
        """A batch in which each of `officers` opens a case."""
        return self.submit([self.group(by, (self.open(by),)) for by in officers])

    def take(
        self, action: Action, officers: Sequence[Officer], cases: Sequence[Case], detail: int = 0, *, seal: bool = False
    ) -> tuple[Mined, tuple[Case, ...]]:
        """A batch of one step of each case, each signed by its officer; with `seal` under the home agency's seal."""
        groups = []
        for by, case in zip(officers, cases, strict=True):
            subject = scoped(case.state.home, SEAL).to_bytes(32, "big") if seal else NOTHING
            groups.append(self.group(by, steps=(self.step(case, by, action, detail, subject),)))
        return self.submit(groups)


def create_on(chain: SceneChain) -> Scene:
    """The contracts and everybody in them, on an empty chain of id `CHAIN_ID`."""
    deployment = plan(CHAIN_ID, chain.relay)
    members = tuple(map(address_of, MEMBERS))
    for creation in creations(deployment, Council(members, 2, 0)):
        if not chain.send(None, creation).succeeded:
            raise Mismatch("a contract cannot be created")
    scene = Scene(chain, World(deployment, CouncilRecord(frozenset(members), 2, 0)))
    scene.council([("enter", (directory_name(name), deployment.addresses[name])) for name in CONTRACTS])
    _register(scene)
    _grant(scene)
    chain.time += 3600  # what was entered holds from its own block on, and the first steps are signed before theirs
    return scene


def _register(scene: Scene) -> None:
    agencies = [*map(home_of, range(HOMES)), *(201 + place for place in range(AWAY))]
    scene.council([
        ("registerAgency", (one, f"{one:018}", f"机构 {one}", _region(one), 0, 1, address_of(_admin(one)[0])))
        for one in agencies
    ])  # fmt: skip
    windows = [(one, number) for one in agencies[HOMES:] for number in (1, 2)]
    scene.administer("registry", [
        (*_admin(one), acts.RegisterWindow, {
            "window": scoped(one, number), "name": f"窗口 {number}", "region": _region(one), "valid_from": 0,
            "valid_until": FOREVER,
        })
        for one, number in windows
    ])  # fmt: skip
    staff = [
        (by.officer, window_of(place), Role.WINDOW, by.key) for place, by in enumerate(map(officer, range(OFFICERS)))
    ]
    roles = Role.REVIEWER | Role.DECIDER | Role.SEALER
    staff += [(scoped(one, BACK_OFFICE), 0, roles, reviewer(one).key) for one in agencies[:HOMES]]
    scene.administer("registry", [
        (*_admin(who >> 32), acts.EnrolOfficer, {
            "subject": who, "window": window, "roles": int(roles), "key": address_of(key), "valid_from": 0,
            "valid_until": FOREVER,
        })
        for who, window, roles, key in staff
    ])  # fmt: skip


def _grant(scene: Scene) -> None:
    homes = [home_of(place) for place in range(HOMES)]
    scene.administer("catalogue", [(*_admin(one), acts.PublishItem, _item(one)) for one in homes])
    terms = [_terms(grant_of(place), window_of(place)) for place in range(OFFICERS)]
    terms.append(_terms(scoped(homes[0], QUOTA_GRANT), window_of(0), quota=1_000_000))
    terms.append(_terms(scoped(homes[0], SET_GRANT), window_of(0), items=(1,)))
    scene.administer("grants", [(*_admin(one.grant >> 32), acts.OfferGrant, {"terms": one}) for one in terms])
    scene.administer("grants", [
        (*_admin(one.grantee >> 32), acts.AcceptGrant, {"grant": one.grant}) for one in terms
    ])  # fmt: skip
    seals = [
        (reviewer(one).key, reviewer(one).officer, acts.RegisterSeal, {
            "seal": scoped(one, SEAL), "name": "行政审批专用章", "sm3": keccak(b"sm3"), "sha256": keccak(b"sha"),
            "certificate": keccak(b"certificate"), "valid_from": 0, "valid_until": FOREVER,
        })
        for one in homes
    ]  # fmt: skip
    scene.administer("seals", seals)


def reviewer(agency: int) -> Officer:
    """Who reviews and decides in a home agency, by its own competence."""
    return Officer(scoped(agency, BACK_OFFICE), 0, secret(f"reviewer {agency}"))


def _admin(agency: int) -> tuple[bytes, int]:
    return secret(f"admin {agency}"), scoped(agency, 1)


def _region(agency: int) -> int:
    """Cities 01 to 20 of province 43, packed BCD."""
    city = agency % 100 + (10 if agency > 200 else 0)
    return int(f"43{city:02}00000000", 16)


def _item(agency: int) -> dict[str, Any]:
    return {
        "item": scoped(agency, 1), "version": 1, "code": "000101001000", "name": "道路运输经营许可",
        "materials": keccak(b"list"), "entries": 8, "tolerable": 0b11, "promisable": 0b1100,
        "grantable": int(ALL_RIGHTS), "originals": 1, "modes": ALL_MODES, "license": 0, "accept_days": 5,
        "decide_days": 20, "effective_from": 0,
    }  # fmt: skip


def _terms(grant: int, window: int, quota: int = 0, items: tuple[int, ...] = ()) -> acts.GrantTerms:
    return acts.GrantTerms(
        grant=grant, parent=0, grantee_kind=1, grantee=window, rights=int(ALL_RIGHTS), valid_from=0,
        valid_until=FOREVER, quota=quota, depth=0, items=items,
    )  # fmt: skip
