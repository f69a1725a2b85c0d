"""The curve of SM2 (GB/T 32918.5-2017) and verification on it with Python's integers: the last resort.

Python's integers are not constant time, so nothing here ever touches a private key.
"""

from functools import lru_cache

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)

Point = tuple[int, int]
Jacobian = tuple[int, int, int]
INFINITY: Jacobian = (1, 1, 0)


def on_curve(x: int, y: int) -> bool:
    """Whether both are below the field's prime and y² = x³ + ax + b; the curve's cofactor is 1."""
    return x < P and y < P and (y * y - (x * x + A) * x - B) % P == 0


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point  # the point at infinity (z = 0) doubles to itself
    square = z * z % P
    yy = y * y % P
    beta = x * yy % P
    slope = 3 * (x - square) * (x + square) % P
    new_x = (slope * slope - 8 * beta) % P
    return new_x, (slope * (4 * beta - new_x) - 8 * yy * yy) % P, 2 * y * z % P


def _add(point: Jacobian, other: Point) -> Jacobian:
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, 1
    square = z1 * z1 % P
    h = (x2 * square - x1) % P
    slope = (y2 * square * z1 - y1) % P
    if not h:
        return _double(point) if not slope else INFINITY
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    new_x = (slope * slope - hhh - 2 * v) % P
    return new_x, (slope * (v - new_x) - y1 * hhh) % P, z1 * h % P


def affine(points: list[Jacobian]) -> list[Point]:
    """Many at the price of one inversion (Montgomery); none of them is the point at infinity."""
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % P)
    inverse = pow(products[-1], -1, P)
    found: list[Point] = []
    for (x, y, z), product in zip(reversed(points), reversed(products[:-1]), strict=True):
        one = inverse * product % P
        inverse = inverse * z % P
        square = one * one % P
        found.append((x * square % P, y * square * one % P))
    found.reverse()
    return found


class Multiples:
    """d·2^(width·i)·Q for each digit d and place i: a product is then one addition a place, no doubling."""

    def __init__(self, point: Point, width: int) -> None:
        self._width = width
        places = -(-256 // width)
        rows: list[Jacobian] = []
        base = point
        for _ in range(places):
            current: Jacobian = (*base, 1)
            for _ in range((1 << width) - 1):
                rows.append(current)
                current = _add(current, base)
            base = affine([current])[0]
        table = affine(rows)
        size = (1 << width) - 1
        self._table = [table[i * size : (i + 1) * size] for i in range(places)]

    def add_product(self, start: Jacobian, scalar: int) -> Jacobian:
        """The sum start + scalar·Q for 0 ≤ scalar < 2^256."""
        mask = (1 << self._width) - 1
        for row in self._table:
            digit = scalar & mask
            if digit:
                start = _add(start, row[digit - 1])
            scalar >>= self._width
        return start


@lru_cache(maxsize=64)
def _multiples(point: Point, width: int) -> Multiples:
    return Multiples(point, width)


def holds(public: Point, e: int, r: int, s: int) -> bool:
    """GB/T 32918.2-2016, 7.1, steps B5 to B7, with t ≠ 0, 0 < r, s < n and the key on the curve already seen to."""
    from_key = _multiples(public, 4).add_product(INFINITY, (r + s) % N)
    x, _, z = _multiples(G, 8).add_product(from_key, s)
    if not z:
        return False
    return (e + x * pow(z, -2, P) % P) % N == r
