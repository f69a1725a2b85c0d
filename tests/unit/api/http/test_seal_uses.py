"""用印 over HTTP: what decisions say of their seal, refused where it is another's, and listed with each use."""

from dataclasses import replace
from random import Random
from typing import Any

from ledger import acts
from ledger.crypto import Digest, address_of, keccak
from ledger.evidence import Document, DocumentKind
from ledger.evidence_json import write_document
from ledger.evidence_rules import Entry
from ledger.evidence_seal import SealUse
from ledger.ids import FOREVER, format_id, scoped
from ledger.procedure import Action, Role
from ledger.rules.licenses import leaf_of
from tests.unit.api.http.test_uses import license_of
from tests.unit.api.http.town import AUDITOR, AWAY, AWAY_ADMIN, CLERK, DECIDER, SEAL, STRANGER, Town, key_of

OTHER_SEAL = scoped(1, 2)
OBJECT = b"1" * 32
"""SM3 of the town's seal."""


def use_of(one: acts.License | None = None, seal: int = SEAL, seal_sm3: bytes = OBJECT) -> SealUse:
    digests = Digest("sm3", keccak(b"decision")), Digest("sha256", keccak(b"decision too"))
    if one is not None:
        digests = Digest("sm3", one.sm3), Digest("sha256", one.sha256)
    return SealUse.of(seal, seal_sm3, digests, keccak(b"signature's value"), leaf_of(one) if one else None)


def store(
    town: Town, case: bytes, use: SealUse, kind: DocumentKind = DocumentKind.DECISION, officer: int = DECIDER
) -> tuple[Document, Any]:
    document = Document.make(kind, (Entry("decision", "准予许可"), *use.entries()), Random(repr(use)).randbytes)
    body = b'{"caseKey":"0x%s","document":%s}' % (case.hex().encode(), write_document(document))
    headers = town.as_(officer) | {"Content-Type": "application/json"}
    town.container.vitals.forget()
    return document, town.client.post("/v1/documents", content=body, headers=headers)


def refused(town: Town, case: bytes, use: SealUse) -> set[str]:
    _, response = store(town, case, use)
    assert response.status_code == 422, response.text
    return {fault["code"] for fault in response.json()["faults"]}


def listed(town: Town, officer: int = DECIDER, seal: int = SEAL, query: str = "") -> Any:
    town.container.vitals.forget()
    return town.client.get(f"/v1/seals/{format_id(seal)}/uses{query}", headers=town.as_(officer)).json()


def reviewed(town: Town, number: int) -> bytes:
    """A case that is ripe for its decision."""
    town.carry(town.signed(town.open(number)))
    for action in (Action.VERIFY, Action.ACCEPT, Action.FORWARD):
        town.carry(town.signed(town.step(number, action)))
    town.carry(town.signed(town.step(number, Action.REVIEW, DECIDER, 0)))
    return town.case(number)


def decide(town: Town, number: int, evidence: bytes, seal: int = SEAL) -> None:
    subject = seal.to_bytes(32)
    town.carry(town.signed(town.step(number, Action.APPROVE, DECIDER, 0, subject=subject, evidence=evidence)))


def hand_out(town: Town, number: int, one: acts.License, evidence: bytes) -> None:
    town.carry(town.signed(town.admin(acts.IssueLicense, DECIDER, license=one)))
    town.carry(town.signed(town.step(number, Action.ISSUE, DECIDER, 0, subject=leaf_of(one), evidence=evidence)))


def seal(town: Town, officer: int, number: int, sm3: bytes, cls: type = acts.RegisterSeal) -> None:
    fields = {"seal": number, "name": "另一印章", "sm3": sm3, "sha256": sm3, "certificate": sm3}
    town.carry(town.signed(town.admin(cls, officer, **fields, valid_from=0, valid_until=FOREVER)))


def test_each_use_is_listed_with_what_was_sealed_and_licenses_handed_out_with_it(fresh: Town) -> None:
    case = reviewed(fresh, 1)
    plain, _ = store(fresh, case, use_of())
    decide(fresh, 1, plain.root)
    one = replace(license_of(1)[0], case_key=case)
    certificate, response = store(fresh, case, use_of(one), DocumentKind.CERTIFICATE)
    assert response.status_code == 201, "the license is not on the ledger yet, which is not wrong"
    hand_out(fresh, 1, one, certificate.root)
    for officer in (DECIDER, AUDITOR):
        decided, issued = listed(fresh, officer)["items"]
        assert (decided["action"], decided["license"], decided["record"]["license"]) == ("APPROVE", None, None)
        assert decided["record"]["documentSm3"] == "0x" + keccak(b"decision").hex()
        assert (issued["action"], issued["license"]) == ("ISSUE", "0x" + leaf_of(one).hex())
        assert {use["record"]["judged"]["verdict"] for use in (decided, issued)} == {"valid"}
    reads = fresh.client.get(f"/v1/cases/0x{case.hex()}/reads", headers=fresh.as_(DECIDER)).json()["items"]
    assert [(read["what"], read["officer"]) for read in reads] == [("seal use", "1-2")] * 2 + [("seal use", "3-2")] * 2


def test_pages_go_through_both_kinds_in_the_order_of_the_chain(fresh: Town) -> None:
    for number in (1, 2):
        case = reviewed(fresh, number)
        decide(fresh, number, keccak(b"a decision kept elsewhere"))
        hand_out(fresh, number, replace(license_of(number)[0], case_key=case), keccak(b"elsewhere"))
    whole = listed(fresh)["items"]
    assert [use["action"] for use in whole] == ["APPROVE", "ISSUE"] * 2
    assert {use["record"] for use in whole} == {None}
    paged: list[Any] = []
    query = "?limit=1"
    while query:
        answer = listed(fresh, query=query)
        paged += answer["items"]
        query = f"?limit=1&after={answer['next']}" if answer["next"] else ""
    assert paged == whole


def test_license_under_one_seal_handed_out_after_a_decision_under_another(fresh: Town) -> None:
    seal(fresh, DECIDER, OTHER_SEAL, b"9" * 32)
    case = reviewed(fresh, 1)
    decide(fresh, 1, keccak(b"elsewhere"), OTHER_SEAL)
    hand_out(fresh, 1, replace(license_of(1)[0], case_key=case), keccak(b"elsewhere"))
    assert [use["action"] for use in listed(fresh)["items"]] == ["ISSUE"]
    assert [use["action"] for use in listed(fresh, seal=OTHER_SEAL)["items"]] == ["APPROVE"]


def test_seal_of_another_agency_object_swapped_or_never_registered(fresh: Town) -> None:
    case = reviewed(fresh, 1)
    theirs, sealer = scoped(AWAY, 1), scoped(AWAY, 9)
    fresh.carry(fresh.signed(fresh.admin(
        acts.EnrolOfficer, AWAY_ADMIN, subject=sealer, window=0, roles=int(Role.SEALER), key=address_of(key_of(sealer)),
        valid_from=0, valid_until=FOREVER,
    )))  # fmt: skip
    seal(fresh, sealer, theirs, b"8" * 32)
    assert refused(fresh, case, use_of(seal=theirs, seal_sm3=b"8" * 32)) == {"SEAL_OF_ANOTHER"}
    assert refused(fresh, case, use_of(seal_sm3=b"8" * 32)) == {"SEAL_DIFFERS"}
    assert refused(fresh, case, use_of(seal=scoped(1, 99))) == {"SEAL_UNKNOWN"}
    seal(fresh, DECIDER, SEAL, b"7" * 32, acts.ChangeSeal)
    assert refused(fresh, case, use_of()) == {"SEAL_REPLACED"}
    assert store(fresh, case, use_of(seal_sm3=b"7" * 32))[1].status_code == 201


def test_document_swapped_for_that_of_another_license(fresh: Town) -> None:
    case = reviewed(fresh, 1)
    one, other = license_of(1)[0], license_of(2)[0]
    fresh.carry(fresh.signed(fresh.admin(acts.IssueLicense, DECIDER, license=one)))
    swapped = replace(use_of(one), document_sm3=other.sm3, document_sha256=other.sha256)
    assert refused(fresh, case, swapped) == {"LICENSE_OF_ANOTHER_FILE"}


def test_record_of_one_seal_under_a_decision_under_another_is_told_in_the_list(fresh: Town) -> None:
    seal(fresh, DECIDER, OTHER_SEAL, b"9" * 32)
    case = reviewed(fresh, 1)
    document, response = store(fresh, case, use_of(seal=OTHER_SEAL, seal_sm3=b"9" * 32))
    assert response.status_code == 201
    decide(fresh, 1, document.root)
    (seen,) = listed(fresh)["items"]
    failed = {check["reasonCode"] for check in seen["record"]["judged"]["checks"] if check["verdict"] != "valid"}
    assert failed == {"SEAL_USE_OF_ANOTHER_STEP"}


def test_seal_suspended_since_does_not_spoil_what_was_decided_before(fresh: Town) -> None:
    case = reviewed(fresh, 1)
    document, _ = store(fresh, case, use_of())
    decide(fresh, 1, document.root)
    fresh.chain.time += 100
    fresh.carry(fresh.signed(fresh.admin(acts.SetSealStatus, DECIDER, seal=SEAL, status=2, reason=0)))
    assert refused(fresh, case, use_of(license_of(1)[0])) == {"SEAL_SUSPENDED"}
    assert listed(fresh)["items"][0]["record"]["judged"]["verdict"] == "valid"


def test_nobody_else_reads_and_nobody_decides_in_a_case_that_is_not_open(fresh: Town) -> None:
    opening = fresh.open(1)
    body = b'{"caseKey":"0x%s","commitment":"0x%s","document":%s}' % (
        fresh.case(1).hex().encode(), opening.commitment.hex().encode(),
        write_document(Document.make(DocumentKind.DECISION, use_of().entries(), Random(1).randbytes)),
    )  # fmt: skip
    headers = fresh.as_(CLERK) | {"Content-Type": "application/json"}
    answer = fresh.client.post("/v1/documents", content=body, headers=headers).json()
    assert [(fault["code"], fault["where"]) for fault in answer["faults"]] == [
        ("CASE_NOT_FOUND", "body.document.seal_use.seal")
    ]
    case = reviewed(fresh, 1)
    assert store(fresh, case, use_of(), officer=STRANGER)[1].status_code == 404
    assert listed(fresh, CLERK)["code"] == "SEAL_NOT_FOUND"
    fresh.head.is_down = True
    assert store(fresh, case, use_of())[1].json()["code"] == "CHAIN_UNREACHABLE"
