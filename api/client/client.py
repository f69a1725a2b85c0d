"""``HuxinClient``: sign in, sign and hand in acts, wait for the chain's verdict.

What is signed is always computed here, from the act's own fields and the ledger's addresses; of what
the server prepares only values that the caller left open are taken over.
"""

import secrets  # noqa: TID251 - the default of a port
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

import httpx

from api.client.cases import Cases
from api.client.challenge import check_challenge, site_of
from api.client.events import Event, read_events
from api.client.forms import class_of, read_act, write_act
from api.client.proofs import Proofs
from api.client.registry import Reading
from api.client.transport import Patience, Transport
from api.client.uses import LicenseUses
from api.signers import Signer, personal_digest
from api.wire.acts import ActView, PreflightRequest, PreflightView, Prepared, PrepareRequest, SubmitRequest, Submitted
from api.wire.sessions import Challenge, ChallengeRequest, Network, Session, SessionRequest, WhoAmI
from ledger.acts import Proposal, contract_of
from ledger.crypto import checksum
from ledger.eip712 import digest, struct_hash, typed_data
from ledger.errors import Conflict, Unauthenticated, Unavailable
from ledger.ids import parse_id
from ledger.world import Deployment

Act = TypeVar("Act")
JUDGED = frozenset({"applied", "refused", "discarded"})
DEADLINE_SECONDS = 600
_NONCE_BYTES = 6  # 48 bits: unlikely to meet again, and exact in JavaScript
_POLL_SECONDS = 0.1


class HuxinClient:
    """One user's way to one server; ``signer`` None can only read what is public."""

    def __init__(
        self,
        base_url: str,
        signer: Signer | None = None,
        *,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        over: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,  # noqa: TID251 - the default of a port
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is asked yet; the connection opens with the first request."""
        self._transport = Transport(base_url, patience, over, sleep)
        self._signer = signer
        self.clock, self.random_bytes, self._sleep = clock, random_bytes, sleep
        self._session: Session | None = None
        self._add_parts()

    def _add_parts(self) -> None:
        self.cases = Cases(self._transport)
        self.proofs = Proofs(self._transport)
        self.registry = Reading(self._transport)
        self.uses = LicenseUses(self._transport)

    def acting_as(self, signer: Signer) -> "HuxinClient":
        """Another user's client over the same connections."""
        other = object.__new__(HuxinClient)
        other._transport = self._transport.sibling()
        other._signer, other._session = signer, None
        other.clock, other.random_bytes, other._sleep = self.clock, self.random_bytes, self._sleep
        other._add_parts()
        other.__dict__["network"] = self.network
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # --- who and where

    @cached_property
    def network(self) -> Network:
        """The ledger that the server serves, asked once."""
        return self._transport.ask("GET", "/v1/network", Network)

    @cached_property
    def deployment(self) -> Deployment:
        """Chain id and contract addresses."""
        addresses = {name: bytes.fromhex(at[2:]) for name, at in self.network.contracts.items()}
        return Deployment(self.network.chain_id, addresses)

    @property
    def signer(self) -> Signer:
        """Who signs; Unauthenticated ``NO_SIGNER`` where there is none."""
        if self._signer is None:
            raise Unauthenticated(
                "NO_SIGNER", "this needs an officer's key: name a keystore", "需要人员密钥,请指定密钥文件"
            )
        return self._signer

    @property
    def officer(self) -> int:
        """The officer who is signed in; signs in where that has not happened."""
        return parse_id((self._session or self.sign_in()).officer)

    def sign_in(self) -> Session:
        """Sign in with the key (EIP-4361); the session's token goes with every later request.

        Conflict where the text to sign is for another key or another site than the one called.
        """
        address = checksum(self.signer.address)
        challenge = self._transport.ask(
            "POST", "/v1/session/challenge", Challenge, ChallengeRequest(address=address), key=self._key()
        )
        check_challenge(challenge.message, self.signer.address, site_of(self._transport.base_url))
        signature = self.signer.sign(personal_digest(challenge.message))
        asked = SessionRequest(message=challenge.message, signature="0x" + signature.hex())
        self._session = self._transport.ask("POST", "/v1/session", Session, asked)
        self._transport.authorise(self._session.token)
        return self._session

    def sign_out(self) -> None:
        """End the session."""
        if self._session:
            self._transport.send("DELETE", "/v1/session")
        self._session = None
        self._transport.authorise(None)

    def who_am_i(self) -> WhoAmI:
        """Who the server says is signed in."""
        return self._transport.ask("GET", "/v1/session", WhoAmI)

    # --- making and signing

    def now(self) -> int:
        """The client's clock in Unix seconds."""
        return int(self.clock())

    def nonce(self) -> int:
        """A number that makes equal acts differ."""
        return int.from_bytes(self.random_bytes(_NONCE_BYTES))

    def make(self, cls: type[Act], officer: int, **values: Any) -> Act:
        """An act of administration with ``nonce`` and ``deadline`` (10 minutes) filled in."""
        filled = {"nonce": self.nonce(), "deadline": self.now() + DEADLINE_SECONDS, "officer": officer}
        return cls(**(filled | values))

    def digest_of(self, act: Any) -> bytes:
        """The act's id: what is signed (32 bytes)."""
        return digest(self.deployment.domain(contract_of(type(act))), struct_hash(act))

    def prepare(self, type_name: str, given: dict[str, Any]) -> Any:
        """An act with the server's proposals for what was left open, checked field by field.

        Raises Conflict ``PREPARED_DIFFERS`` where the server changed a given value, or its digest or
        typed data are not those of the act.
        """
        cls = class_of(type_name)
        request = PrepareRequest(type=type_name, fields=given)
        prepared = self._transport.ask("POST", "/v1/acts/prepare", Prepared, request, key=self._key())
        act = read_act(cls, prepared.act)
        self._check_prepared(act, read_act(cls, prepared.act | given), prepared)
        return act

    def _check_prepared(self, act: Any, asked: Any, prepared: Prepared) -> None:
        contract = self.deployment.addresses[contract_of(type(act))]
        honest = (
            act == asked
            and prepared.act_id == "0x" + self.digest_of(act).hex()
            and _same_message(type(act), prepared.typed_data, typed_data(act, self.deployment.chain_id, contract))
        )
        if not honest:
            raise Conflict(
                "PREPARED_DIFFERS", "the server prepared something else than was asked: nothing is signed",
                "服务端准备的内容与请求不一致,已拒绝签名",
            )  # fmt: skip

    # --- handing in

    def submit(self, act: Any, wait: float = 0, batch: bytes | None = None, proof: Sequence[bytes] = ()) -> Submitted:
        """Sign an act and hand it in; with ``wait`` (s, at most 30) the answer may hold the verdict."""
        signature = self.signer.sign(self.digest_of(act))
        request = SubmitRequest(
            type=type(act).__name__, act=write_act(act), signature="0x" + signature.hex(), wait=wait,
            batch=None if batch is None else "0x" + batch.hex(), proof=tuple("0x" + word.hex() for word in proof),
        )  # fmt: skip
        return self.hand_in(request)

    def propose(self, proposal: Proposal, signatures: Iterable[bytes], wait: float = 0) -> Submitted:
        """Hand in a proposal of the council with its members' signatures, by rising address."""
        signed = tuple("0x" + signature.hex() for signature in signatures)
        request = SubmitRequest(type="Proposal", act=write_act(proposal), signatures=signed, wait=wait)
        return self.hand_in(request)

    def hand_in(self, request: SubmitRequest) -> Submitted:
        """Hand in what somebody signed; repeated under one idempotency key until answered."""
        return self._transport.ask("POST", "/v1/acts", Submitted, request, key=self._key())

    def status(self, act_id: bytes) -> ActView:
        """What became of an act; NotFound where this server never saw it."""
        return self._transport.ask("GET", f"/v1/acts/0x{act_id.hex()}", ActView)

    def wait_for(self, act_ids: Iterable[bytes], seconds: float = 30) -> tuple[ActView, ...]:
        """The verdicts on acts handed in, in their order; Unavailable ``NOT_ANCHORED`` after ``seconds``."""
        deadline = self.clock() + seconds
        return tuple(self._await(act_id, deadline) for act_id in act_ids)

    def _await(self, act_id: bytes, deadline: float) -> ActView:
        while (view := self.status(act_id)).status not in JUDGED:
            if self.clock() > deadline:
                raise Unavailable(
                    "NOT_ANCHORED", f"act 0x{act_id.hex()} is accepted and not anchored yet: ask again later",
                    f"行为 0x{act_id.hex()} 已受理、尚未上链,请稍后查询",
                )  # fmt: skip
            self._sleep(_POLL_SECONDS)
        return view

    # --- asking

    def preflight(self, request: PreflightRequest) -> PreflightView:
        """May this officer do this now, and if not, what is missing and who could grant it?"""
        return self._transport.ask("POST", "/v1/preflight", PreflightView, request, key=self._key())

    def events(self, last_id: str | None = None) -> Iterator[Event]:
        """Outcomes that concern the officer's agency, as they happen; ``last_id`` resumes after one."""
        return read_events(self._transport, last_id)

    def _key(self) -> str:
        return self.random_bytes(16).hex()


def _same_message(cls: type, shown: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether the typed data a wallet would be shown says what we sign; ids may be written either way."""
    message = shown.get("message")
    if not isinstance(message, dict) or shown.get("primaryType") != ours["primaryType"]:
        return False
    domain = {name: str(value).lower() for name, value in shown.get("domain", {}).items()}
    expected = {name: str(value).lower() for name, value in ours["domain"].items()}
    return domain == expected and bool(read_act(cls, message) == read_act(cls, ours["message"]))
