"""The province of the matrix, on the embedded chain and in the model; every transaction goes to both."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from ledger import acts, calldata
from ledger.calldata import Group
from ledger.crypto import address_of, checksum
from ledger.events import verdicts
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_RIGHTS, ALL_ROLES, Right
from ledger.reasons import Reason
from ledger.records import GranteeKind, Status
from ledger.rules.judge import Outcome, judge
from ledger.world import CONTRACTS
from tests.access.cast import (
    CLERK,
    CLOSED_NUMBER,
    ELSEWHERE,
    GRANTEE,
    HOME,
    KEY_CONDITIONS,
    LOWER,
    OFFICERS,
    SIDES,
    SPARE,
    STOPPED,
    SUSPENDED_NUMBER,
    UNRELATED,
    Condition,
)
from tests.differential.embedded import SENDER, Embedded, Signed
from tests.differential.run import Bench
from tests.scene import CENTRE, CITY, COUNTY, OTHER_CITY, PROVINCE, START, Sent, secret

THIRD_CITY = 0x430300000000
REGIONS = {HOME: PROVINCE, GRANTEE: CITY, UNRELATED: OTHER_CITY, LOWER: COUNTY, ELSEWHERE: THIRD_CITY,
           STOPPED: CITY, SPARE: CITY}  # fmt: skip
SOON = 200
"""Seconds after the setting by which what is to expire has expired."""
ITEM, SEAL, WINDOW = scoped(HOME, 1), scoped(HOME, 1), 1
CLOSED_WINDOW = 2

# grants of HOME to the grantee's agency unless said otherwise
ACTIVE, OFFERED, REVOKED, EXPIRED, ELSEWHERES, HANDABLE, SPARED = (scoped(HOME, n) for n in range(1, 8))
HANDABLE_OFFERED, HANDABLE_REVOKED, HANDABLE_EXPIRED = (scoped(HOME, n) for n in range(8, 11))
OFFER_REVOKED, OFFER_EXPIRED, OFFER_ELSEWHERE = (scoped(HOME, n) for n in range(11, 14))
TOO_FAR = scoped(GRANTEE, 1)
"""What the grantee tried to hand on although its grant allows no depth; it was never entered."""
UNKNOWN = scoped(HOME, 999)


def without(right: int) -> int:
    """The grant of HOME that has every right but this one."""
    return scoped(HOME, 20 + right.bit_length())


class Stage:
    """Chain and model after the setting; ``block`` mines transactions into one block, on both."""

    def __init__(self, folder: Path) -> None:
        self.chain = Embedded(folder, START - 100)
        self.scene, self.world = Bench({"py-evm": self.chain}).fresh()
        self._set()

    def block(self, *sent: Sent, senders: Sequence[Any] = ()) -> list[list[tuple[Reason, Reason, Outcome]]]:
        """Mine all in one block, a second on; per transaction and act: chain's reason, model's, outcome."""
        self.scene.now += 1
        outcomes = [judge(self.world, contract, data, self.scene.now) for contract, data in sent]
        carriers = senders or [SENDER] * len(sent)
        addresses = self.scene.deployment.addresses
        calls = [Signed(by, addresses[one[0]], one[1]) for by, one in zip(carriers, sent, strict=True)]
        judged = []
        for result, expected in zip(self.chain.send_together(calls, self.scene.now), outcomes, strict=True):
            assert result.succeeded, f"reverted after {result.gas} gas, model: {[o.reason.name for o in expected]}"
            emitted = verdicts(result.logs)
            pairs = zip(emitted, expected, strict=True)
            judged.append([(theirs.reason, ours.reason, ours) for theirs, ours in pairs])
        return judged

    def must(self, *sent: Sent) -> list[Outcome]:
        """Mine in blocks of their own what has to be carried out entirely."""
        done = []
        for one in sent:
            for chain, model, outcome in self.block(one)[0]:
                assert chain is model is Reason.OK, f"{outcome.act}: chain {chain.name}, model {model.name}"
                done.append(outcome)
        return done

    def signed(self, contract: str, made: Iterable[tuple[Any, bytes]]) -> Sent:
        """Admin acts with their signers' keys as one transaction."""
        return contract, calldata.admin_call([self.scene.carry(act, key) for act, key in made])

    def by(self, officer: int, *made: Any) -> Sent:
        """Acts of one officer as one transaction."""
        key = self.scene.key_of(officer)
        return self.signed(acts.contract_of(type(made[0])), [(act, key) for act in made])

    def make(self, cls: type, officer: int, **fields: Any) -> Any:
        """An act that stays signed for a day."""
        return self.scene.make(cls, officer, **({"deadline": self.scene.now + 86_400} | fields))

    def groups(self, groups: Sequence[Group]) -> Sent:
        """Steps as one transaction."""
        return "trails", calldata.trails_call(groups)

    def mark(self) -> object:
        """Remember both sides."""
        return self.chain.mark(), deepcopy(self.world), self.scene.now

    def back(self, mark: object) -> None:
        """Return to a mark, which stays usable; nonces go on, so that no act comes twice."""
        assert isinstance(mark, tuple)
        self.chain.back(mark[0])
        self.world, self.scene.now = deepcopy(mark[1]), mark[2]

    # ------------------------------------------------------------ the setting

    def _set(self) -> None:
        scene = self.scene
        self.must(*(scene.entered(name) for name in CONTRACTS))
        for agency, region in REGIONS.items():
            self.must(scene.found(agency, region, 0 if agency in (HOME, LOWER) else CENTRE))
            self.must(scene.window(agency, WINDOW, region), scene.window(agency, CLOSED_WINDOW, region))
            self.must(scene.enrol(agency, CLERK, scoped(agency, WINDOW), ALL_ROLES))
        self.must(scene.item(HOME, 1, originals=0), scene.seal(HOME, 1, scoped(HOME, CLERK)))
        for agency in SIDES:
            self.must(self.by(scoped(agency, 1), *self._enrolments(agency)))
            self.must(scene.enrol(agency, SUSPENDED_NUMBER, scoped(agency, WINDOW)))
            self.must(scene.enrol(agency, CLOSED_NUMBER, scoped(agency, CLOSED_WINDOW)))
            self.must(self.by(scoped(agency, 1), self.status(scoped(agency, SUSPENDED_NUMBER), Status.SUSPENDED)))
            self.must(scene.administer(acts.SetWindowStatus, scoped(agency, 1), reason=0, status=Status.SUSPENDED,
                                       window=scoped(agency, CLOSED_WINDOW)))  # fmt: skip
        self.must(scene.ballot(scene.proposal("setAgencyStatus", STOPPED, Status.SUSPENDED, 0)))
        self._grants()
        scene.now += SOON

    def _enrolments(self, agency: int) -> list[Any]:
        made, admin = [], scoped(agency, 1)
        soon = self.scene.now + SOON
        periods = {Condition.KEY_BEFORE: (FOREVER - 1, FOREVER), Condition.KEY_EXPIRED: (0, soon)}
        for actor in (one for one in OFFICERS if one.side == agency):
            for condition in (Condition.ACTIVE, *KEY_CONDITIONS):
                subject = actor.officer(condition)
                self.scene.people[subject] = f"access {subject}"
                start, end = periods.get(condition, (0, FOREVER))
                made.append(self.make(
                    acts.EnrolOfficer, admin, subject=subject, window=scoped(agency, WINDOW), roles=actor.roles,
                    key=address_of(self.scene.key_of(subject)), valid_from=start, valid_until=end,
                ))  # fmt: skip
        return made

    def status(self, officer: int, status: int) -> Any:
        """The administrator's act on an officer's key."""
        admin = scoped(officer >> 32, 1)
        return self.make(acts.SetOfficerStatus, admin, subject=officer, status=int(status), reason=0, since=0)

    def _grants(self) -> None:
        scene, agency, soon = self.scene, GranteeKind.AGENCY, self.scene.now + SOON
        offers = [
            scene.offer(ACTIVE, agency, GRANTEE), scene.offer(OFFERED, agency, GRANTEE),
            scene.offer(REVOKED, agency, GRANTEE), scene.offer(EXPIRED, agency, GRANTEE, valid_until=soon),
            scene.offer(ELSEWHERES, GranteeKind.REGION, THIRD_CITY), scene.offer(HANDABLE, agency, GRANTEE, depth=1),
            scene.offer(SPARED, agency, SPARE), scene.offer(HANDABLE_OFFERED, agency, GRANTEE, depth=1),
            scene.offer(HANDABLE_REVOKED, agency, GRANTEE, depth=1),
            scene.offer(HANDABLE_EXPIRED, agency, GRANTEE, depth=1, valid_until=soon),
            scene.offer(OFFER_REVOKED, agency, GRANTEE), scene.offer(OFFER_EXPIRED, agency, GRANTEE, valid_until=soon),
            scene.offer(OFFER_ELSEWHERE, GranteeKind.REGION, THIRD_CITY),
            *(scene.offer(without(right), agency, GRANTEE, rights=ALL_RIGHTS & ~right, depth=1) for right in Right),
        ]  # fmt: skip
        self.must(*offers)
        taken = [ACTIVE, REVOKED, EXPIRED, HANDABLE, HANDABLE_REVOKED, HANDABLE_EXPIRED, *map(without, Right)]
        self.must(*(scene.accept(grant, GRANTEE) for grant in taken))
        self.must(scene.accept(ELSEWHERES, ELSEWHERE), scene.accept(SPARED, SPARE))
        ((chain, model, _),) = self.block(scene.offer(TOO_FAR, agency, LOWER, parent=ACTIVE))[0]
        assert chain is model is Reason.TOO_DEEP

    def revocations(self) -> list[Sent]:
        """What is revoked in the block of the acts that rest on it: keys of officers, grants, an offer."""
        keys = [
            self.by(scoped(agency, 1), *(
                self.status(actor.officer(Condition.KEY_REVOKED), Status.REVOKED)
                for actor in OFFICERS if actor.side == agency
            ))
            for agency in SIDES
        ]  # fmt: skip
        stopped = [
            self.make(acts.SetGrantStatus, scoped(HOME, 1), grant=grant, status=int(Status.REVOKED), reason=0)
            for grant in (REVOKED, HANDABLE_REVOKED, OFFER_REVOKED)
        ]
        return [*keys, self.by(scoped(HOME, 1), *stopped)]

    def new_key(self, name: str) -> bytes:
        """The address of a key that nobody has yet."""
        return address_of(secret(f"access {name}"))

    def shown(self, address: bytes) -> str:
        """An address as the ABI coder takes it."""
        return checksum(address)
