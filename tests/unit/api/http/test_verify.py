"""Licenses and seals over HTTP: three verdicts; an outage is never "revoked"."""

from dataclasses import replace
from typing import Any

import pytest

from api.services.quickly import QuickVerification
from api.services.verification import Content
from ledger import acts
from ledger.commitments import identifier_commitment
from ledger.crypto import file_digests, keccak, parse_digest
from ledger.eip712 import encode_body, message
from ledger.ids import FOREVER
from ledger.rules.licenses import leaf_of
from tests.unit.api.http.town import CLERK, DECIDER, ITEM, NOTHING, SEAL, Town

SALT = b"\x11" * 32
FILE = "电子证照 1".encode()


def license_of(number: int, **fields: Any) -> acts.License:
    sm3, sha256 = file_digests((FILE + number.to_bytes(2),))
    values: dict[str, Any] = {
        "item": ITEM, "seal": SEAL, "sm3": sm3.value, "sha256": sha256.value,
        "identifier": identifier_commitment(SALT, f"1.2.156.3005.2.X.{number}"), "holder": keccak(b"h"),
        "case_key": NOTHING, "supersedes": NOTHING, "valid_from": 0, "valid_until": FOREVER,
    }  # fmt: skip
    return acts.License(**(values | fields))


def issue(town: Town, license_: acts.License) -> None:
    response = town.submit(town.admin(acts.IssueLicense, DECIDER, license=license_))
    assert response.json()["entries"][0]["predicted"]["code"] == "OK", response.text
    town.settle()


def verify(town: Town, **asked: Any) -> tuple[str, dict[str, str]]:
    report = town.client.post("/v1/verify/license", json=asked).json()
    return report["verdict"], {one["name"]: one["reasonCode"] for one in report["checks"]}


def forget(town: Town) -> None:
    """Let the next question ask the chain anew, not a quarter of a second later."""
    town.container.vitals.forget()
    town.container.quick_verification.moments.forget()


def test_license_is_found_by_leaf_digest_file_identifier_and_fields(town: Town) -> None:
    one = license_of(1)
    issue(town, one)
    body = {"license": message(one), "identifier": "1.2.156.3005.2.X.1", "identifierSalt": "0x" + SALT.hex()}
    assert town.client.post("/v1/licenses/records", json=body, headers=town.as_(DECIDER)).status_code == 201
    assert verify(town, leaf="0x" + leaf_of(one).hex())[0] == "valid"
    assert verify(town, digest="sm3:" + one.sm3.hex())[0] == "valid"
    assert verify(town, identifier="1.2.156.3005.2.X.1")[0] == "valid"
    assert verify(town, license=message(one))[0] == "valid"
    content = FILE + (1).to_bytes(2)
    headers = {"Content-Type": "application/octet-stream"}
    response = town.client.post("/v1/verify/license/file", content=content, headers=headers)
    assert response.json()["verdict"] == "valid"
    assert town.client.post("/v1/verify/license/file", content=content + b"!", headers=headers).json()["verdict"] == (
        "invalid"
    )


def test_unknown_license_is_invalid_only_if_the_index_is_fresh(fresh: Town) -> None:
    assert verify(fresh, digest="sha256:" + "00" * 32) == (
        "invalid", {"index.fresh": "OK", "license.anchored": "LICENSE_UNKNOWN"},
    )  # fmt: skip
    fresh.head.is_down = True
    forget(fresh)
    verdict, checks = verify(fresh, digest="sha256:" + "00" * 32)
    assert (verdict, checks["index.fresh"]) == ("indeterminate", "CHAIN_UNREACHABLE")


def test_outage_makes_a_good_license_indeterminate_never_revoked(fresh: Town) -> None:
    one = license_of(2)
    issue(fresh, one)
    fresh.head.is_down = True
    forget(fresh)
    verdict, checks = verify(fresh, license=message(one))
    assert verdict == "indeterminate"
    assert checks["license.status"] == "CHAIN_UNREACHABLE"


def test_index_behind_makes_it_indeterminate(fresh: Town) -> None:
    one = license_of(3)
    issue(fresh, one)
    for _ in range(6):
        fresh.chain.mine()
    forget(fresh)
    assert verify(fresh, license=message(one))[0] == "indeterminate"


def test_suspended_cancelled_and_superseded_are_told_apart(town: Town) -> None:
    old, new = license_of(4), license_of(5, supersedes=leaf_of(license_of(4)))
    issue(town, old)
    stop = town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(old), status=2, reason=1)
    town.submit(stop)
    town.settle()
    assert verify(town, license=message(old))[1]["license.status"] == "LICENSE_SUSPENDED"
    town.submit(town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(old), status=1, reason=1))
    town.settle()
    issue(town, new)
    verdict, checks = verify(town, license=message(old))
    assert (verdict, checks["license.superseded"]) == ("invalid", "LICENSE_SUPERSEDED")
    assert verify(town, license=message(new))[0] == "valid"


def test_expired_license_is_invalid(town: Town) -> None:
    one = license_of(6, valid_until=town.now - 1)
    issue(town, one)
    assert verify(town, license=message(one))[1]["license.period"] == "LICENSE_EXPIRED"


def test_altered_fields_are_another_license(town: Town) -> None:
    one = license_of(7)
    issue(town, one)
    altered = replace(one, valid_until=one.valid_until - 1)
    assert verify(town, license=message(altered))[1]["license.anchored"] == "LICENSE_UNKNOWN"


def test_license_of_a_batch_is_proven(town: Town) -> None:
    batch = [license_of(number) for number in range(20, 25)]
    body = {"licenses": [message(one) for one in batch]}
    made = town.client.post("/v1/licenses/batches", json=body, headers=town.as_(DECIDER)).json()
    root = bytes.fromhex(made["root"][2:])
    town.submit(town.admin(acts.IssueBatch, DECIDER, root=root, count=5, seal=SEAL))
    town.settle()
    leaf = "0x" + leaf_of(batch[3]).hex()
    proof = town.client.get(f"/v1/licenses/batches/{made['root']}/proofs/{leaf}").json()["proof"]
    assert verify(town, license=message(batch[3]), batch=made["root"], proof=proof)[0] == "valid"
    assert verify(town, digest="sha256:" + batch[3].sha256.hex())[1]["license.batch"] == "OK"
    forged = verify(town, license=message(license_of(99)), batch=made["root"], proof=proof)
    assert (forged[0], forged[1]["license.batch"]) == ("invalid", "BAD_PROOF")


def test_identifier_of_a_batch_license_may_be_added_later(town: Town) -> None:
    one = license_of(30)
    headers = town.as_(DECIDER)
    made = town.client.post("/v1/licenses/batches", json={"licenses": [message(one)]}, headers=headers).json()
    town.submit(town.admin(acts.IssueBatch, DECIDER, root=bytes.fromhex(made["root"][2:]), count=1, seal=SEAL))
    town.settle()
    body = {"license": message(one), "identifier": "1.2.156.3005.2.X.30", "identifierSalt": "0x" + SALT.hex()}
    assert town.client.post("/v1/licenses/records", json=body, headers=headers).status_code == 201
    assert verify(town, identifier="1.2.156.3005.2.X.30")[0] == "valid"


def test_records_are_for_the_issuer(town: Town) -> None:
    body = {"license": message(license_of(8)), "identifier": "1.2.156.3005.2.X.8", "identifierSalt": "0x" + SALT.hex()}
    response = town.client.post("/v1/licenses/records", json=body, headers=town.as_(CLERK))
    assert (response.status_code, response.json()["code"]) == (403, "ROLE_MISSING")


def test_identifier_that_is_not_the_committed_one_is_refused(town: Town) -> None:
    body = {"license": message(license_of(8)), "identifier": "1.2.3", "identifierSalt": "0x" + SALT.hex()}
    response = town.client.post("/v1/licenses/records", json=body, headers=town.as_(DECIDER))
    assert (response.status_code, response.json()["code"]) == (422, "IDENTIFIER_DIFFERS")


def test_identifier_is_not_kept_in_the_clear(town: Town) -> None:
    with town.store.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT lookup, sealed FROM license_records").all()
    assert b"1.2.156" not in b"".join(part for row in rows for part in row)


def test_seal_is_verified_by_id_and_digest(town: Town) -> None:
    by_id = town.client.post("/v1/verify/seal", json={"seal": "1-1"}).json()
    by_digest = town.client.post("/v1/verify/seal", json={"digest": "sm3:" + (b"1" * 32).hex()}).json()
    assert by_id["verdict"] == by_digest["verdict"] == "valid"
    wrong_algorithm = town.client.post("/v1/verify/seal", json={"digest": "sha256:" + (b"1" * 32).hex()}).json()
    assert wrong_algorithm["verdict"] == "invalid"


def test_cancelled_seal_is_invalid_and_its_old_licenses_stay_valid(fresh: Town) -> None:
    one = license_of(9)
    issue(fresh, one)
    fresh.submit(fresh.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=3, reason=1))
    fresh.settle()
    report = fresh.client.post("/v1/verify/seal", json={"seal": "1-1"}).json()
    assert (report["verdict"], report["checks"][-1]["reasonCode"]) == ("invalid", "SEAL_CANCELLED")
    assert verify(fresh, license=message(one))[0] == "valid"


def test_question_must_be_one(town: Town) -> None:
    response = town.client.post("/v1/verify/license", json={"leaf": "0x" + "00" * 32, "identifier": "x"})
    assert (response.status_code, response.json()["code"]) == (422, "ONE_OF")


# --- the short way of questions by digest (api.http.inquiry)


def by_digest(town: Town, one: acts.License) -> Any:
    """The answer to a question by digest."""
    return town.client.post("/v1/verify/license", json={"digest": "sha256:" + one.sha256.hex()})


def codes(answer: Any) -> dict[str, str]:
    return {one["name"]: one["reasonCode"] for one in answer.json()["checks"]}


def test_short_and_long_way_say_the_same(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    bare, recorded = license_of(40), license_of(41)
    issue(town, bare)
    issue(town, recorded)
    body = {"license": message(recorded), "identifier": "1.2.156.3005.2.X.41", "identifierSalt": "0x" + SALT.hex()}
    town.client.post("/v1/licenses/records", json=body, headers=town.as_(DECIDER))
    forget(town)
    asked = (bare, recorded, license_of(999))
    short = [by_digest(town, one) for one in asked]
    monkeypatch.setattr(QuickVerification, "at_once", lambda *_: None)
    long = [by_digest(town, one) for one in asked]
    for one, other in zip(short, long, strict=True):
        assert one.headers["content-type"] == other.headers["content-type"]
        assert [list(check) for check in one.json()["checks"]] == [list(check) for check in other.json()["checks"]]
        assert one.json() == other.json()
    assert [one.json()["verdict"] for one in short] == ["valid", "valid", "invalid"]
    assert "license.content" in codes(short[1])


def test_index_behind_makes_digest_indeterminate(fresh: Town) -> None:
    one = license_of(42)
    issue(fresh, one)
    for _ in range(6):
        fresh.chain.mine()
    forget(fresh)
    answer = by_digest(fresh, one)
    assert answer.json()["verdict"] == "indeterminate"
    assert (codes(answer)["index.fresh"], codes(answer)["license.status"]) == ("INDEX_BEHIND", "INDEX_BEHIND")
    unknown = by_digest(fresh, license_of(43))
    assert unknown.json()["verdict"] == "indeterminate"


def test_stop_that_is_indexed_is_told_although_the_index_is_behind(fresh: Town) -> None:
    one = license_of(44)
    issue(fresh, one)
    fresh.submit(fresh.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=2, reason=1))
    fresh.settle()
    for _ in range(6):
        fresh.chain.mine()
    forget(fresh)
    answer = by_digest(fresh, one)
    assert (answer.json()["verdict"], codes(answer)["license.status"]) == ("invalid", "LICENSE_SUSPENDED")


def test_moment_kept_from_before_hides_no_suspension(fresh: Town) -> None:
    one = license_of(45)
    issue(fresh, one)
    moments = fresh.container.quick_verification.moments
    kept = moments.renew()
    vars(moments)["latest"] = lambda: kept
    assert by_digest(fresh, one).json()["verdict"] == "valid"
    fresh.submit(fresh.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=2, reason=1))
    fresh.settle()
    answer = by_digest(fresh, one)
    assert codes(answer)["license.status"] == "LICENSE_SUSPENDED"
    first = answer.json()["checks"][0]["facts"]
    assert int(first["indexedBlock"]) == len(fresh.chain.blocks) - 1, "the block at which the license was read"


def test_index_dropped_since_the_moment_calls_no_license_unknown(fresh: Town) -> None:
    one = license_of(46)
    issue(fresh, one)
    quick = fresh.container.quick_verification
    kept = quick.moments.renew()
    vars(quick.moments)["latest"] = lambda: kept
    with fresh.store.db.write() as connection:
        connection.exec_driver_sql("DELETE FROM licenses")
        connection.exec_driver_sql("DELETE FROM blocks")
    assert quick.at_once(parse_digest("sha256:" + one.sha256.hex()), kept) is None
    assert by_digest(fresh, one).json()["verdict"] == "indeterminate"


def test_superseded_license_is_told_by_digest(fresh: Town) -> None:
    old, new = license_of(47), license_of(48, supersedes=leaf_of(license_of(47)))
    issue(fresh, old)
    issue(fresh, new)
    answer = by_digest(fresh, old)
    assert (answer.json()["verdict"], codes(answer)["license.superseded"]) == ("invalid", "LICENSE_SUPERSEDED")
    assert by_digest(fresh, new).json()["verdict"] == "valid"


def test_content_of_the_abi_form_is_that_of_the_license() -> None:
    one = license_of(49, valid_from=7, valid_until=2**32 - 2)
    assert Content.read(encode_body(one)) == Content.of(one)


def test_malformed_question_by_digest_is_answered_by_the_route(town: Town) -> None:
    response = town.client.post("/v1/verify/license", json={"digest": "sha256:" + "0" * 63})
    assert (response.status_code, response.json()["faults"][0]["code"]) == (422, "PATTERN_MISMATCH")
