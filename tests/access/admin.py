"""Cells of the acts of administration: what each acts on, and the act itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ledger import acts
from ledger.calldata import SignedAct
from ledger.crypto import keccak
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_RIGHTS, Right
from ledger.reasons import Reason
from ledger.records import GranteeKind
from ledger.rules.licenses import leaf_of
from tests.access import stage as at
from tests.access.cast import (
    ACTORS,
    CLERK,
    GRANTEE,
    HOME,
    KEY_CONDITIONS,
    LOWER,
    UNRELATED,
    Actor,
    Condition,
    Kind,
)
from tests.access.stage import Stage
from tests.access.table import ADMIN_ROWS, COLLEAGUE, HANDED_ON, OWN_KEY, OWN_SINCE, AdminRow
from tests.holder import DOCUMENT, authorization, proof_of
from tests.scene import MEMBERS, PROVINCE, secret

SHARED = 1_000
"""Number of what refused acts are about; those that are carried out have each its own, counted up from it."""
ADMIN, BOSS, AGREED_FAR, AGREED_OUTSIDE = scoped(HOME, 1), scoped(HOME, CLERK), scoped(HOME, 900), scoped(HOME, 901)


@dataclass(frozen=True, slots=True)
class AdminCell:
    """One act of one actor under one condition; ``number`` is what it is about."""

    row: AdminRow
    actor: Actor
    condition: Condition
    number: int

    @property
    def expected(self) -> Reason:
        """By the table."""
        return self.row.expected(self.actor, self.condition)


def cells() -> Iterator[AdminCell]:
    """All cells, each that is carried out with a number of its own."""
    for row in ADMIN_ROWS:
        number = SHARED
        for actor, condition in _combinations(row):
            granted = row.expected(actor, condition) is Reason.OK
            number += granted
            yield AdminCell(row, actor, condition, number if granted else SHARED)


def _combinations(row: AdminRow) -> Iterator[tuple[Actor, Condition]]:
    for actor in ACTORS:
        yield actor, Condition.ACTIVE
        if actor.kind is Kind.OFFICER:
            for condition in (*KEY_CONDITIONS, *row.grants):
                yield actor, condition


def signing_key(stage: Stage, actor: Actor, condition: Condition) -> bytes | None:
    """Whose key signs; None where nobody's does."""
    if actor.kind is Kind.CARRIER:
        return None
    outsider = {Kind.QUORUM: MEMBERS[0], Kind.MEMBER: MEMBERS[1], Kind.STRANGER: secret("stranger")}
    return outsider.get(actor.kind) or stage.scene.key_of(actor.officer(condition))


def carried(stage: Stage, cell: AdminCell) -> SignedAct:
    """The cell's act, signed by who tries."""
    officer = cell.actor.officer(cell.condition)
    act = stage.make(cell.row.cls, officer, **_fields(stage, cell))
    key = signing_key(stage, cell.actor, cell.condition)
    holder = _holder(stage, cell, act) if cell.row.cls is acts.UseLicense else {}
    signed = stage.scene.carry(act, key or MEMBERS[0], **holder)
    return signed if key else SignedAct(signed.kind, signed.body, bytes(64))


def prepare(stage: Stage, of: list[AdminCell]) -> None:
    """Make what the cells act on."""
    for cls, made_for in PREPARE.items():
        own = (OWN_KEY, OWN_SINCE)
        theirs = (cell.number for cell in of if cell.row.cls is cls and cell.row.variant not in own)
        numbers = sorted({SHARED, *theirs})
        made = [act for number in numbers for act in made_for(stage, number)]
        for begin in range(0, len(made), 40):
            stage.must(stage.by(BOSS, *made[begin : begin + 40]))
    for agreement, parent in ((AGREED_FAR, at.ACTIVE), (AGREED_OUTSIDE, at.HANDABLE)):
        stage.must(stage.by(BOSS, stage.make(acts.OfferAgreement, BOSS, **_agreement(agreement, parent))))


def _of(group: dict[type, int], cls: type, number: int) -> int:
    """Numbers of different rows do not meet."""
    return scoped(HOME, number + 100 * group[cls])


_PLACES = {row.cls: place for place, row in enumerate(ADMIN_ROWS)}


def _id(cls: type, number: int) -> int:
    return _of(_PLACES, cls, number)


def _enrolment(stage: Stage, cls: type, number: int) -> list[Any]:
    subject = _id(cls, number)
    key = stage.new_key(f"{cls.__name__} {number}")
    return [stage.make(acts.EnrolOfficer, BOSS, subject=subject, window=0, roles=4, key=key, valid_from=0,
                       valid_until=FOREVER)]  # fmt: skip


def _terms(grant: int, grantee: int, **fields: Any) -> acts.GrantTerms:
    defaults: dict[str, Any] = {
        "parent": 0, "rights": ALL_RIGHTS, "valid_from": 0, "valid_until": FOREVER, "quota": 0, "depth": 0, "items": (),
        "grantee_kind": GranteeKind.AGENCY,
    }  # fmt: skip
    return acts.GrantTerms(grant=grant, grantee=grantee, **(defaults | fields))


def _offer(stage: Stage, cls: type, number: int) -> list[Any]:
    return [stage.make(acts.OfferGrant, BOSS, terms=_terms(_id(cls, number), GRANTEE))]


def _agreement(agreement: int, parent: int = 0) -> dict[str, Any]:
    number = agreement & 0xFFFFFFFF
    given = _terms(scoped(HOME, 10_000 + number), GRANTEE)
    received = _terms(scoped(GRANTEE, 10_000 + number), HOME, parent=parent)
    return {"agreement": agreement, "given": (given,), "received": (received,)}


def _agreed(stage: Stage, cls: type, number: int) -> list[Any]:
    return [stage.make(acts.OfferAgreement, BOSS, **_agreement(_id(cls, number)))]


def _item(number: int, cls: type) -> dict[str, Any]:
    return {"item": _id(cls, number), "version": 1, "code": "000101", "name": "事项", "materials": keccak(b"list"),
            "entries": 5, "tolerable": 3, "promisable": 4, "grantable": ALL_RIGHTS, "originals": 0, "modes": 63,
            "license": 0, "accept_days": 5, "decide_days": 20, "effective_from": 0}  # fmt: skip


def _seal(number: int, cls: type) -> dict[str, Any]:
    digests = {name: keccak(f"{name} {number}".encode()) for name in ("sm3", "sha256", "certificate")}
    return {"seal": _id(cls, number), "name": "公章", "valid_from": 0, "valid_until": FOREVER, **digests}


def _license(number: int, cls: type) -> acts.License:
    digest = keccak(f"{cls.__name__} {number}".encode())
    return acts.License(item=at.ITEM, seal=at.SEAL, sm3=digest, sha256=digest, identifier=digest, holder=DOCUMENT.root,
                        case_key=bytes(32), supersedes=bytes(32), valid_from=0, valid_until=FOREVER)  # fmt: skip


def _authorization(cell: AdminCell) -> acts.UseAuthorization:
    """By the holder to the grantee's window."""
    return authorization(_license(cell.number, acts.UseLicense), scoped(GRANTEE, at.WINDOW))


def _holder(stage: Stage, cell: AdminCell, act: acts.UseLicense) -> dict[str, Any]:
    return {"holder": proof_of(stage.scene, _license(cell.number, acts.UseLicense), act.authorization)}


PREPARE: dict[type, Callable[[Stage, int], list[Any]]] = {
    acts.SetWindowStatus: lambda s, n: [
        s.make(acts.RegisterWindow, BOSS, window=_id(acts.SetWindowStatus, n), name="窗口", region=PROVINCE,
               valid_from=0, valid_until=FOREVER)],
    acts.RotateKey: lambda s, n: _enrolment(s, acts.RotateKey, n),
    acts.SetOfficerStatus: lambda s, n: _enrolment(s, acts.SetOfficerStatus, n),
    acts.AssignOfficer: lambda s, n: _enrolment(s, acts.AssignOfficer, n),
    acts.RetireItem: lambda s, n: [s.make(acts.PublishItem, BOSS, **_item(n, acts.RetireItem))],
    acts.AcceptGrant: lambda s, n: _offer(s, acts.AcceptGrant, n),
    acts.DeclineGrant: lambda s, n: _offer(s, acts.DeclineGrant, n),
    acts.SetGrantStatus: lambda s, n: _offer(s, acts.SetGrantStatus, n),
    acts.AcceptAgreement: lambda s, n: _agreed(s, acts.AcceptAgreement, n),
    acts.WithdrawAgreement: lambda s, n: _agreed(s, acts.WithdrawAgreement, n),
    acts.ChangeSeal: lambda s, n: [s.make(acts.RegisterSeal, BOSS, **_seal(n, acts.ChangeSeal))],
    acts.SetSealStatus: lambda s, n: [s.make(acts.RegisterSeal, BOSS, **_seal(n, acts.SetSealStatus))],
    acts.SetLicenseStatus: lambda s, n: [
        s.make(acts.IssueLicense, BOSS, license=_license(n, acts.SetLicenseStatus))],
    acts.UseLicense: lambda s, n: [s.make(acts.IssueLicense, BOSS, license=_license(n, acts.UseLicense))],
}  # fmt: skip
"""What must be there before an act of the class can be carried out."""

_PARENTS = {
    Condition.GRANT_NONE: at.UNKNOWN, Condition.GRANT_BEFORE: at.HANDABLE_OFFERED,
    Condition.GRANT_REVOKED: at.HANDABLE_REVOKED, Condition.GRANT_EXPIRED: at.HANDABLE_EXPIRED,
    Condition.TOO_FAR: at.ACTIVE, Condition.WRONG_RIGHT: at.without(Right.VERIFY),
}  # fmt: skip
_ANSWERED = {
    Condition.GRANT_NONE: at.UNKNOWN, Condition.GRANT_REVOKED: at.OFFER_REVOKED,
    Condition.GRANT_EXPIRED: at.OFFER_EXPIRED, Condition.WRONG_REGION: at.OFFER_ELSEWHERE,
    Condition.TOO_FAR: at.TOO_FAR,
}  # fmt: skip


def _offered(cell: AdminCell) -> dict[str, Any]:
    """A root grant of HOME; or the grantee's, of a county below it, under a grant that may be handed on."""
    if cell.row.variant != HANDED_ON:
        return {"terms": _terms(_id(acts.OfferGrant, cell.number), GRANTEE)}
    parent = _PARENTS.get(cell.condition, at.HANDABLE)
    target = UNRELATED if cell.condition is Condition.WRONG_REGION else LOWER
    expires = cell.condition is Condition.GRANT_EXPIRED
    return {"terms": _terms(scoped(GRANTEE, cell.number), target, parent=parent,
                            valid_until=FOREVER - 1 if expires else FOREVER)}  # fmt: skip


def _agreement_of(cell: AdminCell) -> dict[str, Any]:
    if cell.condition is Condition.TOO_FAR:
        return _agreement(AGREED_FAR, at.ACTIVE)
    if cell.condition is Condition.WRONG_REGION:
        return _agreement(AGREED_OUTSIDE, at.HANDABLE)
    if cell.condition is Condition.GRANT_NONE:
        return _agreement(scoped(HOME, 902))
    return _agreement(_id(cell.row.cls, cell.number))


def _rotation(stage: Stage, cell: AdminCell) -> dict[str, Any]:
    new = stage.new_key(f"rotated {cell.actor.name} {cell.condition} {cell.row.variant}")
    if cell.row.variant == COLLEAGUE:
        subject = _id(acts.RotateKey, cell.number)
        return {"subject": subject, "old_key": stage.new_key(f"RotateKey {cell.number}"), "new_key": new}
    subject = cell.actor.officer(cell.condition)
    return {"subject": subject, "old_key": stage.world.current_key[subject], "new_key": new}


def _fields(stage: Stage, cell: AdminCell) -> dict[str, Any]:
    """The act's fields; every class has its line."""
    cls, number = cell.row.cls, cell.number
    subject = _id(cls, number)
    stop = {"status": 2, "reason": 0}
    grant = _ANSWERED.get(cell.condition, subject)
    outside = cell.condition is Condition.WRONG_REGION
    made: dict[type, Callable[[], dict[str, Any]]] = {
        acts.RegisterWindow: lambda: {
            "window": scoped(GRANTEE, number), "name": "窗口", "valid_from": 0, "valid_until": FOREVER,
            "region": PROVINCE if outside else at.REGIONS[GRANTEE]},
        acts.SetWindowStatus: lambda: {"window": subject, **stop},
        acts.EnrolOfficer: lambda: {
            "subject": subject, "window": 0, "roles": 4, "valid_from": 0, "valid_until": FOREVER,
            "key": stage.new_key(f"enrolled {number}")},
        acts.RotateKey: lambda: {
            "valid_until": FOREVER, "since": int(cell.row.variant == OWN_SINCE), **_rotation(stage, cell)},
        acts.SetOfficerStatus: lambda: {"subject": subject, "since": 0, **stop},
        acts.AssignOfficer: lambda: {"subject": subject, "window": 0, "roles": 8, "valid_until": FOREVER},
        acts.PublishItem: lambda: _item(number, cls),
        acts.RetireItem: lambda: {"item": subject, "retired_from": 0},
        acts.OfferGrant: lambda: _offered(cell),
        acts.AcceptGrant: lambda: {"grant": grant},
        acts.DeclineGrant: lambda: {"grant": grant},
        acts.OfferAgreement: lambda: _agreement_of(cell),
        acts.AcceptAgreement: lambda: _agreement_of(cell),
        acts.WithdrawAgreement: lambda: {"agreement": subject},
        acts.SetGrantStatus: lambda: {
            "grant": at.REVOKED if cell.condition is Condition.GRANT_REVOKED else grant, "status": 3, "reason": 0},
        acts.RegisterSeal: lambda: _seal(number, cls),
        acts.ChangeSeal: lambda: _seal(number, cls),
        acts.SetSealStatus: lambda: {"seal": subject, **stop},
        acts.IssueLicense: lambda: {"license": _license(number, cls)},
        acts.IssueBatch: lambda: {"root": keccak(f"batch {number}".encode()), "count": 3, "seal": at.SEAL},
        acts.SetLicenseStatus: lambda: {"license": leaf_of(_license(number, cls)), **stop},
        acts.UseLicense: lambda: {"authorization": _authorization(cell), "case_key": bytes(32)},
    }  # fmt: skip
    return made[cls]()
