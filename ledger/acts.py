"""Every act an officer can sign, as the EIP-712 struct that is signed.

Each admin act ends in ``officer`` (who signs), ``nonce`` (makes equal acts differ; each act is
judged once) and ``deadline`` (uint32 seconds; block time may not be later). ``ACTS`` gives, per
contract, the ``kind`` byte of each; Solidity's ``ActTypes.sol`` is generated from it.
Ids are ``ledger.ids``; regions are ``ledger.codes`` (12 BCD digits in uint48); rights, roles,
modes and actions are ``ledger.procedure``.
"""

from dataclasses import dataclass
from typing import TypeAlias

from ledger.eip712 import (
    Address,
    Bytes,
    Bytes32,
    String,
    Uint8,
    Uint16,
    Uint32,
    Uint48,
    Uint64,
)

# ---------------------------------------------------------------- case trail


@dataclass(frozen=True, slots=True)
class Open:
    """Collect 收件: the first step of a case. ``caseKey = keccak(abi.encode(officer, commitment))``.

    ``commitment`` is the salted commitment to the case number; ``parent`` is the parent's case key
    or zero; ``grant`` is zero where the home agency's own officer acts.
    """

    commitment: Bytes32
    item: Uint64
    version: Uint16
    mode: Uint8
    parent: Bytes32
    officer: Uint64
    grant: Uint64
    evidence: Bytes32
    signed_at: Uint32
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class Step:
    """Any later step. ``previous`` is the trail hash it continues, ``seq`` the last plus one.

    ``detail`` is a bitmap over the item's material list or a rating, ``subject`` a seal id (as
    uint256), a license or a child's case key; both are zero where the action has none.
    """

    case_key: Bytes32
    seq: Uint16
    action: Uint8
    officer: Uint64
    grant: Uint64
    detail: Uint32
    subject: Bytes32
    evidence: Bytes32
    previous: Bytes32
    signed_at: Uint32
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class StepList:
    """Several steps of one officer under one signature; each is judged by itself."""

    opens: tuple[Open, ...]
    steps: tuple[Step, ...]


# ---------------------------------------------------------------- registry


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
    """Replace an officer's key, by the administrator or by the officer with the old key."""

    subject: Uint64
    old_key: Address
    new_key: Address
    valid_until: Uint32
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


# ---------------------------------------------------------------- catalogue


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


# ---------------------------------------------------------------- grants


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What is granted: ``grant`` is in the grantor's namespace, ``parent`` is zero at the root.

    ``grantee`` is a window id, an agency number or a packed region, as ``grantee_kind`` says (1, 2,
    3); ``items`` are numbers in the root grantor's namespace, rising, empty for all; ``quota`` is
    a number of steps, 0 for no limit; ``depth`` is how often it may still be handed on (0..3).
    """

    grant: Uint64
    parent: Uint64
    grantee_kind: Uint8
    grantee: Uint64
    rights: Uint8
    valid_from: Uint32
    valid_until: Uint32
    quota: Uint32
    depth: Uint8
    items: tuple[Uint32, ...]


@dataclass(frozen=True, slots=True)
class OfferGrant:
    """Offer a grant; it holds once the grantee has accepted it."""

    terms: GrantTerms
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class AcceptGrant:
    """Accept a grant for the grantee."""

    grant: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class DeclineGrant:
    """Decline an offered grant for the grantee."""

    grant: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class OfferAgreement:
    """Offer mutual grants 互授: what is given and what is received become active together."""

    agreement: Uint64
    given: tuple[GrantTerms, ...]
    received: tuple[GrantTerms, ...]
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class AcceptAgreement:
    """Accept an agreement by signing the same terms; ``given`` is still what the offerer gives."""

    agreement: Uint64
    given: tuple[GrantTerms, ...]
    received: tuple[GrantTerms, ...]
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class WithdrawAgreement:
    """Take back an agreement that was offered and not accepted."""

    agreement: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetGrantStatus:
    """Suspend, resume or revoke a grant, by its grantor or an ancestor's."""

    grant: Uint64
    status: Uint8
    reason: Uint8
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


# ---------------------------------------------------------------- seals and licenses


@dataclass(frozen=True, slots=True)
class RegisterSeal:
    """Enter an e-seal 电子印章 by the digests of its DER form and of its certificate (SM3)."""

    seal: Uint64
    name: String
    sm3: Bytes32
    sha256: Bytes32
    certificate: Bytes32
    valid_from: Uint32
    valid_until: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class ChangeSeal:
    """Replace the seal's object (remade, new certificate, new period) under the same id."""

    seal: Uint64
    name: String
    sm3: Bytes32
    sha256: Bytes32
    certificate: Bytes32
    valid_from: Uint32
    valid_until: Uint32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetSealStatus:
    """Suspend, resume or cancel a seal."""

    seal: Uint64
    status: Uint8
    reason: Uint8
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class License:
    """One e-license 电子证照 as committed: its leaf is keccak(keccak(abi.encode(fields))).

    ``identifier`` and ``holder`` are salted commitments; ``supersedes`` is the leaf it replaces.
    """

    item: Uint64
    seal: Uint64
    sm3: Bytes32
    sha256: Bytes32
    identifier: Bytes32
    holder: Bytes32
    case_key: Bytes32
    supersedes: Bytes32
    valid_from: Uint32
    valid_until: Uint32


@dataclass(frozen=True, slots=True)
class IssueLicense:
    """Issue one license."""

    license: License
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class IssueBatch:
    """Issue ``count`` licenses at once: ``root`` is the Merkle root over their leaves."""

    root: Bytes32
    count: Uint32
    seal: Uint64
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class SetLicenseStatus:
    """Suspend, resume or cancel one license, issued singly or in a batch."""

    license: Bytes32
    status: Uint8
    reason: Uint8
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


# ---------------------------------------------------------------- council


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call the council makes; m members sign it. ``nonce`` makes equal calls differ."""

    target: Address
    data: Bytes
    nonce: Uint64
    deadline: Uint32


AdminAct: TypeAlias = (
    RegisterWindow | SetWindowStatus | EnrolOfficer | RotateKey | SetOfficerStatus | AssignOfficer
    | PublishItem | RetireItem
    | OfferGrant | AcceptGrant | DeclineGrant | OfferAgreement | AcceptAgreement
    | WithdrawAgreement | SetGrantStatus
    | RegisterSeal | ChangeSeal | SetSealStatus
    | IssueLicense | IssueBatch | SetLicenseStatus
)  # fmt: skip

ACTS: dict[str, tuple[type[AdminAct], ...]] = {
    "registry": (
        RegisterWindow, SetWindowStatus, EnrolOfficer, RotateKey, SetOfficerStatus, AssignOfficer,
    ),
    "catalogue": (PublishItem, RetireItem),
    "grants": (
        OfferGrant, AcceptGrant, DeclineGrant, OfferAgreement, AcceptAgreement,
        WithdrawAgreement, SetGrantStatus,
    ),
    "seals": (RegisterSeal, ChangeSeal, SetSealStatus),
    "licenses": (IssueLicense, IssueBatch, SetLicenseStatus),
}  # fmt: skip
"""Admin acts by contract; the kind byte is the position, from 1."""

PROVEN: tuple[type[AdminAct], ...] = (IssueLicense, SetLicenseStatus)
"""Acts whose body is followed by unsigned ``(bytes32 batch, bytes32[] proof)``: where a license
of a batch is superseded or changed, they show that it belongs to the batch; else zero and empty."""

PROOF_TYPES = ("bytes32", "bytes32[]")


def contract_of(cls: type) -> str:
    """Which contract judges acts of this class."""
    if cls in (Open, Step, StepList):
        return "trails"
    if cls is Proposal:
        return "council"
    return next(name for name, classes in ACTS.items() if cls in classes)


def kind_of(cls: type[AdminAct]) -> int:
    """The kind byte of an admin act within its contract."""
    return ACTS[contract_of(cls)].index(cls) + 1
