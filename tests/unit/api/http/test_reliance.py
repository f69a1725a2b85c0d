"""免提交 over HTTP: licenses in the place of papers; forged, another's, suspended then, and who may read of them."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.client.documents import Shown
from api.client.proofs import checks_of
from api.client.reliance import of_printed, of_verified
from api.services import decode
from api.wire.proofs import ReportView
from ledger import acts
from ledger.crypto import Digest, keccak, sm3
from ledger.evidence import Document, DocumentKind
from ledger.evidence_json import write_document
from ledger.evidence_license import VerifiedLicense, Written
from ledger.holding import authorization_digest
from ledger.ids import scoped
from ledger.licenses.packing import packed
from ledger.licenses.share import Share
from ledger.merkle import MerkleTree
from ledger.procedure import Action
from ledger.rules.licenses import leaf_of
from ledger.verdict import Report, Verdict, valid
from tests.unit.api.http import test_verify_document
from tests.unit.api.http.test_uses import HOLDER, became, body_of, domain, issued, license_of, use
from tests.unit.api.http.test_verify_document import HOLDER as HOLDER_CODE
from tests.unit.api.http.test_verify_document import SALTS, Bureau
from tests.unit.api.http.town import AUDITOR, CLERK, DECIDER, SEAL, STRANGER, Town

bureau = test_verify_document.bureau
HELD = valid("holder", "compared with the person's card", "已与本人证件核对")


def verified(town: Town, one: acts.License, entry: int = 2, **more: Any) -> VerifiedLicense:
    """What the window saw when it verified the license, and compared its holder with the person."""
    town.container.vitals.forget()
    body = {"leaf": "0x" + leaf_of(one).hex()}
    answer = town.client.post("/v1/verify/license", json=body).text
    made = checks_of(ReportView.model_validate_json(answer)) + Report((HELD,))
    return VerifiedLicense.of(
        made, leaf_of(one), (Digest("sm3", one.sm3), Digest("sha256", one.sha256)), entry, **more
    )  # fmt: skip


def opened(town: Town, number: int) -> bytes:
    town.carry(town.signed(town.open(number)))
    return town.case(number)


def store(town: Town, case: bytes, one: VerifiedLicense, officer: int = CLERK) -> tuple[Document, Any]:
    town.container.vitals.forget()
    document = Document.make(DocumentKind.VERIFIED_LICENSE, one.entries(), Random(repr(one)).randbytes)
    body = b'{"caseKey":"0x%s","document":%s}' % (case.hex().encode(), write_document(document))
    headers = town.as_(officer) | {"Content-Type": "application/json"}
    return document, town.client.post("/v1/documents", content=body, headers=headers)


def refused(town: Town, case: bytes, one: VerifiedLicense) -> set[str]:
    _, response = store(town, case, one)
    assert response.status_code == 422, response.text
    return {fault["code"] for fault in response.json()["faults"]}


def listed(town: Town, case: bytes, officer: int = CLERK) -> Any:
    town.container.vitals.forget()
    return town.client.get(f"/v1/cases/0x{case.hex()}/licenses", headers=town.as_(officer))


def status(town: Town, one: acts.License, value: int) -> None:
    town.carry(town.signed(town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=value, reason=0)))


def test_a_step_rests_on_a_license_and_the_trail_shows_which_when_and_with_what_result(town: Town) -> None:
    one, _ = issued(town, 601)
    case = opened(town, 601)
    document, response = store(town, case, verified(town, one))
    assert response.status_code == 201, response.text
    town.carry(town.signed(town.step(601, Action.VERIFY, evidence=document.root)))
    for officer in (CLERK, DECIDER, AUDITOR):
        (seen,) = listed(town, case, officer).json()["items"]
        assert (seen["leaf"], seen["verdict"], seen["entry"]) == ("0x" + leaf_of(one).hex(), "valid", 2)
        assert (seen["steps"], seen["storedBy"]) == ([2], "2-2")
        assert seen["judged"]["verdict"] == "valid", seen["judged"]
    reads = town.client.get(f"/v1/cases/0x{case.hex()}/reads", headers=town.as_(CLERK)).json()["items"]
    assert [read["officer"] for read in reads] == ["2-2", "1-2", "3-2"]


def test_nobody_else_learns_which_licenses_a_case_rests_on(town: Town) -> None:
    one, _ = issued(town, 602)
    case = opened(town, 602)
    assert store(town, case, verified(town, one), STRANGER)[1].status_code == 404
    assert store(town, case, verified(town, one))[1].status_code == 201
    assert listed(town, case, STRANGER).text == listed(town, keccak(b"no case"), STRANGER).text
    assert listed(town, case, STRANGER).status_code == 404
    assert town.client.get(f"/v1/cases/0x{case.hex()}/licenses").status_code == 401


def test_paper_is_replaced_by_somebody_elses_license(town: Town) -> None:
    (mine, _), (others, _) = issued(town, 603), issued(town, 604)
    case = opened(town, 603)
    seen = verified(town, mine)
    assert refused(town, case, replace(seen, leaf=leaf_of(others))) >= {"REPORT_OF_ANOTHER_LICENSE"}
    assert refused(town, case, replace(seen, sm3=others.sm3, sha256=others.sha256)) == {"LICENSE_OF_ANOTHER_FILE"}
    bare = Report(tuple(check for check in seen.written.report.checks if check.name != "holder"))
    digests = Digest("sm3", mine.sm3), Digest("sha256", mine.sha256)
    assert refused(town, case, VerifiedLicense.of(bare, seen.leaf, digests, 2)) == {"HOLDER_NOT_SHOWN"}


def test_license_that_nobody_issued(town: Town) -> None:
    (real, _), (never, _) = issued(town, 605), license_of(606)
    seen = verified(town, real)
    text = json.dumps(seen.written.report.to_json()).replace(leaf_of(real).hex(), leaf_of(never).hex())
    printed = json.dumps(json.loads(text) | {
        "leaf": "0x" + leaf_of(never).hex(), "sm3": "sm3:" + never.sm3.hex(), "sha256": "sha256:" + never.sha256.hex(),
    })  # fmt: skip
    assert refused(town, opened(town, 605), of_printed(printed, 2, domain(town))) == {"LICENSE_UNKNOWN"}


def test_license_in_a_batch_of_an_agency_that_is_not_competent(fresh: Town) -> None:
    real, _ = issued(fresh, 1)
    case, seen, (never, _) = opened(fresh, 1), verified(fresh, real), license_of(2)
    never = replace(never, item=scoped(2, 1))
    root = leaf_of(never)
    fresh.carry(fresh.signed(fresh.admin(acts.IssueBatch, DECIDER, root=root, count=1, seal=SEAL)))
    checks = [check for check in seen.written.report.checks if check.name not in {"license.anchored", "license.period"}]
    at = {"checkedAt": fresh.now}
    forged = Report((
        *checks, valid("license.anchored", "", "", {"leaf": "0x" + leaf_of(never).hex()}),
        valid("license.batch", "", "", {"root": "0x" + root.hex()}), valid("license.period", "", "", at),
    ))  # fmt: skip
    digests = Digest("sm3", never.sm3), Digest("sha256", never.sha256)
    evidence = VerifiedLicense.of(forged, leaf_of(never), digests, 2, body=packed(never))
    assert refused(fresh, case, evidence) == {"NOT_YOUR_AGENCY"}, "the window's word does not help"


def test_report_is_swapped_and_verdict_forged(town: Town) -> None:
    (one, _), (other, _) = issued(town, 607), issued(town, 608)
    case, good = opened(town, 607), verified(town, one)
    assert refused(town, case, replace(good, written=verified(town, other).written)) >= {"REPORT_DIFFERS"}
    status(town, one, 2)
    bad = verified(town, one)
    assert refused(town, case, bad) == {"VERDICT_NOT_VALID", "LICENSE_SUSPENDED"}
    assert refused(town, case, replace(bad, verdict=Verdict.VALID)) == {"VERDICT_DIFFERS", "LICENSE_SUSPENDED"}
    source = bad.written.source.replace(b'"verdict":"invalid"', b'"verdict":"valid"')
    source = source.replace(b"LICENSE_SUSPENDED", b"OK")
    forged = replace(bad, verdict=Verdict.VALID, written=Written.read(source), report_sm3=sm3(source).value)
    assert refused(town, case, forged) == {"LICENSE_SUSPENDED"}, "a report forged whole does not help either"


def test_license_suspended_at_that_time_though_resumed_since(fresh: Town) -> None:
    one, _ = issued(fresh, 1)
    case, before = opened(fresh, 1), verified(fresh, one)
    fresh.chain.time += 100
    status(fresh, one, 2)
    fresh.chain.time += 100
    during = replace(before, verified_at=fresh.now)
    text = before.written.source.replace(str(before.verified_at).encode(), str(fresh.now).encode())
    during = replace(during, written=Written.read(text), report_sm3=sm3(text).value)
    fresh.chain.time += 100
    status(fresh, one, 1)
    assert refused(fresh, case, during) == {"LICENSE_SUSPENDED"}
    assert store(fresh, case, before)[1].status_code == 201, "it stood when it was verified"
    fresh.chain.time += 100
    assert store(fresh, case, verified(fresh, one))[1].status_code == 201
    status(fresh, one, 3)
    assert {seen["judged"]["verdict"] for seen in listed(fresh, case).json()["items"]} == {"valid"}


def test_license_issued_after_the_time_at_which_it_is_said_to_have_been_verified(fresh: Town) -> None:
    case, early = opened(fresh, 1), fresh.now
    fresh.chain.time += 100
    one, _ = issued(fresh, 1)
    seen = verified(fresh, one)
    text = seen.written.source.replace(str(seen.verified_at).encode(), str(early).encode())
    forged = replace(seen, verified_at=early, written=Written.read(text), report_sm3=sm3(text).value)
    assert refused(fresh, case, forged) == {"LICENSE_UNKNOWN"}


def test_verification_is_dated_too_long_ago_or_ahead(fresh: Town) -> None:
    one, _ = issued(fresh, 1)
    case, seen = opened(fresh, 1), verified(fresh, one)
    fresh.chain.time += 259_200 + 1
    assert refused(fresh, case, seen) == {"VERIFIED_TOO_LONG_AGO"}
    ahead = verified(fresh, one)
    fresh.chain.time -= 60
    assert refused(fresh, case, ahead) == {"VERIFIED_IN_THE_FUTURE"}


def test_authorization_of_another_case_license_or_never_used(town: Town) -> None:
    held, others = issued(town, 609), issued(town, 610)
    case, another = opened(town, 609), opened(town, 610)
    seen = verified(town, held[0])
    bare = Report(seen.written.report.checks[:-1])
    digests = Digest("sm3", held[0].sm3), Digest("sha256", held[0].sha256)

    def authorized(license_: Any, for_case: bytes, *, used: bool = True) -> VerifiedLicense:
        body = body_of(town, license_, case=for_case, key=HOLDER, not_after=town.now + 600)
        if used:
            assert became(town, use(town, license_, body))["status"] == "applied"
        terms = decode.decode(acts.UseAuthorization, body["act"]["authorization"], "terms")
        signed = authorization_digest(domain(town), terms)
        return VerifiedLicense.of(bare, leaf_of(held[0]), digests, 2, authorization=signed)

    assert refused(town, case, authorized(held, case, used=False)) == {"AUTHORIZATION_UNKNOWN"}
    assert refused(town, case, authorized(others, case)) == {"AUTHORIZATION_OF_ANOTHER_LICENSE"}
    good = authorized(held, case)
    assert refused(town, another, good) == {"AUTHORIZATION_OF_ANOTHER_CASE"}
    assert store(town, case, good)[1].status_code == 201
    (shown,) = listed(town, case).json()["items"]
    assert (shown["judged"]["verdict"], shown["authorization"]) == ("valid", "0x" + (good.authorization or b"").hex())


def test_entry_that_the_items_list_has_not(town: Town) -> None:
    one, _ = issued(town, 611)
    assert refused(town, opened(town, 611), verified(town, one, entry=4)) == {"ENTRY_UNKNOWN"}


def test_license_of_a_batch_stands_with_its_fields_and_not_without(town: Town) -> None:
    one, other = license_of(612)[0], license_of(613)[0]
    tree = MerkleTree([leaf_of(one), leaf_of(other)])
    town.carry(town.signed(town.admin(acts.IssueBatch, DECIDER, root=tree.root, count=2, seal=SEAL)))
    town.container.vitals.forget()
    proof = tree.proof(0)
    asked = {
        "license": json.loads(json.dumps({name: _plain(one, name) for name in _NAMES})),
        "batch": "0x" + tree.root.hex(), "proof": ["0x" + word.hex() for word in proof],
    }  # fmt: skip
    view = ReportView.model_validate_json(town.client.post("/v1/verify/license", json=asked).text)
    made = checks_of(view) + Report((HELD,))
    assert made.overall is Verdict.VALID, made.failures
    digests = Digest("sm3", one.sm3), Digest("sha256", one.sha256)
    whole = VerifiedLicense.of(made, leaf_of(one), digests, 1, body=packed(one), proof=proof)
    case = opened(town, 612)
    assert whole.batch == tree.root
    assert refused(town, case, replace(whole, body=None)) == {"LICENSE_BODY_NEEDED"}
    assert refused(town, case, replace(whole, proof=())) == {"BAD_PROOF"}
    assert refused(town, case, replace(whole, body=packed(other))) == {"LICENSE_DIFFERS", "LICENSE_BODY_NEEDED"}
    assert store(town, case, whole)[1].status_code == 201
    status_act = town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(one), status=2, reason=0)
    town.chain.time += 1
    body = town.signed(status_act) | {"batch": asked["batch"], "proof": asked["proof"]}
    town.carry(body)
    assert listed(town, case).json()["items"][0]["judged"]["verdict"] == "valid"
    assert refused(town, case, _later(whole, town.now)) == {"LICENSE_SUSPENDED"}


_NAMES = (
    "item", "seal", "sm3", "sha256", "identifier", "holder", "caseKey", "supersedes", "validFrom", "validUntil",
)  # fmt: skip


def _plain(one: acts.License, name: str) -> Any:
    value = getattr(
        one, {"caseKey": "case_key", "validFrom": "valid_from", "validUntil": "valid_until"}.get(name, name)
    )
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _later(one: VerifiedLicense, at: int) -> VerifiedLicense:
    text = one.written.source.replace(f'"checkedAt":"{one.verified_at}"'.encode(), f'"checkedAt":"{at}"'.encode())
    return replace(one, verified_at=at, written=Written.read(text), report_sm3=sm3(text).value)


def test_malformed_evidence_names_each_field(town: Town) -> None:
    case = opened(town, 614)
    one, _ = issued(town, 614)
    entries = [entry for entry in verified(town, one).entries() if entry.name not in ("entry", "report.sm3")]
    document = Document.make(DocumentKind.VERIFIED_LICENSE, entries, Random(1).randbytes)
    body = b'{"caseKey":"0x%s","document":%s}' % (case.hex().encode(), write_document(document))
    headers = town.as_(CLERK) | {"Content-Type": "application/json"}
    answer = town.client.post("/v1/documents", content=body, headers=headers).json()
    assert [fault["where"] for fault in answer["faults"]] == ["body.document.entry", "body.document.report.sm3"]


def test_nothing_is_stored_while_nobody_knows_and_nothing_called_invalid(fresh: Town) -> None:
    one, _ = issued(fresh, 1)
    case, seen = opened(fresh, 1), verified(fresh, one)
    assert store(fresh, case, seen)[1].status_code == 201
    fresh.head.is_down = True
    _, response = store(fresh, case, replace(seen, entry=1))
    assert (response.status_code, response.json()["code"]) == (503, "CHAIN_UNREACHABLE")
    assert listed(fresh, case).json()["items"][0]["judged"]["verdict"] == "indeterminate"


def test_destroyed_fields_leave_that_there_was_a_license(town: Town) -> None:
    one, _ = issued(town, 615)
    case = opened(town, 615)
    document, _ = store(town, case, verified(town, one))
    gone = town.client.delete(f"/v1/documents/0x{document.root.hex()}/fields/license.leaf", headers=town.as_(CLERK))
    assert gone.status_code == 204
    (seen,) = listed(town, case).json()["items"]
    assert (seen["leaf"], seen["judged"]["verdict"]) == (None, "indeterminate")
    assert seen["judged"]["checks"][0]["reasonCode"] == "EVIDENCE_FIELD_DESTROYED"


@pytest.mark.parametrize("form", ["verified here", "printed by the command"])
def test_sealed_license_is_verified_from_its_file_and_stored(bureau: Bureau, tmp_path: Path, form: str) -> None:
    file, town = bureau.document("免提交"), bureau.town
    share = Share(bureau.issue(file), "1.2.156.3005.2.X", HOLDER_CODE, SALTS)
    town.chain.time += 1
    found = bureau.verify(file, Shown(share, HOLDER_CODE))
    assert found.leaf is not None
    one = of_verified(found, 2, share)
    if form != "verified here":
        printed = found.report.to_json() | {
            "sm3": str(found.sm3), "sha256": str(found.sha256), "kind": "OFD", "leaf": "0x" + found.leaf.hex(),
        }  # fmt: skip
        (tmp_path / "v.json").write_text(json.dumps(printed), "utf-8")
        one = of_printed((tmp_path / "v.json").read_text("utf-8"), 2, domain(town), share.to_json())
    case = opened(town, 1)
    document, response = store(town, case, one)
    assert response.status_code == 201, response.text
    town.chain.time += 1
    town.carry(town.signed(town.step(1, Action.VERIFY, evidence=document.root)))
    (seen,) = listed(town, case).json()["items"]
    assert (seen["judged"]["verdict"], seen["steps"]) == ("valid", [2]), seen["judged"]
    names = {check["name"] for check in json.loads(one.written.source)["checks"]}
    assert {"document.seal", "holder"} <= names, "the file, its seal and its holder are in the report that is kept"
