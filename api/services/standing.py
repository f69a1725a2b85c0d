"""How something stood at a time that is past, from the changes of its status that the ledger saw."""

from collections.abc import Iterable

from ledger.records import Status


def status_at(changes: Iterable[tuple[int, Status]], moment: int) -> tuple[Status, int]:
    """The status at a moment, and since when (0: from the beginning); ``changes``: (block's time, status), in order."""
    found = (Status.ACTIVE, 0)
    for at, status in changes:
        if at <= moment:
            found = (status, at)
    return found
