"""Seals.sol: e-seals registered, changed, suspended, resumed and cancelled by their agency."""

from ledger import acts
from ledger.crypto import keccak
from ledger.ids import agency_of
from ledger.procedure import Role
from ledger.reasons import Reason
from ledger.records import SEAL, Key, Seal, Status
from ledger.rules.authority import check, check_interval, check_name, check_scope, require
from ledger.world import World

LAST_VERSION = 2**16 - 1


def register_seal(world: World, act: acts.RegisterSeal, key: Key, now: int) -> None:
    require(key.roles & Role.SEALER, Reason.ROLE_MISSING)
    check_scope(act.seal, agency_of(key.officer))
    require(act.seal not in world.seals, Reason.SEAL_EXISTS)
    check_name(act.name)
    start = check_interval(act.valid_from, act.valid_until, now)
    world.seals[act.seal] = Seal(start, act.valid_until, digest=seal_digest(act))


def change_seal(world: World, act: acts.ChangeSeal, key: Key, now: int) -> None:
    require(key.roles & Role.SEALER, Reason.ROLE_MISSING)
    check_scope(act.seal, agency_of(key.officer))
    require(act.seal in world.seals, Reason.SEAL_UNKNOWN)
    seal = world.seals[act.seal]
    require(seal.status is Status.ACTIVE, Reason.BAD_STATUS_CHANGE)
    require(seal.version < LAST_VERSION, Reason.BAD_FIELD)
    check_name(act.name)
    start = check_interval(act.valid_from, act.valid_until, now)
    version = seal.version + 1
    world.seals[act.seal] = Seal(start, act.valid_until, digest=seal_digest(act), version=version)


def set_seal_status(world: World, act: acts.SetSealStatus, key: Key, now: int) -> None:
    require(key.roles & Role.SEALER, Reason.ROLE_MISSING)
    check_scope(act.seal, agency_of(key.officer))
    require(act.seal in world.seals, Reason.SEAL_UNKNOWN)
    check(world.seals[act.seal].change(act.status, now))


def seal_digest(act: acts.RegisterSeal | acts.ChangeSeal) -> bytes:
    """``keccak(sm3 ‖ sha256 ‖ certificate)``: what the chain keeps of the seal's object."""
    return keccak(act.sm3 + act.sha256 + act.certificate)


def usable_seal(world: World, seal_id: int, agency: int, moments: tuple[int, ...]) -> None:
    """Refuse a seal that is not the agency's or does not hold at each of ``moments``."""
    require(agency_of(seal_id) == agency, Reason.SEAL_OF_ANOTHER)
    require(seal_id in world.seals, Reason.SEAL_UNKNOWN)
    for at in moments:
        check(world.seals[seal_id].standing(at, SEAL))
