"""What keeps times right, switched off one by one."""

from datetime import date, datetime
from typing import Any

from ledger import workdays
from ledger.ids import FOREVER
from ledger.records import Interval
from ledger.rules import trail
from scripts.mutants import put


def skew_off() -> None:
    """The rules carry out steps that were signed in the future."""
    begin = trail._begin  # noqa: SLF001

    def trusting(world: Any, *rest: Any, **more: Any) -> Any:
        skew, world.clock.skew = world.clock.skew, FOREVER
        try:
            return begin(world, *rest, **more)
        finally:
            world.clock.skew = skew

    trail._begin = trusting  # noqa: SLF001


def validity_a_second_longer() -> None:
    """Keys and grants still hold in the second in which they end."""
    standing = Interval.standing

    def longer(self: Interval, at: int, reasons: Any) -> Any:
        return standing(self, at - 1 if at == self.valid_until else at, reasons)

    put(Interval, "standing", longer)


def local_time() -> None:
    """Days are counted in whatever zone the machine is set to."""
    workdays.day_of = lambda seconds: datetime.fromtimestamp(seconds).date()  # noqa: DTZ006
    # the deadlines have their own name for it
    _in_deadlines("day_of", workdays.day_of)


def weekends_only() -> None:
    """Holidays and working weekends are not known."""

    def is_workday(day: date) -> bool | None:
        return day.weekday() < 5

    put(workdays, "is_workday", is_workday)


def _in_deadlines(name: str, value: Any) -> None:
    from ledger import deadlines  # noqa: PLC0415 - the rules' mutants have no use for it

    put(deadlines, name, value)
