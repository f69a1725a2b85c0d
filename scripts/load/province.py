"""Agencies, windows, officers and grants of a load, entered through the HTTP API as any user would.

``HOMES`` agencies publish an item each and grant it to one window each of ``AWAY``; officers sit at the windows, two
agencies apart from nobody's own. Keys are derived from names, so each run signs with the same ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from api.client import HuxinClient, Patience
from api.client.council import call_named, make_proposal, sign_proposal
from api.founding import DataFolder, council_signers
from api.signers import KeySigner
from ledger import acts
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_MODES, ALL_RIGHTS, ALL_ROLES
from ledger.world import Deployment

HOMES = tuple(range(101, 106))
AWAY = tuple(range(201, 206))
ITEM = GRANT = WINDOW = SEAL = 1
MOST_OFFICERS = 100
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Officer:
    """A window officer, and the item and grant under which he acts (ids as in ``ledger.ids``)."""

    officer: int
    item: int
    grant: int
    key: bytes


def key_of(officer: int) -> bytes:
    """An officer's private key."""
    return keccak(b"load officer" + officer.to_bytes(8))


def city(place: int) -> int:
    """The packed region of an agency: a city of one province."""
    return int(f"43{place + 1:02d}00000000", 16)


def officers(count: int) -> tuple[Officer, ...]:
    """``count`` officers, spread over the windows; each window acts for one home agency."""
    made = []
    for place in range(count):
        home, away = HOMES[place % len(HOMES)], AWAY[place % len(AWAY)]
        officer = scoped(away, 2 + place // len(AWAY))
        made.append(Officer(officer, scoped(home, ITEM), scoped(home, GRANT), key_of(officer)))
    return tuple(made)


def found(url: str, data: DataFolder, count: int = 10) -> tuple[Officer, ...]:
    """Enter everything with the development council of ``data``; returns once it is anchored."""
    founder = _Founder(url, data)
    try:
        founder.agencies()
        founder.windows_and_items()
        founder.people_and_offers(officers(count))
        founder.acceptances()
    finally:
        founder.close()
    return officers(count)


class _Founder:
    """Hands in acts in rounds: what builds on something else comes a round later."""

    def __init__(self, url: str, data: DataFolder) -> None:
        self._members = council_signers(data)[:2]
        self._base = HuxinClient(url, KeySigner(key_of(0)), patience=Patience(attempts=9))
        self._clients: dict[int, HuxinClient] = {}

    @property
    def deployment(self) -> Deployment:
        return self._base.deployment

    def close(self) -> None:
        self._base.close()

    def _admin(self, agency: int) -> HuxinClient:
        if agency not in self._clients:
            self._clients[agency] = self._base.acting_as(KeySigner(key_of(scoped(agency, 1))))
        return self._clients[agency]

    def agencies(self) -> None:
        call = call_named("registry", "registerAgency")
        handed = []
        for place, agency in enumerate((*HOMES, *AWAY)):
            first = KeySigner(key_of(scoped(agency, 1))).address
            region = city(place)
            arguments: Sequence[Any] = (agency, f"11430000000000{agency:04d}", f"机构{agency}", region, 1, 1, first)
            nonce, deadline = self._base.nonce(), self._base.now() + 600
            proposal = make_proposal(self.deployment, call, arguments, nonce, deadline)
            signed = sign_proposal(self.deployment, proposal, self._members)
            handed.append(bytes.fromhex(self._base.propose(proposal, signed).act_id[2:]))
        self._settle(handed)

    def windows_and_items(self) -> None:
        always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER}
        handed = [
            self._hand_in(
                away, acts.RegisterWindow, window=scoped(away, WINDOW), name=f"窗口{away}",
                region=city(len(HOMES) + place), **always,
            )
            for place, away in enumerate(AWAY)
        ]  # fmt: skip
        handed += [
            self._hand_in(
                home, acts.PublishItem, item=scoped(home, ITEM), version=1, code=f"事项{home}", name="食品经营许可",
                materials=bytes(32), entries=4, tolerable=1, promisable=2, grantable=int(ALL_RIGHTS), originals=1,
                modes=int(ALL_MODES), license=0, accept_days=5, decide_days=20, effective_from=0,
            )
            for home in HOMES
        ]  # fmt: skip
        self._settle(handed)

    def people_and_offers(self, people: Iterable[Officer]) -> None:
        always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER, "roles": int(ALL_ROLES)}
        handed = []
        for one in people:
            away, window = one.officer >> 32, WINDOW
            address = KeySigner(one.key).address
            handed.append(
                self._hand_in(
                    away, acts.EnrolOfficer, subject=one.officer, window=scoped(away, window), key=address, **always
                )
            )
        for home, away in zip(HOMES, AWAY, strict=True):
            terms = acts.GrantTerms(
                scoped(home, GRANT), 0, 1, scoped(away, WINDOW), int(ALL_RIGHTS), 0, FOREVER, 0, 0, ()
            )
            handed.append(self._hand_in(home, acts.OfferGrant, terms=terms))
        self._settle(handed)

    def acceptances(self) -> None:
        self._settle(
            [
                self._hand_in(away, acts.AcceptGrant, grant=scoped(home, GRANT))
                for home, away in zip(HOMES, AWAY, strict=True)
            ]
        )

    def _hand_in(self, agency: int, cls: type, **fields: Any) -> bytes:
        client = self._admin(agency)
        return bytes.fromhex(client.submit(client.make(cls, scoped(agency, 1), **fields)).act_id[2:])

    def _settle(self, act_ids: Sequence[bytes]) -> None:
        for view in self._base.wait_for(act_ids, _SECONDS):
            if view.status != "applied":
                raise RuntimeError(f"founding failed: {view}")
