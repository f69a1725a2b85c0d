"""The API as the client sees it, over the reference rules in memory: each act is judged when handed in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from api.services.decode import TYPES, decode
from api.services.words import reason_view
from ledger import calldata
from ledger.acts import Proposal, contract_of, kind_of
from ledger.crypto import address_of, checksum, keccak, parse_address, recover
from ledger.eip712 import digest, message, struct_hash, typed_data
from ledger.errors import HuxinError
from ledger.ids import format_id
from ledger.reasons import Reason
from ledger.rules import judge
from ledger.signin import SignIn
from ledger.world import CONTRACTS, CouncilRecord, Deployment, World

COUNCIL_KEYS = tuple(sorted((keccak(bytes([n])) for n in range(3)), key=address_of))
CHAIN_ID = 7
SITE = "ledger.test"


class Simulator:
    """Answers requests; ``faults`` are called first and may answer in its stead."""

    def __init__(self, now: Callable[[], int]) -> None:
        deployment = Deployment(CHAIN_ID, {name: keccak(name.encode())[:20] for name in CONTRACTS})
        members = frozenset(map(address_of, COUNCIL_KEYS))
        self.world = World(deployment, CouncilRecord(members, 2, 60))
        self.now = now
        self.outcomes: dict[bytes, judge.Outcome] = {}
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
            ("POST", "/v1/session/challenge"): self.challenge,
            ("POST", "/v1/session"): self._session,
            ("POST", "/v1/acts/prepare"): self._prepare,
            ("POST", "/v1/acts"): self._submit,
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
            "codeHashes": {name: "0x" + keccak(name.encode()).hex() for name in addresses},
            "firstBlock": 1, "indexedBlock": 1, "indexedTime": self.now(), "serverTime": self.now(),
        }  # fmt: skip

    def challenge(self, body: Any) -> Any:
        asked = SignIn(
            SITE, parse_address(body["address"]), f"http://{SITE}/v1/session", CHAIN_ID, "n" * 8,
            datetime.fromtimestamp(self.now(), UTC),
        )  # fmt: skip
        return {"message": asked.text(), "expires": self.now() + 300}

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
        act: Any = decode(cls, filled, "act")
        contract = self.world.deployment.addresses[contract_of(cls)]
        return self.tamper({
            "type": body["type"], "actId": "0x" + self._digest(act).hex(), "act": message(act),
            "typedData": typed_data(act, CHAIN_ID, contract),
        })  # fmt: skip

    def _digest(self, act: Any) -> bytes:
        return digest(self.world.deployment.domain(contract_of(type(act))), struct_hash(act))

    def _submit(self, body: Any) -> Any:
        act: Any = decode(TYPES[body["type"]], body["act"], "act")
        outcomes = judge.judge(self.world, contract_of(type(act)), self._call(act, body), self.now())
        for outcome in outcomes:
            if outcome.reason is Reason.SIGNER_UNKNOWN:
                raise HuxinError("SIGNER_UNKNOWN", "unknown", "未知")
            self.outcomes.setdefault(outcome.act_id, outcome)
        views = [self._view(outcome.act_id) for outcome in outcomes]
        return {
            "actId": views[0]["actId"], "status": views[0]["status"], "entries": views, "links": views[0]["links"],
        }  # fmt: skip

    def _call(self, act: Any, body: Any) -> bytes:
        if isinstance(act, Proposal):
            signatures = tuple(bytes.fromhex(each[2:]) for each in body["signatures"])
            return calldata.council_call([calldata.Ballot(act, signatures)])
        signature = bytes.fromhex(body["signature"][2:])
        return calldata.admin_call([calldata.SignedAct(kind_of(type(act)), calldata.signed_body(act), signature)])

    def _view(self, act_id: bytes) -> Any:
        outcome = self.outcomes[act_id]
        status = "applied" if outcome.reason is Reason.OK else "refused"
        name = type(outcome.act).__name__
        return {
            "actId": "0x" + act_id.hex(), "type": name, "status": status,
            "reason": json.loads(reason_view(outcome.reason).model_dump_json(by_alias=True)),
            "block": 1, "links": {"self": f"/v1/acts/0x{act_id.hex()}"},
        }  # fmt: skip


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {
        "type": f"urn:huxin:error:{code}", "title": "x", "status": status, "code": code,
        "detail": {"zh": "错", "en": "wrong"}, "faults": [],
    }  # fmt: skip
    return httpx.Response(status, json=body, headers=headers)
