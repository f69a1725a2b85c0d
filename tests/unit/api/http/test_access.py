"""Sign-in and access: what is stolen, replayed or another's opens nothing."""

from typing import Any

import pytest

from ledger import acts
from ledger.crypto import address_of, checksum, keccak, sign
from ledger.evidence import Document, DocumentKind
from ledger.evidence_json import write_document
from ledger.evidence_rules import Entry
from ledger.procedure import Action
from ledger.signin import personal_digest
from tests.unit.api.http.town import AUDITOR, AWAY_ADMIN, CLERK, DECIDER, HOME_ADMIN, STRANGER, Town, key_of

SECRET = "370102199001010014 的营业执照"


def code(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def document(seed: bytes, public: str = "窗口收件") -> Document:
    entries = (Entry("holder", SECRET), Entry("note", public, public=True))
    return Document.make(DocumentKind.MATERIALS, entries, lambda size: keccak(seed)[:size])


def stored(town: Town, number: int) -> Document:
    """A case with one document, brought by the clerk before it was opened."""
    kept = document(number.to_bytes(8))
    body = b'{"caseKey":"0x%s","commitment":"0x%s","document":%s}' % (
        town.case(number).hex().encode(), town.open(number).commitment.hex().encode(), write_document(kept),
    )  # fmt: skip
    headers = town.as_(CLERK) | {"Content-Type": "application/json"}
    response = town.client.post("/v1/documents", content=body, headers=headers)
    assert response.status_code == 201, response.text
    assert response.json()["root"] == "0x" + kept.root.hex()
    assert town.submit(town.open(number, evidence=kept.root)).status_code == 202
    town.settle()
    return kept


def test_officer_signs_in_and_out(town: Town) -> None:
    headers = {"Authorization": f"Bearer {town.sign_in(CLERK).json()['token']}"}
    assert town.client.get("/v1/session", headers=headers).json()["officer"] == "2-2"
    assert town.client.delete("/v1/session", headers=headers).status_code == 204
    assert code(town.client.get("/v1/session", headers=headers)) == (401, "SESSION_UNKNOWN")


def test_challenge_replayed_is_refused(town: Town) -> None:
    key = key_of(CLERK)
    text = town.client.post("/v1/session/challenge", json={"address": checksum(address_of(key))}).json()["message"]
    body = {"message": text, "signature": "0x" + sign(key, personal_digest(text.encode())).hex()}
    assert town.client.post("/v1/session", json=body).status_code == 201
    assert code(town.client.post("/v1/session", json=body)) == (401, "SIGNIN_NONCE")


def test_challenge_of_another_address_is_refused(town: Town) -> None:
    asked = town.client.post("/v1/session/challenge", json={"address": checksum(address_of(key_of(CLERK)))}).json()
    text = asked["message"].replace(checksum(address_of(key_of(CLERK))), checksum(address_of(key_of(DECIDER))))
    body = {"message": text, "signature": "0x" + sign(key_of(DECIDER), personal_digest(text.encode())).hex()}
    assert code(town.client.post("/v1/session", json=body)) == (401, "SIGNIN_NONCE")


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("127.0.0.1:8600", "evil.example", "SIGNIN_DOMAIN"), ("Chain ID: 860777", "Chain ID: 1", "SIGNIN_CHAIN"),
])  # fmt: skip
def test_message_for_another_site_or_chain_is_refused(town: Town, old: str, new: str, expected: str) -> None:
    key = key_of(CLERK)
    text = town.client.post("/v1/session/challenge", json={"address": checksum(address_of(key))}).json()["message"]
    text = text.replace(old, new)
    body = {"message": text, "signature": "0x" + sign(key, personal_digest(text.encode())).hex()}
    response = town.client.post("/v1/session", json=body)
    assert response.status_code == 401
    assert expected in [fault["code"] for fault in response.json()["faults"]]


def test_key_that_nobody_registered_cannot_sign_in(town: Town) -> None:
    assert code(town.sign_in(0, keccak(b"mallory"))) == (401, "SIGNER_UNKNOWN")


def test_expired_session_opens_nothing(fresh: Town) -> None:
    headers = fresh.as_(CLERK)
    fresh.chain.time += 4000
    assert code(fresh.client.get("/v1/session", headers=headers)) == (401, "SESSION_UNKNOWN")


def test_token_of_a_revoked_key_opens_nothing(fresh: Town) -> None:
    headers = fresh.as_(CLERK)
    assert fresh.client.get("/v1/session", headers=headers).status_code == 200
    act = fresh.admin(acts.SetOfficerStatus, AWAY_ADMIN, subject=CLERK, status=3, reason=1, since=0)
    fresh.carry(fresh.signed(act))
    assert code(fresh.client.get("/v1/session", headers=headers)) == (401, "KEY_REVOKED")


def test_key_revoked_in_a_block_that_took_another_ones_place_opens_nothing(fresh: Town) -> None:
    """After a reorganisation the height is as before, and what was read at that height holds no longer."""
    headers = fresh.as_(CLERK)
    assert fresh.client.get("/v1/session", headers=headers).status_code == 200
    height = fresh.store.outcomes.head().number
    act = fresh.admin(acts.SetOfficerStatus, AWAY_ADMIN, subject=CLERK, status=3, reason=1, since=0)
    assert fresh.submit(act).status_code == 202
    fresh.chain.reorganise(2)
    fresh.relay.turn()
    for _ in range(2):
        fresh.chain.mine()
        fresh.indexer.follow()
    assert fresh.store.outcomes.head().number == height
    assert code(fresh.client.get("/v1/session", headers=headers)) == (401, "KEY_REVOKED")


def test_session_ends_with_its_agency(fresh: Town) -> None:
    headers = fresh.as_(CLERK)
    fresh.carry(fresh.propose("setAgencyStatus", 2, 2, 0))
    assert code(fresh.client.get("/v1/session", headers=headers)) == (401, "AGENCY_SUSPENDED")


def test_token_is_not_kept_in_the_clear(town: Town) -> None:
    token = town.sign_in(CLERK).json()["token"]
    with town.store.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM sessions").all()
    assert token not in repr(rows)


def test_case_is_for_its_parties_and_auditors(town: Town) -> None:
    stored(town, 101)
    path = f"/v1/cases/0x{town.case(101).hex()}"
    assert town.client.get(path, headers=town.as_(CLERK)).json()["status"] == "COLLECTED"
    assert town.client.get(path, headers=town.as_(DECIDER)).json()["parties"] == [1, 2]
    assert town.client.get(path, headers=town.as_(AUDITOR)).status_code == 200
    assert code(town.client.get(path)) == (401, "SIGN_IN_REQUIRED")


@pytest.mark.parametrize("below", ["", "/steps", "/refusals", "/documents", "/reads"])
def test_another_agencys_case_looks_like_none(town: Town, below: str) -> None:
    if town.store.cases.case(town.case(102)) is None:
        stored(town, 102)
    theirs = town.client.get(f"/v1/cases/0x{town.case(102).hex()}{below}", headers=town.as_(STRANGER))
    nobodys = town.client.get(f"/v1/cases/0x{keccak(b'none').hex()}{below}", headers=town.as_(STRANGER))
    assert code(theirs) == (404, "CASE_NOT_FOUND")
    assert theirs.json() == nobodys.json()


def test_supervisors_officer_without_the_role_sees_nothing(town: Town) -> None:
    stored(town, 103)
    act = town.admin(acts.AssignOfficer, (3 << 32) + 1, subject=AUDITOR, window=0, roles=4, valid_until=2**32 - 1)
    town.carry(town.signed(act))
    path = f"/v1/cases/0x{town.case(103).hex()}"
    assert code(town.client.get(path, headers=town.as_(AUDITOR))) == (404, "CASE_NOT_FOUND")
    act = town.admin(acts.AssignOfficer, (3 << 32) + 1, subject=AUDITOR, window=0, roles=128, valid_until=2**32 - 1)
    town.carry(town.signed(act))


def test_document_is_encrypted_and_each_read_noted(town: Town) -> None:
    kept = stored(town, 104)
    case = town.case(104)
    path = f"/v1/cases/0x{case.hex()}/documents/0x{kept.root.hex()}"
    read = town.client.get(path, headers=town.as_(DECIDER)).json()
    assert {one["name"]: one.get("text") for one in read["document"]["fields"]}["holder"] == SECRET
    row = town.store.documents.get(case, kept.root)
    assert row is not None
    assert SECRET.encode() not in row.sealed
    reads = town.client.get(f"/v1/cases/0x{case.hex()}/reads", headers=town.as_(CLERK)).json()["items"]
    assert [(one["officer"], one["what"], one["root"]) for one in reads] == [("1-2", "document", read["root"])]


def test_read_that_cannot_be_noted_is_not_answered(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = stored(town, 105)

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(town.store.documents, "log_read", fail)
    path = f"/v1/cases/0x{town.case(105).hex()}/documents/0x{kept.root.hex()}"
    response = town.client.get(path, headers=town.as_(DECIDER))
    assert code(response) == (500, "INTERNAL")
    assert SECRET not in response.text


def test_stranger_cannot_read_bring_or_destroy_documents(town: Town) -> None:
    kept = stored(town, 106)
    case, root = "0x" + town.case(106).hex(), "0x" + kept.root.hex()
    headers = town.as_(STRANGER)
    assert code(town.client.get(f"/v1/cases/{case}/documents/{root}", headers=headers)) == (404, "CASE_NOT_FOUND")
    gone = town.client.delete(f"/v1/documents/{root}/fields/holder", headers=headers)
    assert code(gone) == (404, "DOCUMENT_NOT_FOUND")
    body = b'{"caseKey":"%s","document":%s}' % (case.encode(), write_document(document(b"x")))
    sent = town.client.post("/v1/documents", content=body, headers=headers | {"Content-Type": "application/json"})
    assert code(sent) == (404, "CASE_NOT_FOUND")


def test_destroyed_field_is_gone_and_the_root_still_stands(town: Town) -> None:
    kept = stored(town, 107)
    case, root = "0x" + town.case(107).hex(), "0x" + kept.root.hex()
    assert town.client.delete(f"/v1/documents/{root}/fields/holder", headers=town.as_(DECIDER)).status_code == 204
    read = town.client.get(f"/v1/cases/{case}/documents/{root}", headers=town.as_(CLERK)).json()
    fields = {one["name"]: one for one in read["document"]["fields"]}
    assert "destroyed" in fields["holder"]
    assert SECRET not in repr(read)
    unknown = town.client.delete(f"/v1/documents/{root}/fields/nothing", headers=town.as_(DECIDER))
    assert code(unknown) == (422, "EVIDENCE_FIELD_UNKNOWN")


def test_personal_data_in_a_public_field_is_refused(town: Town) -> None:
    raw = write_document(document(b"p")).decode().replace("窗口收件", "电话13812345678")
    case = "0x" + town.case(108).hex()
    body = f'{{"caseKey":"{case}","commitment":"0x{town.open(108).commitment.hex()}","document":{raw}}}'
    headers = town.as_(CLERK) | {"Content-Type": "application/json"}
    response = town.client.post("/v1/documents", content=body.encode(), headers=headers)
    assert code(response) == (422, "PERSONAL_DATA")
    assert response.json()["faults"][0]["where"].startswith("body.document.fields[")
    assert "13812345678" not in response.text


def test_commitment_of_another_officers_case_opens_no_door(town: Town) -> None:
    case = "0x" + town.case(109).hex()
    raw = write_document(document(b"q")).decode()
    body = f'{{"caseKey":"{case}","commitment":"0x{town.open(109).commitment.hex()}","document":{raw}}}'
    headers = town.as_(STRANGER) | {"Content-Type": "application/json"}
    assert code(town.client.post("/v1/documents", content=body.encode(), headers=headers)) == (404, "CASE_NOT_FOUND")


def test_state_of_a_case_is_prepared_for_parties_only(town: Town) -> None:
    stored(town, 110)
    fields = {"caseKey": "0x" + town.case(110).hex(), "action": int(Action.VERIFY), "officer": "2-2",
              "grant": "1-1", "evidence": "0x" + "11" * 32}  # fmt: skip
    body = {"type": "Step", "fields": fields}
    ready = town.client.post("/v1/acts/prepare", json=body, headers=town.as_(CLERK)).json()
    state = town.store.heads.latest(town.case(110))
    assert state is not None
    assert (ready["act"]["seq"], ready["act"]["previous"]) == (2, "0x" + state.trail.hex())
    assert code(town.client.post("/v1/acts/prepare", json=body)) == (401, "SIGN_IN_REQUIRED")
    stranger = town.client.post("/v1/acts/prepare", json=body, headers=town.as_(STRANGER))
    assert code(stranger) == (404, "CASE_NOT_FOUND")
    assert HOME_ADMIN
