"""Registry.sol: agencies by the council; windows, officers and keys by their agency."""

from ledger import acts, territory
from ledger.ids import FOREVER, agency_of, number_of, scoped
from ledger.procedure import ALL_ROLES, Role
from ledger.reasons import Reason
from ledger.records import Agency, Key, Status, Window
from ledger.rules.authority import check, check_interval, check_name, check_scope, require
from ledger.world import World

NO_KEY = bytes(20)
FIRST_ROLES = Role.ADMIN | Role.GRANTOR


def register_window(world: World, act: acts.RegisterWindow, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    agency = agency_of(key.officer)
    check_scope(act.window, agency)
    require(act.window not in world.windows, Reason.WINDOW_EXISTS)
    check_name(act.name)
    require(territory.is_region(act.region), Reason.BAD_FIELD)
    require(territory.contains(world.agencies[agency].region, act.region), Reason.REGION_OUTSIDE)
    start = check_interval(act.valid_from, act.valid_until, now)
    world.windows[act.window] = Window(start, act.valid_until, region=act.region)


def set_window_status(world: World, act: acts.SetWindowStatus, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.window, agency_of(key.officer))
    require(act.window in world.windows, Reason.WINDOW_UNKNOWN)
    check(world.windows[act.window].change(act.status, now))


def enrol_officer(world: World, act: acts.EnrolOfficer, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.subject, agency_of(key.officer))
    require(act.subject not in world.current_key, Reason.OFFICER_EXISTS)
    _check_window(world, act.window, agency_of(key.officer))
    _check_roles(act.roles)
    _check_new_key(world, act.key)
    start = check_interval(act.valid_from, act.valid_until, now)
    _enter(world, act.key, Key(
        start, act.valid_until, officer=act.subject, window=number_of(act.window), roles=act.roles,
    ))  # fmt: skip


def rotate_key(world: World, act: acts.RotateKey, key: Key, now: int) -> None:
    # who has the officer's key may be a thief: he must not undo what the officer signed and has yet to hand in
    own = act.subject == key.officer and act.since == 0
    require(own or key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.subject, agency_of(key.officer))
    require(act.subject in world.current_key, Reason.OFFICER_UNKNOWN)
    old = _key_to_end(world, act)
    require(act.since <= now, Reason.BAD_FIELD)
    present = world.keys[world.current_key[act.subject]]
    _check_new_key(world, act.new_key)
    require(act.valid_until > now, Reason.BAD_INTERVAL)
    longer = act.valid_until > present.valid_until
    require(key.roles & Role.ADMIN or not longer, Reason.BAD_INTERVAL)
    check(present.change(Status.REVOKED, now, act.since))
    if old is not present:
        old.stopped_at = min(old.stopped_at, act.since)
    _enter(world, act.new_key, Key(
        now, act.valid_until, officer=present.officer, window=present.window, roles=present.roles,
    ))  # fmt: skip


def set_officer_status(world: World, act: acts.SetOfficerStatus, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.subject, agency_of(key.officer))
    require(act.subject in world.current_key, Reason.OFFICER_UNKNOWN)
    require(act.since == 0 or act.status == Status.REVOKED, Reason.BAD_FIELD)
    require(act.since <= now, Reason.BAD_FIELD)
    subject = world.keys[world.current_key[act.subject]]
    check(subject.change(act.status, now, act.since))


def assign_officer(world: World, act: acts.AssignOfficer, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.subject, agency_of(key.officer))
    require(act.subject in world.current_key, Reason.OFFICER_UNKNOWN)
    _check_window(world, act.window, agency_of(key.officer))
    _check_roles(act.roles)
    require(act.valid_until > now, Reason.BAD_INTERVAL)
    subject = world.keys[world.current_key[act.subject]]
    require(subject.status is Status.ACTIVE, Reason.BAD_STATUS_CHANGE)
    # what was signed before the change must not be judged by the new window and roles
    subject.valid_from = max(subject.valid_from, now)
    subject.valid_until = act.valid_until
    subject.window, subject.roles = number_of(act.window), act.roles


def register_agency(  # noqa: PLR0913 - the council's call has these fields
    world: World, now: int, agency: int, uscc: str, name: str, region: int, flags: int,
    admin: int, admin_key: bytes,
) -> None:  # fmt: skip
    """Council: enter an agency with its first administrator."""
    require(agency and admin, Reason.BAD_FIELD)
    require(agency not in world.agencies, Reason.AGENCY_EXISTS)
    require(len(uscc.encode()) == 18, Reason.BAD_FIELD)
    check_name(name)
    require(territory.is_region(region), Reason.BAD_FIELD)
    require(flags <= 3, Reason.BAD_FIELD)
    _check_new_key(world, admin_key)
    world.agencies[agency] = Agency(now, FOREVER, region=region, flags=flags)
    _enter(world, admin_key, Key(now, FOREVER, officer=scoped(agency, admin), roles=FIRST_ROLES))


def set_agency_status(world: World, now: int, agency: int, status: int, reason: int) -> None:
    """Council: suspend or resume an agency; ``reason`` is a code of the council's own."""
    del reason
    require(agency in world.agencies, Reason.AGENCY_UNKNOWN)
    require(status != Status.REVOKED, Reason.BAD_STATUS_CHANGE)
    check(world.agencies[agency].change(status, now))


def revoke_agency(world: World, now: int, agency: int, reason: int) -> None:
    """Council, after the delay: revoke an agency for good."""
    del reason
    require(agency in world.agencies, Reason.AGENCY_UNKNOWN)
    check(world.agencies[agency].change(Status.REVOKED, now))


def appoint_admin(world: World, now: int, agency: int, admin: int, admin_key: bytes) -> None:
    """Council, after the delay: give an agency that lost its keys another administrator."""
    require(agency in world.agencies, Reason.AGENCY_UNKNOWN)
    require(admin, Reason.BAD_FIELD)
    require(scoped(agency, admin) not in world.current_key, Reason.OFFICER_EXISTS)
    _check_new_key(world, admin_key)
    _enter(world, admin_key, Key(now, FOREVER, officer=scoped(agency, admin), roles=FIRST_ROLES))


def _key_to_end(world: World, act: acts.RotateKey) -> Key:
    """The officer's present key; or, to end it earlier, one that a thief or the officer has replaced already."""
    if world.current_key[act.subject] != act.old_key:
        require(act.since, Reason.BAD_FIELD)
        require(act.old_key in world.keys, Reason.BAD_FIELD)
        require(world.keys[act.old_key].officer == act.subject, Reason.BAD_FIELD)
    return world.keys[act.old_key]


def _check_window(world: World, window: int, agency: int) -> None:
    if window:
        require(agency_of(window) == agency, Reason.NOT_YOUR_AGENCY)
        require(window in world.windows, Reason.WINDOW_UNKNOWN)


def _check_roles(roles: int) -> None:
    require(0 < roles <= ALL_ROLES, Reason.BAD_FIELD)


def _check_new_key(world: World, address: bytes) -> None:
    require(address != NO_KEY, Reason.BAD_FIELD)
    require(address not in world.keys, Reason.KEY_IN_USE)


def _enter(world: World, address: bytes, key: Key) -> None:
    world.keys[address] = key
    world.current_key[key.officer] = address
