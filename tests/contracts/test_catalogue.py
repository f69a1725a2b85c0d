"""Catalogue.sol and the model, check by check."""

from typing import Any

import pytest

from ledger import acts
from ledger.ids import FOREVER, scoped
from ledger.procedure import ALL_MODES, ALL_RIGHTS, Role
from ledger.reasons import Reason
from tests.contracts.acting import do, must
from tests.contracts.pair import Pair
from tests.contracts.province import AWAY, CLERK, HOME, HOME_ADMIN, ITEM, WINDOW


def publish(pair: Pair, officer: int = HOME_ADMIN, **fields: object) -> Reason:
    defaults = {
        "item": scoped(HOME, 2), "version": 1, "code": "编码", "name": "事项", "materials": b"\x07" * 32, "entries": 5,
        "tolerable": 3, "promisable": 4, "grantable": ALL_RIGHTS, "originals": 1, "modes": ALL_MODES, "license": 1,
        "accept_days": 5, "decide_days": 20, "effective_from": 0,
    }  # fmt: skip
    return do(pair, acts.PublishItem, officer, **(defaults | fields))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.OK),
        ({"item": scoped(AWAY, 2)}, Reason.NOT_YOUR_AGENCY),
        ({"item": HOME << 32}, Reason.BAD_FIELD),
        ({"version": 0}, Reason.ITEM_VERSION_NOT_NEXT),
        ({"version": 2}, Reason.ITEM_VERSION_NOT_NEXT),
        ({"item": ITEM}, Reason.ITEM_VERSION_NOT_NEXT),
        ({"item": ITEM, "version": 2}, Reason.OK),
        ({"code": ""}, Reason.BAD_FIELD),
        ({"code": "c" * 64}, Reason.OK),
        ({"code": "c" * 65}, Reason.BAD_FIELD),
        ({"name": ""}, Reason.BAD_FIELD),
        ({"name": "n" * 256}, Reason.OK),
        ({"name": "n" * 257}, Reason.BAD_FIELD),
        ({"entries": 0}, Reason.BAD_FIELD),
        ({"entries": 33}, Reason.BAD_FIELD),
        ({"entries": 32, "tolerable": 2**32 - 1, "promisable": 2**32 - 1}, Reason.OK),
        ({"tolerable": 32}, Reason.BAD_FIELD),
        ({"promisable": 32}, Reason.BAD_FIELD),
        ({"grantable": ALL_RIGHTS + 1}, Reason.BAD_FIELD),
        ({"originals": 2}, Reason.OK),
        ({"originals": 3}, Reason.BAD_FIELD),
        ({"modes": 0}, Reason.BAD_FIELD),
        ({"modes": ALL_MODES + 1}, Reason.BAD_FIELD),
        ({"license": 2}, Reason.BAD_FIELD),
        ({"effective_from": FOREVER}, Reason.OK),
    ],
)
def test_publish_item(pair: Pair, fields: dict[str, Any], reason: Reason) -> None:
    assert publish(pair, **fields) is reason


def test_only_administrators_publish(pair: Pair) -> None:
    fields = {"subject": CLERK, "window": WINDOW, "roles": int(Role.WINDOW), "valid_until": FOREVER}
    must(pair, acts.AssignOfficer, HOME_ADMIN, **fields)
    assert publish(pair, CLERK) is Reason.ROLE_MISSING
    assert do(pair, acts.RetireItem, CLERK, item=ITEM, retired_from=0) is Reason.ROLE_MISSING


def test_versions_do_not_overtake_each_other(pair: Pair) -> None:
    now = pair.scene.now
    assert publish(pair, item=ITEM, version=2, effective_from=now + 100) is Reason.OK
    assert publish(pair, item=ITEM, version=3, effective_from=now + 99) is Reason.BAD_INTERVAL
    assert publish(pair, item=ITEM, version=3, effective_from=now + 100) is Reason.OK


def test_retired_item_has_no_next_version(pair: Pair) -> None:
    now = pair.scene.now
    assert do(pair, acts.RetireItem, HOME_ADMIN, item=scoped(AWAY, 1), retired_from=0) is Reason.NOT_YOUR_AGENCY
    assert do(pair, acts.RetireItem, HOME_ADMIN, item=HOME << 32, retired_from=0) is Reason.BAD_FIELD
    assert do(pair, acts.RetireItem, HOME_ADMIN, item=scoped(HOME, 9), retired_from=0) is Reason.ITEM_UNKNOWN
    assert do(pair, acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=now + 50) is Reason.OK
    assert do(pair, acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=now + 60) is Reason.BAD_STATUS_CHANGE
    assert publish(pair, item=ITEM, version=2) is Reason.ITEM_NOT_IN_FORCE


def test_retired_never_is_not_retired(pair: Pair) -> None:
    must(pair, acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=FOREVER)
    must(pair, acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=0)


def test_terms_say_the_same_as_the_model_at_every_edge(pair: Pair) -> None:
    now = pair.scene.now
    for version, start in ((2, now + 10), (3, now + 10), (4, now + 30)):
        assert publish(pair, item=ITEM, version=version, effective_from=start, entries=version + 1) is Reason.OK
    must(pair, acts.RetireItem, HOME_ADMIN, item=ITEM, retired_from=now + 20)
    item = pair.world.items[ITEM]
    for version in range(6):
        word = pair.ask("catalogue", "terms(uint64,uint16)", ITEM, version)
        assert bool(word) == (1 <= version <= 4)
        for at in sorted({now + base + step for base in (0, 10, 20, 30) for step in (-1, 0, 1)} | {0, FOREVER}):
            holds = (word & 0xFFFFFFFF) <= at < (word >> 32 & 0xFFFFFFFF)
            assert holds == (item.in_force(version, at) is Reason.OK)
        if word:
            stored = pair.ask("catalogue", "itemWord(uint64,uint16)", ITEM, version)
            assert word >> 64 == stored >> 32
    assert pair.ask("catalogue", "terms(uint64,uint16)", scoped(HOME, 99), 1) == 0
