"""A small province to act in: keys, and transactions signed as officers would sign them.

Nothing here decides anything: it only makes calldata. Key names are stable, so the same scene gives
the same addresses everywhere.
"""

from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode as abi_encode

from ledger import acts, calldata
from ledger.calldata import Ballot, Group, SignedAct
from ledger.crypto import address_of, keccak, sign
from ledger.eip712 import digest, struct_hash
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_MODES, ALL_RIGHTS, ALL_ROLES, Mode
from ledger.rules.council import CALLS
from ledger.state import Carried
from ledger.world import CouncilRecord, Deployment, World

Sent = tuple[str, bytes]
"""A transaction: contract name and calldata."""

START = 1_800_000_000
PROVINCE, CITY, OTHER_CITY, COUNTY = 0x430000000000, 0x430100000000, 0x430200000000, 0x430102000000
CENTRE = 1
DELAY = 60


def secret(name: str) -> bytes:
    """The private key of a named person of the scene."""
    return keccak(b"scene " + name.encode())


MEMBERS = tuple(sorted((secret(f"member {i}") for i in range(3)), key=address_of))
THRESHOLD = 2


@dataclass(slots=True)
class Scene:
    """Signs for everybody; ``now`` is the chain time that acts are signed at."""

    deployment: Deployment
    now: int = START
    nonce: int = 0
    people: dict[int, str] = field(default_factory=dict)

    def world(self) -> World:
        """The ledger right after its deployment."""
        members = frozenset(map(address_of, MEMBERS))
        return World(self.deployment, CouncilRecord(members, THRESHOLD, DELAY))

    def next_nonce(self) -> int:
        """Makes equal acts differ."""
        self.nonce += 1
        return self.nonce

    def proposal(self, name: str, *arguments: Any) -> acts.Proposal:
        """A call that the council may make, by its name in ``CALLS``."""
        call = next(call for call in CALLS if call.name == name)
        data = call.selector + abi_encode(call.types, arguments)
        target = self.deployment.addresses[call.contract]
        return acts.Proposal(target, data, self.next_nonce(), self.now + 3600)

    def ballot(self, proposal: acts.Proposal, signers: tuple[bytes, ...] = MEMBERS[:THRESHOLD]) -> Sent:
        """The proposal with its signatures."""
        hashed = digest(self.deployment.domain("council"), struct_hash(proposal))
        signatures = tuple(sign(key, hashed) for key in signers)
        return "council", calldata.council_call([Ballot(proposal, signatures)])

    def entered(self, contract: str) -> Sent:
        """A contract's entry in the Directory, without which Grants does not know the Trails."""
        name = contract.encode().ljust(32, b"\0")
        return self.ballot(self.proposal("enter", name, self.deployment.addresses[contract]))

    def signed(self, act: Any, key: bytes, *, contract: str | None = None) -> bytes:
        """The signature over an act under its contract's domain."""
        name = contract or acts.contract_of(type(act))
        return sign(key, digest(self.deployment.domain(name), struct_hash(act)))

    def carry(self, act: Any, key: bytes, **proof: Any) -> SignedAct:
        """An admin act as carried."""
        return SignedAct(acts.kind_of(type(act)), calldata.signed_body(act, **proof), self.signed(act, key))

    def make(self, cls: type, officer: int, **fields: Any) -> Any:
        """An admin act of an officer, with a fresh nonce and an hour to live."""
        fields = {"nonce": self.next_nonce(), "deadline": self.now + 3600} | fields
        return cls(officer=officer, **fields)

    def administer(self, cls: type, officer: int, **fields: Any) -> Sent:
        """One signed admin act as a transaction; the signer is the officer's own key."""
        act = self.make(cls, officer, **fields)
        return acts.contract_of(cls), calldata.admin_call([self.carry(act, self.key_of(officer))])

    def key_of(self, officer: int) -> bytes:
        """The private key that the officer was enrolled with."""
        return secret(self.people[officer])

    def group(self, key: bytes, *moves: acts.Open | Carried) -> Group:
        """Opens and steps under one signature."""
        opens = tuple(move for move in moves if isinstance(move, acts.Open))
        steps = tuple(move for move in moves if isinstance(move, Carried))
        bare = Group(opens, steps, bytes(64))
        return Group(opens, steps, self.signed(bare.signed, key, contract="trails"))

    def enrol(self, agency: int, number: int, window: int, roles: int = ALL_ROLES) -> Sent:
        """An officer with a key of its own, by the agency's administrator (number 1)."""
        officer = scoped(agency, number)
        self.people[officer] = f"officer {agency}-{number}"
        return self.administer(
            acts.EnrolOfficer,
            scoped(agency, 1),
            subject=officer,
            window=window,
            roles=int(roles),
            key=address_of(self.key_of(officer)),
            valid_from=0,
            valid_until=FOREVER,
        )

    def found(self, agency: int, region: int, flags: int = 0) -> Sent:
        """An agency with its first administrator, officer number 1."""
        admin = scoped(agency, 1)
        self.people[admin] = f"officer {agency}-1"
        return self.ballot(
            self.proposal(
                "registerAgency",
                agency,
                f"11430000MB28{agency:06d}",
                f"机构{agency}",
                region,
                flags,
                1,
                address_of(self.key_of(admin)),
            )
        )

    def window(self, agency: int, number: int, region: int) -> Sent:
        """A window that stays open."""
        return self.administer(
            acts.RegisterWindow,
            scoped(agency, 1),
            window=scoped(agency, number),
            name=f"窗口{number}",
            region=region,
            valid_from=0,
            valid_until=FOREVER,
        )

    def item(self, agency: int, number: int, **fields: Any) -> Sent:
        """An item of five entries, the first two tolerable, the third promisable."""
        defaults: dict[str, Any] = {
            "version": 1, "code": f"基本编码{number:04d}", "name": f"事项{number}", "materials": keccak(b"list"),
            "entries": 5, "tolerable": 3, "promisable": 4, "grantable": ALL_RIGHTS, "originals": 1,
            "modes": ALL_MODES, "license": 0, "accept_days": 5, "decide_days": 20, "effective_from": 0,
        }  # fmt: skip
        fields = defaults | fields
        return self.administer(acts.PublishItem, scoped(agency, 1), item=scoped(agency, number), **fields)

    def seal(self, agency: int, number: int, officer: int) -> Sent:
        """A seal of the agency."""
        digests = {name: keccak(f"{name} {agency} {number}".encode()) for name in ("sm3", "sha256", "certificate")}
        return self.administer(
            acts.RegisterSeal,
            officer,
            seal=scoped(agency, number),
            name="行政审批专用章",
            valid_from=0,
            valid_until=FOREVER,
            **digests,
        )

    def offer(self, grant: int, kind: int, grantee: int, **fields: Any) -> Sent:
        """A grant offered by the agency's administrator."""
        defaults: dict[str, Any] = {
            "parent": 0, "rights": ALL_RIGHTS, "valid_from": 0, "valid_until": FOREVER, "quota": 0, "depth": 0,
            "items": (),
        }  # fmt: skip
        terms = acts.GrantTerms(grant=grant, grantee_kind=kind, grantee=grantee, **(defaults | fields))
        return self.administer(acts.OfferGrant, scoped(grant >> 32, 1), terms=terms)

    def accept(self, grant: int, agency: int) -> Sent:
        """Accepted by the grantee's administrator."""
        return self.administer(acts.AcceptGrant, scoped(agency, 1), grant=grant)

    @staticmethod
    def commitment(nonce: int) -> bytes:
        """The commitment of the case that is opened with this nonce."""
        return keccak(b"case" + nonce.to_bytes(8, "big"))

    def open(self, officer: int, item: int, grant: int = 0, **fields: Any) -> acts.Open:
        """The first step of a case whose commitment follows from the nonce."""
        defaults: dict[str, Any] = {
            "commitment": self.commitment(self.next_nonce()), "version": 1,
            "mode": int(Mode.REMOTE_ACCEPTANCE), "parent": bytes(32), "evidence": keccak(b"evidence"),
            "signed_at": self.now, "deadline": self.now + 3600,
        }  # fmt: skip
        return acts.Open(item=item, officer=officer, grant=grant, **(defaults | fields))
