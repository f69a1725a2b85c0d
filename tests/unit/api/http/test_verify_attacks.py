"""Verification against those who issue, show and hand in with intent: whose batch, whose license, whose identifier."""

from dataclasses import replace
from typing import Any

import pytest

from api.services.sealhistory import SealHistory, SealObject
from api.services.verification import Claim, Freshness, license_report
from ledger import acts
from ledger.commitments import identifier_commitment
from ledger.crypto import address_of
from ledger.eip712 import message
from ledger.ids import FOREVER, scoped
from ledger.licenses.packing import fast_leaf as leaf_of
from ledger.merkle import MerkleTree
from ledger.procedure import Role
from ledger.records import Status
from tests.unit.api.http.test_verify import SALT, by_digest, codes, forget, issue, license_of, verify
from tests.unit.api.http.town import AWAY_ADMIN, DECIDER, HOME, LIST, SEAL, Town, key_of

ROGUE, ROGUE_ITEM, ROGUE_SEAL = scoped(2, 9), scoped(2, 1), scoped(2, 1)


def hex_of(value: bytes) -> str:
    return "0x" + value.hex()


def anchor(town: Town, *licenses: acts.License, officer: int = DECIDER, seal: int = SEAL) -> MerkleTree:
    """A batch whose licenses nobody but its issuer keeps."""
    tree = MerkleTree([leaf_of(one) for one in licenses])
    act = town.admin(acts.IssueBatch, officer, root=tree.root, count=len(licenses), seal=seal)
    town.carry(town.signed(act))
    return tree


def let_another_agency_issue(town: Town) -> None:
    always: dict[str, Any] = {"valid_from": 0, "valid_until": FOREVER}
    roles, key = int(Role.ISSUER | Role.SEALER), address_of(key_of(ROGUE))
    for act in (
        town.admin(acts.EnrolOfficer, AWAY_ADMIN, subject=ROGUE, window=0, roles=roles, key=key, **always),
        town.admin(
            acts.PublishItem, AWAY_ADMIN, item=ROGUE_ITEM, version=1, code="编码", name="事项", materials=LIST,
            entries=1, tolerable=0, promisable=0, grantable=127, originals=0, modes=63, license=0, accept_days=5,
            decide_days=20, effective_from=0,
        ),
        town.admin(
            acts.RegisterSeal, ROGUE, seal=ROGUE_SEAL, name="章", sm3=b"7" * 32, sha256=b"8" * 32,
            certificate=b"9" * 32, **always,
        ),
    ):  # fmt: skip
        town.carry(town.signed(act))


def rogue(one: acts.License, **fields: Any) -> acts.License:
    """Another agency's license of the same file."""
    return replace(one, item=ROGUE_ITEM, seal=ROGUE_SEAL, **fields)


def test_license_shown_with_an_older_batch_is_not_said_to_be_in_it(town: Town) -> None:
    earlier = anchor(town, license_of(60), license_of(61))
    one = license_of(62)
    town.chain.time += 100
    long_after = town.now
    issue(town, one)
    for asked in ({"license": message(one)}, {"leaf": hex_of(leaf_of(one))}):
        assert "license.batch" not in verify(town, **asked, batch=hex_of(earlier.root))[1]
    junk = {"batch": hex_of(earlier.root), "proof": [hex_of(leaf_of(license_of(60)))]}
    assert "license.batch" not in verify(town, license=message(one), **junk)[1]
    document = {"sm3": hex_of(one.sm3), "sha256": hex_of(one.sha256), "license": message(one), **junk, "seals": []}
    answer = town.client.post("/v1/verify/document", json=document).json()
    assert answer["anchoredBy"] >= long_after, "the time of its own block, not of the batch's"


def test_batch_named_beside_a_record_that_came_since_is_still_proven(town: Town) -> None:
    earlier, one = anchor(town, license_of(63), license_of(64)), license_of(65)
    issue(town, one)
    claim = Claim(leaf_of(one), HOME, batch=earlier.root)
    found = license_report(town.container.new_world(), claim, Freshness(1, 1), town.now)
    assert {check.reason_code for check in found.failures} == {"BAD_PROOF"}


def test_leaf_that_was_also_put_into_a_batch_never_issued_is_found_in_the_one_that_was(town: Town) -> None:
    for place, number in enumerate((80, 83, 86, 89)):  # whichever root the store would meet first
        roots = []
        for licenses in ([license_of(number)], [license_of(number), license_of(number + 1)]):
            body = {"licenses": [message(one) for one in licenses]}
            roots.append(town.client.post("/v1/licenses/batches", json=body, headers=town.as_(DECIDER)).json()["root"])
        root, count = bytes.fromhex(roots[place % 2][2:]), 1 + place % 2
        town.carry(town.signed(town.admin(acts.IssueBatch, DECIDER, root=root, count=count, seal=SEAL)))
        forget(town)
        assert by_digest(town, license_of(number)).json()["verdict"] == "valid"
        assert verify(town, leaf=hex_of(leaf_of(license_of(number))))[0] == "valid"


def test_license_that_only_its_issuer_keeps_is_not_called_invalid(fresh: Town) -> None:
    one = license_of(70)
    assert by_digest(fresh, one).json()["verdict"] == "invalid", "the ledger has no batch that it could be in"
    tree = anchor(fresh, one, license_of(71))
    forget(fresh)
    answer = by_digest(fresh, one)
    assert (answer.json()["verdict"], codes(answer)["license.anchored"]) == ("indeterminate", "SHARE_NEEDED")
    for asked in ({"leaf": hex_of(leaf_of(one))}, {"identifier": "1.2.156.3005.2.X.70"}, {"license": message(one)}):
        verdict, checks = verify(fresh, **asked)
        assert (verdict, checks["license.anchored"]) == ("indeterminate", "SHARE_NEEDED")
    document = {"sm3": hex_of(one.sm3), "sha256": hex_of(one.sha256), "seals": []}
    assert fresh.client.post("/v1/verify/document", json=document).json()["verdict"] == "indeterminate"
    shown = {"license": message(one), "batch": hex_of(tree.root), "proof": [hex_of(word) for word in tree.proof(0)]}
    assert verify(fresh, **shown)[0] == "valid"
    never = verify(fresh, **(shown | {"batch": hex_of(b"\x07" * 32)}))
    assert (never[0], never[1]["license.anchored"]) == ("invalid", "LICENSE_UNKNOWN"), "a root that was never issued"
    fresh.head.is_down = True
    forget(fresh)
    assert codes(by_digest(fresh, one))["index.fresh"] == "CHAIN_UNREACHABLE"


def test_another_agencys_license_of_the_file_does_not_revive_a_cancelled_one(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_another_agency_issue(fresh)
    one = license_of(72)
    issue(fresh, one)
    fresh.carry(fresh.signed(fresh.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=3, reason=7)))
    fresh.carry(fresh.signed(fresh.admin(acts.IssueLicense, ROGUE, license=rogue(one))))
    forget(fresh)
    answer = by_digest(fresh, one)
    assert (answer.json()["verdict"], codes(answer)["license.only"]) == (
        "indeterminate", "LICENSES_OF_SEVERAL_AGENCIES",
    )  # fmt: skip
    monkeypatch.setattr("api.services.quickly.QuickVerification.at_once", lambda *_: None)
    assert by_digest(fresh, one).json() == answer.json(), "by the long way too"


def test_another_agencys_license_of_the_file_does_not_spoil_the_good_one(fresh: Town) -> None:
    let_another_agency_issue(fresh)
    one = license_of(73)
    issue(fresh, one)
    for salt in range(8):  # some leaf of theirs comes before ours
        other = rogue(one, holder=bytes((salt,)) * 32)
        fresh.carry(fresh.signed(fresh.admin(acts.IssueLicense, ROGUE, license=other)))
    document = {
        "sm3": hex_of(one.sm3), "sha256": hex_of(one.sha256),
        "seals": [{"sm3": hex_of(b"1" * 32), "certificate": hex_of(b"3" * 32), "signedAt": fresh.now}],
    }  # fmt: skip
    fresh.container.vitals.forget()
    answer = fresh.client.post("/v1/verify/document", json=document).json()
    assert (answer["verdict"], answer["leaf"]) == ("valid", hex_of(leaf_of(one))), answer["checks"]
    fresh.carry(fresh.signed(fresh.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=3, reason=7)))
    fresh.container.vitals.forget()
    answer = fresh.client.post("/v1/verify/document", json=document).json()
    assert (answer["verdict"], answer["leaf"]) == ("invalid", hex_of(leaf_of(one)))
    assert {check["reasonCode"] for check in answer["checks"]} == {"OK", "LICENSE_CANCELLED"}


def test_seal_whose_digest_another_agency_entered_as_its_own_sha256_is_still_found(fresh: Town) -> None:
    let_another_agency_issue(fresh)
    victim = scoped(2, 7)
    for number, digests in (
        (scoped(2, 6), {"sm3": b"v" * 32, "sha256": b"w" * 32}),
        (victim, {"sm3": b"w" * 32, "sha256": b"x" * 32}),
    ):
        fresh.carry(fresh.signed(fresh.admin(
            acts.RegisterSeal, ROGUE, seal=number, name="章", certificate=b"y" * 32, valid_from=0,
            valid_until=FOREVER, **digests,
        )))  # fmt: skip
    seen = {"sm3": hex_of(b"w" * 32), "certificate": hex_of(b"y" * 32), "signedAt": fresh.now}
    document = {"sm3": hex_of(b"5" * 32), "sha256": hex_of(b"6" * 32), "seals": [seen]}
    checks = fresh.client.post("/v1/verify/document", json=document).json()["checks"]
    registered = next(check for check in checks if check["name"] == "document.seal.1.registered")
    assert registered["facts"]["seal"] == "2-7"


def test_identifier_is_found_as_people_type_it(town: Town) -> None:
    name = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
    one = license_of(95, identifier=identifier_commitment(SALT, name))
    issue(town, one)
    body = {"license": message(one), "identifier": name, "identifierSalt": hex_of(SALT)}
    assert town.client.post("/v1/licenses/records", json=body, headers=town.as_(DECIDER)).status_code == 201
    for typed in (name, f" {name} ", name.lower(), name.replace("1", "\uff11")):
        assert verify(town, identifier=typed)[0] == "valid", typed
    assert verify(town, identifier=name[:-1] + "V")[1]["license.anchored"] != "OK"


# --- what a seal was (api.services.sealhistory)

A, B, ONE, TWO = b"a" * 32, b"b" * 32, b"1" * 32, b"2" * 32


def entered(*objects: tuple[int, bytes, bytes], changes: tuple[tuple[int, Status], ...] = ()) -> SealHistory:
    numbered = enumerate(objects, 1)
    return SealHistory(tuple(SealObject(n, at, sm3, cert, at, FOREVER) for n, (at, sm3, cert) in numbered), changes)


def test_document_sealed_before_the_certificate_was_renewed_keeps_its_certificate() -> None:
    history = entered((10, A, ONE), (20, A, TWO))
    for certificate in (ONE, TWO):
        found = history.object_of(A, certificate)
        assert found is not None
        assert found.certificate == certificate
        assert not history.was_replaced(found, 30), "the object is the same"
    other = history.object_of(A, b"3" * 32)
    assert other is not None
    assert other.certificate == TWO, "the newest, of which it differs"
    assert history.object_of(None, b"3" * 32) is None


def test_seal_used_while_another_had_taken_its_place() -> None:
    history = entered((10, A, ONE), (20, B, ONE), (30, A, ONE))
    first, second = history.object_of(A, ONE), history.object_of(B, ONE)
    assert first is not None
    assert second is not None
    assert [history.was_replaced(first, at) for at in (5, 15, 25, 35)] == [False, False, True, False]
    assert [history.was_replaced(second, at) for at in (15, 25, 35)] == [False, False, True]
