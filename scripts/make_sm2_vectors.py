"""Negative vectors for SM2 in the manner of Wycheproof: `python -m scripts.make_sm2_vectors [--check] [--seed N]`.

Everything comes from the seed: keys, nonces, and signatures made to fall on the edges of the algorithm. They are
computed with Python's integers, which are not constant time: the keys are public, in the file itself.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ledger.algorithms import der
from ledger.algorithms.sm2_curve import INFINITY, B, G, Multiples, N, P, Point, affine, on_curve
from ledger.algorithms.sm2_keys import DEFAULT_IDENT, encode_signature, z_value

PLACE = Path(__file__).parents[1] / "tests" / "vectors" / "sm2.json"
MESSAGE = "证照电子化 message".encode()
_G = Multiples(G, 8)
Vector = dict[str, str]


class Numbers:
    """Scalars in [1, n − 1], one after the other from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0

    def take(self) -> int:
        """The next one."""
        self._count += 1
        digest = hashlib.sha512(f"huxin sm2 vectors {self._seed} {self._count}".encode()).digest()
        return 1 + int.from_bytes(digest) % (N - 1)


def times(scalar: int, point: Point = G) -> Point:
    """The product, for a scalar that is not 0 modulo n."""
    table = _G if point == G else Multiples(point, 4)
    return affine([table.add_product(INFINITY, scalar % N)])[0]


def plus(one: Point, scalar: int) -> Point:
    """The sum one + scalar·G."""
    return affine([_G.add_product((*one, 1), scalar % N)])[0]


def encoded(point: Point) -> bytes:
    """The point as 04 ‖ x ‖ y."""
    return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)


def raw(r: int, s: int) -> bytes:
    """The pair r ‖ s."""
    return r.to_bytes(32) + s.to_bytes(32)


def digest_of(public: bytes, message: bytes, ident: bytes = DEFAULT_IDENT) -> int:
    """The number e = SM3(Z ‖ M)."""
    return int.from_bytes(hashlib.new("sm3", z_value(public, ident) + message).digest())


def sign(private: int, e: int, nonce: int) -> tuple[int, int]:
    """GB/T 32918.2-2016, 6.1, steps A3 to A6."""
    r = (e + times(nonce)[0]) % N
    return r, pow(1 + private, -1, N) * (nonce - r * private) % N


def _integer(content: bytes) -> bytes:
    return der.write(der.INTEGER, content)


def _sequence(*parts: bytes) -> bytes:
    return der.write(der.SEQUENCE, *parts)


def bad_encodings(r: int, s: int) -> Iterator[tuple[str, bytes]]:
    """One good signature in encodings that are not DER, or not all of it."""
    good, one, other = encode_signature(raw(r, s)), der.write_integer(r), der.write_integer(s)
    body = good[2:]
    size = len(body)
    yield from (
        ("length in long form", bytes((0x30, 0x81, size)) + body),
        ("length in long form with a zero", bytes((0x30, 0x82, 0, size)) + body),
        ("length of 2^32 - 1", bytes.fromhex("3084ffffffff") + body),
        ("length in five octets", bytes.fromhex("308500000000") + bytes((size,)) + body),
        ("indefinite length", b"\x30\x80" + body + b"\0\0"),
        ("length one too small", bytes((0x30, size - 1)) + body),
        ("length one too large", bytes((0x30, size + 1)) + body),
        ("reserved length 0xff", b"\x30\xff" + body),
        ("byte behind the sequence", good + b"\0"),
        ("null behind the sequence", good + b"\x05\0"),
        ("signature twice", good + good),
        ("null in the sequence", _sequence(one, other, b"\x05\0")),
        ("third integer", _sequence(one, other, one)),
        ("r alone", _sequence(one)),
        ("empty sequence", _sequence()),
        ("empty", b""),
        ("sequence's tag alone", b"\x30"),
        ("a set", b"\x31" + good[1:]),
        ("context tag", b"\xa0" + good[1:]),
        ("sequence in a sequence", _sequence(good)),
        ("octet string around", der.write(der.OCTET_STRING, good)),
        ("r as octet string", _sequence(der.write(der.OCTET_STRING, r.to_bytes(32)), other)),
        ("s as bit string", _sequence(one, der.write(der.BIT_STRING, b"\0" + s.to_bytes(32)))),
        ("r with leading zeros", _sequence(_integer(b"\0\0" + r.to_bytes(32)), other)),
        ("s with leading zeros", _sequence(one, _integer(b"\0\0" + s.to_bytes(32)))),
        ("r of no bytes", _sequence(_integer(b""), other)),
        ("s of no bytes", _sequence(one, _integer(b""))),
        ("r with long-form length", _sequence(b"\x02\x81" + one[1:], other)),
        ("negative r", _sequence(_integer((r - (1 << 256)).to_bytes(33, signed=True)), other)),
        ("negative s", _sequence(one, _integer((s - (1 << 256)).to_bytes(33, signed=True)))),
        ("minus r", _sequence(_integer((-r).to_bytes(33, signed=True)), other)),
        ("minus s", _sequence(one, _integer((-s).to_bytes(33, signed=True)))),
        ("r + n", _sequence(der.write_integer(r + N), other)),
        ("s + n", _sequence(one, der.write_integer(s + N))),
        ("r + 2^256", _sequence(der.write_integer(r + (1 << 256)), other)),
        ("s of 1,000 bytes", _sequence(one, der.write_integer(s + (1 << 8000)))),
        ("text", good.hex().encode()),
        ("raw, 63 bytes", raw(r, s)[:-1]),
        ("raw, 65 bytes", raw(r, s) + b"\0"),
        ("raw, recovery byte in front", b"\x1b" + raw(r, s)),
        ("raw, little-endian", r.to_bytes(32, "little") + s.to_bytes(32, "little")),
    )
    for cut in range(1, len(good)):
        yield f"cut to {cut} bytes", good[:cut]


def edge_values(r: int, s: int) -> Iterator[tuple[str, bytes]]:
    """Both numbers at the edges of their range, and each beside the good other one; in DER and raw."""
    edges = {"0": 0, "1": 1, "n - 1": N - 1, "n": N, "n + 1": N + 1, "p": P, "2^256 - 1": 2**256 - 1, "n / 2": N // 2}
    pairs = [(f"r = {a}, s = {b}", edges[a], edges[b]) for a in edges for b in edges]
    pairs += [(f"r = {a}, s good", edges[a], s) for a in edges] + [(f"r good, s = {a}", r, edges[a]) for a in edges]
    pairs += [("r + s = n", r, N - r), ("s + r = n", N - s, s), ("r and s exchanged", s, r), ("s = n - s", r, N - s)]
    pairs += [("r = n - r", N - r, s), ("r = s", r, r)]
    for name, one, other in pairs:
        yield name, encode_signature(raw(one, other))
        yield f"{name}, raw", raw(one, other)


def flipped(signature: bytes) -> Iterator[tuple[str, bytes]]:
    """One bit of each byte."""
    for i in range(len(signature)):
        yield f"bit of byte {i} flipped", signature[:i] + bytes((signature[i] ^ 1 << i % 8,)) + signature[i + 1 :]


def of_messages(numbers: Numbers) -> Iterator[Vector]:
    """Signatures over a message under an identifier, through the whole interface."""
    private = numbers.take()
    public = encoded(times(private))

    def vector(
        name: str, signature: bytes, *, holds: bool = False, key: bytes = public, message: bytes = MESSAGE,
        ident: bytes = DEFAULT_IDENT,
    ) -> Vector:  # fmt: skip
        return {
            "name": name, "key": key.hex(), "ident": ident.hex(), "message": message.hex(),
            "signature": signature.hex(), "result": "valid" if holds else "invalid",
        }  # fmt: skip

    e = digest_of(public, MESSAGE)
    r, s = sign(private, e, numbers.take())
    good = encode_signature(raw(r, s))
    yield vector("good, DER", good, holds=True)
    yield vector("good, raw", raw(r, s), holds=True)
    for message in (b"", b"a", bytes(64), bytes(1000)):
        made = encode_signature(raw(*sign(private, digest_of(public, message), numbers.take())))
        yield vector(f"message of {len(message)} bytes", made, holds=True, message=message)
    for ident in (b"", b"ALICE123@YAHOO.COM", bytes(8191)):
        made = encode_signature(raw(*sign(private, digest_of(public, MESSAGE, ident), numbers.take())))
        yield vector(f"identifier of {len(ident)} bytes", made, holds=True, ident=ident)
    for name, signature in (*bad_encodings(r, s), *edge_values(r, s), *flipped(good), *flipped(raw(r, s))):
        yield vector(name, signature)
    yield vector("another message", good, message=MESSAGE + b".")
    yield vector("another identifier", good, ident=b"ALICE123@YAHOO.COM")
    yield vector("identifier left out", good, ident=b"")
    yield vector("identifier of 8,192 bytes", good, ident=bytes(8192))
    without_z = int.from_bytes(hashlib.new("sm3", MESSAGE).digest())
    yield vector("signed without Z", encode_signature(raw(*sign(private, without_z, numbers.take()))))
    other = int.from_bytes(hashlib.sha256(z_value(public) + MESSAGE).digest())
    yield vector("signed over SHA-256", encode_signature(raw(*sign(private, other, numbers.take()))))
    nonce = numbers.take()
    of_ecdsa = times(nonce)[0] % N
    of_ecdsa_too = pow(nonce, -1, N) * (e + of_ecdsa * private) % N
    yield vector("ECDSA on the curve", encode_signature(raw(of_ecdsa, of_ecdsa_too)))
    for name, key in strange_keys(public):
        yield vector(name, good, key=key)
    for name, one, other_one in degenerate(private, e):
        yield vector(name, encode_signature(raw(one, other_one)))


def strange_keys(public: bytes) -> Iterator[tuple[str, bytes]]:
    """Bytes that are no key, or not the signer's."""
    x, y = int.from_bytes(public[1:33]), int.from_bytes(public[33:])
    off = next(i for i in range(1, 100) if not on_curve(x, y + i))
    small = next(i for i in range(100) if pow(i**3 - 3 * i + B, (P - 1) // 2, P) == 1)
    root = pow(small**3 - 3 * small + B, (P + 1) // 4, P)
    yield from (
        ("key negated", encoded((x, P - y))), ("generator as key", encoded(G)),
        ("key off the curve", encoded((x, y + off))), ("key with x and y exchanged", encoded((y, x))),
        ("key of zeros", encoded((0, 0))), ("infinity in one byte", b"\0"), ("infinity, padded", bytes(65)),
        ("x not below p", b"\x04" + (small + P).to_bytes(32) + root.to_bytes(32)),
        ("compressed key", bytes((2 + y % 2,)) + public[1:33]), ("hybrid key", bytes((6 + y % 2,)) + public[1:]),
        ("key without 04", public[1:]), ("key cut off", public[:-1]), ("key too long", public + b"\0"),
        ("no key", b""), ("key on another curve, P-256", encoded(_P256)),
    )  # fmt: skip


_P256 = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def degenerate(private: int, e: int) -> Iterator[tuple[str, int, int]]:
    """Forgeries against who takes the point at infinity for one with x = 0 or x = 1: s·G + t·P vanishes."""
    for x in (0, 1):
        r = (e + x) % N
        t = r * pow(1 + private, -1, N) % N
        yield f"s·G + t·P at infinity, r = e + {x}", r, (t - r) % N


def of_digests(numbers: Numbers) -> Iterator[Vector]:
    """Keys and digests computed backwards from points on the edges, below the computation of Z."""

    def vector(name: str, key: Point, e: int, r: int, s: int, *, holds: bool) -> Vector:
        return {
            "name": name, "key": encoded(key).hex(), "digest": (e % N).to_bytes(32).hex(),
            "signature": encode_signature(raw(r, s)).hex(), "result": "valid" if holds else "invalid",
        }  # fmt: skip

    for point in points_beyond_order():  # x is at least n, so r needs a reduction
        e, s = numbers.take(), numbers.take()
        r = (e + point[0]) % N
        key = times(pow(r + s, -1, N), plus(point, -s))
        yield vector("x of the point between n and p", key, e, r, s, holds=True)
    for s in (1, 2, N - 1, N // 2, numbers.take()):
        t = numbers.take()
        x = times(2 * s)[0]
        r = (t - s) % N
        yield vector("s·G = t·P: the addition is a doubling", times(s * pow(t, -1, N)), r - x, r, s, holds=True)
        for unknown in (0, 1):
            key = times(-s * pow(t, -1, N))
            yield vector(f"s·G = -t·P, x taken for {unknown}", key, r - unknown, r, s, holds=False)
    for d in (1, 2, 3, N - 2, N - 1):  # N − 1 is no private key, but its public key is a point like another
        e, nonce = numbers.take(), numbers.take()
        r, s = sign(d, e, nonce) if d != N - 1 else ((e + times(nonce)[0]) % N, 1)
        yield vector(f"private key {d if d < 4 else f'n - {N - d}'}", times(d), e, r, s, holds=d != N - 1)
    yield from out_of_range(numbers, vector)
    for e in (0, 1, N - 1):
        d = numbers.take()
        yield vector(f"digest {e if e < 2 else 'n - 1'}", times(d), e, *sign(d, e, numbers.take()), holds=True)


def out_of_range(numbers: Numbers, vector: Callable[..., Vector]) -> Iterator[Vector]:
    """The equation holds, but r, s or t = r + s is 0 modulo n: anybody makes these where the range is not checked."""
    d, s = numbers.take(), numbers.take()
    yield vector("t = 0, the key does not matter", times(d), N - s - times(s)[0], N - s, s, holds=False)
    nonce = numbers.take()
    yield vector("r = 0", times(d), -times(nonce)[0], 0, nonce * pow(1 + d, -1, N) % N, holds=False)
    r = numbers.take()
    yield vector("s = 0", times(d), r - times(r * d)[0], r, 0, holds=False)
    e, nonce = numbers.take(), numbers.take()
    r, s = sign(d, e, nonce)
    yield vector("in range", times(d), e, r, s, holds=True)
    for name, one, other in (("r + n", r + N, s), ("s + n", r, s + N)):
        if one < 1 << 256 and other < 1 << 256:
            yield vector(name, times(d), e, one, other, holds=False)


def points_beyond_order() -> Iterator[Point]:
    """Five points of the curve whose x lies between n and p: found at random, one in 2^32 signatures has one."""
    found, x = 0, N
    while found < 5:
        square = (x**3 - 3 * x + B) % P
        if pow(square, (P - 1) // 2, P) == 1:
            yield x, pow(square, (P + 1) // 4, P)
            found += 1
        x += 1


def document(seed: int) -> str:
    """The file's text."""
    numbers = Numbers(seed)
    content = {"seed": seed, "messages": list(of_messages(numbers)), "digests": list(of_digests(numbers))}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write the file, or with --check say whether it is what the seed gives."""
    parser = argparse.ArgumentParser(description="SM2 反例向量 / negative vectors for SM2")
    parser.add_argument("--check", action="store_true", help="只比较 / compare, do not write")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    text = document(arguments.seed)
    if arguments.check:
        same = PLACE.read_text("utf-8") == text
        print(f"seed {arguments.seed}: {'相同 / the same' if same else '不同 / different'}")
        return int(not same)
    PLACE.write_text(text, "utf-8")
    counted = json.loads(text)
    print(f"seed {arguments.seed}: {len(counted['messages'])} + {len(counted['digests'])} → {PLACE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
