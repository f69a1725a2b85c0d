"""E-seals, e-licenses, and the council's proposals."""

from dataclasses import dataclass

from ledger.eip712 import Address, Bytes, Bytes32, String, Uint8, Uint32, Uint64


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


@dataclass(frozen=True, slots=True)
class UseAuthorization:
    """用证授权: the holder lets one window use a license once, at ``not_before <= t < not_after``.

    Signed by the holder's key. ``purpose`` is the root of a salted document (item, who is entrusted), whose salts make
    the digest impossible to guess.
    """

    license: Bytes32
    window: Uint64
    purpose: Bytes32
    not_before: Uint32
    not_after: Uint32


@dataclass(frozen=True, slots=True)
class UseLicense:
    """Use a license as its holder has authorised; ``case_key`` is the case it is for, or zero."""

    authorization: UseAuthorization
    case_key: Bytes32
    officer: Uint64
    nonce: Uint64
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class HolderProof:
    """Carried unsigned with ``UseLicense``: that the holder of the license signed the authorization.

    ``license`` is the opened leaf; ``salt`` and ``path`` lead from the signer's address, the field ``key`` of the
    holder document, to ``license.holder``; ``r`` and ``vs`` are the holder's signature (EIP-2098).
    """

    license: License
    salt: Bytes32
    path: tuple[Bytes32, ...]
    r: Bytes32
    vs: Bytes32


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call the council makes; m members sign it. ``nonce`` makes equal calls differ."""

    target: Address
    data: Bytes
    nonce: Uint64
    deadline: Uint32
