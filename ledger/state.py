"""The state of a case: one trail hash and one packed word; the chain keeps only their hash.

``head = keccak(trail ‖ word)``. Word layout, bit offset from the least significant::

    lastAt 32 @0 | seq 16 @32 | status 4 @48 | mode 4 @52 | flags 16 @56 | missing 32 @72
    children 8 @104 | version 16 @112 | item 64 @128 | verifier 64 @192
"""

from dataclasses import dataclass
from enum import IntFlag
from operator import attrgetter
from struct import Struct
from typing import Any

from ledger.acts import Open, Step
from ledger.crypto import keccak
from ledger.eip712 import struct_hash
from ledger.ids import agency_of


class Flag(IntFlag):
    """What has happened in a case; bits 7-8 hold ``originals``, bits 9-15 ``grantable``."""

    NOTIFIED = 1
    VERIFIED = 2
    FORWARDED = 4
    EXTENDED = 8
    RATED = 16
    MEND_DUE = 32
    LICENSE = 64


_WORD = Struct(">QQHBIHBHI")
"""The word's fields from the most significant on; status and mode share a byte."""

NO_HEAD = bytes(32)
NO_SUBJECT = bytes(32)


@dataclass(frozen=True, slots=True)
class CaseState:
    """Everything the contract must know of a case to judge the next step."""

    trail: bytes
    last_at: int
    seq: int
    status: int
    mode: int
    flags: int
    missing: int
    children: int
    version: int
    item: int
    verifier: int

    @property
    def home(self) -> int:
        """The agency that decides 属地部门: the one that publishes the item."""
        return agency_of(self.item)

    @property
    def originals(self) -> int:
        """How many different officers must verify the originals (0..2)."""
        return self.flags >> 7 & 3

    @property
    def grantable(self) -> int:
        """The rights that the item allows to be granted."""
        return self.flags >> 9

    @property
    def packed(self) -> bytes:
        """The packed word as its 32 bytes."""
        return _WORD.pack(
            self.verifier, self.item, self.version, self.children, self.missing, self.flags,
            self.mode << 4 | self.status, self.seq, self.last_at,
        )  # fmt: skip

    @property
    def word(self) -> int:
        """The packed word (256 bits)."""
        return int.from_bytes(self.packed, "big")

    @property
    def head(self) -> bytes:
        """What the chain stores for the case (32 bytes)."""
        return keccak(self.trail + self.packed)

    @classmethod
    def unpack(cls, trail: bytes, word: int) -> "CaseState":
        """Inverse of ``word``."""
        return cls.read(trail, word.to_bytes(32, "big"))

    @classmethod
    def read(cls, trail: bytes, packed: bytes) -> "CaseState":
        """Inverse of ``packed``."""
        verifier, item, version, children, missing, flags, where, seq, last_at = _WORD.unpack(packed)
        return cls(trail, last_at, seq, where & 15, where >> 4, flags, missing, children, version, item, verifier)

    def but(self, **changes: Any) -> "CaseState":
        """The same with some fields changed, as ``dataclasses.replace`` and much faster."""
        values: Any = map(changes.get, _FIELDS, _values(self))
        return CaseState(*values)


_FIELDS = tuple(CaseState.__dataclass_fields__)
_values = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Carried:
    """A step as carried to the chain: the state it starts from, for JOIN also the child's."""

    step: Step
    state: CaseState
    child: CaseState | None = None


def case_key(officer: int, commitment: bytes) -> bytes:
    """``keccak(abi.encode(officer, commitment))``: nobody else can occupy an officer's case."""
    return keccak(officer.to_bytes(32, "big") + commitment)


def first_trail(domain: bytes, act: Open, hashed: bytes | None = None) -> bytes:
    """The trail starts from the contract's EIP-712 domain, which binds it to chain and contract.

    ``hashed`` is the act's struct hash, where it is known already.
    """
    return keccak(domain + (hashed or struct_hash(act)))


def next_trail(act: Step, hashed: bytes | None = None) -> bytes:
    """``keccak(previous ‖ struct hash of the step)``; ``hashed`` as above."""
    return keccak(act.previous + (hashed or struct_hash(act)))


def initial_flags(originals: int, grantable: int, license_: int) -> int:
    """The flags that a case takes over from its item version."""
    return originals << 7 | grantable << 9 | (Flag.LICENSE if license_ else 0)
