"""A town behind the API: two agencies, a window, a grant, a seal; real store, index and relay."""

import itertools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from fastapi.testclient import TestClient

from api.composition import assemble
from api.http.app import create_app
from api.http.limits import limits_of
from api.index.indexer import Indexer, beat
from api.relay.batching import Limits
from api.relay.journal import Journal
from api.relay.relay import Pace, Relay
from api.services.container import Container
from api.services.vitals import HeadSource
from api.settings import Settings
from api.store.origin import Origin
from api.store.store import Store, open_store
from ledger import acts
from ledger.crypto import address_of, checksum, keccak, sign
from ledger.eip712 import digest, message, struct_hash
from ledger.ids import FOREVER, format_id, scoped
from ledger.procedure import Action, Role
from ledger.records import AgencyFlag
from ledger.rules import council
from ledger.signin import personal_digest
from ledger.state import case_key
from ledger.vault import MasterKey
from ledger.world import CONTRACTS, World
from node.gateway.account import RelayAccount
from node.network import Council, DeployedContract, LedgerNetwork
from tests.unit.api.relay.simulator import SimChain

CHAIN_ID = 860_777
HOME, AWAY, WATCH = 1, 2, 3
WINDOW, ITEM, GRANT, SEAL = scoped(2, 1), scoped(1, 1), scoped(1, 1), scoped(1, 1)
CLERK, DECIDER, STRANGER, AUDITOR = scoped(2, 2), scoped(1, 2), scoped(4, 1), scoped(3, 2)
HOME_ADMIN, AWAY_ADMIN, WATCH_ADMIN = scoped(1, 1), scoped(2, 1), scoped(3, 1)
MEMBERS = sorted((keccak(bytes((n,))) for n in range(3)), key=address_of)
NOTHING = bytes(32)
TICK = 0.01
LIST = keccak(b"evidence")


def key_of(officer: int) -> bytes:
    """The private key an officer was enrolled with."""
    return keccak(b"officer " + format_id(officer).encode())


class Ticks:
    """A clock that runs by being asked, never by itself: nothing here depends on how fast the machine is."""

    def __init__(self) -> None:
        self._calls = itertools.count()
        self.passed = 0.0

    def __call__(self) -> float:
        """Seconds; so many calls are so much time, for whoever waits until it is over."""
        return self.passed + next(self._calls) * TICK


@dataclass
class Town:
    """The application over a chain in memory; ``settle`` carries what waits."""

    client: TestClient
    container: Container
    store: Store
    chain: SimChain
    network: LedgerNetwork
    indexer: Indexer
    relay: Relay
    head: "Head"
    ticks: Ticks
    nonces: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    tokens: dict[int, str] = field(default_factory=dict)

    # --- time and chain

    @property
    def now(self) -> int:
        """The town's clock: the chain's."""
        return self.chain.time

    def settle(self) -> None:
        """Carry and index everything that waits; a second passes."""
        for _ in range(20):
            self.relay.turn()
            self.chain.mine()
            self.indexer.follow()
            if not self.store.outbox.pending_count():
                break
        else:
            raise AssertionError("something still waits for the chain")
        self.relay.turn()
        self.ticks.passed += 1
        with self.store.db.write() as connection:
            beat(connection, "relay", self.now, {})

    # --- acts

    def digest(self, act: Any) -> bytes:
        """What is signed."""
        return digest(self.network.deployment.domain(acts.contract_of(type(act))), struct_hash(act))

    def signed(self, act: Any, key: bytes | None = None) -> dict[str, Any]:
        """The body of POST /v1/acts, signed by the officer the act names."""
        signature = sign(key or key_of(signer_of(act)), self.digest(act))
        return {"type": type(act).__name__, "act": message(act), "signature": "0x" + signature.hex()}

    def submit(self, act: Any, key: bytes | None = None, **more: Any) -> Any:
        """Hand an act in; the response."""
        return self.client.post("/v1/acts", json=self.signed(act, key) | more)

    def carry(self, body: dict[str, Any]) -> None:
        """Hand a body in and see it applied on chain."""
        response = self.client.post("/v1/acts", json=body)
        assert response.status_code == 202, response.text
        self.settle()
        became = self.client.get(response.json()["links"]["self"]).json()
        assert became["status"] == "applied", became

    def admin(self, cls: type, officer: int, **fields: Any) -> Any:
        """An act of administration with nonce and deadline."""
        return cls(**fields, officer=officer, nonce=next(self.nonces), deadline=self.now + 3600)

    def open(self, number: int, **fields: Any) -> acts.Open:
        """The clerk opens a case under the grant."""
        values: dict[str, Any] = {
            "commitment": keccak(b"case" + number.to_bytes(8)), "item": ITEM, "version": 1, "mode": 2,
            "parent": NOTHING, "officer": CLERK, "grant": GRANT, "evidence": LIST, "signed_at": self.now,
            "deadline": self.now + 3600,
        }  # fmt: skip
        return acts.Open(**(values | fields))

    def case(self, number: int) -> bytes:
        """The key of the case that ``open(number)`` makes."""
        return case_key(CLERK, keccak(b"case" + number.to_bytes(8)))

    def step(self, number: int, action: Action, officer: int = CLERK, grant: int = GRANT, **fields: Any) -> acts.Step:
        """A step that continues the case's newest state."""
        key = self.case(number)
        state = self.store.heads.latest(key)
        assert state is not None
        values: dict[str, Any] = {
            "case_key": key, "seq": state.seq + 1, "action": int(action), "officer": officer, "grant": grant,
            "detail": 0, "subject": NOTHING, "evidence": LIST, "previous": state.trail,
            "signed_at": max(self.now, state.last_at), "deadline": self.now + 3600,
        }  # fmt: skip
        return acts.Step(**(values | fields))

    def propose(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The body of a council's proposal, signed by two of three."""
        call = next(one for one in council.CALLS if one.name == name)
        target = self.network.deployment.addresses[call.contract]
        data = call.selector + encode(call.types, arguments)
        proposal = acts.Proposal(target, data, next(self.nonces), self.now + 3600)
        signatures = ["0x" + sign(key, self.digest(proposal)).hex() for key in MEMBERS[:2]]
        return {"type": "Proposal", "act": message(proposal), "signatures": signatures}

    # --- people

    def sign_in(self, officer: int, key: bytes | None = None) -> Any:
        """The response to the second half of a sign-in."""
        key = key or key_of(officer)
        asked = self.client.post("/v1/session/challenge", json={"address": checksum(address_of(key))})
        text = asked.json()["message"]
        signature = sign(key, personal_digest(text.encode()))
        return self.client.post("/v1/session", json={"message": text, "signature": "0x" + signature.hex()})

    def as_(self, officer: int) -> dict[str, str]:
        """Headers of an officer who is signed in."""
        if officer not in self.tokens:
            self.tokens[officer] = self.sign_in(officer).json()["token"]
        return {"Authorization": f"Bearer {self.tokens[officer]}"}

    # --- the beginning

    def found(self) -> None:
        """Agencies, officers, an item, a grant, a seal."""
        agencies = (
            (HOME, 0x430100000000, 0), (AWAY, 0x430200000000, 0),
            (WATCH, 0x430000000000, int(AgencyFlag.SUPERVISOR)), (4, 0x430300000000, 0),
        )  # fmt: skip
        for number, region, flags in agencies:
            admin = address_of(key_of(scoped(number, 1)))
            name, code = f"机构{number}", f"1143000000000000{number:02d}"
            self.carry(self.propose("registerAgency", number, code, name, region, flags, 1, admin))
        for act in self._founding():
            self.carry(self.signed(act))

    def _founding(self) -> list[Any]:
        always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER}
        terms = acts.GrantTerms(GRANT, 0, 1, WINDOW, 127, 0, FOREVER, 0, 0, ())
        away = {"window": WINDOW, "name": "一号窗口", "region": 0x430200000000}
        office = int(Role.REVIEWER | Role.DECIDER | Role.SEALER | Role.ISSUER)
        return [
            self.admin(acts.RegisterWindow, AWAY_ADMIN, **away, **always),
            self._enrol(AWAY_ADMIN, CLERK, WINDOW, int(Role.WINDOW)),
            self._enrol(HOME_ADMIN, DECIDER, 0, office),
            self._enrol(WATCH_ADMIN, AUDITOR, 0, int(Role.AUDITOR)),
            self.admin(
                acts.PublishItem, HOME_ADMIN, item=ITEM, version=1, code="事项编码", name="食品经营许可",
                materials=NOTHING, entries=3, tolerable=1, promisable=2, grantable=127, originals=1, modes=63,
                license=0, accept_days=5, decide_days=20, effective_from=0,
            ),
            self.admin(acts.OfferGrant, HOME_ADMIN, terms=terms),
            self.admin(acts.AcceptGrant, AWAY_ADMIN, grant=GRANT),
            self.admin(
                acts.RegisterSeal, DECIDER, seal=SEAL, name="公章", sm3=b"1" * 32, sha256=b"2" * 32,
                certificate=b"3" * 32, **always,
            ),
        ]  # fmt: skip

    def _enrol(self, admin: int, subject: int, window: int, roles: int) -> acts.EnrolOfficer:
        act: acts.EnrolOfficer = self.admin(
            acts.EnrolOfficer, admin, subject=subject, window=window, roles=roles,
            key=address_of(key_of(subject)), valid_from=0, valid_until=FOREVER,
        )  # fmt: skip
        return act


class Head:
    """Where the API sees the chain's height; ``down`` is an outage."""

    def __init__(self, chain: SimChain) -> None:
        self._chain, self.is_down = chain, False

    def head(self) -> int:
        if self.is_down:
            raise ConnectionError
        return len(self._chain.blocks) - 1

    def code(self, address: bytes) -> bytes:
        if self.is_down:
            raise ConnectionError
        return self._chain.code(address)


def signer_of(act: Any) -> int:
    """The officer an act or a list of steps names."""
    named: Any = (*act.opens, *act.steps)[0] if isinstance(act, acts.StepList) else act
    officer: int = named.officer
    return officer


def make_town(folder: Path, settings: Settings | None = None) -> Town:
    """The application with nothing founded yet."""
    addresses = tuple(DeployedContract(name, keccak(name.encode())[:20], keccak(b"code")) for name in CONTRACTS)
    members = tuple(map(address_of, MEMBERS))
    network = LedgerNetwork(CHAIN_ID, "http://127.0.0.1:1", bytes(32), 0, Council(members, 2, 60), addresses)
    origin = replace(Origin.of(network), genesis_hash=b"")
    chain = SimChain(World(origin.deployment, origin.council()))
    store = open_store(f"sqlite:///{folder / 'town.db'}")
    store.start_writer()
    head, ticks = Head(chain), Ticks()

    def connect() -> HeadSource:
        return head

    chosen = settings or Settings(data=folder, public_rate=100_000)
    container = assemble(chosen, network, store, MasterKey(b"\x07" * 32), connect, lambda: chain.time, ticks)
    relay = Relay(
        Journal(store.db, lambda _connection: None), chain, RelayAccount(b"\x21" * 32, CHAIN_ID), origin.deployment,
        Limits(200, 100_000, 12_000_000), Pace(0.0, 4, 5.0), lambda: float(chain.time), container.monotonic,
    )  # fmt: skip
    client = TestClient(create_app(container, limits_of(chosen)), raise_server_exceptions=False)
    return Town(client, container, store, chain, network, Indexer(store.db, chain, origin), relay, head, ticks)
