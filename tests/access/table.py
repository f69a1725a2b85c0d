"""The access matrix: for each function who may, and what everybody else is told.

Written down from the description of the rights and roles, not computed from ``ledger.rules`` or ``procedure.json``:
both are judged by it. ``expected_*`` combine a row with an actor and a condition in the order of checks that
docs/protocol.md gives: signer, key, then what the function asks for.
"""

from dataclasses import dataclass, field

from ledger import acts
from ledger.procedure import Action, Mode, Right, Role
from ledger.reasons import Reason
from tests.access.cast import GRANTEE, HOME, Actor, Condition, Kind

_SIGNER = {
    Kind.SUSPENDED: Reason.KEY_SUSPENDED,
    Kind.CLOSED_WINDOW: Reason.WINDOW_SUSPENDED,
    Kind.STOPPED_AGENCY: Reason.AGENCY_SUSPENDED,
    Kind.QUORUM: Reason.SIGNER_UNKNOWN,
    Kind.MEMBER: Reason.SIGNER_UNKNOWN,
    Kind.STRANGER: Reason.SIGNER_UNKNOWN,
    Kind.CARRIER: Reason.BAD_SIGNATURE,
}
_KEY = {
    Condition.KEY_BEFORE: Reason.KEY_NOT_YET_VALID,
    Condition.KEY_REVOKED: Reason.KEY_REVOKED,
    Condition.KEY_EXPIRED: Reason.KEY_EXPIRED,
}


def of_the_signer(actor: Actor, condition: Condition) -> Reason | None:
    """What is said of the signer before anything else is looked at."""
    return _SIGNER.get(actor.kind) or _KEY.get(condition)


# ---------------------------------------------------------------- acts of administration


@dataclass(frozen=True, slots=True)
class AdminRow:
    """An act on what belongs to HOME: officers of ``side`` with ``role`` may.

    ``other`` is told to officers of other agencies who have the role; nobody without the role gets that far.
    ``grants`` gives, for circumstances of grant or region that mean something here, what he is told who else may,
    and what others with the role are told.
    """

    cls: type
    role: Role
    other: Reason
    side: int = HOME
    variant: str = ""
    grants: dict[Condition, tuple[Reason, Reason]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the report names it."""
        return f"{acts.contract_of(self.cls)}.{self.cls.__name__}{self.variant and f' ({self.variant})'}"

    def expected(self, actor: Actor, condition: Condition) -> Reason:
        """The verdict."""
        if (reason := of_the_signer(actor, condition)) is not None:
            return reason
        if self.variant == OWN_KEY:
            return Reason.OK
        if not actor.roles & self.role:
            return Reason.ROLE_MISSING
        mine = actor.side == self.side
        if condition in self.grants:
            return self.grants[condition][not mine]
        return Reason.OK if mine else self.other


OWN_KEY, OWN_SINCE, HANDED_ON, COLLEAGUE = "own key", "own key, reaching back", "handed on", "of a colleague"
_FOREIGN = Reason.NOT_YOUR_AGENCY
_HAND_ON = {
    Condition.GRANT_NONE: (Reason.GRANT_UNKNOWN, _FOREIGN),
    Condition.GRANT_BEFORE: (Reason.GRANT_NOT_ACTIVE, _FOREIGN),
    Condition.GRANT_REVOKED: (Reason.GRANT_REVOKED, _FOREIGN),
    Condition.GRANT_EXPIRED: (Reason.GRANT_EXPIRED, _FOREIGN),
    Condition.WRONG_REGION: (Reason.REGION_OUTSIDE, _FOREIGN),
    Condition.TOO_FAR: (Reason.TOO_DEEP, _FOREIGN),
    Condition.WRONG_RIGHT: (Reason.NOT_NARROWER, _FOREIGN),
}
_ANSWER = {
    Condition.GRANT_NONE: (Reason.GRANT_UNKNOWN, Reason.GRANT_UNKNOWN),
    Condition.GRANT_REVOKED: (Reason.BAD_STATUS_CHANGE, Reason.BAD_STATUS_CHANGE),
    Condition.WRONG_REGION: (Reason.NOT_GRANTEE, Reason.NOT_GRANTEE),
    Condition.TOO_FAR: (Reason.GRANT_UNKNOWN, Reason.GRANT_UNKNOWN),
}
_EXPIRED_OFFER = {Condition.GRANT_EXPIRED: (Reason.GRANT_EXPIRED, Reason.NOT_GRANTEE)}
_AGREED = {
    Condition.GRANT_NONE: (Reason.AGREEMENT_UNKNOWN, Reason.AGREEMENT_UNKNOWN),
    Condition.WRONG_REGION: (Reason.REGION_OUTSIDE, Reason.NOT_GRANTEE),
    Condition.TOO_FAR: (Reason.TOO_DEEP, Reason.NOT_GRANTEE),
}
_STATUS = {
    Condition.GRANT_NONE: (Reason.GRANT_UNKNOWN, Reason.GRANT_UNKNOWN),
    Condition.GRANT_REVOKED: (Reason.BAD_STATUS_CHANGE, Reason.NOT_GRANTOR),
    Condition.TOO_FAR: (Reason.GRANT_UNKNOWN, Reason.GRANT_UNKNOWN),
}
_OUTSIDE = {Condition.WRONG_REGION: (Reason.REGION_OUTSIDE, _FOREIGN)}

ADMIN_ROWS = (
    AdminRow(acts.RegisterWindow, Role.ADMIN, _FOREIGN, grants=_OUTSIDE, side=GRANTEE),
    AdminRow(acts.SetWindowStatus, Role.ADMIN, _FOREIGN),
    AdminRow(acts.EnrolOfficer, Role.ADMIN, _FOREIGN),
    AdminRow(acts.RotateKey, Role.ADMIN, _FOREIGN, variant=COLLEAGUE),
    AdminRow(acts.RotateKey, Role.ADMIN, _FOREIGN, variant=OWN_KEY),
    AdminRow(acts.RotateKey, Role.ADMIN, Reason.OK, variant=OWN_SINCE),
    AdminRow(acts.SetOfficerStatus, Role.ADMIN, _FOREIGN),
    AdminRow(acts.AssignOfficer, Role.ADMIN, _FOREIGN),
    AdminRow(acts.PublishItem, Role.ADMIN, _FOREIGN),
    AdminRow(acts.RetireItem, Role.ADMIN, _FOREIGN),
    AdminRow(acts.OfferGrant, Role.GRANTOR, _FOREIGN),
    AdminRow(acts.OfferGrant, Role.GRANTOR, _FOREIGN, GRANTEE, HANDED_ON, _HAND_ON),
    AdminRow(acts.AcceptGrant, Role.GRANTOR, Reason.NOT_GRANTEE, GRANTEE, grants=_ANSWER | _EXPIRED_OFFER),
    AdminRow(acts.DeclineGrant, Role.GRANTOR, Reason.NOT_GRANTEE, GRANTEE, grants=_ANSWER),
    AdminRow(acts.OfferAgreement, Role.GRANTOR, _FOREIGN),
    AdminRow(acts.AcceptAgreement, Role.GRANTOR, Reason.NOT_GRANTEE, GRANTEE, grants=_AGREED),
    AdminRow(acts.WithdrawAgreement, Role.GRANTOR, _FOREIGN),
    AdminRow(acts.SetGrantStatus, Role.GRANTOR, Reason.NOT_GRANTOR, grants=_STATUS),
    AdminRow(acts.RegisterSeal, Role.SEALER, _FOREIGN),
    AdminRow(acts.ChangeSeal, Role.SEALER, _FOREIGN),
    AdminRow(acts.SetSealStatus, Role.SEALER, _FOREIGN),
    AdminRow(acts.IssueLicense, Role.ISSUER, _FOREIGN),
    AdminRow(acts.IssueBatch, Role.ISSUER, Reason.SEAL_OF_ANOTHER),
    AdminRow(acts.SetLicenseStatus, Role.ISSUER, Reason.LICENSE_NOT_PROVEN),
    AdminRow(acts.UseLicense, Role.WINDOW | Role.SERVICE, Reason.AUTHORIZATION_ELSEWHERE, GRANTEE),
)

# ---------------------------------------------------------------- steps of a case

_WINDOW, _DESK, _REVIEW = Role.WINDOW | Role.SERVICE, Role.WINDOW | Role.REVIEWER, Role.REVIEWER
_GRANT = {
    Condition.GRANT_NONE: Reason.GRANT_UNKNOWN,
    Condition.GRANT_BEFORE: Reason.GRANT_NOT_ACTIVE,
    Condition.GRANT_REVOKED: Reason.GRANT_REVOKED,
    Condition.GRANT_EXPIRED: Reason.GRANT_EXPIRED,
    Condition.WRONG_REGION: Reason.WRONG_REGION,
    Condition.TOO_FAR: Reason.GRANT_UNKNOWN,
    Condition.WRONG_RIGHT: Reason.RIGHT_NOT_GRANTED,
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step on a case of HOME: officers of HOME with one of ``roles`` may, and where it is granted
    (``right``), those of the grantee with one of them; without a right it is the home agency's alone.

    ``path`` are the actions (with their detail) that bring a case to where the step is due.
    """

    action: Action
    roles: int
    right: Right | None = None
    path: tuple[tuple[Action, int], ...] = ()
    detail: int = 0
    mode: Mode = Mode.REMOTE_ACCEPTANCE

    @property
    def name(self) -> str:
        """As the report names it."""
        mode = "" if self.mode is Mode.REMOTE_ACCEPTANCE else f" ({self.mode.name})"
        return f"trails.{'Open ' if self.action is Action.COLLECT else ''}{self.action.name}{mode}"

    def expected(self, actor: Actor, condition: Condition) -> Reason:
        """The verdict."""
        if (reason := of_the_signer(actor, condition)) is not None:
            return reason
        if actor.side != HOME:
            if self.right is None:
                return Reason.HOME_AGENCY_ONLY
            if condition in _GRANT:
                return _GRANT[condition]
            if actor.side != GRANTEE:
                return Reason.GRANT_NOT_FOR_YOU
        return Reason.OK if actor.roles & self.roles else Reason.ROLE_MISSING


_ACCEPTED = ((Action.FORWARD, 0), (Action.ACCEPT, 0))
_REVIEWED = (*_ACCEPTED, (Action.REVIEW, 0))
_APPROVED = (*_REVIEWED, (Action.APPROVE, 0))
_DELIVERED = (*_APPROVED, (Action.DELIVER, 0))

STEP_ROWS = (
    StepRow(Action.COLLECT, _WINDOW, Right.COLLECT),
    StepRow(Action.NOTIFY, _DESK, Right.NOTIFY, detail=1),
    StepRow(Action.SUPPLEMENT, _WINDOW, Right.COLLECT, ((Action.NOTIFY, 1),)),
    StepRow(Action.VERIFY, _DESK, Right.VERIFY),
    StepRow(Action.PROMISE, _WINDOW, Right.COLLECT, ((Action.NOTIFY, 4),), detail=4),
    StepRow(Action.ACCEPT, _DESK, Right.ACCEPT),
    StepRow(Action.ACCEPT, _DESK, None, mode=Mode.REMOTE_INTAKE),
    StepRow(Action.ACCEPT, _DESK, None, mode=Mode.PROXY),
    StepRow(Action.TOLERATE, _DESK, Right.ACCEPT, detail=1),
    StepRow(Action.TOLERATE, _DESK, None, detail=1, mode=Mode.REMOTE_INTAKE),
    StepRow(Action.REFUSE, _DESK, Right.ACCEPT),
    StepRow(Action.REFUSE, _DESK, None, mode=Mode.REMOTE_INTAKE),
    StepRow(Action.FORWARD, _WINDOW, Right.FORWARD),
    StepRow(Action.REVIEW, _REVIEW, None, _ACCEPTED),
    StepRow(Action.PAUSE, _REVIEW, None, _REVIEWED),
    StepRow(Action.RESUME, _REVIEW, None, (*_REVIEWED, (Action.PAUSE, 0))),
    StepRow(Action.EXTEND, Role.DECIDER, None, _REVIEWED),
    StepRow(Action.APPROVE, Role.DECIDER, None, _REVIEWED),
    StepRow(Action.REJECT, Role.DECIDER, None, _REVIEWED),
    StepRow(Action.ISSUE, Role.WINDOW | Role.ISSUER, Right.ISSUE, _APPROVED),
    StepRow(Action.DELIVER, Role.WINDOW, Right.DELIVER, _APPROVED),
    StepRow(Action.RATE, _WINDOW, Right.DELIVER, _DELIVERED, detail=5),
    StepRow(Action.MEND, _DESK, Right.DELIVER, (*_DELIVERED, (Action.RATE, 5))),
    StepRow(Action.WITHDRAW, _WINDOW, Right.COLLECT),
    StepRow(Action.TERMINATE, Role.REVIEWER | Role.DECIDER, None),
    StepRow(Action.LINK, _DESK, Right.COLLECT),
    StepRow(Action.JOIN, _DESK, Right.COLLECT, ((Action.LINK, 0),)),
)

# ---------------------------------------------------------------- the council


@dataclass(frozen=True, slots=True)
class CouncilRow:
    """A call that m of n members decide. One that waits is only scheduled by that, and carried out by ``execute``."""

    call: str
    waits: bool

    @property
    def name(self) -> str:
        """As the report names it."""
        return f"council.submit: {self.call}"

    @staticmethod
    def expected(actor: Actor, condition: Condition) -> Reason:
        """The verdict on a ballot; KEY_EXPIRED is a ballot past its deadline, the others are of membership."""
        if condition is Condition.KEY_EXPIRED:
            return Reason.ACT_EXPIRED
        if actor.kind is Kind.CARRIER:
            return Reason.NOT_ENOUGH_SIGNATURES
        if actor.kind not in (Kind.QUORUM, Kind.MEMBER) or condition is not Condition.ACTIVE:
            return Reason.NOT_A_MEMBER
        return Reason.OK if actor.kind is Kind.QUORUM else Reason.NOT_ENOUGH_SIGNATURES


COUNCIL_ROWS = (
    CouncilRow("registerAgency", waits=False),
    CouncilRow("setAgencyStatus", waits=False),
    CouncilRow("revokeAgency", waits=True),
    CouncilRow("appointAdmin", waits=True),
    CouncilRow("setGrantStatus", waits=False),
    CouncilRow("enter", waits=False),
    CouncilRow("replace", waits=True),
    CouncilRow("cancel", waits=False),
    CouncilRow("setMembers", waits=True),
    CouncilRow("setDelay", waits=True),
    CouncilRow("setClock", waits=True),
)

EXECUTE = {
    Condition.ACTIVE: Reason.OK,
    Condition.KEY_BEFORE: Reason.DELAY_NOT_OVER,
    Condition.KEY_REVOKED: Reason.PROPOSAL_UNKNOWN,
    Condition.KEY_EXPIRED: Reason.TOO_LATE_TO_EXECUTE,
    Condition.GRANT_NONE: Reason.PROPOSAL_UNKNOWN,
}
"""``Council.execute``, whoever sends it: in time, before the delay is over, cancelled in the same block, after
the time to execute, never submitted."""

# ---------------------------------------------------------------- functions that look at who calls

COUNCIL_ONLY, SELF_ONLY, TRAILS_ONLY = "council", "self", "trails"

DIRECT = {
    **dict.fromkeys(
        ("registry.registerAgency", "registry.setAgencyStatus", "registry.revokeAgency", "registry.appointAdmin",
         "grants.setGrantStatus", "directory.enter", "directory.replace", "council.cancel", "council.setMembers",
         "council.setDelay", "trails.setClock"),
        COUNCIL_ONLY,
    ),
    "grants.consume": TRAILS_ONLY,
    **dict.fromkeys(
        ("registry.judge", "catalogue.judge", "grants.judge", "seals.judge", "licenses.judge", "council.judge",
         "council.carryOut"),
        SELF_ONLY,
    ),
}  # fmt: skip
"""Functions that are open to one contract alone; keys and grants of the caller are never looked up, so no
condition of theirs means anything."""

ANYBODY = ("council.submit", "council.execute", "registry.submit", "catalogue.submit", "grants.submit",
           "seals.submit", "licenses.submit", "trails.submit")  # fmt: skip
"""What anybody may carry: the rows above say what becomes of each act in it."""

NOT_APPLICABLE = {
    "admin, grant and region": "an act on what the own agency has rests on no grant and no place: only the rows that "
    "list these circumstances are subject to them",
    "admin, declining an expired offer": "an offer past its end grants nothing; declining it is the grantee's right",
    "own steps, grant and region": "an officer of the home agency acts by competence: names no grant, from anywhere",
    "outsiders, key": "no key of theirs is registered that could begin, end or be revoked",
    "stopped actors, key": "their standing is suspended; the first reason found is the one given",
    "council, grant and region": "the council acts for the whole, under no grant",
    "officers, membership": "an officer never is a member, neither before nor after",
    "direct, all": "the caller's address is compared with one contract's and nothing is looked up",
}
"""Why a combination has no cell."""
