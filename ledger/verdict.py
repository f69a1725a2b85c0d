"""Three verdicts and a report of every check: what could not be checked is never "invalid", nor fine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one check, and of all of them together."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"

    @property
    def rank(self) -> int:
        """The higher, the worse: 0 valid, 1 indeterminate, 2 invalid."""
        return _BEST_FIRST.index(self)


_BEST_FIRST = (Verdict.VALID, Verdict.INDETERMINATE, Verdict.INVALID)


@dataclass(frozen=True, slots=True)
class Check:
    """One named check, its outcome with a stable reason code, and what it rests on.

    ``facts`` are pairs of a name and what was seen (times, block numbers, digests); never secrets
    nor personal data, for reports are handed on.
    """

    name: str
    verdict: Verdict
    reason_code: str
    zh: str
    en: str
    facts: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, object]:
        """An object with ``name, verdict, reason_code, zh, en, facts`` (an object of strings)."""
        return {
            "name": self.name,
            "verdict": self.verdict.value,
            "reason_code": self.reason_code,
            "zh": self.zh,
            "en": self.en,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Every check that was made, in order, none left out because an earlier one failed."""

    checks: tuple[Check, ...] = ()

    @property
    def overall(self) -> Verdict:
        """INVALID if any check is, else INDETERMINATE if any is or there is none, else VALID."""
        verdicts = {check.verdict for check in self.checks}
        if Verdict.INVALID in verdicts:
            return Verdict.INVALID
        return Verdict.VALID if verdicts == {Verdict.VALID} else Verdict.INDETERMINATE

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that keep the report from being valid."""
        return tuple(check for check in self.checks if check.verdict is not Verdict.VALID)

    def __add__(self, other: "Report") -> "Report":
        """Both reports' checks as one."""
        return Report(self.checks + other.checks)

    def to_json(self) -> dict[str, object]:
        """An object with ``verdict`` (overall) and ``checks``."""
        return {
            "verdict": self.overall.value,
            "checks": [check.to_json() for check in self.checks],
        }


def _facts(facts: Mapping[str, object] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in (facts or {}).items())


def valid(name: str, en: str, zh: str, facts: Mapping[str, object] | None = None) -> Check:
    """A check that passed; its reason code is ``OK``."""
    return Check(name, Verdict.VALID, "OK", zh, en, _facts(facts))


def invalid(name: str, code: str, en: str, zh: str, facts: Mapping[str, object] | None = None) -> Check:
    """A check that failed: the thing is shown to be wrong."""
    return Check(name, Verdict.INVALID, code, zh, en, _facts(facts))


def indeterminate(name: str, code: str, en: str, zh: str, facts: Mapping[str, object] | None = None) -> Check:
    """A check that could not be made: something needed for it is missing or does not answer."""
    return Check(name, Verdict.INDETERMINATE, code, zh, en, _facts(facts))


def report(checks: Iterable[Check]) -> Report:
    """A report over checks as they are made."""
    return Report(tuple(checks))
