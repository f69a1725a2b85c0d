"""A license shown and used over HTTP: the wrong window, item, holder, twice, and who may read the trace."""

from random import Random
from typing import Any

import pytest

from ledger import acts
from ledger.crypto import address_of, keccak, sign
from ledger.eip712 import message
from ledger.evidence import Document, DocumentKind
from ledger.evidence_json import write_disclosure
from ledger.evidence_rules import Entry
from ledger.holding import Holder, authorization_digest, holder_document, holder_proof, key_opening
from ledger.ids import FOREVER, format_id
from ledger.presentation import (
    OF_THE_HOLDER,
    presentation,
    presentation_digest,
    presentation_of_the_holder,
    write_code,
)
from ledger.procedure import Action
from ledger.rules.licenses import leaf_of
from ledger.strict_json import loads
from tests.unit.api.http.town import (
    AUDITOR,
    AWAY_ADMIN,
    CLERK,
    DECIDER,
    HOME_ADMIN,
    ITEM,
    NOTHING,
    SEAL,
    WINDOW,
    Town,
)

HOLDER, OTHER = keccak(b"holder of a license"), keccak(b"another holder")


def license_of(number: int, key: bytes = HOLDER) -> tuple[acts.License, Any]:
    document = holder_document(Holder("111", "代码", "持证人"), address_of(key), Random(number).randbytes)
    digest = keccak(b"used license %d" % number)
    fields = {"sm3": digest, "sha256": digest, "identifier": digest, "case_key": NOTHING, "supersedes": NOTHING}
    one = acts.License(item=ITEM, seal=SEAL, holder=document.root, valid_from=0, valid_until=FOREVER, **fields)
    return one, key_opening(document)


def issued(town: Town, number: int, key: bytes = HOLDER) -> tuple[acts.License, Any]:
    one, opening = license_of(number, key)
    town.carry(town.signed(town.admin(acts.IssueLicense, DECIDER, license=one)))
    return one, opening


def domain(town: Town) -> bytes:
    return town.network.deployment.domain("licenses")


def purpose_of(item: int = ITEM) -> Document:
    entries = (Entry("item", format_id(item)), Entry("agent_name", "受托人"))
    return Document.make(DocumentKind.AUTHORIZATION, entries, Random(7).randbytes)


def body_of(
    town: Town, held: tuple[acts.License, Any], *, officer: int = CLERK, window: int = WINDOW, case: bytes = NOTHING,
    purpose: Document | None = None, key: bytes = HOLDER, shown: Document | None = None, **terms: Any,
) -> dict[str, Any]:  # fmt: skip
    one, opening = held
    purpose = purpose or purpose_of()
    fields = {"not_before": 0, "not_after": town.now + 600} | terms
    signed = acts.UseAuthorization(leaf_of(one), window, purpose.root, **fields)
    act = town.admin(acts.UseLicense, officer, authorization=signed, case_key=case)
    proof = holder_proof(one, opening, sign(key, authorization_digest(domain(town), signed)))
    disclosed = write_disclosure((shown or purpose).disclose(["item"]))
    given = town.signed(act)
    return {"act": given["act"], "signature": given["signature"], "holder": message(proof), "purpose": loads(disclosed)}


def use(town: Town, held: tuple[acts.License, Any], body: dict[str, Any]) -> Any:
    return town.client.post(f"/v1/licenses/0x{leaf_of(held[0]).hex()}/uses", json=body)


def code_for(town: Town, held: tuple[acts.License, Any], audience: str, key: bytes = HOLDER) -> str:
    made = presentation(leaf_of(held[0]), town.now, 60, bytes(16), "" if audience == OF_THE_HOLDER else audience)
    if audience == OF_THE_HOLDER:
        made = presentation_of_the_holder(leaf_of(held[0]), town.now, 60, bytes(16))
    return write_code(made, held[1], sign(key, presentation_digest(domain(town), made)))


def trace(town: Town, held: tuple[acts.License, Any], headers: dict[str, str]) -> Any:
    return town.client.get(f"/v1/licenses/0x{leaf_of(held[0]).hex()}/uses", headers=headers)


def as_holder(town: Town, held: tuple[acts.License, Any], key: bytes = HOLDER) -> dict[str, str]:
    return {"Authorization": f"Presentation {code_for(town, held, OF_THE_HOLDER, key)}"}


def became(town: Town, response: Any) -> dict[str, Any]:
    assert response.status_code == 202, response.text
    town.settle()
    view: dict[str, Any] = town.client.get(response.json()["links"]["self"]).json()
    return view


def test_a_license_is_used_for_a_case_and_its_holder_reads_it(town: Town) -> None:
    held = issued(town, 1)
    town.carry(town.signed(town.open(501)))
    case = town.case(501)
    assert became(town, use(town, held, body_of(town, held, case=case)))["status"] == "applied"
    for headers in (as_holder(town, held), town.as_(DECIDER), town.as_(AUDITOR)):
        (seen,) = trace(town, held, headers).json()["uses"]
        assert (seen["window"], seen["windowName"]) == (format_id(WINDOW), "一号窗口")
        assert (seen["officer"], seen["caseKey"]) == (format_id(CLERK), "0x" + case.hex())


def test_nobody_else_reads_the_trace_of_a_license(town: Town) -> None:
    held, others = issued(town, 2), issued(town, 3, OTHER)
    assert became(town, use(town, held, body_of(town, held)))["status"] == "applied"
    answers = [
        trace(town, held, headers)
        for headers in (
            {}, town.as_(CLERK), town.as_(AWAY_ADMIN), as_holder(town, others, OTHER), as_holder(town, held, OTHER),
            {"Authorization": f"Presentation {code_for(town, held, '')}"},
            {"Authorization": f"Presentation {code_for(town, held, 'window 7')}"},
        )
    ]  # fmt: skip
    nothing = trace(town, license_of(99), as_holder(town, license_of(99)))
    assert {one.status_code for one in (*answers, nothing)} == {404}
    assert {one.text for one in answers} == {nothing.text}, "a license of another looks like none"


def test_an_old_code_opens_no_trace(fresh: Town) -> None:
    held = issued(fresh, 1)
    headers = as_holder(fresh, held)
    assert trace(fresh, held, headers).status_code == 200
    fresh.chain.time += 61
    assert trace(fresh, held, headers).status_code == 404


def test_an_authorization_handed_in_twice_at_once_is_used_once(town: Town) -> None:
    held = issued(town, 4)
    first, second = body_of(town, held), body_of(town, held)
    responses = [use(town, held, one) for one in (first, second)]
    assert [one.status_code for one in responses] == [202, 202]
    town.settle()
    views = [town.client.get(one.json()["links"]["self"]).json() for one in responses]
    assert sorted(view["status"] for view in views) == ["applied", "refused"]
    assert {view["reason"]["code"] for view in views} == {"OK", "AUTHORIZATION_USED"}
    assert len(trace(town, held, as_holder(town, held)).json()["uses"]) == 1


@pytest.mark.parametrize(("change", "reason"), [
    ({"window": WINDOW + 1}, "AUTHORIZATION_ELSEWHERE"),
    ({"not_after": 1}, "AUTHORIZATION_EXPIRED"),
    ({"not_before": FOREVER - 1, "not_after": FOREVER}, "AUTHORIZATION_NOT_YET_VALID"),
])  # fmt: skip
def test_what_the_holder_did_not_allow_is_refused_on_the_record(
    town: Town, change: dict[str, Any], reason: str
) -> None:  # fmt: skip
    held = issued(town, 20 + len(reason))
    view = became(town, use(town, held, body_of(town, held, **change)))
    assert (view["status"], view["reason"]["code"]) == ("refused", reason)


def test_a_use_that_the_holder_did_not_sign_is_turned_away(town: Town) -> None:
    held = issued(town, 5)
    response = use(town, held, body_of(town, held, key=OTHER))
    assert (response.status_code, response.json()["code"]) == (422, "HOLDER_NOT_PROVEN")
    bare = body_of(town, held)
    given = {"type": "UseLicense", "act": bare["act"], "signature": bare["signature"]}
    response = town.client.post("/v1/acts", json=given)
    assert (response.status_code, response.json()["code"]) == (422, "HOLDER_NOT_PROVEN")


def test_an_authorization_for_one_item_is_used_for_another(town: Town) -> None:
    held = issued(town, 6)
    town.carry(town.signed(town.open(502)))
    body = body_of(town, held, case=town.case(502), purpose=purpose_of(ITEM + 1))
    assert use(town, held, body).json()["code"] == "AUTHORIZED_FOR_ANOTHER_ITEM"
    body = body_of(town, held, case=town.case(502), purpose=purpose_of(ITEM + 1), shown=purpose_of(ITEM))
    assert use(town, held, body).json()["code"] == "PURPOSE_NOT_SIGNED"
    body = body_of(town, held, case=keccak(b"no case"))
    assert use(town, held, body).json()["code"] == "CASE_NOT_FOUND"


def test_a_use_is_handed_in_for_another_license(town: Town) -> None:
    held, others = issued(town, 7), issued(town, 8, OTHER)
    assert use(town, others, body_of(town, held)).json()["code"] == "LICENSE_DIFFERS"


def test_a_code_shown_at_the_window_is_verified_with_its_license(town: Town) -> None:
    held = issued(town, 9)

    def ask(code: str, **more: Any) -> tuple[str, set[str]]:
        report = town.client.post("/v1/verify/presentation", json={"code": code, **more}).json()
        failed = {one["reasonCode"] for one in report["checks"] if one["verdict"] != "valid"}
        return report["verdict"], failed

    assert ask(code_for(town, held, "")) == ("valid", set())
    assert ask(code_for(town, held, "7: 4711"), challenge="7: 4711") == ("valid", set())
    assert ask(code_for(town, held, "7: 4711"), challenge="8: 1234") == ("invalid", {"PRESENTATION_FOR_ANOTHER"})
    assert ask(code_for(town, held, "", OTHER)) == ("invalid", {"HOLDER_NOT_PROVEN"})
    unknown = license_of(98)
    assert "LICENSE_NOT_AT_HAND" in ask(code_for(town, unknown, ""))[1]
    assert ask(code_for(town, held, ""), license=message(held[0])) == ("valid", set())
    assert town.client.post("/v1/verify/presentation", json={"code": "x"}).json()["code"] == "PRESENTATION_MALFORMED"
    town.carry(town.signed(town.admin(acts.SetLicenseStatus, DECIDER, license=leaf_of(held[0]), status=2, reason=0)))
    assert ask(code_for(town, held, ""))[1] == {"LICENSE_SUSPENDED"}


def test_each_decision_under_a_seal_is_listed_for_its_agency_and_auditors_alone(town: Town) -> None:
    town.carry(town.signed(town.open(503)))
    town.carry(town.signed(town.step(503, Action.VERIFY)))
    town.carry(town.signed(town.step(503, Action.ACCEPT)))
    town.carry(town.signed(town.step(503, Action.FORWARD)))
    town.carry(town.signed(town.step(503, Action.REVIEW, DECIDER, 0)))
    town.carry(town.signed(town.step(503, Action.APPROVE, DECIDER, 0, subject=SEAL.to_bytes(32, "big"))))
    address = f"/v1/seals/{format_id(SEAL)}/uses"
    for officer in (DECIDER, HOME_ADMIN, AUDITOR):
        (seen,) = town.client.get(address, headers=town.as_(officer)).json()["items"]
        assert (seen["action"], seen["caseKey"]) == ("APPROVE", "0x" + town.case(503).hex())
    assert town.client.get(address, headers=town.as_(CLERK)).status_code == 404
    assert town.client.get(address).status_code == 401
