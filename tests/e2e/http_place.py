"""All processes on one data folder, founded through the HTTP API with the typed client."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eth_abi.abi import encode

from api.client import HuxinClient, Patience
from api.fleet import ONE_OF_EACH, Fleet, Ports
from api.founding import DataFolder, council_signers
from api.signers import KeySigner
from api.supervisor import Supervisor
from ledger import acts
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_ROLES
from ledger.rules import council

HOME, AWAY = 1, 2
HOME_ADMIN, AWAY_ADMIN = scoped(1, 1), scoped(2, 1)
CLERK, DECIDER = scoped(2, 2), scoped(1, 2)
ITEM, GRANT, SEAL, WINDOW = scoped(1, 1), scoped(1, 1), scoped(1, 1), scoped(2, 1)
SECONDS = 30
PATIENCE = Patience(attempts=9)
"""A server that was killed takes some seconds to come back."""


def signer_of(officer: int) -> KeySigner:
    """An officer's key, the same in every run."""
    return KeySigner(keccak(b"e2e officer" + officer.to_bytes(8)))


@dataclass
class Place:
    """Running processes and a client for each officer."""

    supervisor: Supervisor
    clients: dict[int, HuxinClient] = field(default_factory=dict)

    def client(self, officer: int) -> HuxinClient:
        """The officer's client."""
        if officer not in self.clients:
            self.clients[officer] = HuxinClient(self.supervisor.url, signer_of(officer), patience=PATIENCE)
        return self.clients[officer]

    def do(self, cls: type, officer: int, **fields: Any) -> None:
        """An act of administration, anchored."""
        client = self.client(officer)
        answer = client.submit(client.make(cls, officer, **fields), wait=SECONDS)
        assert answer.status == "applied", answer

    def step(self, act: Any) -> Any:
        """A step, with its verdict."""
        return self.client(act.officer).submit(act, wait=SECONDS)

    def council(self, name: str, *arguments: Any) -> None:
        """A call of the development council, carried out."""
        client = self.client(HOME_ADMIN)
        call = next(one for one in council.CALLS if one.name == name)
        target = client.deployment.addresses[call.contract]
        data = call.selector + encode(call.types, arguments)
        proposal = acts.Proposal(target, data, client.nonce(), client.now() + 600)
        members = council_signers(DataFolder(self.supervisor.folder.path))[:2]
        signatures = [member.sign(client.digest_of(proposal)) for member in members]
        assert client.propose(proposal, signatures, wait=SECONDS).status == "applied"

    def found(self) -> None:
        """Two agencies, a window, officers, an item, a grant, a seal."""
        for number, region in ((HOME, 0x430100000000), (AWAY, 0x430200000000)):
            code, first = f"1143000000000000{number:02d}", signer_of(scoped(number, 1)).address
            self.council("registerAgency", number, code, f"机构{number}", region, 1, 1, first)
        always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER}
        self.do(acts.RegisterWindow, AWAY_ADMIN, window=WINDOW, name="一号窗口", region=0x430200000000, **always)
        for admin, officer, window in ((AWAY_ADMIN, CLERK, WINDOW), (HOME_ADMIN, DECIDER, 0)):
            key = signer_of(officer).address
            self.do(
                acts.EnrolOfficer, admin, subject=officer, window=window, roles=int(ALL_ROLES), key=key, **always
            )  # fmt: skip
        self.do(
            acts.PublishItem, HOME_ADMIN, item=ITEM, version=1, code="事项", name="食品经营许可", materials=bytes(32),
            entries=3, tolerable=1, promisable=2, grantable=127, originals=1, modes=63, license=0, accept_days=5,
            decide_days=20, effective_from=0,
        )  # fmt: skip
        terms = acts.GrantTerms(GRANT, 0, 1, WINDOW, 127, 0, FOREVER, 0, 0, ())
        self.do(acts.OfferGrant, HOME_ADMIN, terms=terms)
        self.do(acts.AcceptGrant, AWAY_ADMIN, grant=GRANT)
        self.do(
            acts.RegisterSeal, DECIDER, seal=SEAL, name="专用章", sm3=b"1" * 32, sha256=b"2" * 32,
            certificate=b"3" * 32, **always,
        )  # fmt: skip

    def opening(self, number: int, evidence: bytes = bytes(32)) -> acts.Open:
        """The clerk's opening of a case."""
        now = self.client(CLERK).now()
        commitment = keccak(b"e2e case" + number.to_bytes(8))
        return acts.Open(commitment, ITEM, 1, 2, bytes(32), CLERK, GRANT, evidence, now, now + 600)


@contextmanager
def running(
    data: Path, variables: Mapping[str, str] = MappingProxyType({}), fleet: Fleet = ONE_OF_EACH
) -> Iterator[Place]:
    """Processes over ``data``, founded, ended when the block is left."""
    environment = {**os.environ, "HUXIN_PUBLIC_RATE": "100000", "HUXIN_LEASE_SECONDS": "3", **variables}
    with Supervisor(data, Ports(0, 0), environment, os.urandom, fleet=fleet) as supervisor:
        place = Place(supervisor)
        place.found()
        try:
            yield place
        finally:
            for client in place.clients.values():
                client.close()
