"""Hostile steps: made, signed and spoilt the same way for the contracts and for the API, each kind with its codes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ledger import acts
from ledger.crypto import CURVE_ORDER, HALF_ORDER, keccak, sign
from ledger.eip712 import digest, domain_separator, struct_hash
from ledger.procedure import Action, Mode
from ledger.state import case_key, first_trail
from ledger.world import Deployment
from scripts.load.province import Officer

DAY = 86_400
_WIDTHS = {
    "item": 64, "version": 16, "mode": 8, "officer": 64, "grant": 64, "signed_at": 32, "deadline": 32, "seq": 16,
    "action": 8, "detail": 32,
}  # fmt: skip

Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A step nobody should take: what was done to it, which codes may answer it, and its 64 bytes of signature."""

    kind: str
    codes: Codes
    act: acts.Open | acts.Step
    signature: bytes


@dataclass(frozen=True, slots=True)
class Desk:
    """Officers at work on one deployment at ``now`` (Unix seconds), and everything an attacker could know of them."""

    deployment: Deployment
    people: tuple[Officer, ...]
    now: int
    chance: random.Random

    def open(self, **changed: Any) -> acts.Open:
        """A case that could be opened."""
        by = self.chance.choice(self.people)
        values: dict[str, Any] = {
            "commitment": self.chance.randbytes(32), "item": by.item, "version": 1,
            "mode": int(Mode.REMOTE_ACCEPTANCE), "parent": bytes(32), "officer": by.officer, "grant": by.grant,
            "evidence": self.chance.randbytes(32), "signed_at": self.now - 1, "deadline": self.now + 3_000,
        }  # fmt: skip
        return acts.Open(**(values | changed))

    def following(self, opened: acts.Open, seq: int = 2, previous: bytes | None = None) -> acts.Step:
        """A step behind it."""
        trail = first_trail(self.domain, opened) if previous is None else previous
        return acts.Step(
            case_key(opened.officer, opened.commitment), seq, int(Action.VERIFY), opened.officer, opened.grant, 0,
            bytes(32), self.chance.randbytes(32), trail, self.now - 1, self.now + 3_000,
        )  # fmt: skip

    @property
    def domain(self) -> bytes:
        """Of the steps."""
        return self.deployment.domain("trails")

    def key_of(self, officer: int) -> bytes:
        """The officer's key."""
        return next(one.key for one in self.people if one.officer == officer)

    def signed(self, act: acts.Open | acts.Step, key: bytes | None = None, domain: bytes | None = None) -> bytes:
        """64 bytes over the act, by the officer it names unless another key is given."""
        return sign(key or self.key_of(act.officer), digest(domain or self.domain, struct_hash(act)))


def _flip(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data) * 8)
    spoilt = bytearray(data)
    spoilt[place // 8] ^= 1 << place % 8
    return bytes(spoilt)


def flipped_field(desk: Desk, act: Any) -> Any:
    """One bit of one field turned over."""
    name = desk.chance.choice([each.name for each in fields(act)])
    value = getattr(act, name)
    if isinstance(value, bytes):
        return replace(act, **{name: _flip(desk.chance, value)})
    return replace(act, **{name: value ^ 1 << desk.chance.randrange(_WIDTHS[name])})


def _bit_of_the_act(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open()
    return flipped_field(desk, act), desk.signed(act)


def _bit_of_the_signature(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open()
    return act, _flip(desk.chance, desk.signed(act))


def _high_s(desk: Desk) -> tuple[Any, bytes]:
    """As much above half of the order as the 255 bits of EIP-2098 can carry."""
    act = desk.open()
    s = desk.chance.randrange(HALF_ORDER + 1, 1 << 255)
    return act, desk.signed(act)[:32] + (s | desk.chance.getrandbits(1) << 255).to_bytes(32)


def _out_of_range(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open()
    good = desk.signed(act)
    over = desk.chance.randrange(CURVE_ORDER, 1 << 256).to_bytes(32)
    zero_s = (desk.chance.getrandbits(1) << 255).to_bytes(32)
    choices = (bytes(64), b"\xff" * 64, bytes(32) + good[32:], good[:32] + zero_s, over + good[32:])
    return act, desk.chance.choice(choices)


def _another_chain(desk: Desk) -> tuple[Any, bytes]:
    act, mine = desk.open(), desk.deployment
    other = mine.chain_id ^ 1 << desk.chance.randrange(40)
    return act, desk.signed(act, domain=domain_separator(other, mine.addresses["trails"]))


def _another_contract(desk: Desk) -> tuple[Any, bytes]:
    act, mine = desk.open(), desk.deployment
    other = desk.chance.choice([*(a for n, a in mine.addresses.items() if n != "trails"), desk.chance.randbytes(20)])
    return act, desk.signed(act, domain=domain_separator(mine.chain_id, other))


def _stranger(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open()
    return act, desk.signed(act, keccak(desk.chance.randbytes(32)))


def _wrong_actor(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open()
    others = [one for one in desk.people if one.officer != act.officer]
    return act, desk.signed(act, desk.chance.choice(others).key)


def _expired(desk: Desk) -> tuple[Any, bytes]:
    # an hour at least: the block's time may be ahead of or behind the server's by some seconds
    act = desk.open(deadline=desk.now - desk.chance.randrange(3_600, 30 * DAY))
    return act, desk.signed(act)


def _from_the_future(desk: Desk) -> tuple[Any, bytes]:
    ahead = desk.now + desk.chance.randrange(3_600, 30 * DAY)
    act = desk.open(signed_at=ahead, deadline=ahead + DAY)
    return act, desk.signed(act)


def _too_old(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open(signed_at=desk.now - desk.chance.randrange(4 * DAY, 30 * DAY))
    return act, desk.signed(act)


def _of_no_case(desk: Desk) -> tuple[Any, bytes]:
    act = desk.following(desk.open(), seq=desk.chance.randrange(1 << 16))
    return act, desk.signed(act)


def _unknown_mode(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open(mode=desk.chance.choice([0, *range(7, 256)]))
    return act, desk.signed(act)


def _unknown_grant(desk: Desk) -> tuple[Any, bytes]:
    act = desk.open(grant=desk.chance.getrandbits(64) | 1 << 63)
    return act, desk.signed(act)


_NOBODY = frozenset({"SIGNER_UNKNOWN"})
_ALTERED = frozenset({"SIGNER_UNKNOWN", "ACT_EXPIRED", "BAD_SIGNATURE"})

AT_THE_DOOR: dict[str, tuple[Callable[[Desk], tuple[Any, bytes]], Codes]] = {
    "bit flipped in the act": (_bit_of_the_act, _ALTERED),
    "bit flipped in the signature": (_bit_of_the_signature, _ALTERED),
    "high s": (_high_s, frozenset({"BAD_SIGNATURE"})),
    "r or s zero or out of range": (_out_of_range, frozenset({"BAD_SIGNATURE"})),
    "signed for another chain": (_another_chain, _NOBODY),
    "signed for another contract": (_another_contract, _NOBODY),
    "signed by a stranger": (_stranger, _NOBODY),
    "signed by a colleague": (_wrong_actor, frozenset({"WRONG_ACTOR"})),
    "expired": (_expired, frozenset({"ACT_EXPIRED"})),
    "signed in the future": (_from_the_future, frozenset({"TIME_IN_FUTURE"})),
    "signed too long ago": (_too_old, frozenset({"TOO_LATE"})),
    "step of no case": (_of_no_case, frozenset({"CASE_UNKNOWN"})),
}
"""What others than the officer named could cause: answered at once by the API, with the chain's name for it."""

ON_RECORD: dict[str, tuple[Callable[[Desk], tuple[Any, bytes]], Codes]] = {
    "unknown mode": (_unknown_mode, frozenset({"MODE_UNKNOWN"})),
    "unknown grant": (_unknown_grant, frozenset({"GRANT_UNKNOWN"})),
}
"""What speaks of the signer: taken by the API, which foretells the reason, and refused on the chain for it."""


def made(desk: Desk, kind: str) -> Hostile:
    """One of a kind."""
    make, codes = AT_THE_DOOR.get(kind) or ON_RECORD[kind]
    act, signature = make(desk)
    return Hostile(kind, codes, act, signature)


def several(desk: Desk, kinds: Sequence[str], count: int) -> list[Hostile]:
    """``count`` of them, all kinds in turn."""
    return [made(desk, kinds[place % len(kinds)]) for place in range(count)]
