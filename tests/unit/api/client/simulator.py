"""The API as the client sees it, over the reference rules in memory: each act is judged when handed in."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from api.services.decode import TYPES, decode
from api.services.words import reason_view
from ledger import acts, calldata
from ledger.acts import Open, Proposal, Step, StepList, contract_of, kind_of
from ledger.crypto import address_of, checksum, keccak, recover
from ledger.eip712 import digest, message, struct_hash, typed_data
from ledger.errors import HuxinError
from ledger.ids import format_id
from ledger.reasons import Reason
from ledger.rules import judge
from ledger.state import CaseState
from ledger.world import CONTRACTS, CouncilRecord, Deployment, World

COUNCIL_KEYS = tuple(sorted((keccak(bytes([n])) for n in range(3)), key=address_of))
CHAIN_ID = 7


class Simulator:
    """Answers requests; ``faults`` are called first and may answer in its stead."""

    def __init__(self, now: Callable[[], int]) -> None:
        deployment = Deployment(CHAIN_ID, {name: keccak(name.encode())[:20] for name in CONTRACTS})
        members = frozenset(map(address_of, COUNCIL_KEYS))
        self.world = World(deployment, CouncilRecord(members, 2, 60))
        self.now = now
        self.outcomes: dict[bytes, judge.Outcome] = {}
        self.states: dict[bytes, CaseState] = {}
        self.documents: dict[str, Any] = {}
        self.requests: list[httpx.Request] = []
        self.faults: list[Callable[[httpx.Request], httpx.Response | None]] = []
        self.tamper: Callable[[dict[str, Any]], dict[str, Any]] = lambda prepared: prepared

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        for fault in self.faults:
            if (response := fault(request)) is not None:
                return response
        try:
            body = json.loads(request.content) if request.content else None
            return httpx.Response(200, json=self._route(request.method, request.url.path, body))
        except HuxinError as error:
            return problem(error.http_status, error.code)

    def _route(self, method: str, path: str, body: Any) -> Any:
        routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/v1/network"): self._network,
            ("GET", "/v1/agencies"): lambda _: {"items": [], "next": None},
            ("POST", "/v1/session/challenge"): self._challenge,
            ("POST", "/v1/session"): self._session,
            ("POST", "/v1/acts/prepare"): self._prepare,
            ("POST", "/v1/acts"): self._submit,
            ("POST", "/v1/documents"): self._document,
        }
        if (method, path) in routes:
            return routes[method, path](body)
        if path.startswith("/v1/acts/0x"):
            return self._view(bytes.fromhex(path[11:]))
        raise HuxinError("NO_ROUTE", path, path)

    def _network(self, _: Any) -> Any:
        addresses = {name: checksum(at) for name, at in self.world.deployment.addresses.items()}
        return {
            "chainId": CHAIN_ID, "contracts": addresses,
            "domain": {"name": "Huxin", "version": "1", "chainId": CHAIN_ID},
            "genesisHash": "0x" + "00" * 32,
            "council": {"members": [checksum(address_of(key)) for key in COUNCIL_KEYS], "threshold": 2, "delay": 60},
            "clock": {"skew": 30, "prompt": 900, "lateLimit": 259200},
            "indexedBlock": 1, "indexedTime": self.now(), "serverTime": self.now(),
        }  # fmt: skip

    def _challenge(self, body: Any) -> Any:
        return {"message": f"sign in as {body['address']}", "expires": self.now() + 300}

    def _session(self, body: Any) -> Any:
        text = body["message"].encode()
        signed = keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
        key = self.world.keys.get(recover(signed, bytes.fromhex(body["signature"][2:])))
        officer = format_id(key.officer) if key else "1-1"
        return {
            "token": "t" * 40, "expires": self.now() + 3600, "officer": officer,
            "agency": int(officer.split("-")[0]), "roles": [],
        }  # fmt: skip

    def _prepare(self, body: Any) -> Any:
        cls = TYPES[body["type"]]
        filled = {"nonce": 5, "deadline": self.now() + 60} | body["fields"]
        act = decode(cls, filled, "act")
        contract = self.world.deployment.addresses[contract_of(cls)]
        return self.tamper({
            "type": body["type"], "actId": "0x" + self._digest(act).hex(), "act": message(act),
            "typedData": typed_data(act, CHAIN_ID, contract),
        })  # fmt: skip

    def _digest(self, act: Any) -> bytes:
        return digest(self.world.deployment.domain(contract_of(type(act))), struct_hash(act))

    def _submit(self, body: Any) -> Any:
        act = decode(TYPES[body["type"]], body["act"], "act")
        outcomes = judge.judge(self.world, contract_of(type(act)), self._call(act, body), self.now())
        for outcome in outcomes:
            if outcome.reason is Reason.SIGNER_UNKNOWN:
                raise HuxinError("SIGNER_UNKNOWN", "unknown", "未知")
            self.outcomes.setdefault(outcome.act_id, outcome)
            if outcome.state:
                self.states[outcome.state.trail] = outcome.state
                self.states[outcome.subject] = outcome.state
        views = [self._view(outcome.act_id) for outcome in outcomes]
        return views[0] | {"entries": views} if "entries" in views[0] else {
            "actId": views[0]["actId"], "status": views[0]["status"], "entries": views, "links": views[0]["links"],
        }  # fmt: skip

    def _call(self, act: Any, body: Any) -> bytes:
        if isinstance(act, Proposal):
            signatures = tuple(bytes.fromhex(each[2:]) for each in body["signatures"])
            return calldata.council_call([calldata.Ballot(act, signatures)])
        signature = bytes.fromhex(body["signature"][2:])
        if isinstance(act, Open):
            return calldata.trails_call([calldata.Group((act,), (), signature)])
        if isinstance(act, Step):
            return calldata.trails_call([calldata.Group((), (self._carried(act),), signature)])
        if isinstance(act, StepList):
            return calldata.trails_call([self._group(act, signature)])
        signed = calldata.SignedAct(kind_of(type(act)), calldata.signed_body(act), signature)
        return calldata.admin_call([signed])

    def _carried(self, step: Step) -> Any:
        child = self.states.get(step.subject) if step.action == 23 else None
        return judge.calldata.Carried(step, self.states[step.previous], child)

    def _group(self, act: StepList, signature: bytes) -> calldata.Group:
        trial = World(self.world.deployment, self.world.council)
        for name in ("agencies", "windows", "keys", "items", "grants"):
            setattr(trial, name, getattr(self.world, name))
        from ledger.rules.trail import judge_open, judge_step

        signer = trial.keys[recover(self._digest(act), signature)]
        for one in act.opens:
            state = judge_open(trial, one, signer, self.now())
            self.states[state.trail] = state
        carried = []
        for step in act.steps:
            carried.append(self._carried(step))
            state = judge_step(trial, carried[-1], signer, self.now())
            self.states[state.trail] = state
        return calldata.Group(act.opens, tuple(carried), signature)

    def _view(self, act_id: bytes) -> Any:
        outcome = self.outcomes[act_id]
        status = "applied" if outcome.reason is Reason.OK else "refused"
        name = type(outcome.act).__name__
        return {
            "actId": "0x" + act_id.hex(), "type": name, "status": status,
            "reason": json.loads(reason_view(outcome.reason).model_dump_json(by_alias=True)),
            "block": 1, "links": {"self": f"/v1/acts/0x{act_id.hex()}"},
        }  # fmt: skip

    def _document(self, body: Any) -> Any:
        from ledger.evidence_json import read_document

        document = read_document(body["document"])
        self.documents["0x" + document.root.hex()] = body["document"]
        return {"root": "0x" + document.root.hex(), "kind": document.kind.value, "fields": len(document.fields)}


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {
        "type": f"urn:huxin:error:{code}", "title": "x", "status": status, "code": code,
        "detail": {"zh": "错", "en": "wrong"}, "faults": [],
    }  # fmt: skip
    return httpx.Response(status, json=body, headers=headers)


__all__ = ["COUNCIL_KEYS", "Simulator", "acts", "problem"]
