"""An agency that puts another's license into a batch of its own, or its root: nothing that is asked of it changes."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger import acts
from ledger.eip712 import message
from ledger.licenses.packing import fast_leaf as leaf_of
from ledger.merkle import MerkleTree
from tests.unit.api.http.test_reliance import listed, opened, store, verified
from tests.unit.api.http.test_uses import as_holder, issued, trace
from tests.unit.api.http.test_uses import license_of as held_license
from tests.unit.api.http.test_verify import by_digest, codes, forget, issue, license_of, verify
from tests.unit.api.http.test_verify_attacks import (
    ROGUE,
    ROGUE_SEAL,
    anchor,
    hex_of,
    let_another_agency_issue,
    rogue,
)
from tests.unit.api.http.town import AWAY, DECIDER, HOME, SEAL, Town


@pytest.fixture
def rival(fresh: Town) -> Town:
    let_another_agency_issue(fresh)
    return fresh


def set_status(town: Town, leaf: bytes, status: int, officer: int = DECIDER, **proof: Any) -> None:
    act = town.admin(acts.SetLicenseStatus, officer, license=leaf, status=status, reason=7)
    town.carry(town.signed(act) | proof)


def claim(town: Town, leaf: bytes, *statuses: int) -> dict[str, Any]:
    """The rival puts a leaf into a batch of its own and says something of it; how it would show the leaf."""
    tree = MerkleTree([leaf])
    town.carry(town.signed(town.admin(acts.IssueBatch, ROGUE, root=tree.root, count=1, seal=ROGUE_SEAL)))
    for status in statuses:
        set_status(town, leaf, status, ROGUE, batch=hex_of(tree.root), proof=[])
    forget(town)
    return {"batch": hex_of(tree.root), "proof": []}


def kept_here(town: Town, one: acts.License) -> None:
    body = {"licenses": [message(each) for each in (one, license_of(901))]}
    made = town.client.post("/v1/licenses/batches", json=body, headers=town.as_(DECIDER)).json()
    root = bytes.fromhex(made["root"][2:])
    town.carry(town.signed(town.admin(acts.IssueBatch, DECIDER, root=root, count=2, seal=SEAL)))


def document_of(one: acts.License, **shown: Any) -> dict[str, Any]:
    seal = {"sm3": hex_of(b"1" * 32), "certificate": hex_of(b"3" * 32), "signedAt": 1_800_000_000}
    return {"sm3": hex_of(one.sm3), "sha256": hex_of(one.sha256), "seals": [seal], **shown}


@pytest.mark.parametrize("issued_as", [kept_here, issue])
@pytest.mark.parametrize("before", [True, False])
def test_another_agency_cannot_make_a_license_read_cancelled(
    rival: Town, issued_as: Callable[[Town, acts.License], None], monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    one = license_of(100)
    leaf = leaf_of(one)
    if not before:
        issued_as(rival, one)
    foreign = claim(rival, leaf, 3)
    if before:
        issued_as(rival, one)
    forget(rival)
    for way in ("short", "long"):
        if way == "long":
            monkeypatch.setattr("api.services.quickly.QuickVerification.at_once", lambda *_: None)
        answer = by_digest(rival, one)
        assert (answer.json()["verdict"], set(codes(answer).values())) == ("valid", {"OK"}), way
        for asked in ({"leaf": hex_of(leaf)}, {"license": message(one)}):
            for shown in ({}, foreign):
                assert verify(rival, **asked, **shown)[0] == "valid", (asked.keys(), shown)
    checks = rival.client.post("/v1/verify/license", json={"leaf": hex_of(leaf)}).json()["checks"]
    assert next(one["facts"]["agency"] for one in checks if one["name"] == "license.issuer") == str(HOME)
    for shown in ({}, {"license": message(one)}, {"license": message(one), **foreign}):
        judged = rival.client.post("/v1/verify/document", json=document_of(one, **shown)).json()
        names = {check["name"]: check["reasonCode"] for check in judged["checks"]}
        assert (names["license.anchored"], names["license.status"]) == ("OK", "OK"), shown


def test_what_the_true_issuer_says_of_it_still_counts(rival: Town) -> None:
    one = license_of(101)
    kept_here(rival, one)
    claim(rival, leaf_of(one), 2, 1)
    made = rival.container.licensing.by_leaf(leaf_of(one))
    proof: dict[str, Any] = {"batch": hex_of(made.batch or b""), "proof": [hex_of(word) for word in made.proof]}
    set_status(rival, leaf_of(one), 3, **proof)
    forget(rival)
    answer = by_digest(rival, one)
    assert (answer.json()["verdict"], codes(answer)["license.status"]) == ("invalid", "LICENSE_CANCELLED")
    for asked in ({"leaf": hex_of(leaf_of(one))}, {"license": message(one)}):
        assert verify(rival, **asked)[1]["license.status"] == "LICENSE_CANCELLED"
    for query, (issuer, status) in {
        "": (HOME, "revoked"), f"?issuer={HOME}": (HOME, "revoked"), f"?issuer={AWAY}": (AWAY, "active"),
    }.items():  # fmt: skip
        view = rival.client.get(f"/v1/licenses/{hex_of(leaf_of(one))}{query}").json()
        assert (view["issuer"], view["status"].lower()) == (issuer, status)


def test_a_copied_root_does_not_bar_its_issuer_nor_name_another(rival: Town) -> None:
    one, other = license_of(102), license_of(103)
    body = {"licenses": [message(each) for each in (one, other)]}
    made = rival.client.post("/v1/licenses/batches", json=body, headers=rival.as_(DECIDER)).json()
    root = bytes.fromhex(made["root"][2:])
    rival.carry(rival.signed(rival.admin(acts.IssueBatch, ROGUE, root=root, count=2, seal=ROGUE_SEAL)))
    forget(rival)
    assert verify(rival, license=message(one))[0] == "invalid", "not issued by who could"
    rival.carry(rival.signed(rival.admin(acts.IssueBatch, DECIDER, root=root, count=2, seal=SEAL)))
    forget(rival)
    assert by_digest(rival, one).json()["verdict"] == "valid"
    assert verify(rival, license=message(one))[0] == "valid"


def test_a_license_that_its_agency_never_issued_is_not_made_good_by_another(rival: Town) -> None:
    one = license_of(104)
    foreign = claim(rival, leaf_of(one))
    assert verify(rival, license=message(one), **foreign)[1]["license.competence"] == "NOT_YOUR_AGENCY"
    set_status(rival, leaf_of(one), 2, ROGUE, **foreign)
    set_status(rival, leaf_of(one), 1, ROGUE)
    forget(rival)
    for shown in ({}, foreign):
        assert verify(rival, license=message(one), **shown)[0] != "valid", "a word of the rival's makes no license"
        verdict, checks = verify(rival, leaf=hex_of(leaf_of(one)), **shown)
        assert (verdict, checks["license.period"]) == ("indeterminate", "LICENSE_BODY_NEEDED")


def test_a_stop_by_whoever_is_no_verdict_while_nobody_has_shown_the_license(rival: Town) -> None:
    one = license_of(105)
    tree = anchor(rival, one, license_of(106))
    claim(rival, leaf_of(one), 3)
    shown: dict[str, Any] = {"batch": hex_of(tree.root), "proof": [hex_of(word) for word in tree.proof(0)]}
    assert verify(rival, license=message(one), **shown)[0] == "valid"
    for asked in ({"leaf": hex_of(leaf_of(one))}, {"leaf": hex_of(leaf_of(one)), **shown}):
        assert verify(rival, **asked)[0] == "indeterminate"
    set_status(rival, leaf_of(one), 3, **shown)
    forget(rival)
    assert verify(rival, license=message(one), **shown)[1]["license.status"] == "LICENSE_CANCELLED"
    verdict, checks = verify(rival, leaf=hex_of(leaf_of(one)))
    assert (verdict, checks["license.status"]) == ("indeterminate", "LICENSE_CANCELLED")


def test_a_replacement_by_another_agency_is_no_verdict_either(rival: Town) -> None:
    one = license_of(110)
    foreign = claim(rival, leaf_of(one))
    made = rival.signed(rival.admin(acts.IssueLicense, ROGUE, license=rogue(one, supersedes=leaf_of(one))))
    rival.carry(made | foreign)
    forget(rival)
    verdict, checks = verify(rival, leaf=hex_of(leaf_of(one)))
    assert (verdict, checks["license.status"]) == ("indeterminate", "LICENSE_SUPERSEDED")
    kept_here(rival, one)
    forget(rival)
    for asked in ({"leaf": hex_of(leaf_of(one))}, {"license": message(one)}):
        assert verify(rival, **asked)[0] == "valid"


def test_who_touches_a_leaf_does_not_read_where_the_license_is_used(rival: Town) -> None:
    held, unknown = issued(rival, 107), held_license(108)
    for one in (held, unknown):
        claim(rival, leaf_of(one[0]), 2)
        assert trace(rival, one, rival.as_(ROGUE)).status_code == 404
    assert trace(rival, held, rival.as_(DECIDER)).status_code == 200
    assert trace(rival, held, as_holder(rival, held)).status_code == 200


def test_a_step_still_rests_on_a_license_that_another_agency_says_it_has_cancelled(rival: Town) -> None:
    one, _ = issued(rival, 109)
    claim(rival, leaf_of(one), 3)
    case = opened(rival, 109)
    _, response = store(rival, case, verified(rival, one))
    assert response.status_code == 201, response.text
    assert listed(rival, case).status_code == 200
