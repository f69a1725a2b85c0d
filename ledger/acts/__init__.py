"""Every act an officer can sign, as the EIP-712 struct that is signed.

Each admin act ends in ``officer`` (who signs), ``nonce`` (makes equal acts differ; each act is
judged once) and ``deadline`` (uint32 seconds; block time may not be later). ``ACTS`` gives, per
contract, the ``kind`` byte of each; Solidity's ``ActTypes.sol`` is generated from it.
Ids are ``ledger.ids``; regions are ``ledger.codes`` (12 BCD digits in uint48); rights, roles,
modes and actions are ``ledger.procedure``.
"""

from typing import TypeAlias

from ledger.acts.grants import (
    AcceptAgreement,
    AcceptGrant,
    DeclineGrant,
    GrantTerms,
    OfferAgreement,
    OfferGrant,
    SetGrantStatus,
    WithdrawAgreement,
)
from ledger.acts.proofs import (
    ChangeSeal,
    HolderProof,
    IssueBatch,
    IssueLicense,
    License,
    Proposal,
    RegisterSeal,
    SetLicenseStatus,
    SetSealStatus,
    UseAuthorization,
    UseLicense,
)
from ledger.acts.registry import (
    AssignOfficer,
    EnrolOfficer,
    PublishItem,
    RegisterWindow,
    RetireItem,
    RotateKey,
    SetOfficerStatus,
    SetWindowStatus,
)
from ledger.acts.trail import Open, Step, StepList

__all__ = [
    "ACTS", "PROOF_TYPES", "PROVEN", "AcceptAgreement", "AcceptGrant", "AdminAct", "AssignOfficer",
    "ChangeSeal", "DeclineGrant", "EnrolOfficer", "GrantTerms", "HolderProof", "IssueBatch", "IssueLicense", "License",
    "OfferAgreement", "OfferGrant", "Open", "Proposal", "PublishItem", "RegisterSeal", "RegisterWindow",
    "RetireItem", "RotateKey", "SetGrantStatus", "SetLicenseStatus", "SetOfficerStatus", "SetSealStatus",
    "SetWindowStatus", "Step", "StepList", "UseAuthorization", "UseLicense", "WithdrawAgreement", "contract_of",
    "kind_of", "unsigned_of",
]  # fmt: skip

AdminAct: TypeAlias = (
    RegisterWindow | SetWindowStatus | EnrolOfficer | RotateKey | SetOfficerStatus | AssignOfficer
    | PublishItem | RetireItem
    | OfferGrant | AcceptGrant | DeclineGrant | OfferAgreement | AcceptAgreement
    | WithdrawAgreement | SetGrantStatus
    | RegisterSeal | ChangeSeal | SetSealStatus
    | IssueLicense | IssueBatch | SetLicenseStatus | UseLicense
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
    "licenses": (IssueLicense, IssueBatch, SetLicenseStatus, UseLicense),
}  # fmt: skip
"""Admin acts by contract; the kind byte is the position, from 1."""

PROVEN: tuple[type[AdminAct], ...] = (IssueLicense, SetLicenseStatus, UseLicense)
"""Acts whose body is followed by unsigned ``(bytes32 batch, bytes32[] proof)``: where a license
of a batch is superseded, changed or used, they show that it belongs to the batch; else zero and empty."""

PROOF_TYPES = ("bytes32", "bytes32[]")


def unsigned_of(cls: type) -> tuple[str | type, ...]:
    """ABI types, or structs, of what travels unsigned behind the act in its body."""
    holder: tuple[str | type, ...] = (HolderProof,) if cls is UseLicense else ()
    return (*holder, *PROOF_TYPES) if cls in PROVEN else ()


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
