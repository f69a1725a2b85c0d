"""A town for the scenarios of the rules: the model alone, and which reason each scenario is about."""

import importlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from ledger import acts, calldata
from ledger.acts import GrantTerms
from ledger.calldata import Group
from ledger.crypto import address_of, checksum, keccak
from ledger.ids import FOREVER, agency_of, scoped
from ledger.procedure import ALL_RIGHTS, Action
from ledger.reasons import Reason
from ledger.records import GranteeKind, Status
from ledger.rules.judge import Outcome, judge
from ledger.state import NO_SUBJECT, Carried, CaseState, case_key
from ledger.world import CONTRACTS, Deployment, World
from tests.scene import CENTRE, CITY, COUNTY, OTHER_CITY, PROVINCE, Scene, Sent, secret

HOME, AWAY, BELOW, OTHER = 1, 2, 3, 4
"""A provincial agency, a city's service centre, a county's within that city, another city's."""
ADMIN, CLERK, SECOND = scoped(HOME, 1), scoped(HOME, 2), scoped(HOME, 3)
AWAY_ADMIN, AWAY_CLERK, OTHER_CLERK = scoped(AWAY, 1), scoped(AWAY, 2), scoped(OTHER, 2)
ITEM, TWO_PERSONS, LICENSED = scoped(HOME, 1), scoped(HOME, 2), scoped(HOME, 3)
SEAL, GRANT = scoped(HOME, 1), scoped(HOME, 1)
"""Items that ask for no originals, for two persons, for a license at the end; a seal; a grant to AWAY, deep 1."""

SCENARIOS: dict[str, tuple[Reason, "Callable[[Town], Reason]"]] = {}
"""Each attack by its name, with the reason it is refused for."""


class Town:
    """Signs and judges; ``do`` and ``step`` give the reason, ``must`` insists on OK."""

    def __init__(self) -> None:
        self.states: dict[bytes, CaseState] = {}
        self.scene, self.world = self._deployed()
        self._settle()

    def _deployed(self) -> tuple[Scene, World]:
        """Right after the deployment, all contracts entered in the Directory."""
        addresses = {name: keccak(name.encode())[12:] for name in CONTRACTS}
        scene = Scene(Deployment(31_337, addresses))
        world = scene.world()
        world.has_code = lambda address: address in addresses.values()
        for name in CONTRACTS:
            judge(world, *scene.entered(name), scene.now)
        return scene, world

    @property
    def now(self) -> int:
        """The next block's time."""
        return self.scene.now

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self.scene.now += seconds

    def send(self, sent: Sent) -> list[Reason]:
        """Judge a transaction."""
        outcomes = self.judged(sent)
        self.states.update({one.subject: one.state for one in outcomes if one.state is not None})
        return [outcome.reason for outcome in outcomes]

    def judged(self, sent: Sent) -> tuple[Outcome, ...]:
        """The outcomes of a transaction."""
        return judge(self.world, *sent, self.now)

    def sent(self, sent: Sent) -> Reason:
        """Judge a transaction of one act."""
        (reason,) = self.send(sent)
        return reason

    def do(self, cls: type, officer: int, *, signing: bytes | None = None, proof: Any = None, **fields: Any) -> Reason:
        """An act of an officer, by the own key unless another is given."""
        act = self.scene.make(cls, officer, **fields)
        carried = self.scene.carry(act, signing or self.scene.key_of(officer), **(proof or {}))
        return self.sent((acts.contract_of(cls), calldata.admin_call([carried])))

    def must(self, cls: type, officer: int, **fields: Any) -> None:
        """The same, and it has to be carried out."""
        reason = self.do(cls, officer, **fields)
        assert reason is Reason.OK, reason.name

    def decide(self, name: str, *arguments: Any) -> Reason:
        """A call of the council, carried out at once or after the delay."""
        proposal = self.scene.proposal(name, *arguments)
        reason = self.sent(self.scene.ballot(proposal))
        if reason is not Reason.OK or not self.world.council.scheduled:
            return reason
        self.later(self.world.council.delay)
        return self.sent(("council", calldata.execute_call([proposal])))

    # ------------------------------------------------------------ cases

    def open(self, officer: int = CLERK, item: int = ITEM, grant: int = 0, **fields: Any) -> bytes:
        """Open a case; its key."""
        act = self.scene.open(officer, item, grant, **fields)
        assert self.carry(officer, act) is Reason.OK
        return case_key(officer, act.commitment)

    def carry(self, officer: int, *moves: Any, key: bytes | None = None) -> Reason:
        """Carry what one officer signs; the verdict on the last of it."""
        group = self.scene.group(key or self.scene.key_of(officer), *moves)
        return self.send(self.trails(group))[-1]

    def trails(self, *groups: Group) -> Sent:
        """Signed groups as one transaction."""
        return "trails", calldata.trails_call(groups)

    def move(self, case: bytes, action: int, officer: int = CLERK, **fields: Any) -> Carried:
        """A step from where the case stands."""
        state, child = self.states[case], fields.pop("child", None)
        defaults: dict[str, Any] = {
            "seq": state.seq + 1, "grant": 0, "detail": 0, "subject": NO_SUBJECT, "evidence": keccak(b"evidence"),
            "previous": state.trail, "signed_at": self.now, "deadline": self.now + 300_000,
        }  # fmt: skip
        step = acts.Step(case_key=case, action=int(action), officer=officer, **(defaults | fields))
        return Carried(step, state, child)

    def step(self, case: bytes, action: int, officer: int = CLERK, **fields: Any) -> Reason:
        """Take a step; its verdict."""
        return self.carry(officer, self.move(case, action, officer, **fields))

    def bring(self, case: bytes, *actions: Action) -> bytes:
        """Take steps that have to succeed, in order."""
        for action in actions:
            decided = action in (Action.APPROVE, Action.REJECT)
            subject = SEAL.to_bytes(32, "big") if decided else NO_SUBJECT
            detail = {Action.NOTIFY: 1, Action.RATE: 5}.get(action, 0)
            reason = self.step(case, action, subject=subject, detail=detail)
            assert reason is Reason.OK, f"{action.name}: {reason.name}"
        return case

    def reviewed(self, item: int = ITEM) -> bytes:
        """A case in review."""
        return self.bring(self.open(item=item), Action.FORWARD, Action.ACCEPT, Action.REVIEW)

    def approved(self, item: int = ITEM) -> bytes:
        """An approved case."""
        return self.bring(self.reviewed(item), Action.APPROVE)

    # ------------------------------------------------------------ what acts are about

    def terms(self, grant: int, grantee: int, kind: int = GranteeKind.AGENCY, **fields: Any) -> GrantTerms:
        """Terms of a grant, of all rights for good unless told otherwise."""
        defaults: dict[str, Any] = {
            "parent": 0, "rights": ALL_RIGHTS, "valid_from": 0, "valid_until": FOREVER, "quota": 0, "depth": 0,
            "items": (),
        }  # fmt: skip
        return GrantTerms(grant=grant, grantee_kind=int(kind), grantee=grantee, **(defaults | fields))

    def offer(
        self, number: int, grantee: int, *, officer: int = ADMIN, kind: int = GranteeKind.AGENCY, **fields: Any
    ) -> Reason:
        """Offer a grant of the officer's agency."""
        grant = fields.pop("grant", scoped(agency_of(officer), number))
        return self.do(acts.OfferGrant, officer, terms=self.terms(grant, grantee, kind, **fields))

    def granted(self, number: int, **fields: Any) -> int:
        """A grant of HOME to AWAY that holds."""
        assert self.offer(number, AWAY, **fields) is Reason.OK
        self.must(acts.AcceptGrant, AWAY_ADMIN, grant=scoped(HOME, number))
        return scoped(HOME, number)

    def stop(self, grant: int, status: int = Status.SUSPENDED, officer: int = ADMIN) -> Reason:
        """Change a grant's status."""
        return self.do(acts.SetGrantStatus, officer, grant=grant, status=int(status), reason=0)

    def license(self, **fields: Any) -> acts.License:
        """A license of the third item under the seal."""
        defaults: dict[str, Any] = {
            "item": LICENSED, "seal": SEAL, "sm3": keccak(b"1"), "sha256": keccak(b"2"), "identifier": keccak(b"3"),
            "holder": keccak(b"4"), "case_key": bytes(32), "supersedes": bytes(32), "valid_from": 0,
            "valid_until": FOREVER,
        }  # fmt: skip
        return acts.License(**(defaults | fields))

    def key(self, name: str) -> bytes:
        """The address of a key nobody has yet."""
        return address_of(secret(f"town {name}"))

    def shown(self, address: bytes) -> str:
        """As the ABI coder takes addresses."""
        return checksum(address)

    def _settle(self) -> None:
        scene = self.scene
        founded = ((HOME, PROVINCE, 0), (AWAY, CITY, CENTRE), (BELOW, COUNTY, CENTRE), (OTHER, OTHER_CITY, CENTRE))
        for agency, region, flags in founded:
            settled = [scene.found(agency, region, flags), scene.window(agency, 1, region)]
            settled += [scene.enrol(agency, number, scoped(agency, 1)) for number in (2, 3)]
            assert [self.sent(one) for one in settled] == [Reason.OK] * 4
        items = (scene.item(HOME, 1, originals=0), scene.item(HOME, 2, originals=2),
                 scene.item(HOME, 3, originals=0, license=1))  # fmt: skip
        assert [self.sent(one) for one in (*items, scene.seal(HOME, 1, CLERK))] == [Reason.OK] * 4
        self.granted(1, depth=1)
        self.later(10)


def refuses(reason: Reason) -> Callable[[Callable[[Town], Reason]], Callable[[Town], None]]:
    """Make a scenario, which gives the verdict on the attack, a test that expects this reason."""

    def decorate(scenario: Callable[[Town], Reason]) -> Callable[[Town], None]:
        SCENARIOS[f"{scenario.__module__.rpartition('.')[2]}.{scenario.__name__}"] = (reason, scenario)

        @wraps(scenario)
        def test(town: Town) -> None:
            found = scenario(town)
            assert found is reason, found.name

        del test.__annotations__["return"]
        return test

    return decorate


def raw_proposal(town: Town, target: bytes, data: bytes) -> acts.Proposal:
    """A proposal of any call."""
    return acts.Proposal(target, data, town.scene.next_nonce(), town.now + 3600)


def all_scenarios() -> dict[str, tuple[Reason, Callable[[Town], Reason]]]:
    """Every scenario there is, whichever of them this run has collected."""
    for path in sorted(Path(__file__).parent.glob("test_rules_*.py")):
        importlib.import_module(f"tests.unit.ledger.{path.stem}")
    return SCENARIOS
