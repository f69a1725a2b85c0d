"""Regions as the contracts hold them: 12 decimal digits, packed BCD in a uint48.

Province 2 digits, city 4, county 6 (GB/T 2260), township 9, village 12; zero is the whole nation.
A region contains all regions whose code starts with its significant digits.
"""

_SIGNIFICANT = (
    0x000000000000, 0xFF0000000000, 0xFFFF00000000,
    0xFFFFFF000000, 0xFFFFFFFFF000, 0xFFFFFFFFFFFF,
)  # fmt: skip


def is_region(packed: int) -> bool:
    """Whether every nibble is a decimal digit."""
    return 0 <= packed < 1 << 48 and all(packed >> shift & 15 <= 9 for shift in range(0, 48, 4))


def level(packed: int) -> int:
    """0 nation, 1 province, 2 city, 3 county, 4 township, 5 village."""
    return next(i for i, mask in enumerate(_SIGNIFICANT) if packed & ~mask == 0)


def contains(outer: int, inner: int) -> bool:
    """Whether ``inner`` is ``outer`` or lies below it."""
    return inner & _SIGNIFICANT[level(outer)] == outer
