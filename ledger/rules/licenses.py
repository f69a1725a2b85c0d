"""Licenses.sol: e-licenses issued singly or as a Merkle batch, with a status for each leaf."""

from collections.abc import Sequence

from ledger import acts, merkle
from ledger.crypto import keccak
from ledger.eip712 import encode_body
from ledger.holding import authorization_digest, holder_signed
from ledger.ids import FOREVER, agency_of, number_of, scoped
from ledger.procedure import Role
from ledger.reasons import Reason, Refusal
from ledger.records import LICENSE, Batch, Key, LicenseRecord, LicenseUse, Status
from ledger.rules.authority import check, require
from ledger.rules.seals import usable_seal
from ledger.world import World

ZERO = bytes(32)
TAG = (1 << 88) - 1

_STOPPED = {
    Status.SUSPENDED: Reason.LICENSE_SUSPENDED,
    Status.REVOKED: Reason.LICENSE_CANCELLED,
    Status.SUPERSEDED: Reason.LICENSE_SUPERSEDED,
}


def leaf_of(license_: acts.License) -> bytes:
    """The license's leaf: keccak(keccak(abi.encode(fields))), as OpenZeppelin's merkle-tree has it."""
    return keccak(keccak(encode_body(license_)))


def case_tag(case_key: bytes) -> int:
    """The low 88 bits of a case key, as the license record keeps them."""
    return int.from_bytes(case_key, "big") & TAG


def issue_license(
    world: World, act: acts.IssueLicense, key: Key, now: int, batch: bytes, proof: Sequence[bytes]
) -> None:
    require(key.roles & Role.ISSUER, Reason.ROLE_MISSING)
    one, agency = act.license, agency_of(key.officer)
    require(agency_of(one.item) == agency, Reason.NOT_YOUR_AGENCY)
    require(one.item in world.items, Reason.ITEM_UNKNOWN)
    usable_seal(world, one.seal, agency, (now,))
    require(ZERO not in (one.sm3, one.sha256), Reason.BAD_FIELD)
    require(one.valid_until > one.valid_from, Reason.BAD_INTERVAL)
    leaf = leaf_of(one)
    require(leaf not in world.licenses, Reason.LICENSE_EXISTS)
    if one.supersedes != ZERO:
        old = _own(world, one.supersedes, agency, batch, proof)
        require(old.status is Status.ACTIVE, _STOPPED.get(old.status, Reason.OK))
        old.status, old.stopped_at = Status.SUPERSEDED, now
        world.licenses[one.supersedes] = old
    world.licenses[leaf] = LicenseRecord(
        one.valid_from, one.valid_until, issuer=agency, seal=number_of(one.seal),
        case_tag=case_tag(one.case_key),
    )  # fmt: skip


def issue_batch(world: World, act: acts.IssueBatch, key: Key, now: int) -> None:
    require(key.roles & Role.ISSUER, Reason.ROLE_MISSING)
    agency = agency_of(key.officer)
    require(act.root != ZERO and act.count, Reason.BAD_FIELD)
    require(act.root not in world.batches, Reason.BATCH_EXISTS)
    usable_seal(world, act.seal, agency, (now,))
    world.batches[act.root] = Batch(agency, number_of(act.seal), now, act.count)


def set_license_status(
    world: World, act: acts.SetLicenseStatus, key: Key, now: int, batch: bytes,
    proof: Sequence[bytes],
) -> None:  # fmt: skip
    require(key.roles & Role.ISSUER, Reason.ROLE_MISSING)
    record = _own(world, act.license, agency_of(key.officer), batch, proof)
    check(record.change(act.status, now, restart=False))
    world.licenses[act.license] = record


def authorization_id(world: World, terms: acts.UseAuthorization) -> bytes:
    """What the holder signs (32 bytes), and by which an authorization is known on chain."""
    return authorization_digest(world.deployment.domain("licenses"), terms)


def use_license(
    world: World, act: acts.UseLicense, key: Key, now: int, holder: acts.HolderProof, batch: bytes,
    proof: Sequence[bytes],
) -> None:  # fmt: skip
    require(key.roles & (Role.WINDOW | Role.SERVICE), Reason.ROLE_MISSING)
    terms = act.authorization
    here = bool(key.window) and terms.window == scoped(agency_of(key.officer), key.window)
    require(here, Reason.AUTHORIZATION_ELSEWHERE)
    require(now >= terms.not_before, Reason.AUTHORIZATION_NOT_YET_VALID)
    require(now < terms.not_after, Reason.AUTHORIZATION_EXPIRED)
    authorization = authorization_id(world, terms)
    require(authorization not in world.uses, Reason.AUTHORIZATION_USED)
    record = _load(world, terms.license, batch, proof)
    require(record.status is Status.ACTIVE, _STOPPED.get(record.status, Reason.OK))
    require(leaf_of(holder.license) == terms.license, Reason.HOLDER_NOT_PROVEN)
    require(now >= holder.license.valid_from, LICENSE.not_yet)
    require(now < holder.license.valid_until, LICENSE.expired)
    require(holder_signed(holder, authorization), Reason.HOLDER_NOT_PROVEN)
    world.uses[authorization] = LicenseUse(key.officer, now)


def stopped(record: LicenseRecord, at: int) -> Reason:
    """Whether a license was stopped at ``at``; its own period is not looked at."""
    if record.status is Status.ACTIVE or at < record.stopped_at:
        return Reason.OK
    return _STOPPED[record.status]


def printable_license(world: World, leaf: bytes, home: int, case_key: bytes, moments: tuple[int, ...]) -> None:
    """Refuse a license that is unknown, another's, another case's or stopped (ISSUE 出证)."""
    record = world.licenses.get(leaf)
    if record is None:
        raise Refusal(Reason.LICENSE_UNKNOWN)
    mine = record.issuer == home and record.case_tag in (0, case_tag(case_key))
    require(mine, Reason.LICENSE_OF_ANOTHER)
    for at in moments:
        check(stopped(record, at))


def _own(world: World, leaf: bytes, agency: int, batch: bytes, proof: Sequence[bytes]) -> LicenseRecord:
    """The record of a license of this agency.

    One that was proven to be in a batch of another says nothing about who signed: the same leaf may stand in a batch
    of the signer's agency too, and the carrier chose the batch.
    """
    known = leaf in world.licenses
    record = _load(world, leaf, batch, proof)
    require(record.issuer == agency, Reason.LICENSE_OF_ANOTHER if known else Reason.LICENSE_NOT_PROVEN)
    return record


def _load(world: World, leaf: bytes, batch: bytes, proof: Sequence[bytes]) -> LicenseRecord:
    """The record of a license; one of a batch that was never touched is made from the batch."""
    if leaf in world.licenses:
        return world.licenses[leaf]
    of = world.batches.get(batch)
    if of is None or not merkle.verify(batch, leaf, proof):
        raise Refusal(Reason.LICENSE_NOT_PROVEN)
    return LicenseRecord(0, FOREVER, issuer=of.issuer, seal=of.seal)
