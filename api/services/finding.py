"""What a check finds: in order, wrong, or not known; and what is to be done about it."""

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["ok", "wrong", "unknown"]
OK, WRONG, UNKNOWN = "ok", "wrong", "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is the case and what to do, in both languages."""

    zh: str
    en: str
    todo_zh: str
    todo_en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """``code`` is stable, empty where nothing is wrong. What cannot be reached is ``unknown``, never ``ok``."""

    name: str
    verdict: Verdict
    zh: str
    en: str
    code: str = ""
    todo_zh: str = ""
    todo_en: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the check was made and found nothing."""
        return self.verdict == OK


def good(name: str, zh: str, en: str, **facts: object) -> Finding:
    """In order."""
    return Finding(name, "ok", zh, en, facts=shown(facts))


def wrong(name: str, code: str, advice: Advice, **facts: object) -> Finding:
    """Not in order."""
    return Finding(name, "wrong", advice.zh, advice.en, code, advice.todo_zh, advice.todo_en, shown(facts))


def unknown(name: str, code: str, advice: Advice, **facts: object) -> Finding:
    """The check could not be made."""
    return Finding(name, "unknown", advice.zh, advice.en, code, advice.todo_zh, advice.todo_en, shown(facts))


def shown(facts: dict[str, object]) -> dict[str, str]:
    """Facts as text, without those that are not known."""
    return {key: str(value) for key, value in facts.items() if value not in (None, "")}
