"""Identifiers: an agency's number, and numbers that each agency gives out under it.

A scoped id is ``agency << 32 | number`` (uint64), so two agencies can never want the same one.
It is written ``agency-number``, for example ``3-17``.
"""

from ledger.errors import InvalidInput

MAX_UINT32 = 2**32 - 1
FOREVER = MAX_UINT32
"""A validity that does not end (uint32 seconds since 1970; good until 2106)."""


def scoped(agency: int, number: int) -> int:
    """Join an agency's number and one it gave out, both 1..2^32-1, to a uint64."""
    if not (0 < agency <= MAX_UINT32 and 0 < number <= MAX_UINT32):
        raise InvalidInput(
            "ID_OUT_OF_RANGE",
            "id",
            f"{agency}-{number}: both parts must be 1..4294967295",
            f"{agency}-{number}:两部分都须在 1..4294967295 之间",
        )
    return agency << 32 | number


def agency_of(scoped_id: int) -> int:
    """The agency that gave the id out."""
    return scoped_id >> 32


def number_of(scoped_id: int) -> int:
    """The number within its agency."""
    return scoped_id & MAX_UINT32


def format_id(scoped_id: int) -> str:
    """``agency-number``."""
    return f"{agency_of(scoped_id)}-{number_of(scoped_id)}"


def parse_id(text: str) -> int:
    """Read ``agency-number``; raises InvalidInput ``ID_MALFORMED``."""
    left, dash, right = text.partition("-")
    if not (dash and left.isascii() and left.isdigit() and right.isascii() and right.isdigit()):
        raise InvalidInput(
            "ID_MALFORMED",
            "id",
            f"{text!r}: write agency-number, for example 3-17",
            f"{text!r}:请写成 机构编号-编号,例如 3-17",
        )
    return scoped(int(left), int(right))
