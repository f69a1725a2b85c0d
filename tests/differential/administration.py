"""Random acts of administration and of the council for a scene (see ``generator``)."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from ledger import acts, calldata, merkle
from ledger.calldata import SignedAct
from ledger.crypto import address_of, keccak
from ledger.ids import FOREVER, agency_of, scoped
from ledger.procedure import Role
from ledger.rules.licenses import leaf_of
from ledger.state import NO_SUBJECT, CaseState
from ledger.world import World
from tests.holder import DOCUMENT, HOLDER_KEY, proof_of
from tests.scene import CITY, COUNTY, DELAY, MEMBERS, OTHER_CITY, PROVINCE, Scene, Sent, secret

HOME, AWAY, UPPER, LOWER = 1, 2, 3, 4
REGIONS = {HOME: CITY, AWAY: OTHER_CITY, UPPER: PROVINCE, LOWER: COUNTY}
OFFICERS = (2, 3, 4)
EVERYDAY = Role.WINDOW | Role.REVIEWER | Role.DECIDER | Role.SEALER | Role.ISSUER | Role.GRANTOR

T = TypeVar("T")

_FIELDS = {
    cls: "_" + "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")
    for group in acts.ACTS.values()
    for cls in group
}


class Administration:
    """Acts of administration and of the council; what both generators share is here too."""

    def __init__(self, scene: Scene, world: World, rng: Random) -> None:
        self.scene, self.world, self.rng = scene, world, rng
        self.cases: dict[bytes, CaseState] = {}
        self.stale: list[tuple[bytes, CaseState]] = []
        self.leaves: list[bytes] = []
        self.held: list[acts.License] = []
        self.batches: list[merkle.MerkleTree] = []
        self.scheduled: list[acts.Proposal] = []
        self.agreements: list[acts.OfferAgreement] = []
        self.sent: list[Sent] = []
        self.keys = self.acting = 0
        self.clean = True

    def _pick(self, good: Sequence[T], strange: Sequence[T]) -> T:
        """One of the plausible values; in an unclean act sometimes a strange one."""
        return self.rng.choice(strange if not self.clean and self.rng.random() < 0.3 else good)

    def administration(self) -> Sent:
        contract = self.rng.choice(("registry", "grants", "grants", "seals", "licenses", "licenses", "catalogue"))
        made = [self._admin_act(contract) for _ in range(self.rng.choice((1, 1, 2, 3)))]
        return contract, calldata.admin_call(made)

    def _admin_act(self, contract: str) -> SignedAct:
        self.clean = self.rng.random() < 0.7
        cls = self.rng.choice(acts.ACTS[contract])
        officer = self._administrator(contract)
        self.acting = officer
        fields = getattr(self, _FIELDS[cls])(agency_of(officer))
        proof = fields.pop("proof", {})
        fields["deadline"] = self._deadline()
        act = self.scene.make(cls, officer, **fields)
        carried = self.scene.carry(act, self._key_of(officer), **proof)
        if not self.clean and self.rng.random() < 0.1:
            cut = self.rng.randrange(len(carried.body))
            return SignedAct(self.rng.randrange(9), carried.body[:cut], carried.signature)
        return carried

    def _administrator(self, contract: str) -> int:
        agency = self.rng.choice((HOME, HOME, AWAY, UPPER, LOWER))
        numbers = (1, 1, 1, 2) if contract in ("registry", "catalogue") else (2, 3, 4, 1)
        return scoped(agency, self.rng.choice(numbers))

    def _agency(self, own: int) -> int:
        return self._pick((own,), (HOME, AWAY, UPPER, LOWER, 77))

    def _id(self, own: int, most: int = 6) -> int:
        return self._agency(own) << 32 | self._pick(range(1, most), (0, most))

    def _until(self) -> int:
        return self._pick((FOREVER, FOREVER, self.scene.now + 900, self.scene.now + 60), (self.scene.now, 1))

    def _from(self) -> int:
        return self.rng.choice((0, 0, 0, self.scene.now, self.scene.now + 120))

    def _status(self) -> int:
        return self._pick((1, 1, 1, 2), (3, 0, 4, 6))

    def _register_window(self, own: int) -> dict[str, Any]:
        region = self._pick((REGIONS[own],), (CITY, 0xA00000000000))
        name = self._pick(("窗口",), ("", "长" * 50))
        return {"window": self._id(own), "name": name, "region": region, "valid_from": self._from(),
                "valid_until": self._until()}  # fmt: skip

    def _set_window_status(self, own: int) -> dict[str, Any]:
        return {"window": self._id(own), "status": self._status(), "reason": 1}

    def _new_key(self) -> bytes:
        self.keys += 1
        reused = self.rng.random() < 0.1
        return address_of(secret("officer 1-2" if reused else f"new key {self.keys}"))

    def _enrol_officer(self, own: int) -> dict[str, Any]:
        return {"subject": self._id(own, 9), "window": self.rng.choice((0, self._id(own))),
                "roles": self._pick((4, 511), (0, 512)), "key": self._pick((self._new_key(),), (bytes(20),)),
                "valid_from": self._from(), "valid_until": self._until()}  # fmt: skip

    def _rotate_key(self, own: int) -> dict[str, Any]:
        """Of the present key, of one replaced before, of another officer's, reaching back or not."""
        subject = self._id(own, 9)
        present = self.world.current_key.get(subject, bytes(20))
        replaced = [key for key, record in self.world.keys.items() if record.officer == subject and key != present]
        old = self.rng.choice((present, present, *replaced[-1:]))
        since = self.scene.now - self.rng.choice((0, 5, 300))
        return {"subject": subject, "old_key": self._pick((old,), (bytes(19) + b"1", next(iter(self.world.keys)))),
                "new_key": self._new_key(), "valid_until": self._until(),
                "since": self._pick((0, since), (1, self.scene.now + 100))}  # fmt: skip

    def _set_officer_status(self, own: int) -> dict[str, Any]:
        since = self._pick((0,), (self.scene.now - 100, self.scene.now + 100))
        return {"subject": self._id(own, 9), "status": self._status(), "reason": 2, "since": since}

    def _assign_officer(self, own: int) -> dict[str, Any]:
        return {"subject": self._id(own, 9), "window": self.rng.choice((0, self._id(own))),
                "roles": self._pick((int(EVERYDAY),), (511, 0)), "valid_until": self._until()}  # fmt: skip

    def _publish_item(self, own: int) -> dict[str, Any]:
        item = self._id(own, 4)
        known = self.world.items.get(item)
        version = len(known.versions) + 1 if known else 1
        return {
            "item": item, "version": self._pick((version,), (1, 9)), "code": "000101",
            "name": self._pick(("事项",), ("",)), "materials": keccak(b"m"),
            "entries": self._pick((5, 32), (0, 33)), "tolerable": self._pick((1, 3), (32, 2**31)),
            "promisable": self.rng.choice((0, 4)), "grantable": self._pick((127, 15), (128,)),
            "originals": self._pick((0, 1, 2), (3,)), "modes": self._pick((63, 2), (0, 64)),
            "license": self._pick((0, 1), (2,)), "accept_days": 5, "decide_days": 20,
            "effective_from": self._from(),
        }  # fmt: skip

    def _retire_item(self, own: int) -> dict[str, Any]:
        return {"item": self._id(own, 7), "retired_from": self._from()}

    def _terms(self, own: int) -> acts.GrantTerms:
        kind = self._pick((1, 2, 2, 3, 3), (0,))
        grantee = {
            1: scoped(self.rng.choice((AWAY, LOWER, HOME)), self._pick((1, 2), (8,))),
            2: self._pick((HOME, AWAY, LOWER), (99,)),
            3: self._pick((PROVINCE, CITY, OTHER_CITY, COUNTY), (0, 0xF00000000000)),
        }.get(kind, 1)
        parents = [0, 0, *self.world.grants, scoped(HOME, 98)]
        items = self._pick(((), (), (1,)), ((1, 2), (2, 1), (0,), (5,)))
        return acts.GrantTerms(
            self._id(own, 15), self.rng.choice(parents), kind, grantee, self._pick((127, 15, 15, 1), (0, 200)),
            self._from(), self._until(), self.rng.choice((0, 0, 2)), self._pick((0, 1, 2), (4,)), items,
        )  # fmt: skip

    def _offer_grant(self, own: int) -> dict[str, Any]:
        return {"terms": self._terms(own)}

    def _some_grant(self) -> int:
        return self.rng.choice([*self.world.grants, scoped(HOME, 97)])

    def _accept_grant(self, own: int) -> dict[str, Any]:
        del own
        return {"grant": self._some_grant()}

    _decline_grant = _accept_grant

    def _offer_agreement(self, own: int) -> dict[str, Any]:
        other = self._agency(self.rng.choice([a for a in REGIONS if a != own]))
        sides = [tuple(self._terms(side) for _ in range(self._pick((1, 1, 2), (0,)))) for side in (own, other)]
        offer: dict[str, Any] = {"agreement": self._id(own, 20), "given": sides[0], "received": sides[1]}
        self.agreements.append(acts.OfferAgreement(**offer, officer=0, nonce=0, deadline=0))
        return offer

    def _accept_agreement(self, own: int) -> dict[str, Any]:
        if not self.agreements or self.rng.random() < 0.2:
            return self._offer_agreement(own)
        offered = self.rng.choice(self.agreements)
        return {"agreement": offered.agreement, "given": offered.given, "received": offered.received}

    def _withdraw_agreement(self, own: int) -> dict[str, Any]:
        return {"agreement": self._id(own, 20)}

    def _set_grant_status(self, own: int) -> dict[str, Any]:
        del own
        return {"grant": self._some_grant(), "status": self._pick((1, 1, 2), (3, 9)), "reason": 3}

    def _register_seal(self, own: int) -> dict[str, Any]:
        return {"seal": self._id(own, 5), "name": self._pick(("章",), ("",)), "sm3": keccak(b"1"),
                "sha256": keccak(b"2"), "certificate": keccak(b"3"), "valid_from": self._from(),
                "valid_until": self._until()}  # fmt: skip

    _change_seal = _register_seal

    def _set_seal_status(self, own: int) -> dict[str, Any]:
        return {"seal": self._id(own, 5), "status": self._pick((1, 1, 2), (3, 5)), "reason": 4}

    def _license(self, own: int) -> acts.License:
        made = acts.License(
            item=self._agency(own) << 32 | self._pick((1, 2), (9,)), seal=self._id(own, 2),
            sm3=self._pick((self.rng.randbytes(32),), (bytes(32),)),
            sha256=self.rng.randbytes(32), identifier=keccak(b"i"), holder=DOCUMENT.root,
            case_key=self.rng.choice([NO_SUBJECT, *list(self.cases)[-3:]]),
            supersedes=self.rng.choice([NO_SUBJECT] * 4 + self.leaves[-3:]), valid_from=self._from(),
            valid_until=self._until(),
        )  # fmt: skip
        self.held.append(made)
        return made

    def _issue_license(self, own: int) -> dict[str, Any]:
        made = self._license(own)
        self.leaves.append(leaf_of(made))
        return {"license": made, "proof": self._proof(made.supersedes)}

    def _issue_batch(self, own: int) -> dict[str, Any]:
        others = self.leaves[-6:] if self.rng.random() < 0.2 else []  # leaves are opaque: anybody's may be put in
        made = [leaf_of(self._license(own)) for _ in range(self.rng.randint(1, 5))]
        tree = merkle.MerkleTree([*made, *others])
        self.batches.append(tree)
        self.leaves += [tree.leaf(i) for i in range(len(tree))]
        root = self._pick((tree.root,), (NO_SUBJECT, *(t.root for t in self.batches)))
        return {"root": root, "count": self._pick((len(tree),), (0,)), "seal": self._id(own, 2)}

    def _proof(self, leaf: bytes) -> dict[str, Any]:
        for tree in self.batches:
            for index in range(len(tree)):
                if tree.leaf(index) == leaf and self.rng.random() < 0.9:
                    return {"batch": tree.root, "proof": tree.proof(index)}
        wrong = self.batches[-1].root if self.batches and self.rng.random() < 0.3 else None
        return {"batch": wrong, "proof": (keccak(b"wrong"),) if wrong else ()}

    def _set_license_status(self, own: int) -> dict[str, Any]:
        del own
        leaf = self.rng.choice([*self.leaves[-6:], keccak(b"no license")])
        return {"license": leaf, "status": self._pick((1, 1, 2), (3, 6)), "reason": 5,
                "proof": self._proof(leaf)}  # fmt: skip

    def _use_license(self, own: int) -> dict[str, Any]:
        """Of the licenses whose holder's key is ours, at the right window or another, with a proof that may be bad."""
        issued = [one for one in self.held[-40:] if (agency_of(one.item), leaf_of(one)) in self.world.licenses]
        made = self.rng.choice([*issued, *self.held[-2:], self._license(own)])
        key = self.world.keys.get(self.world.current_key.get(self.acting, b""))
        window = self._agency(own) << 32 | self._pick((key.window if key else 1,), (0, 1, 2, 7))
        now = self.scene.now
        terms = acts.UseAuthorization(
            leaf_of(made), window, self._pick((self.rng.randbytes(32), keccak(b"again")), (bytes(32),)),
            self._pick((0, 0, now), (now + 1, FOREVER)), self._pick((FOREVER, FOREVER, now + 60), (now, now + 1)),
        )  # fmt: skip
        shown = self._pick((made,), (self._license(own),))
        proof = proof_of(self.scene, shown, terms, self._pick((HOLDER_KEY,), (secret("other holder"),)))
        if not self.clean and self.rng.random() < 0.2:
            proof = replace(proof, r=bytes(32))
        return {"authorization": terms, "case_key": self.rng.choice([NO_SUBJECT, *list(self.cases)[-3:]]),
                "proof": {**self._proof(terms.license), "holder": proof}}  # fmt: skip

    # ------------------------------------------------------------ council

    def council(self) -> Sent:
        if self.scheduled and self.rng.random() < 0.4:
            self.scene.now += self.rng.choice((0, DELAY, DELAY, DELAY, DELAY, 15 * 86_400))
            return "council", calldata.execute_call([self.rng.choice(self.scheduled)])
        agency, status = self.rng.choice((AWAY, UPPER, LOWER, 50)), self.rng.choice((1, 1, 1, 2, 3))
        call = self.rng.choice((
            ("setAgencyStatus", agency, status, 1), ("setGrantStatus", self._some_grant(), status, 1),
            ("appointAdmin", agency, self.rng.randint(0, 9), self._new_key()), ("setClock", 30, 900, 259_200),
            ("setDelay", self.rng.choice((DELAY, DELAY, 2**32 - 1))), ("revokeAgency", self.rng.choice((50, LOWER)), 1),
            ("replace", keccak(b"name"), self.scene.deployment.addresses["trails"]),
            ("enter", keccak(b"name"), self.scene.deployment.addresses["trails"]),
        ))  # fmt: skip
        proposal = self.scene.proposal(*call)
        self.scheduled.append(proposal)
        signers = self.rng.choice((MEMBERS[:2], MEMBERS[:2], MEMBERS, MEMBERS[:1], MEMBERS[1::-1], (secret("x"),) * 2))
        return self.scene.ballot(proposal, signers)

    def _deadline(self) -> int:
        return self.scene.now + self._pick((3600,), (-1, 0))

    def _key_of(self, officer: int) -> bytes:
        key = self.scene.key_of(officer)
        return self._pick((key,), (key, secret("stranger")))
