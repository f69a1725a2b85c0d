"""Licenses.sol: e-licenses issued singly or as a Merkle batch, with a status for each leaf.

Each agency's records are its own: leaves of batches are opaque, so anybody can put another agency's leaf into a batch
of his own or register its root, and what he says of it must not be taken for its issuer's word (ADR 13).
"""

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
    require((agency, leaf) not in world.licenses, Reason.LICENSE_EXISTS)
    if one.supersedes != ZERO:
        old = _load(world, agency, one.supersedes, batch, proof)
        require(old.status is Status.ACTIVE, _STOPPED.get(old.status, Reason.OK))
        old.status, old.stopped_at = Status.SUPERSEDED, now
        world.licenses[agency, one.supersedes] = old
    world.licenses[agency, leaf] = LicenseRecord(
        one.valid_from, one.valid_until, issuer=agency, seal=number_of(one.seal),
        case_tag=case_tag(one.case_key),
    )  # fmt: skip


def issue_batch(world: World, act: acts.IssueBatch, key: Key, now: int) -> None:
    require(key.roles & Role.ISSUER, Reason.ROLE_MISSING)
    agency = agency_of(key.officer)
    require(act.root != ZERO and act.count, Reason.BAD_FIELD)
    require((agency, act.root) not in world.batches, Reason.BATCH_EXISTS)
    usable_seal(world, act.seal, agency, (now,))
    world.batches[agency, act.root] = Batch(agency, number_of(act.seal), now, act.count)


def set_license_status(
    world: World, act: acts.SetLicenseStatus, key: Key, now: int, batch: bytes,
    proof: Sequence[bytes],
) -> None:  # fmt: skip
    require(key.roles & Role.ISSUER, Reason.ROLE_MISSING)
    agency = agency_of(key.officer)
    record = _load(world, agency, act.license, batch, proof)
    check(record.change(act.status, now, restart=False))
    world.licenses[agency, act.license] = record


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
    # whose license it is, its own fields say; the leaf is over them
    require(leaf_of(holder.license) == terms.license, Reason.HOLDER_NOT_PROVEN)
    record = _load(world, agency_of(holder.license.item), terms.license, batch, proof)
    require(record.status is Status.ACTIVE, _STOPPED.get(record.status, Reason.OK))
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
    """Refuse a license that its home agency has not issued, another case's or a stopped one (ISSUE 出证)."""
    record = world.licenses.get((home, leaf))
    if record is None:
        raise Refusal(Reason.LICENSE_UNKNOWN)
    require(record.case_tag in (0, case_tag(case_key)), Reason.LICENSE_OF_ANOTHER)
    for at in moments:
        check(stopped(record, at))


def _load(world: World, issuer: int, leaf: bytes, batch: bytes, proof: Sequence[bytes]) -> LicenseRecord:
    """The issuer's record of a license; one of a batch of its that was never touched is made from the batch."""
    if (issuer, leaf) in world.licenses:
        return world.licenses[issuer, leaf]
    of = world.batches.get((issuer, batch))
    if of is None or not merkle.verify(batch, leaf, proof):
        raise Refusal(Reason.LICENSE_NOT_PROVEN)
    return LicenseRecord(0, FOREVER, issuer=issuer, seal=of.seal)
