"""Signed acts, read strictly and judged by the rules beforehand, as entries for the outbox."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.services import decode
from api.services.doors import error_of, error_of_replaced, signing_key, turned_away
from api.services.ports import Now
from api.store.entries import Claim, Entry, Idempotency, admin_entry, ballot_entry, claim_of, execute_entry
from api.store.worlds import Worlds
from ledger import acts, calldata
from ledger.crypto import compact
from ledger.eip712 import digest, struct_hash
from ledger.errors import InvalidInput
from ledger.reasons import Reason, Refusal
from ledger.rules import council
from ledger.rules.authority import signer_of
from ledger.rules.judge import judge_admin
from ledger.world import Deployment, World

EXECUTE = "Execute"
"""Carrying out a proposal whose delay is over: the act is the Proposal, without signatures."""


@dataclass(frozen=True, slots=True)
class Submission:
    """An act as handed in: type's name, JSON object, signatures (64 or 65 bytes), batch proof, holder's proof."""

    type: str
    act: Any
    signatures: tuple[bytes, ...]
    batch: bytes | None = None
    proof: tuple[bytes, ...] = ()
    holder: acts.HolderProof | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What goes into the outbox and what the rules say of each act; nothing for a repetition.

    ``owner`` is whose idempotency keys the request may use (:func:`owner_of`).
    """

    entry: Entry
    owner: str
    predicted: tuple[Reason, ...] = ()


class Submissions:
    """From a submission to what the outbox takes; nothing is written here.

    Acts of administration and the council's are judged here, steps where they are written (``examination``).
    ``are_known(act ids)`` says whether all were accepted before.
    """

    def __init__(
        self, deployment: Deployment, worlds: Worlds, now: Now, are_known: Callable[[Sequence[bytes]], bool]
    ) -> None:
        self._deployment, self._worlds, self._now = deployment, worlds, now
        self._are_known = are_known
        self._trails = deployment.domain("trails")

    def examine(self, one: Submission) -> Examined | Claim:
        """Read; judge what is no step. Raises what ``api.services.doors`` says, InvalidInput with all faults."""
        if one.type == EXECUTE:
            return self._execute(one)
        act: Any = decode.decode(decode.act_type(one.type), one.act, "body.act")
        if isinstance(act, acts.Proposal):
            return self._proposal(one, act)
        signature = _single(one)
        if isinstance(act, acts.Open | acts.Step | acts.StepList):
            return self.claim(act, signature)
        return self._admin(one, act, signature)

    def claim(self, act: acts.Open | acts.Step | acts.StepList, signature: bytes) -> Claim:
        """Steps with the address that signed them; ``signature`` has 64 bytes. No I/O."""
        opens, steps = parts_of(act)

        def signer(ids: tuple[bytes, ...]) -> bytes:
            # one step is signed by itself, so that its id is what was signed
            return self._recovered(ids[0] if len(ids) == 1 else self.digest_of(act), signature)

        return claim_of(self._trails, opens, steps, signature, signer, self._now())

    def digest_of(self, act: Any) -> bytes:
        """The act's id: what is signed."""
        return digest(self._deployment.domain(acts.contract_of(type(act))), struct_hash(act))

    def _admin(self, one: Submission, act: Any, signature: bytes) -> Examined:
        if (one.batch or one.proof) and type(act) not in acts.PROVEN:
            raise InvalidInput("PROOF_NOT_TAKEN", "body.batch", "this act takes no batch proof", "该行为不带批次证明")
        contract, now = acts.contract_of(type(act)), self._now()
        body = calldata.signed_body(act, one.batch, one.proof, one.holder)
        signed = calldata.SignedAct(acts.kind_of(type(act)), body, signature)
        entry = admin_entry(self._deployment, contract, signed, now)
        world = self._worlds.scratch()
        signer = self._recovered(self.digest_of(act), signature)
        key = signing_key(world, signer, (act.officer,))
        owner = owner_of((signer,))
        if self._repeated(entry):
            return Examined(entry, owner)
        outcome = judge_admin(world, contract, signed, now)
        if turned_away(outcome.reason):
            raise error_of(outcome.reason)
        error = error_of_replaced(world, signer, key, (outcome.reason,))
        if error is not None:
            raise error
        return Examined(entry, owner, (outcome.reason,))

    def _proposal(self, one: Submission, proposal: acts.Proposal) -> Examined:
        if not one.signatures:
            raise InvalidInput("FIELD_MISSING", "body.signatures", "a proposal needs signatures", "提案须附成员签名")
        now = self._now()
        ballot = calldata.Ballot(proposal, tuple(map(compacted, one.signatures)))
        entry = ballot_entry(self._deployment, ballot, now)
        run = lambda world: council.submit(world, proposal, ballot.signatures, now)  # noqa: E731
        signed = self.digest_of(proposal)
        return self._decided(entry, owner_of([self._recovered(signed, one) for one in ballot.signatures]), run)

    def _execute(self, one: Submission) -> Examined:
        proposal = decode.decode(acts.Proposal, one.act, "body.act")
        now = self._now()
        entry = execute_entry(self._deployment, proposal, now)
        # nobody signs, so that a key stands for this execution alone and can get in nobody's way
        owner = self.digest_of(proposal).hex()
        return self._decided(entry, owner, lambda world: council.execute(world, proposal, now))

    def _decided(self, entry: Entry, owner: str, run: Callable[[World], object]) -> Examined:
        if self._repeated(entry):
            return Examined(entry, owner)
        try:
            run(self._worlds.scratch())
        except Refusal as refusal:
            if turned_away(refusal.reason):
                raise error_of(refusal.reason) from refusal
            return Examined(entry, owner, (refusal.reason,))
        return Examined(entry, owner, (Reason.OK,))

    def _recovered(self, signed: bytes, signature: bytes) -> bytes:
        try:
            return signer_of(signed, signature)
        except Refusal as refusal:
            raise error_of(refusal.reason) from refusal

    def _repeated(self, entry: Entry) -> bool:
        return self._are_known([act.act_id for act in entry.acts])


def parts_of(act: acts.Open | acts.Step | acts.StepList) -> tuple[tuple[acts.Open, ...], tuple[acts.Step, ...]]:
    """Opens and later steps; a list of one is refused, for one step is signed by itself."""
    if isinstance(act, acts.Open):
        return (act,), ()
    if isinstance(act, acts.Step):
        return (), (act,)
    if len(act.opens) + len(act.steps) < 2:
        raise InvalidInput(
            "LIST_TOO_SHORT", "body.act", "a list has two steps or more; sign one step by itself",
            "列表须含两个以上环节,单个环节请单独签名",
        )  # fmt: skip
    return act.opens, act.steps


def request_hash(act_ids: Sequence[bytes], one: Submission) -> bytes:
    """What an idempotency key stands for (32 bytes): the acts, who signed, and the proof beside them.

    Two bodies that say the same differently are the same request.
    """
    parts = [*act_ids, *map(compacted, one.signatures), one.batch or b"", *one.proof]
    return hashlib.sha256(b"".join(len(part).to_bytes(4) + part for part in parts)).digest()


def owner_of(signers: Sequence[bytes]) -> str:
    """Whose an idempotency key is: those who signed (addresses), whoever the act names.

    Else who signs in another's name could use up a key that the other will want, and bring a conflict upon him.
    """
    return signers[0].hex() if len(signers) == 1 else hashlib.sha256(b"".join(signers)).hexdigest()


def keyed(key: str, owner: str, act_ids: Sequence[bytes], one: Submission) -> Idempotency:
    """An ``Idempotency-Key`` of its owner, with what it stands for."""
    return Idempotency(owner, key, request_hash(act_ids, one))


def compacted(signature: bytes) -> bytes:
    """64 bytes (EIP-2098) from either form; InvalidSignature."""
    return compact(signature) if len(signature) == 65 else signature


def _single(one: Submission) -> bytes:
    if len(one.signatures) != 1:
        raise InvalidInput("FIELD_MISSING", "body.signature", "the act needs one signature", "须附一个签名")
    return compacted(one.signatures[0])
