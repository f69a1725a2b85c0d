"""What every benchmark and experiment prints at its end: a table for people, JSON for programs, an exit code."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One figure beside its yardstick from the same run, and the goal it is held against.

    ``goal`` bounds ``value`` or, where ``of_ratio``, ``value / yardstick``: from above where ``at_most``, else
    from below. ``yardstick`` is None where there is nothing to compare with.
    """

    target: str
    what: str
    value: float
    goal: float
    unit: str = ""
    yardstick: float | None = None
    at_most: bool = False
    of_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """Value to yardstick."""
        return None if not self.yardstick else self.value / self.yardstick

    @property
    def met(self) -> bool:
        """Whether the goal is reached; a ratio that does not exist reaches none."""
        held = self.ratio if self.of_ratio else self.value
        return held is not None and (held <= self.goal if self.at_most else held >= self.goal)

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        ratio = None if self.ratio is None else round(self.ratio, 4)
        sign = "<=" if self.at_most else ">="
        return {
            "target": self.target, "what": self.what, "value": round(self.value, 4), "unit": self.unit,
            "yardstick": self.yardstick, "ratio": ratio,
            "goal": f"{'ratio ' if self.of_ratio else ''}{sign} {self.goal:g}", "met": self.met,
        }  # fmt: skip


def table(targets: Sequence[Target]) -> str:
    """For people: figure, yardstick and goal side by side."""
    lines = [f"{'目标 target':<14} {'值 value':>14} {'标尺 yardstick':>16} {'比 ratio':>9}  {'要求 goal':<14} 达到 met"]
    for one in targets:
        said = one.as_json()
        yardstick = "-" if one.yardstick is None else f"{one.yardstick:,.2f}"
        ratio = "-" if one.ratio is None else f"{one.ratio:.3f}"
        met = "是 yes" if one.met else "否 NO"
        figures = f"{one.target:<16} {one.value:>14,.2f} {yardstick:>17} {ratio:>10}"
        lines.append(f"{figures}  {said['goal']!s:<16} {met}  {one.what} {one.unit}")
    return "\n".join(lines)


def conclude(targets: Sequence[Target], *, as_json: bool, judged: bool = True) -> int:
    """Print everything; exit code 1 where a target is missed, unless its figures are not ``judged`` (`--quick`)."""
    print(table(targets), flush=True)
    if as_json:
        print(json.dumps([one.as_json() for one in targets], ensure_ascii=False), flush=True)
    return int(judged and not all(one.met for one in targets))


def progress(text: str) -> None:
    """A line on stderr while something long goes on."""
    print(text, file=sys.stderr, flush=True)
