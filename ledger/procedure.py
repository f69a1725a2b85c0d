"""The procedure: which action may follow which, by whom, under which right and mode.

Everything is read from ``procedure.json``, the one table; ``Procedure.sol`` is generated from it
too (``scripts/generate_contracts.py``). A right of an action applies to officers of other agencies,
who act under a grant; the home agency's own officers act by competence.
"""

import json
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from importlib.resources import files
from typing import Any

_TABLE: dict[str, Any] = json.loads(files("ledger").joinpath("procedure.json").read_text(encoding="utf-8"))


def _members(section: str) -> dict[str, int]:
    return {name: value for name, (_, value) in _TABLE[section].items()}


class Right(IntFlag):
    """Rights that agencies grant (PROBLEM.md), a set in one byte."""

    COLLECT = 1
    ACCEPT = 2
    NOTIFY = 4
    VERIFY = 8
    FORWARD = 16
    ISSUE = 32
    DELIVER = 64


class Role(IntFlag):
    """What an officer is entrusted with inside the own agency."""

    ADMIN = 1
    GRANTOR = 2
    WINDOW = 4
    REVIEWER = 8
    DECIDER = 16
    SEALER = 32
    ISSUER = 64
    AUDITOR = 128
    SERVICE = 256


class Mode(IntEnum):
    """How a case is shared between the receiving and the home place."""

    REMOTE_INTAKE = 1
    REMOTE_ACCEPTANCE = 2
    UNDIFFERENTIATED = 3
    FULLY_ONLINE = 4
    PROXY = 5
    JOINT = 6


class CaseStatus(IntEnum):
    """Where a case stands; 0 means that there is none."""

    NONE = 0
    COLLECTED = 1
    ACCEPTED = 2
    IN_REVIEW = 3
    PAUSED = 4
    APPROVED = 5
    REJECTED = 6
    ISSUED = 7
    DELIVERED = 8
    REFUSED = 9
    WITHDRAWN = 10
    TERMINATED = 11


class Action(IntEnum):
    """Steps of a case 办件环节."""

    COLLECT = 1
    NOTIFY = 2
    SUPPLEMENT = 3
    VERIFY = 4
    PROMISE = 5
    ACCEPT = 6
    TOLERATE = 7
    REFUSE = 8
    FORWARD = 9
    REVIEW = 10
    PAUSE = 11
    RESUME = 12
    EXTEND = 13
    APPROVE = 14
    REJECT = 15
    ISSUE = 16
    DELIVER = 17
    RATE = 18
    MEND = 19
    WITHDRAW = 20
    TERMINATE = 21
    LINK = 22
    JOIN = 23


class Effect(IntEnum):
    """What an action does beside moving the status."""

    NONE = 0
    NOTIFY = 1
    SUPPLEMENT = 2
    VERIFY = 3
    PROMISE = 4
    TOLERATE = 5
    FORWARD = 6
    EXTEND = 7
    DELIVER = 8
    RATE = 9
    MEND = 10
    LINK = 11
    JOIN = 12


class Subject(IntEnum):
    """What an action's ``subject`` names."""

    NONE = 0
    SEAL = 1
    LICENSE = 2
    CASE = 3


class Requires(IntFlag):
    """What must hold before an action."""

    COMPLETE = 1
    VERIFIED = 2
    FORWARDED = 4
    CHILDREN_JOINED = 8


ALL_MODES = sum(1 << (mode - 1) for mode in Mode)
ALL_RIGHTS = sum(Right)
ALL_ROLES = sum(Role)
TERMINAL = frozenset(CaseStatus[name] for name in _TABLE["terminal"])
BAD_RATING = 4
"""Ratings 4 and 5 of GB/T 39046 (dissatisfied) must be mended."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. ``to`` NONE keeps the status; ``home_modes`` has bit ``mode - 1``."""

    action: Action
    zh: str
    sources: int
    to: CaseStatus
    right: int
    home_modes: int
    roles: int
    requires: int
    subject: Subject
    effect: Effect

    def home_only(self, mode: int) -> bool:
        """True where only the home agency may take this action in this mode."""
        return bool(self.home_modes >> (mode - 1) & 1)

    def packed(self) -> int:
        """The row as Solidity reads it: see ``docs/protocol.md``, "Procedure word"."""
        return (
            self.sources
            | self.to << 16
            | self.right << 20
            | self.home_modes << 28
            | self.roles << 36
            | self.requires << 52
            | self.subject << 56
            | self.effect << 60
        )


def _rule(row: dict[str, Any]) -> Rule:
    home = row.get("home", [])
    return Rule(
        action=Action[row["name"]],
        zh=row["zh"],
        sources=sum(1 << CaseStatus[name] for name in row["from"]),
        to=CaseStatus[row.get("to", "NONE")],
        right=int(Right[row["right"]]) if "right" in row else 0,
        home_modes=ALL_MODES if home == "ALL" else sum(1 << (Mode[name] - 1) for name in home),
        roles=int(sum(Role[name] for name in row["roles"])),
        requires=int(sum(Requires[name] for name in row.get("requires", []))),
        subject=Subject[row.get("subject", "NONE")],
        effect=Effect[row.get("effect", "NONE")],
    )


RULES: dict[int, Rule] = {row["code"]: _rule(row) for row in _TABLE["actions"]}
"""Rules by action code."""

CHINESE: dict[str, dict[int, str]] = {
    section: {value: zh for zh, value in _TABLE[section].values()}
    for section in ("rights", "roles", "modes", "statuses")
} | {"actions": {code: rule.zh for code, rule in RULES.items()}}
"""The Chinese term of each right, role, mode, status and action."""

_ENUMS: dict[str, type[IntEnum] | type[IntFlag]] = {
    "rights": Right, "roles": Role, "modes": Mode, "statuses": CaseStatus,
}  # fmt: skip
for _section, _enum in _ENUMS.items():
    _declared = {member.name: int(member) for member in _enum if member}
    if _declared != _members(_section):
        message = f"procedure.json and ledger.procedure differ in {_section}"
        raise RuntimeError(message)
