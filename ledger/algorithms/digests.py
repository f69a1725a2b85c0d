"""Digest algorithms by the names that files give them; weak ones can be computed, for they must be told apart."""

import hashlib
from enum import Enum
from functools import cache
from typing import Protocol

from cryptography.hazmat.primitives import hashes

from ledger.algorithms import oids

_SM3_ABC = bytes.fromhex("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
"""SM3 of ``abc``: GB/T 32905-2016 annex A.1."""


class Hasher(Protocol):
    """Takes bytes piece by piece; ``digest`` may be asked for once everything is in."""

    def update(self, data: bytes, /) -> None:
        """Take the next piece."""

    def digest(self) -> bytes:
        """The digest of everything taken."""


class DigestAlgorithm(Enum):
    """An algorithm, its object identifier, its digest's length in bytes and whether collisions are known."""

    SM3 = ("sm3", oids.SM3, 32, False)
    SHA256 = ("sha256", oids.SHA256, 32, False)
    SHA384 = ("sha384", oids.SHA384, 48, False)
    SHA512 = ("sha512", oids.SHA512, 64, False)
    SHA1 = ("sha1", oids.SHA1, 20, True)
    MD5 = ("md5", oids.MD5, 16, True)

    def __init__(self, label: str, oid: str, size: int, weak: bool) -> None:  # noqa: FBT001 - a row of the table above
        self.label = label
        self.oid = oid
        self.size = size
        self.weak = weak


_BY_NAME = {
    name: algorithm
    for algorithm in DigestAlgorithm
    for name in (algorithm.oid, algorithm.label, algorithm.label.replace("sha", "sha-"))
}


def named(name: str) -> DigestAlgorithm | None:
    """By object identifier, or by a name in any case (``SM3``, ``SHA-256``, ``sha256``); None where unknown.

    Absent means something else in each format (MD5 in GB/T 33190), so the reader of the format decides that.
    """
    return _BY_NAME.get(name.strip().lower().removeprefix("urn:oid:"))


class _Sm3:
    """SM3 where hashlib has none (a Python built without it)."""

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.copy().finalize()


@cache
def _hashlib_has_sm3() -> bool:
    try:
        return hashlib.new("sm3", b"abc").digest() == _SM3_ABC
    except ValueError:
        return False


@cache
def _fresh_sm3() -> "hashlib._Hash | None":
    """An empty one of hashlib's to copy: OpenSSL looks the algorithm up by its name anew each time it is asked."""
    return hashlib.new("sm3") if _hashlib_has_sm3() else None


def hasher(algorithm: DigestAlgorithm) -> Hasher:
    """A new hasher, fed piece by piece."""
    if algorithm is DigestAlgorithm.SM3 and not _hashlib_has_sm3():
        return _Sm3()
    return hashlib.new(algorithm.label, usedforsecurity=not algorithm.weak)


def digest(algorithm: DigestAlgorithm, data: bytes) -> bytes:
    """The digest of ``data``, ``algorithm.size`` bytes."""
    if algorithm is DigestAlgorithm.SM3:
        return sm3(data)
    return hashlib.new(algorithm.label, data, usedforsecurity=not algorithm.weak).digest()


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905-2016): 32 bytes."""
    fresh = _fresh_sm3()
    if fresh is not None:
        copy = fresh.copy()
        copy.update(data)
        return copy.digest()
    one = _Sm3()
    one.update(data)
    return one.digest()
