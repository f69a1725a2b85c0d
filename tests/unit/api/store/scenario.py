"""Two agencies, a window, an item, a grant and a seal: acts as officers sign them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode

from api.store.entries import Entry, admin_entry, ballot_entry, steps_entry
from ledger import acts, calldata
from ledger.crypto import address_of, keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action, Role
from ledger.records import AgencyFlag
from ledger.rules import council
from ledger.rules.judge import judge_group
from ledger.state import Carried, CaseState, case_key
from ledger.world import CouncilRecord, Deployment, World

HOME, AWAY = 1, 2
WINDOW, ITEM, GRANT, SEAL = scoped(2, 1), scoped(1, 1), scoped(1, 1), scoped(1, 1)
CLERK, DECIDER = scoped(2, 2), scoped(1, 2)
MEMBERS = sorted((keccak(bytes((n,))) for n in range(3)), key=address_of)
KEYS = {name: keccak(name.encode()) for name in ("home", "away", "clerk", "decider")}
NOTHING = bytes(32)


def key_of(officer: int) -> bytes:
    """The private key of an officer of the scenario."""
    return KEYS[{scoped(1, 1): "home", scoped(2, 1): "away", CLERK: "clerk", DECIDER: "decider"}[officer]]


@dataclass
class Scenario:
    """Makes entries for the outbox; ``now`` is the time at which everything is signed."""

    deployment: Deployment
    now: Callable[[], int]
    nonce: int = 100
    states: dict[bytes, CaseState] = field(default_factory=dict)

    def founding_council(self) -> CouncilRecord:
        return CouncilRecord(frozenset(map(address_of, MEMBERS)), 2, 60)

    def proposal(self, name: str, *arguments: Any) -> Entry:
        """A call of the council, signed by two of three."""
        self.nonce += 1
        call = next(one for one in council.CALLS if one.name == name)
        data = call.selector + encode(call.types, arguments)
        proposal = acts.Proposal(self.deployment.addresses[call.contract], data, self.nonce, self.now() + 3600)
        signed = digest(self.deployment.domain("council"), struct_hash(proposal))
        ballot = calldata.Ballot(proposal, tuple(sign(key, signed) for key in MEMBERS[:2]))
        return ballot_entry(self.deployment, ballot, self.now())

    def admin(self, cls: type[Any], officer: int, **values: Any) -> Entry:
        """An act of administration."""
        self.nonce += 1
        act = cls(**values, officer=officer, nonce=self.nonce, deadline=self.now() + 3600)
        contract = acts.contract_of(cls)
        signature = sign(key_of(officer), digest(self.deployment.domain(contract), struct_hash(act)))
        signed = calldata.SignedAct(acts.kind_of(cls), calldata.signed_body(act), signature)
        return admin_entry(self.deployment, contract, signed, self.now())

    def founding(self) -> list[Entry]:
        """Everything up to the first case, in order."""
        home, away = scoped(HOME, 1), scoped(AWAY, 1)
        terms = acts.GrantTerms(GRANT, 0, 1, WINDOW, 127, 0, FOREVER, 0, 0, ())
        return [
            self.proposal("registerAgency", HOME, "1" * 18, "主管局", 0x430100000000, 1, 1, address_of(KEYS["home"])),
            self.proposal(
                "registerAgency", AWAY, "2" * 18, "受理局", 0x430200000000, int(AgencyFlag.SUPERVISOR), 1,
                address_of(KEYS["away"]),
            ),
            self.admin(
                acts.RegisterWindow, away, window=WINDOW, name="一号窗口", region=0x430200000000, valid_from=0,
                valid_until=FOREVER,
            ),
            self.admin(
                acts.EnrolOfficer, away, subject=CLERK, window=WINDOW, roles=int(Role.WINDOW),
                key=address_of(KEYS["clerk"]), valid_from=0, valid_until=FOREVER,
            ),
            self.admin(
                acts.EnrolOfficer, home, subject=DECIDER, window=0,
                roles=int(Role.REVIEWER | Role.DECIDER | Role.SEALER | Role.ISSUER),
                key=address_of(KEYS["decider"]), valid_from=0, valid_until=FOREVER,
            ),
            self.admin(
                acts.PublishItem, home, item=ITEM, version=1, code="000", name="事项", materials=NOTHING, entries=3,
                tolerable=1, promisable=2, grantable=127, originals=1, modes=63, license=0, accept_days=5,
                decide_days=20, effective_from=0,
            ),
            self.admin(acts.OfferGrant, home, terms=terms),
            self.admin(acts.AcceptGrant, away, grant=GRANT),
            self.admin(
                acts.RegisterSeal, DECIDER, seal=SEAL, name="公章", sm3=b"1" * 32, sha256=b"2" * 32,
                certificate=b"3" * 32, valid_from=0, valid_until=FOREVER,
            ),
        ]  # fmt: skip

    def open(self, world: World, number: int) -> Entry:
        """The first step of a case."""
        now = self.now()
        commitment = keccak(number.to_bytes(8, "big"))
        act = acts.Open(commitment, ITEM, 1, 2, NOTHING, CLERK, GRANT, keccak(b"evidence"), now, now + 3600)
        return self._group(world, act, None)

    def key(self, number: int) -> bytes:
        return case_key(CLERK, keccak(number.to_bytes(8, "big")))

    def step(
        self, world: World, number: int, action: Action, *, officer: int = CLERK, grant: int = GRANT,
        detail: int = 0, subject: bytes = NOTHING,
    ) -> Entry:  # fmt: skip
        """A later step, continuing what was last made here."""
        now, key = self.now(), self.key(number)
        state = self.states[key]
        act = acts.Step(
            key, state.seq + 1, action, officer, grant, detail, subject, keccak(b"evidence"), state.trail, now,
            now + 3600,
        )  # fmt: skip
        return self._group(world, act, state)

    def _group(self, world: World, act: Any, state: CaseState | None) -> Entry:
        signature = sign(key_of(act.officer), digest(self.deployment.domain("trails"), struct_hash(act)))
        if state is None:
            group = calldata.Group((act,), (), signature)
        else:
            group = calldata.Group((), (Carried(act, state),), signature)
        (outcome,) = judge_group(world, group, self.now())
        if outcome.state is not None:
            self.states[outcome.subject] = outcome.state
        return steps_entry(self.deployment, group, (outcome.state,), self.now())
