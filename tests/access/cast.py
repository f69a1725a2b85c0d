"""Who tries, and under which circumstances: the two sides of the matrix beside the functions."""

from dataclasses import dataclass
from enum import StrEnum

from ledger.ids import scoped
from ledger.procedure import ALL_ROLES, Role

HOME, GRANTEE, UNRELATED, LOWER, ELSEWHERE, STOPPED, SPARE = 1, 2, 3, 4, 5, 6, 7
"""A provincial agency; a city's centre it grants to; another city's centre; a county below the grantee; a third city's
centre; an agency that the council has suspended; one to try the council's calls on."""
CLERK = 2
"""Officer of each agency with every role, who prepares what the cells act on."""


class Condition(StrEnum):
    """Circumstances: of the signer's key (for the council: of membership and ballot), of the grant that is named."""

    ACTIVE = "active"
    KEY_BEFORE = "before the key is valid"
    KEY_REVOKED = "key revoked in the same block"
    KEY_EXPIRED = "key expired"
    GRANT_NONE = "no grant named"
    GRANT_BEFORE = "before the grant is accepted"
    GRANT_REVOKED = "grant revoked in the same block"
    GRANT_EXPIRED = "grant expired"
    WRONG_REGION = "wrong region"
    TOO_FAR = "handed on too far"
    WRONG_RIGHT = "grant without the right"


KEY_CONDITIONS = (Condition.KEY_BEFORE, Condition.KEY_REVOKED, Condition.KEY_EXPIRED)
GRANT_CONDITIONS = (
    Condition.GRANT_NONE, Condition.GRANT_BEFORE, Condition.GRANT_REVOKED, Condition.GRANT_EXPIRED,
    Condition.WRONG_REGION, Condition.TOO_FAR, Condition.WRONG_RIGHT,
)  # fmt: skip
IN_THE_BLOCK = (Condition.KEY_REVOKED, Condition.GRANT_REVOKED)
"""Those whose revocation is mined right before the act, in its block."""


class Kind(StrEnum):
    """What an actor is, as far as it decides anything."""

    OFFICER = "officer"
    SUSPENDED = "suspended officer"
    CLOSED_WINDOW = "officer of a suspended window"
    STOPPED_AGENCY = "officer of a suspended agency"
    QUORUM = "council with its threshold"
    MEMBER = "council member below the threshold"
    STRANGER = "stranger's key"
    CARRIER = "direct caller without a signature"


@dataclass(frozen=True, slots=True)
class Actor:
    """One line of the matrix: ``side`` is the agency (0: none), ``roles`` a set, ``number`` the officer's."""

    name: str
    kind: Kind
    side: int = 0
    roles: int = 0
    number: int = 0

    def officer(self, condition: Condition) -> int:
        """The officer id named; key conditions have an officer each. Outsiders name the home agency's clerk."""
        if self.kind is not Kind.OFFICER:
            return scoped(self.side, self.number) if self.side else scoped(HOME, CLERK)
        place = KEY_CONDITIONS.index(condition) + 1 if condition in KEY_CONDITIONS else 0
        return scoped(self.side, self.number + place)


SIDES = {HOME: "home", GRANTEE: "grantee", UNRELATED: "unrelated"}
PROFILES = {"administrator": Role.ADMIN | Role.GRANTOR, **{role.name or "": role for role in Role}}
FIRST_NUMBER, SUSPENDED_NUMBER, CLOSED_NUMBER = 10, 90, 91

OFFICERS = tuple(
    Actor(f"{side}: {profile}", Kind.OFFICER, agency, int(roles), FIRST_NUMBER + 4 * place)
    for agency, side in SIDES.items()
    for place, (profile, roles) in enumerate(PROFILES.items())
)
STOPPED_ACTORS = (
    *(Actor(f"{side}: suspended", Kind.SUSPENDED, agency, ALL_ROLES, SUSPENDED_NUMBER)
      for agency, side in SIDES.items()),
    *(Actor(f"{side}: window suspended", Kind.CLOSED_WINDOW, agency, ALL_ROLES, CLOSED_NUMBER)
      for agency, side in SIDES.items()),
    Actor("agency suspended", Kind.STOPPED_AGENCY, STOPPED, ALL_ROLES, CLERK),
)  # fmt: skip
OUTSIDERS = (
    Actor("council with threshold", Kind.QUORUM), Actor("council member alone", Kind.MEMBER),
    Actor("stranger", Kind.STRANGER), Actor("carrier without signature", Kind.CARRIER),
)  # fmt: skip
ACTORS = OFFICERS + STOPPED_ACTORS + OUTSIDERS
