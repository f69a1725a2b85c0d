"""Acts over HTTP: taken once, judged as predicted, and every attack answered with its own code."""

from typing import Any

import pytest
from coincurve import PrivateKey

from api.services.decode import decode
from ledger import acts
from ledger.crypto import CURVE_ORDER, address_of, expand_65, keccak, sign
from ledger.eip712 import digest, domain_separator, message, struct_hash
from ledger.ids import FOREVER, scoped
from ledger.procedure import Action
from tests.unit.api.http.town import AWAY_ADMIN, CLERK, DECIDER, GRANT, HOME_ADMIN, SEAL, WINDOW, Town, key_of

DAY = 86_400


def code(response: Any) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    found: str = response.json()["code"]
    return found


def test_case_goes_from_opening_to_rating(town: Town) -> None:
    response = town.submit(town.open(1))
    for action, officer, grant, more in (
        (Action.VERIFY, CLERK, GRANT, {}), (Action.ACCEPT, CLERK, GRANT, {}), (Action.FORWARD, CLERK, GRANT, {}),
        (Action.REVIEW, DECIDER, 0, {}), (Action.APPROVE, DECIDER, 0, {"subject": SEAL.to_bytes(32)}),
        (Action.DELIVER, CLERK, GRANT, {}), (Action.RATE, CLERK, GRANT, {"detail": 1}),
    ):  # fmt: skip
        response = town.submit(town.step(1, action, officer, grant, **more))
        assert response.status_code == 202, response.text
        assert response.json()["entries"][0]["predicted"]["code"] == "OK"
    town.settle()
    act_id = response.json()["actId"]
    view = town.client.get(f"/v1/acts/{act_id}").json()
    assert (view["status"], view["reason"]["code"], view["late"]) == ("applied", "OK", False)


def test_act_may_be_prepared_signed_and_handed_in(town: Town) -> None:
    fields = {"window": "2-9", "name": "九号窗口", "region": "430200000000", "validFrom": 0,
              "validUntil": 4294967295, "officer": "2-1"}  # fmt: skip
    prepared = town.client.post("/v1/acts/prepare", json={"type": "RegisterWindow", "fields": fields}).json()
    signature = sign(key_of(scoped(2, 1)), bytes.fromhex(prepared["actId"][2:]))
    body = {"type": "RegisterWindow", "act": prepared["act"], "signature": "0x" + signature.hex()}
    response = town.client.post("/v1/acts", json=body)
    assert response.json()["actId"] == prepared["actId"]
    assert prepared["typedData"]["domain"]["chainId"] == town.network.chain_id
    town.settle()
    assert town.client.get("/v1/windows/2-9").json()["name"] == "九号窗口"


def test_act_handed_in_twice_is_taken_once(town: Town) -> None:
    body = town.signed(town.open(20))
    first, second = town.client.post("/v1/acts", json=body), town.client.post("/v1/acts", json=body)
    assert first.json()["actId"] == second.json()["actId"]
    town.settle()
    third = town.client.post("/v1/acts", json=body)
    assert (third.status_code, third.json()["status"]) == (200, "applied")
    assert sum(len(block.transactions) for block in town.chain.blocks[-1:]) <= 1


def test_refused_act_is_taken_and_its_refusal_on_record(town: Town) -> None:
    town.submit(town.open(21))
    response = town.submit(town.step(21, Action.REVIEW, CLERK, 0))
    assert response.status_code == 202
    assert response.json()["entries"][0]["predicted"]["code"] == "NOT_IN_THIS_STATUS"
    town.settle()
    view = town.client.get(f"/v1/acts/{response.json()['actId']}").json()
    assert (view["status"], view["reason"]["code"]) == ("refused", "NOT_IN_THIS_STATUS")
    refusals = town.client.get(f"/v1/cases/0x{town.case(21).hex()}/refusals", headers=town.as_(DECIDER)).json()
    assert [one["action"] for one in refusals["items"]] == ["REVIEW"]


def test_list_of_steps_answers_each(town: Town) -> None:
    opens = (town.open(30), town.open(31))
    response = town.submit(acts.StepList(opens, ()))
    assert [one["predicted"]["code"] for one in response.json()["entries"]] == ["OK", "OK"]
    town.settle()
    for one in response.json()["entries"]:
        assert town.client.get(f"/v1/acts/{one['actId']}").json()["status"] == "applied"


def test_idempotency_key_with_another_body_is_refused(town: Town) -> None:
    headers = {"Idempotency-Key": "window-7-0001"}
    assert town.client.post("/v1/acts", json=town.signed(town.open(40)), headers=headers).status_code == 202
    again = town.client.post("/v1/acts", json=town.signed(town.open(41)), headers=headers)
    assert (again.status_code, code(again)) == (409, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize("unusual", [{}, {"wait": 0.01}], ids=["short way", "long way"])
def test_colleague_who_guesses_a_key_and_signs_in_anothers_name_brings_no_conflict_upon_him(
    town: Town, unusual: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": f"window-7-guessed-{len(unusual)}"}
    forged = town.signed(town.open(42 + len(unusual)), key_of(DECIDER)) | unusual
    assert code(town.client.post("/v1/acts", json=forged, headers=headers)) == "WRONG_ACTOR"
    own = town.signed(town.open(44 + len(unusual))) | unusual
    assert town.client.post("/v1/acts", json=own, headers=headers).status_code == 202
    again = town.client.post("/v1/acts", json=town.signed(town.open(46 + len(unusual))) | unusual, headers=headers)
    assert (again.status_code, code(again)) == (409, "IDEMPOTENCY_CONFLICT")


def test_officer_who_guesses_an_admins_key_brings_no_conflict_upon_him(town: Town) -> None:
    headers = {"Idempotency-Key": "enrolment-0001"}
    one, other = (town.admin(acts.RetireItem, HOME_ADMIN, item=scoped(1, n), retired_from=1) for n in (70, 71))
    forged = town.client.post("/v1/acts", json=town.signed(one, key_of(CLERK)), headers=headers)
    assert code(forged) == "WRONG_ACTOR"
    assert town.client.post("/v1/acts", json=town.signed(other), headers=headers).status_code == 202


def test_officer_who_guesses_the_councils_key_brings_no_conflict_upon_it(town: Town) -> None:
    headers = {"Idempotency-Key": "proposal-0001"}
    assert town.client.post("/v1/acts", json=town.signed(town.open(48)), headers=headers).status_code == 202
    proposed = town.client.post("/v1/acts", json=town.propose("setDelay", 60), headers=headers)
    assert proposed.status_code == 202
    again = town.client.post("/v1/acts", json=town.propose("setDelay", 61), headers=headers)
    assert (again.status_code, code(again)) == (409, "IDEMPOTENCY_CONFLICT")


def test_unsigned_execution_with_a_guessed_key_gets_in_nobodys_way(fresh: Town) -> None:
    town = fresh
    headers = {"Idempotency-Key": "execution-0001"}
    one, other = town.propose("setDelay", 62), town.propose("setDelay", 63)
    for body in (one, other):
        assert town.client.post("/v1/acts", json=body).status_code == 202
    town.settle()
    town.chain.time += 61
    for body in (one, other):
        executed = town.client.post("/v1/acts", json={"type": "Execute", "act": body["act"]}, headers=headers)
        assert executed.status_code == 202, executed.text


def high_s(signature: bytes) -> bytes:
    parity_and_s = int.from_bytes(signature[32:])
    s, parity = parity_and_s & (1 << 255) - 1, parity_and_s >> 255
    return signature[:32] + (CURVE_ORDER - s).to_bytes(32) + bytes((27 + (1 - parity),))


def test_high_s_signature_is_refused(town: Town) -> None:
    act = town.open(50)
    body = town.signed(act)
    body["signature"] = "0x" + high_s(bytes.fromhex(body["signature"][2:])).hex()
    response = town.client.post("/v1/acts", json=body)
    assert (response.status_code, code(response)) == (422, "SIGNATURE_HIGH_S")


@pytest.mark.parametrize(("chain", "contract"), [(860_778, "trails"), (860_777, "registry")])
def test_signature_for_another_chain_or_contract_is_nobodys(town: Town, chain: int, contract: str) -> None:
    act = town.open(51)
    domain = domain_separator(chain, town.network.address(contract))
    signature = sign(key_of(CLERK), digest(domain, struct_hash(act)))
    body = {"type": "Open", "act": message(act), "signature": "0x" + signature.hex()}
    response = town.client.post("/v1/acts", json=body)
    assert (response.status_code, code(response)) == (401, "SIGNER_UNKNOWN")


def test_act_altered_after_signing_is_nobodys(town: Town) -> None:
    body = town.signed(town.open(52))
    body["act"]["version"] = 2
    assert code(town.client.post("/v1/acts", json=body)) == "SIGNER_UNKNOWN"


def test_key_that_nobody_registered_is_refused(town: Town) -> None:
    response = town.submit(town.open(53), key=keccak(b"mallory"))
    assert (response.status_code, code(response)) == (401, "SIGNER_UNKNOWN")


@pytest.mark.parametrize("unusual", [{}, {"wait": 0.01}], ids=["short way", "long way"])
def test_colleague_who_reads_a_step_and_hands_it_in_first_does_not_get_in_its_way(
    town: Town, unusual: dict[str, Any]
) -> None:
    """An act's id does not cover its signature: what the colleague signed must not stand for what the officer did."""
    opening = town.open(540 + len(unusual))
    forged = town.submit(opening, key_of(DECIDER), **unusual)
    assert (forged.status_code, code(forged)) == (401, "WRONG_ACTOR")
    assert town.store.outbox.status(town.digest(opening)) is None
    taken = town.submit(opening, **unusual)
    assert taken.json()["entries"][0]["predicted"]["code"] == "OK"
    late = town.submit(opening, key_of(DECIDER), **unusual)
    assert (late.status_code, code(late)) == (401, "WRONG_ACTOR")
    town.settle()
    assert town.client.get(taken.json()["links"]["self"]).json()["status"] == "applied"


def test_colleague_who_hides_a_step_among_his_own_refused_ones_does_not_get_in_its_way(town: Town) -> None:
    """The list's first reason belongs on the record and would be queued, the other step with it."""
    opening, own = town.open(542), town.open(543, officer=DECIDER)
    forged = town.submit(acts.StepList((own, opening), ()), key_of(DECIDER))
    assert (forged.status_code, code(forged)) == (401, "WRONG_ACTOR")
    assert town.submit(opening).json()["entries"][0]["predicted"]["code"] == "OK"


def test_colleague_who_reads_an_act_of_administration_and_hands_it_in_first_does_not_get_in_its_way(
    town: Town,
) -> None:
    """On the chain a refusal of its id would bar the act for good."""
    act = town.admin(acts.RegisterWindow, AWAY_ADMIN, window=scoped(2, 77), name="七十七号窗口", region=0x430200000000,
                     valid_from=0, valid_until=FOREVER)  # fmt: skip
    forged = town.submit(act, key_of(CLERK))
    assert (forged.status_code, code(forged)) == (401, "WRONG_ACTOR")
    town.carry(town.signed(act))


def test_thief_of_a_key_that_was_replaced_does_not_get_in_its_officers_way(fresh: Town) -> None:
    """Refused for its key it would be on record, and the officer's own submission a repetition of that."""
    town, key = fresh, keccak(b"the clerk's new key")
    before = town.open(545, signed_at=town.now, deadline=town.now + 8 * DAY)
    rotate = town.admin(
        acts.RotateKey, AWAY_ADMIN, subject=CLERK, old_key=address_of(key_of(CLERK)), new_key=address_of(key),
        valid_until=FOREVER, since=0,
    )  # fmt: skip
    town.carry(town.signed(rotate))
    opening = town.open(546)
    for act in (opening, acts.StepList((opening, town.open(547)), ())):
        stolen = town.submit(act)
        assert (stolen.status_code, code(stolen)) == (422, "KEY_REPLACED")
    assert town.submit(opening, key).json()["entries"][0]["predicted"]["code"] == "OK"
    town.chain.time += 2 * DAY
    assert town.submit(before).json()["entries"][0]["predicted"]["code"] == "OK", "signed before, handed in late"


def test_thief_who_rotates_the_key_first_keeps_no_time_to_date_steps_back_to(fresh: Town) -> None:
    """The administrator ends the stolen key where it leaked, although it was replaced already; the index has it so."""
    town, thiefs, leaked = fresh, keccak(b"the thief's key"), fresh.now
    stolen = address_of(key_of(CLERK))
    backdated = town.open(549, signed_at=leaked, deadline=leaked + 8 * DAY)
    fields = {"subject": CLERK, "old_key": stolen, "valid_until": FOREVER}
    for by, new, since in ((CLERK, thiefs, 0), (AWAY_ADMIN, keccak(b"the clerk's new key"), leaked)):
        town.chain.time += 60
        town.carry(town.signed(town.admin(acts.RotateKey, by, **fields, new_key=address_of(new), since=since)))
    town.chain.time += 2 * DAY
    for key in (key_of(CLERK), thiefs):
        assert code(town.submit(backdated, key)) == "KEY_REPLACED"


def test_key_that_is_revoked_and_not_replaced_is_refused_on_record(fresh: Town) -> None:
    town = fresh
    revoke = town.admin(acts.SetOfficerStatus, AWAY_ADMIN, subject=CLERK, status=3, reason=1, since=0)
    town.carry(town.signed(revoke))
    response = town.submit(town.open(548))
    assert response.json()["entries"][0]["predicted"]["code"] == "KEY_REVOKED"


def test_another_signature_of_the_same_officer_is_a_repetition(town: Town) -> None:
    """ECDSA has as many as one likes, and each has two forms; the act is one."""
    act = town.open(549)
    first = town.submit(act)
    for signature in (expand_65(sign(key_of(CLERK), town.digest(act))), other_signature(CLERK, town.digest(act))):
        body = town.signed(act) | {"signature": "0x" + signature.hex()}
        again = town.client.post("/v1/acts", json=body)
        assert (again.status_code, again.json()["actId"]) == (202, first.json()["actId"])
        assert again.json()["entries"][0]["predicted"] is None
    town.settle()
    assert town.client.get(first.json()["links"]["self"]).json()["status"] == "applied"


def other_signature(officer: int, hashed: bytes) -> bytes:
    """A valid signature by a nonce of one's own choice, not RFC 6979's."""
    k = int.from_bytes(keccak(b"a nonce"))
    point = PrivateKey(k.to_bytes(32)).public_key.format(compressed=False)
    r, parity = int.from_bytes(point[1:33]) % CURVE_ORDER, point[64] & 1
    s = pow(k, -1, CURVE_ORDER) * (int.from_bytes(hashed) + r * int.from_bytes(key_of(officer))) % CURVE_ORDER
    if s > CURVE_ORDER // 2:
        s, parity = CURVE_ORDER - s, 1 - parity
    return r.to_bytes(32) + s.to_bytes(32) + bytes((27 + parity,))


def test_expired_act_is_refused_at_the_door(town: Town) -> None:
    response = town.submit(town.open(55, deadline=town.now - 1))
    assert (response.status_code, code(response)) == (422, "ACT_EXPIRED")


def test_act_signed_in_the_future_is_refused_at_the_door(town: Town) -> None:
    response = town.submit(town.open(56, signed_at=town.now + 1000))
    assert (response.status_code, code(response)) == (422, "TIME_IN_FUTURE")


def test_reordered_step_is_stale_and_a_party_is_told_where_the_case_stands(town: Town) -> None:
    town.submit(town.open(60))
    step = town.step(60, Action.VERIFY)
    town.submit(step)
    state = town.store.heads.latest(town.case(60))
    town.settle()
    assert state is not None
    late = acts.Step(**{**{name: getattr(step, name) for name in acts.Step.__slots__}, "action": int(Action.FORWARD)})
    response = town.submit(late)
    assert (response.status_code, code(response)) == (409, "STALE_STATE")
    assert state.trail.hex() in response.json()["detail"]["en"]


def test_step_of_an_unknown_case_is_not_found(town: Town) -> None:
    town.submit(town.open(61))
    step = town.step(61, Action.VERIFY, case_key=keccak(b"no case"))
    response = town.submit(step)
    assert (response.status_code, code(response)) == (404, "CASE_UNKNOWN")


def test_every_fault_of_an_act_is_told_at_once(town: Town) -> None:
    body = town.signed(town.open(62))
    body["act"] |= {"commitment": "0xABC", "version": 70_000, "officer": "two", "surprise": 1}
    del body["act"]["mode"]
    response = town.client.post("/v1/acts", json=body)
    faults = {fault["where"]: fault["code"] for fault in response.json()["faults"]}
    assert faults == {
        "body.act.surprise": "FIELD_UNKNOWN", "body.act.commitment": "HEX_MALFORMED", "body.act.mode": "FIELD_MISSING",
        "body.act.version": "NUMBER_OUT_OF_RANGE", "body.act.officer": "ID_MALFORMED",
    }  # fmt: skip


def test_personal_data_in_a_public_name_is_refused_and_not_repeated(town: Town) -> None:
    act = town.admin(acts.RegisterWindow, HOME_ADMIN, window=scoped(1, 5), name="电话13812345678", region=0,
                     valid_from=0, valid_until=1)  # fmt: skip
    response = town.submit(act)
    assert (response.status_code, code(response)) == (422, "PERSONAL_DATA")
    assert "13812345678" not in response.text


def test_council_proposal_without_enough_signatures_is_refused(town: Town) -> None:
    body = town.propose("setGrantStatus", GRANT, 2, 0)
    body["signatures"] = body["signatures"][:1]
    assert code(town.client.post("/v1/acts", json=body)) == "NOT_ENOUGH_SIGNATURES"


def test_signature_of_a_stranger_to_the_council_is_refused(town: Town) -> None:
    body = town.propose("setGrantStatus", GRANT, 2, 0)
    proposal = decode(acts.Proposal, body["act"], "act")
    body["signatures"] = ["0x" + sign(keccak(b"mallory"), town.digest(proposal)).hex()]
    response = town.client.post("/v1/acts", json=body)
    assert (response.status_code, code(response)) == (401, "NOT_A_MEMBER")


def test_list_of_one_step_is_refused(town: Town) -> None:
    response = town.submit(acts.StepList((town.open(70),), ()))
    assert (response.status_code, code(response)) == (422, "LIST_TOO_SHORT")


def test_preflight_names_right_and_who_could_grant(town: Town) -> None:
    asked = {"officer": "4-1", "action": "COLLECT", "item": "1-1", "mode": "REMOTE_ACCEPTANCE"}
    answer = town.client.post("/v1/preflight", json=asked).json()
    assert (answer["allowed"], answer["missingRight"]) == (False, "COLLECT")
    assert [(one["agency"], one["how"]) for one in answer["whoCouldGrant"]] == [(1, "ROOT")]
    may = town.client.post("/v1/preflight", json=asked | {"officer": "2-2"}).json()
    assert (may["allowed"], [one["grant"] for one in may["usableGrants"]]) == (True, ["1-1"])


def test_preflight_names_what_expired(fresh: Town) -> None:
    asked = {"officer": "2-2", "action": "COLLECT", "item": "1-1", "mode": "REMOTE_ACCEPTANCE"}
    stop = fresh.admin(acts.SetGrantStatus, HOME_ADMIN, grant=GRANT, status=3, reason=1)
    fresh.submit(stop)
    fresh.settle()
    answer = fresh.client.post("/v1/preflight", json=asked).json()
    assert (answer["allowed"], answer["reason"]["code"]) == (False, "GRANT_REVOKED")
    assert [one["reason"]["code"] for one in answer["expired"]] == ["GRANT_REVOKED"]
    assert scoped(2, 1) == WINDOW
