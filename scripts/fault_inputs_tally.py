"""What hostile inputs came to: counts by place, kind and code, and every one that was answered wrongly."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 8


@dataclass(slots=True)
class Tally:
    """Counts; ``wrong`` are answers that must not be, the first few kept in words."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def add(self, place: str, kind: str, code: str, count: int = 1) -> None:
        """An input of ``kind`` was answered with ``code``."""
        self.counts[place, kind, code] += count

    def judge(self, place: str, kind: str, code: str, allowed: Iterable[str], more: str = "") -> None:
        """The same, and it counts as wrong unless the code is one of the allowed."""
        self.add(place, kind, code)
        if code not in allowed:
            self.fault(f"{place}: {kind}", f"{code} {more}")

    def fault(self, what: str, sample: str) -> None:
        """Something that must not be."""
        self.wrong[what] += 1
        if len(self.samples) < SHOWN:
            self.samples.append(f"{what}: {sample[:300]}")

    @property
    def total(self) -> int:
        """Inputs."""
        return sum(self.counts.values())

    def of(self, place: str) -> int:
        """Inputs at one place."""
        return sum(count for (where, _, _), count in self.counts.items() if where == place)

    def table(self) -> str:
        """For people."""
        lines = [_row("处 place", "种类 kind", "代码 code", "数 count")]
        for (place, kind, code), count in sorted(self.counts.items()):
            lines.append(_row(place, kind, code, f"{count:,}"))
        return "\n".join(lines)


def _row(place: str, kind: str, code: str, count: str) -> str:
    return f"{_padded(place, 10)} {_padded(kind, 42)} {_padded(code, 26)} {count:>9}"


def _padded(text: str, width: int) -> str:
    """Chinese characters take two columns."""
    taken = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(0, width - taken)
