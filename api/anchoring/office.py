"""The issuer's officer over HTTP: signs with the local key what was frozen here, asks the server only to carry it."""

from typing import Any

from api.anchoring.run import Verdict
from api.anchoring.work import Batch, SignedAct
from api.client import HuxinClient
from api.client.forms import write_act
from api.wire.acts import SubmitRequest
from ledger import acts
from ledger.errors import Conflict, Forbidden, HuxinError, InvalidInput, NotFound
from ledger.licenses import Share
from ledger.reasons import Reason

WAIT_SECONDS = 120.0


class ClientOffice:
    """See ``api.anchoring.run.Office``."""

    def __init__(self, client: HuxinClient, seconds: float = WAIT_SECONDS) -> None:
        self._client, self._seconds = client, seconds

    def sign_batch(self, batch: Batch) -> SignedAct:
        """The act ``IssueBatch``."""
        client = self._client
        values: dict[str, Any] = {"root": batch.root, "count": batch.count, "seal": batch.seal}
        return self._signed(client.make(acts.IssueBatch, client.officer, **values))

    def sign_change(self, license_: acts.License, batch: bytes | None, proof: tuple[bytes, ...]) -> SignedAct:
        """The act ``IssueLicense``."""
        return self._signed(self._client.make(acts.IssueLicense, self._client.officer, license=license_), batch, proof)

    def _signed(self, act: Any, batch: bytes | None = None, proof: tuple[bytes, ...] = ()) -> SignedAct:
        act_id = self._client.digest_of(act)
        request = SubmitRequest(
            type=type(act).__name__, act=write_act(act), signature=_hex(self._client.signer.sign(act_id)),
            batch=None if batch is None else _hex(batch), proof=tuple(map(_hex, proof)),
        )  # fmt: skip
        return SignedAct(act_id, request.model_dump_json(by_alias=True), act.deadline)

    def carry(self, act: SignedAct) -> Verdict:
        """Hand in unless the server has it, and wait; Unavailable leaves everything for a later run."""
        try:
            self._client.status(act.act_id)
        except NotFound:
            try:
                self._client.hand_in(SubmitRequest.model_validate_json(act.request))
            except (Conflict, Forbidden, InvalidInput) as error:
                return Verdict(applied=False, reason=_reason(error))
        (view,) = self._client.wait_for([act.act_id], self._seconds)
        return Verdict(view.status == "applied", view.reason.code if view.reason else "OK", view.block)

    def holds(self, share: Share) -> bool:
        """Asked by the fields and the proof themselves: the server needs to know neither.

        A root that another agency has put there first holds nothing: it is not competent for these licenses.
        """
        report = self._client.proofs.verify_shown(share.license, share.batch, share.proof)
        checks = {one.name: one.verdict for one in report.checks}
        needed = ("index.fresh", "license.anchored", *(("license.competence",) if share.batch else ()))
        return all(checks.get(name) == "valid" for name in needed)


def _reason(error: HuxinError) -> str:
    """The reason of the protocol; anything else is a fault of the request and raised on."""
    if error.code not in Reason.__members__:
        raise error
    return error.code


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
