"""Steps of many cases, signed beforehand, as the bytes of HTTP requests.

A step signs the trail before it, which follows from the acts alone, so that whole cases can be signed ahead.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from coincurve import PrivateKey

from ledger import acts
from ledger.crypto import keccak
from ledger.eip712 import digest, message, struct_hash
from ledger.procedure import Action, Mode
from ledger.state import NO_SUBJECT, case_key, first_trail, next_trail
from scripts.load.province import Officer

DEADLINE_SECONDS = 3_000
USUAL = (Action.VERIFY, Action.ACCEPT, Action.FORWARD)
"""What a window does after it has collected."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed step; ``act_id`` is its EIP-712 digest, ``signature`` 64 bytes (EIP-2098)."""

    act: acts.Open | acts.Step
    act_id: bytes
    signature: bytes
    case: bytes


class Pen:
    """Signs the steps of cases under one domain (of Trails), at ``signed_at`` (Unix seconds)."""

    def __init__(self, domain: bytes, people: Sequence[Officer], seed: bytes, signed_at: int) -> None:
        self._domain, self._people, self._seed = domain, people, seed
        self.signed_at = signed_at

    def case(self, number: int, following: Sequence[Action] = ()) -> tuple[Signed, ...]:
        """Case ``number`` of this seed: its opening and what follows, by one officer."""
        by = self._people[number % len(self._people)]
        end = self.signed_at + DEADLINE_SECONDS
        commitment, evidence = self._word(number, b"case"), self._word(number, b"evidence")
        mode = int(Mode.REMOTE_ACCEPTANCE)
        opening = acts.Open(
            commitment, by.item, 1, mode, NO_SUBJECT, by.officer, by.grant, evidence, self.signed_at, end
        )
        key = case_key(by.officer, commitment)
        trail, signed = first_trail(self._domain, opening), [self._sign(opening, by, key)]
        for place, action in enumerate(following):
            step = acts.Step(
                key, 2 + place, int(action), by.officer, by.grant, 0, NO_SUBJECT,
                self._word(number, bytes((place,))), trail, self.signed_at, end,
            )  # fmt: skip
            trail = next_trail(step)
            signed.append(self._sign(step, by, key))
        return tuple(signed)

    def cases(self, count: int, following: Sequence[Action] = (), first: int = 0) -> Iterator[tuple[Signed, ...]]:
        """``count`` cases from number ``first`` on."""
        return (self.case(number, following) for number in range(first, first + count))

    def _word(self, number: int, what: bytes) -> bytes:
        return keccak(self._seed + number.to_bytes(8) + what)

    def _sign(self, act: acts.Open | acts.Step, by: Officer, case: bytes) -> Signed:
        act_id = digest(self._domain, struct_hash(act))
        raw = _secret(by.key).sign_recoverable(act_id, hasher=None)
        # r, s and the parity in the top bit of s (EIP-2098); libsecp256k1 signs with a low s
        signature = raw[:32] + (int.from_bytes(raw[32:64]) | raw[64] << 255).to_bytes(32)
        return Signed(act, act_id, signature, case)


@cache
def _secret(key: bytes) -> PrivateKey:
    return PrivateKey(key)


def body(signed: Signed) -> bytes:
    """The JSON of ``POST /v1/acts``."""
    name = type(signed.act).__name__
    said = {"type": name, "act": message(signed.act), "signature": "0x" + signed.signature.hex()}
    return json.dumps(said, separators=(",", ":")).encode()


def request(signed: Signed, host: str = "127.0.0.1", *, is_keyed: bool = False) -> bytes:
    """A whole HTTP/1.1 request; ``is_keyed``: under an idempotency key, as our client sends it."""
    more = f"Idempotency-Key: {signed.signature[:16].hex()}\r\n" if is_keyed else ""
    return post("/v1/acts", body(signed), host, more)


def post(path: str, content: bytes, host: str = "127.0.0.1", more: str = "") -> bytes:
    """``POST`` of JSON; ``more`` header lines."""
    kind = f"Content-Type: application/json\r\nContent-Length: {len(content)}"
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{more}{kind}\r\n\r\n".encode() + content


def get(path: str, host: str = "127.0.0.1") -> bytes:
    """``GET``."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
