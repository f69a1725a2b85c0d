"""Windows, officers and keys of an agency, and its catalogue of items."""

from dataclasses import dataclass

from ledger.eip712 import Address, Bytes32, String, Uint8, Uint16, Uint32, Uint48, Uint64


@dataclass(frozen=True, slots=True)
class RegisterWindow:
    """Open a window of the signer's agency."""

    window: Uint64
    name: String
    region: Uint48
    valid_from: Uint32
    valid_until: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetWindowStatus:
    """Suspend, resume or revoke a window."""

    window: Uint64
    status: Uint8
    reason: Uint8
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class EnrolOfficer:
    """Enter an officer or service of the signer's agency with the first key; no names on chain."""

    subject: Uint64
    window: Uint64
    roles: Uint16
    key: Address
    valid_from: Uint32
    valid_until: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Replace an officer's key, by the administrator or by the officer with the old key.

    ``since`` is the administrator's alone, and 0 means from this block: what ``old_key`` signed with a date of then or
    later, and was not judged yet, no longer holds. With it ``old_key`` may be one that was replaced before; the
    present key ends with it.
    """

    subject: Uint64
    old_key: Address
    new_key: Address
    valid_until: Uint32
    since: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetOfficerStatus:
    """Suspend, resume or revoke an officer's key; a revocation may reach back to ``since``."""

    subject: Uint64
    status: Uint8
    reason: Uint8
    since: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class AssignOfficer:
    """Give an officer another window, other roles or another end of validity."""

    subject: Uint64
    window: Uint64
    roles: Uint16
    valid_until: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class PublishItem:
    """Publish the next version of an item 事项 of the signer's agency.

    ``materials`` is the digest of the standard material list with its review points, ``entries``
    how many it has (1..32); ``tolerable`` and ``promisable`` are bitmaps over them (容缺受理,
    告知承诺); ``grantable`` is a set of rights; ``originals`` is how many persons must see them
    (0..2); ``modes`` has bit ``mode - 1``; ``license`` is 1 where the item ends in a license; the
    time limits are working days.
    """

    item: Uint64
    version: Uint16
    code: String
    name: String
    materials: Bytes32
    entries: Uint8
    tolerable: Uint32
    promisable: Uint32
    grantable: Uint8
    originals: Uint8
    modes: Uint8
    license: Uint8
    accept_days: Uint16
    decide_days: Uint16
    effective_from: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class RetireItem:
    """End an item: no case can be opened under it that was signed at or after ``retired_from``."""

    item: Uint64
    retired_from: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32
