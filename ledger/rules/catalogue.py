"""Catalogue.sol: an agency publishes its items; old versions stay."""

from ledger import acts
from ledger.ids import FOREVER, agency_of
from ledger.procedure import ALL_MODES, ALL_RIGHTS, Role
from ledger.reasons import Reason
from ledger.records import Item, ItemVersion, Key
from ledger.rules.authority import check_name, check_scope, require
from ledger.world import World

MOST_ENTRIES = 32
LONGEST_CODE, LONGEST_NAME = 64, 256
TWO_PERSONS = 2


def publish_item(world: World, act: acts.PublishItem, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.item, agency_of(key.officer))
    item = world.items.get(act.item) or Item([])
    require(act.version == len(item.versions) + 1, Reason.ITEM_VERSION_NOT_NEXT)
    _check_fields(act)
    require(item.retired_from == FOREVER, Reason.ITEM_NOT_IN_FORCE)
    start = max(act.effective_from, now)
    require(not item.versions or start >= item.versions[-1].effective_from, Reason.BAD_INTERVAL)
    item.versions.append(ItemVersion(
        start, act.entries, act.tolerable, act.promisable, act.grantable, act.originals,
        act.modes, act.license,
    ))  # fmt: skip
    world.items[act.item] = item


def retire_item(world: World, act: acts.RetireItem, key: Key, now: int) -> None:
    require(key.roles & Role.ADMIN, Reason.ROLE_MISSING)
    check_scope(act.item, agency_of(key.officer))
    require(act.item in world.items, Reason.ITEM_UNKNOWN)
    item = world.items[act.item]
    require(item.retired_from == FOREVER, Reason.BAD_STATUS_CHANGE)
    item.retired_from = max(act.retired_from, now)


def _check_fields(act: acts.PublishItem) -> None:
    check_name(act.code, LONGEST_CODE)
    check_name(act.name, LONGEST_NAME)
    require(1 <= act.entries <= MOST_ENTRIES, Reason.BAD_FIELD)
    beyond = (act.tolerable | act.promisable) >> act.entries
    in_range = act.grantable <= ALL_RIGHTS and act.originals <= TWO_PERSONS and act.license <= 1
    require(in_range and not beyond and 0 < act.modes <= ALL_MODES, Reason.BAD_FIELD)
