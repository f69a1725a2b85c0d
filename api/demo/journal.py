"""What happened against what was expected: one row an act, a refusal, a verdict."""

from dataclasses import dataclass, field

OK = "OK"


@dataclass(frozen=True, slots=True)
class Row:
    """Who did what; ``expected`` and ``got`` are reason codes or verdicts; ``zh`` says what it means."""

    kind: str
    who: str
    what: str
    expected: str
    got: str
    zh: str = ""
    block: int | None = None

    @property
    def met(self) -> bool:
        """Whether it came as expected."""
        return self.expected == self.got

    def to_json(self) -> dict[str, object]:
        """The row with ``met``."""
        return {
            "kind": self.kind, "who": self.who, "what": self.what, "expected": self.expected,
            "got": self.got, "met": self.met, "zh": self.zh, "block": self.block,
        }  # fmt: skip


@dataclass(slots=True)
class Journal:
    """All rows in the order in which they came."""

    rows: list[Row] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    """Seconds since the start at which something worth timing was reached."""

    def add(self, row: Row) -> None:
        """Write a row down."""
        self.rows.append(row)

    @property
    def failures(self) -> tuple[Row, ...]:
        """Rows that came otherwise than expected."""
        return tuple(row for row in self.rows if not row.met)

    def of(self, *kinds: str) -> tuple[Row, ...]:
        """Rows of these kinds."""
        return tuple(row for row in self.rows if row.kind in kinds)
