"""EVMs that the contracts run on, all seen the same way: deploy, send at a time, read words."""

from dataclasses import dataclass
from typing import Protocol

from eth_abi.abi import encode as abi_encode

from ledger.audit import Question
from ledger.calldata import selector


@dataclass(frozen=True, slots=True)
class EmittedLog:
    """A log of a transaction."""

    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a transaction succeeded, what it emitted, what it cost."""

    succeeded: bool
    logs: tuple[EmittedLog, ...]
    gas: int


class Backend(Protocol):
    """One EVM, fresh after ``reset``."""

    def send(self, to: bytes, data: bytes, at: int) -> Result:
        """Mine one transaction in a block of its own with timestamp ``at``."""

    def deploy(self, code: bytes, at: int) -> bytes:
        """Mine a contract creation; its address."""

    def call(self, to: bytes, data: bytes) -> bytes:
        """What a view returns at the newest block."""

    def mark(self) -> object:
        """Remember this state."""

    def back(self, mark: object) -> None:
        """Return to a remembered state."""


def ask(backend: Backend, addresses: dict[str, bytes], question: Question) -> int:
    """Put one question of the audit to the contract."""
    types = question.signature[question.signature.index("(") + 1 : -1].split(",")
    data = selector(question.signature) + abi_encode(types, question.arguments)
    return int.from_bytes(backend.call(addresses[question.contract], data)[:32], "big")
