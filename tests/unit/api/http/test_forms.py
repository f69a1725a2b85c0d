"""Both forms over HTTP: the evidence's word on the paper, the ledger's on the license, and who may read of either."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ledger import acts
from ledger.crypto import address_of, keccak
from ledger.evidence import Document, DocumentKind
from ledger.evidence_forms import FormEvent, FormRecord
from ledger.evidence_json import write_document
from ledger.evidence_rules import Entry
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action, Role
from ledger.rules.licenses import leaf_of
from tests.unit.api.http.test_seal_uses import reviewed
from tests.unit.api.http.test_uses import license_of
from tests.unit.api.http.town import (
    AUDITOR,
    AWAY,
    AWAY_ADMIN,
    CLERK,
    DECIDER,
    NOTHING,
    SEAL,
    STRANGER,
    Town,
    key_of,
)

SERIAL, NEXT_SERIAL = "湘食证00011", "湘食证00012"


def store(
    town: Town, case: bytes, record: FormRecord, kind: DocumentKind = DocumentKind.CERTIFICATE, officer: int = DECIDER
) -> tuple[bytes, Any]:
    entries = (Entry("text", "正文"), *record.entries())
    document = Document.make(kind, entries, Random(repr((case, entries, kind, record.printed))).randbytes)
    body = b'{"caseKey":"0x%s","document":%s}' % (case.hex().encode(), write_document(document))
    headers = town.as_(officer) | {"Content-Type": "application/json"}
    return document.root, town.client.post("/v1/documents", content=body, headers=headers)


def stored(town: Town, case: bytes, record: FormRecord, kind: DocumentKind = DocumentKind.CERTIFICATE) -> bytes:
    root, response = store(town, case, record, kind)
    assert response.status_code == 201, response.text
    return root


def approved(town: Town, number: int, evidence: bytes = NOTHING) -> bytes:
    """A case that was decided."""
    case = reviewed(town, number)
    subject = SEAL.to_bytes(32)
    town.carry(town.signed(town.step(number, Action.APPROVE, DECIDER, 0, subject=subject, evidence=evidence)))
    return case


def handed_out(town: Town, number: int, supersedes: bytes = NOTHING, **paper: Any) -> tuple[bytes, bytes]:
    """A case that handed out a license, and its leaf; ``paper``: what its evidence says of the paper form."""
    case = approved(town, number)
    one = replace(license_of(number)[0], case_key=case, supersedes=supersedes)
    record = FormRecord(**({"event": FormEvent.ISSUED, "license": leaf_of(one)} | paper))
    town.carry(town.signed(town.admin(acts.IssueLicense, DECIDER, license=one)))
    root = stored(town, case, record)
    town.carry(town.signed(town.step(number, Action.ISSUE, DECIDER, 0, subject=leaf_of(one), evidence=root)))
    return case, leaf_of(one)


def cancelling(town: Town, number: int, leaf: bytes, **paper: Any) -> bytes:
    """A case that decided to cancel a license, by its evidence."""
    case, record = town.case(number), FormRecord(FormEvent.CANCELLED, leaf, **paper)
    reviewed(town, number)
    root = stored(town, case, record, DocumentKind.DECISION)
    subject = SEAL.to_bytes(32)
    town.carry(town.signed(town.step(number, Action.APPROVE, DECIDER, 0, subject=subject, evidence=root)))
    return case


def revoke(town: Town, leaf: bytes) -> None:
    town.chain.time += 1
    town.carry(town.signed(town.admin(acts.SetLicenseStatus, DECIDER, license=leaf, status=3, reason=4)))


def asked(town: Town, case: bytes, officer: int = DECIDER, also: Sequence[bytes] = ()) -> Any:
    town.container.vitals.forget()
    query = "&".join(f"also=0x{one.hex()}" for one in also)
    return town.client.get(f"/v1/cases/0x{case.hex()}/forms?{query}", headers=town.as_(officer))


def judged(town: Town, case: bytes, officer: int = DECIDER, also: Sequence[bytes] = ()) -> tuple[str, list[str]]:
    """The verdict, and the code of each check that is not valid."""
    found = asked(town, case, officer, also).json()["judged"]
    return found["verdict"], [one["reasonCode"] for one in found["checks"] if one["verdict"] != "valid"]


def test_both_forms_issued_changed_and_cancelled_together(fresh: Town) -> None:
    case, old = handed_out(fresh, 1, printed=SERIAL)
    assert judged(fresh, case) == ("valid", [])
    changing, new = handed_out(
        fresh, 2, supersedes=old, event=FormEvent.CHANGED, printed=NEXT_SERIAL, taken_back=SERIAL
    )
    assert judged(fresh, changing) == ("valid", [])
    assert judged(fresh, case, also=[changing]) == ("valid", []), "the change is the other case's"
    ending = cancelling(fresh, 3, new, taken_back=NEXT_SERIAL)
    revoke(fresh, new)
    assert judged(fresh, ending) == ("valid", [])
    for officer in (DECIDER, CLERK, AUDITOR):
        assert judged(fresh, case, officer, also=[changing, ending]) == ("valid", [])
    reads = fresh.client.get(f"/v1/cases/0x{ending.hex()}/reads", headers=fresh.as_(DECIDER)).json()["items"]
    assert {read["what"] for read in reads} == {"paper form"}
    assert [read["officer"] for read in reads] == ["1-2", "1-2", "2-2", "3-2"]


def test_paper_left_with_the_holder_after_the_electronic_license_was_cancelled_is_found(fresh: Town) -> None:
    case, leaf = handed_out(fresh, 1, printed=SERIAL)
    revoke(fresh, leaf)
    assert judged(fresh, case) == ("invalid", ["FORMS_ELECTRONIC_ONLY"]), "nobody took it back"
    ending = cancelling(fresh, 2, leaf)
    assert judged(fresh, ending) == ("invalid", ["FORMS_ELECTRONIC_ONLY"]), "and the window says so itself"
    denying = cancelling(fresh, 3, leaf, has_paper=False)
    assert judged(fresh, case, also=[denying]) == ("invalid", ["FORMS_ELECTRONIC_ONLY"]), "a paper is not talked away"
    other = cancelling(fresh, 4, leaf, taken_back=NEXT_SERIAL)
    assert judged(fresh, case, also=[other]) == ("invalid", ["FORMS_ANOTHER_PAPER"])


def test_a_window_that_only_claims_the_cancellation_is_found(fresh: Town) -> None:
    _, leaf = handed_out(fresh, 1, printed=SERIAL)
    ending = cancelling(fresh, 2, leaf, taken_back=SERIAL)
    assert judged(fresh, ending) == ("invalid", ["FORMS_PAPER_ONLY"])
    fresh.carry(fresh.signed(fresh.admin(acts.SetLicenseStatus, DECIDER, license=leaf, status=2, reason=2)))
    assert judged(fresh, ending) == ("invalid", ["FORMS_PAPER_ONLY"]), "suspended is not cancelled"
    assert judged(fresh, cancelling(fresh, 3, leaf)) == ("invalid", ["FORMS_NEITHER"])
    revoke(fresh, leaf)
    assert judged(fresh, ending) == ("valid", [])


def test_paper_printed_for_a_license_that_was_never_issued_or_by_another_case(fresh: Town) -> None:
    case, never = approved(fresh, 1), leaf_of(license_of(9)[0])
    root = stored(fresh, case, FormRecord(FormEvent.ISSUED, never, printed=SERIAL), DocumentKind.DELIVERY)
    fresh.carry(fresh.signed(fresh.step(1, Action.DELIVER, evidence=root)))
    assert judged(fresh, case) == ("invalid", ["FORMS_PAPER_ONLY"])
    _, leaf = handed_out(fresh, 2, printed=SERIAL)
    another = approved(fresh, 3)
    root = stored(fresh, another, FormRecord(FormEvent.ISSUED, leaf, printed=NEXT_SERIAL), DocumentKind.DELIVERY)
    fresh.carry(fresh.signed(fresh.step(3, Action.DELIVER, evidence=root)))
    assert judged(fresh, another) == ("invalid", ["FORMS_PAPER_ONLY"])


def test_license_that_names_no_case_is_that_of_the_case_that_handed_it_out(fresh: Town) -> None:
    case, one = approved(fresh, 1), license_of(1)[0]
    assert one.case_key == NOTHING
    record = FormRecord(FormEvent.ISSUED, leaf_of(one), printed=SERIAL)
    fresh.carry(fresh.signed(fresh.admin(acts.IssueLicense, DECIDER, license=one)))
    root = stored(fresh, case, record)
    fresh.carry(fresh.signed(fresh.step(1, Action.ISSUE, DECIDER, 0, subject=leaf_of(one), evidence=root)))
    assert judged(fresh, case) == ("valid", [])
    another = approved(fresh, 2)
    root = stored(fresh, another, record, DocumentKind.DELIVERY)
    fresh.carry(fresh.signed(fresh.step(2, Action.DELIVER, evidence=root)))
    assert judged(fresh, another) == ("invalid", ["FORMS_PAPER_ONLY"])


def test_cancellation_by_another_agency_is_not_the_issuers(fresh: Town) -> None:
    leaf, theirs, officer = leaf_of(license_of(9)[0]), scoped(AWAY, 1), scoped(AWAY, 9)
    always = {"valid_from": 0, "valid_until": FOREVER}
    for act in (
        fresh.admin(
            acts.EnrolOfficer, AWAY_ADMIN, subject=officer, window=0, roles=int(Role.SEALER | Role.ISSUER),
            key=address_of(key_of(officer)), **always,
        ),
        fresh.admin(
            acts.RegisterSeal, officer, seal=theirs, name="公章", sm3=b"8" * 32, sha256=b"8" * 32,
            certificate=b"8" * 32, **always,
        ),
        fresh.admin(acts.IssueBatch, officer, root=leaf, count=1, seal=theirs),
    ):  # fmt: skip
        fresh.carry(fresh.signed(act))
    ended = fresh.admin(acts.SetLicenseStatus, officer, license=leaf, status=3, reason=4)
    fresh.carry(fresh.signed(ended) | {"batch": "0x" + leaf.hex(), "proof": []})
    ending = cancelling(fresh, 1, leaf, taken_back=SERIAL)
    assert judged(fresh, ending) == ("invalid", ["FORMS_PAPER_ONLY"])


def test_old_paper_kept_by_calling_a_change_an_issue(fresh: Town) -> None:
    _, old = handed_out(fresh, 1, printed=SERIAL)
    changing, _ = handed_out(fresh, 2, supersedes=old, printed=NEXT_SERIAL)
    assert judged(fresh, changing) == ("invalid", ["FORMS_OLD_PAPER_LEFT"])


def test_license_handed_out_in_one_form_only(fresh: Town) -> None:
    assert judged(fresh, handed_out(fresh, 1)[0]) == ("invalid", ["FORMS_ELECTRONIC_ONLY"])
    assert judged(fresh, handed_out(fresh, 2, has_paper=False)[0]) == ("valid", [])


def test_paper_printed_when_it_is_delivered_completes_what_was_issued(fresh: Town) -> None:
    case, leaf = handed_out(fresh, 1)
    root = stored(fresh, case, FormRecord(FormEvent.ISSUED, leaf, printed=SERIAL), DocumentKind.DELIVERY)
    assert judged(fresh, case)[0] == "invalid"
    fresh.carry(fresh.signed(fresh.step(1, Action.DELIVER, evidence=root)))
    assert judged(fresh, case) == ("valid", [])


def test_record_that_no_step_was_signed_on_counts_for_nothing(fresh: Town) -> None:
    case, leaf = handed_out(fresh, 1, printed=SERIAL)
    revoke(fresh, leaf)
    stored(fresh, case, FormRecord(FormEvent.CANCELLED, leaf, taken_back=SERIAL), DocumentKind.DELIVERY)
    assert judged(fresh, case) == ("indeterminate", ["FORMS_NOT_SIGNED", "FORMS_NOT_RECORDED"])


@pytest.mark.parametrize("field", ["forms.printed", "forms.license"])
def test_evidence_that_cannot_be_read_is_not_called_fine(fresh: Town, field: str) -> None:
    case, _ = handed_out(fresh, 1, printed=SERIAL)
    (record,) = asked(fresh, case).json()["records"]
    gone = fresh.client.delete(f"/v1/documents/{record['root']}/fields/{field}", headers=fresh.as_(DECIDER))
    assert gone.status_code == 204
    assert judged(fresh, case) == ("indeterminate", ["EVIDENCE_FIELD_DESTROYED", "FORMS_NOT_RECORDED"])


def test_evidence_that_was_tampered_with_is_not_called_fine(fresh: Town) -> None:
    case, leaf = handed_out(fresh, 1, printed=SERIAL)
    ending = cancelling(fresh, 2, leaf, taken_back=SERIAL)
    revoke(fresh, leaf)
    (record,) = asked(fresh, ending).json()["records"]
    fresh.store.documents.replace(ending, bytes.fromhex(record["root"][2:]), b"\1" + bytes(64))
    assert judged(fresh, case, also=[ending]) == ("indeterminate", ["VAULT_TAMPERED", "FORMS_NOT_RECORDED"])


def test_evidence_that_is_kept_elsewhere_is_not_called_fine(fresh: Town) -> None:
    case = approved(fresh, 1)
    assert judged(fresh, case) == ("valid", []), "no license, no form"
    one = replace(license_of(1)[0], case_key=case)
    fresh.carry(fresh.signed(fresh.admin(acts.IssueLicense, DECIDER, license=one)))
    step = fresh.step(1, Action.ISSUE, DECIDER, 0, subject=leaf_of(one), evidence=keccak(b"elsewhere"))
    fresh.carry(fresh.signed(step))
    assert judged(fresh, case) == ("indeterminate", ["FORMS_EVIDENCE_ELSEWHERE", "FORMS_NOT_RECORDED"])


def test_ledger_out_of_reach_is_indeterminate_and_nothing_called_wrong(fresh: Town) -> None:
    case, leaf = handed_out(fresh, 1, printed=SERIAL)
    ending = cancelling(fresh, 2, leaf, taken_back=SERIAL)
    fresh.head.is_down = True
    assert judged(fresh, case) == ("indeterminate", ["CHAIN_UNREACHABLE"])
    assert judged(fresh, ending) == ("indeterminate", ["CHAIN_UNREACHABLE", "FORMS_LEDGER_UNKNOWN"])
    fresh.head.is_down = False
    revoke(fresh, leaf)
    fresh.head.is_down = True
    assert judged(fresh, case) == ("indeterminate", ["CHAIN_UNREACHABLE", "FORMS_NOT_RECORDED"])


def test_nobody_else_learns_of_papers_and_no_serial_is_told(fresh: Town, caplog: pytest.LogCaptureFixture) -> None:
    case, _ = handed_out(fresh, 1, printed=SERIAL)
    assert asked(fresh, case, STRANGER).status_code == 404
    assert asked(fresh, case, STRANGER).text == asked(fresh, keccak(b"no case"), STRANGER).text
    assert fresh.client.get(f"/v1/cases/0x{case.hex()}/forms").status_code == 401
    for others in ([keccak(b"no case")], [case, keccak(b"no case")]):
        assert asked(fresh, case, also=others).status_code == 404
    answer = asked(fresh, case)
    assert answer.json()["records"][0]["isPrinted"] is True
    assert SERIAL not in answer.text + caplog.text
    assert asked(fresh, case, also=[bytes((n,)) * 32 for n in range(9)]).status_code == 422


def test_malformed_record_is_refused_with_each_fault_and_never_repeats_the_serial(fresh: Town) -> None:
    case = approved(fresh, 1)
    contradictory = FormRecord(FormEvent.ISSUED, keccak(b"leaf"), has_paper=False, printed=SERIAL)
    _, response = store(fresh, case, contradictory)
    assert response.status_code == 422
    assert [(one["code"], one["where"]) for one in response.json()["faults"]] == [
        ("FORMS_NO_PAPER", "body.document.forms.paper")
    ]
    assert SERIAL not in response.text
