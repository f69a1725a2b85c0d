"""What every arm is given and has to give back: who, which case, which order, which digest."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from ledger.crypto import address_of, keccak, recover, sign

BATCH = 100
SAMPLE = 20
T = TypeVar("T")


class WrongAnswer(Exception):
    """An arm gave back something else than it was given."""


@dataclass(frozen=True, slots=True)
class Record:
    """Step `order` of a case by an officer, over what has this digest; `key` is the officer's private key."""

    officer: int
    case: bytes
    order: int
    digest: bytes
    key: bytes

    @property
    def answer(self) -> tuple[int, bytes, int, bytes]:
        """Who, which case, which order, which digest."""
        return self.officer, self.case, self.order, self.digest

    @property
    def packed(self) -> bytes:
        """The four as bytes, 76 in all."""
        return self.officer.to_bytes(8) + self.case + self.order.to_bytes(4) + self.digest

    @property
    def hash(self) -> bytes:
        """What the officer signs where no form is prescribed."""
        return keccak(self.packed)


@dataclass(frozen=True, slots=True)
class Row:
    """What one arm did, for all records together unless said otherwise.

    ``carried`` are the seconds in which the signed records were taken in, ``signing`` those of the officers,
    ``checking`` those in which a gateway checked what the ledger does not; ``busy`` is the engine's processor time in
    ``carried`` (None: not known); ``gas`` and ``calldata`` (bytes) are None
    where there are none, ``stored`` are bytes on disk (None: not on disk), ``beside`` those that had to be kept
    elsewhere so that the four questions can be answered.
    """

    engine: str
    arm: str
    records: int
    carried: float
    signing: float
    checking: float = 0.0
    busy: float | None = None
    gas: int | None = None
    calldata: int | None = None
    stored: int | None = None
    beside: int = 0

    @property
    def alone(self) -> float:
        """Records a second, signed beforehand."""
        return self.records / self.carried

    @property
    def altogether(self) -> float:
        """Records a second with signing and checking one after another on one core."""
        return self.records / (self.carried + self.signing + self.checking)


Signed = tuple[Record, bytes]


@cache
def address_known(key: bytes) -> bytes:
    """An officer's address, derived once: a gateway looks it up, and the officer knows it."""
    return address_of(key)


def signed_by_officers(records: Sequence[Record]) -> tuple[list[Signed], float, float]:
    """Where no form is prescribed: records with signatures, and the seconds of the officers and of who checks them.

    The same for each arm whose ledger checks none, and apart from it: on one core, one after another; WrongAnswer.
    """
    began = time.perf_counter()
    signed = [(one, sign(one.key, one.hash)) for one in records]
    done = time.perf_counter()
    for one, signature in signed:
        if recover(one.hash, signature) != address_known(one.key):
            raise WrongAnswer("a signature is not the officer's")
    return signed, done - began, time.perf_counter() - done


def batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """A hundred at a time."""
    for start in range(0, len(things), BATCH):
        yield things[start : start + BATCH]


def sampled(records: Sequence[Record], chooser: random.Random) -> list[Record]:
    """Twenty that are asked for."""
    return chooser.sample(list(records), min(SAMPLE, len(records)))


def compare(record: Record, answer: tuple[int, bytes, int, bytes]) -> None:
    """Raises WrongAnswer unless `answer` is the record's."""
    if answer != record.answer:
        message = f"given {record.answer}, got {answer}"
        raise WrongAnswer(message)
