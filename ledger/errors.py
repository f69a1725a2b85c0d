"""One root for every error a user can meet, with a stable code and both languages.

The code is the same in Python, in HTTP (RFC 9457 ``type`` and ``code``), on the command line and,
for what the contracts judge, in the contracts (``ledger.reasons``).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where it is, what it is and what to do (zh, en)."""

    code: str
    where: str
    zh: str
    en: str


class HuxinError(Exception):
    """Root of all errors; ``code`` is stable, the texts are for people."""

    http_status = 500
    exit_code = 70

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.en = en
        self.zh = zh


class InvalidInput(HuxinError):
    """What was handed in is wrong; ``faults`` lists everything found, not just the first."""

    http_status = 422
    exit_code = 65

    def __init__(self, code: str, where: str, en: str, zh: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(code, en, zh)
        self.where = where
        self.faults = tuple(faults) or (Fault(code, where, zh, en),)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "InvalidInput":
        """All faults of one body as one error, named after the first."""
        first = faults[0]
        return cls(first.code, first.where, first.en, first.zh, faults)


class NotFound(HuxinError):
    """The named thing is not known here; that is never the same as "revoked"."""

    http_status = 404
    exit_code = 66


class Conflict(HuxinError):
    """The request contradicts what is already recorded (idempotency key, identifier in use)."""

    http_status = 409
    exit_code = 73


class Unauthenticated(HuxinError):
    """Nobody is signed in, or the sign-in has expired."""

    http_status = 401
    exit_code = 77


class Forbidden(HuxinError):
    """Somebody is signed in, but does not belong here."""

    http_status = 403
    exit_code = 77


class TooMany(HuxinError):
    """A rate limit; try again after ``retry_after`` seconds."""

    http_status = 429
    exit_code = 75

    def __init__(self, code: str, en: str, zh: str, retry_after: int = 1) -> None:
        super().__init__(code, en, zh)
        self.retry_after = retry_after


class Unavailable(HuxinError):
    """A part that is needed does not answer; nothing is known about the question itself."""

    http_status = 503
    exit_code = 69

    def __init__(self, code: str, en: str, zh: str, retry_after: int = 2) -> None:
        super().__init__(code, en, zh)
        self.retry_after = retry_after
