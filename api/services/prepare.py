"""Acts ready to be signed: what the client left out filled in with proposals, the rest as it came."""

from collections.abc import Callable
from typing import Any

from api.services import decode
from api.services.ports import Now, RandomBytes
from api.wire.acts import Prepared
from ledger import acts
from ledger.eip712 import digest, message, struct_hash, typed_data
from ledger.state import CaseState
from ledger.world import Deployment

DEADLINE_SECONDS = 600
_NONCE_BYTES = 6
"""48 bits: unlikely to meet again, and exact in JavaScript."""
_ZERO_WORD = "0x" + "00" * 32

StateOf = Callable[[bytes], CaseState]
"""The newest state of a case for whoever asks; raises NotFound for strangers."""


def prepare(
    deployment: Deployment, name: str, given: dict[str, Any], state_of: StateOf, now: Now, random_bytes: RandomBytes
) -> Prepared:
    """Typed data, act id and act; InvalidInput with every fault of ``given``."""
    cls = decode.act_type(name)
    filled = _filled(cls, given, state_of, now(), random_bytes)
    act: Any = decode.decode(cls, filled, "body.fields")
    contract = acts.contract_of(cls)
    hashed = digest(deployment.domain(contract), struct_hash(act))
    return Prepared(
        type=name, act_id="0x" + hashed.hex(), act=message(act),
        typed_data=typed_data(act, deployment.chain_id, deployment.addresses[contract]),
    )  # fmt: skip


def _filled(cls: type, given: dict[str, Any], state_of: StateOf, now: int, random_bytes: RandomBytes) -> dict[str, Any]:
    proposals: dict[str, Any] = {
        "deadline": now + DEADLINE_SECONDS,
        "nonce": int.from_bytes(random_bytes(_NONCE_BYTES)),
        "signedAt": now,
    }
    if cls is acts.Open:
        proposals |= {"parent": _ZERO_WORD, "grant": 0}
    if cls is acts.Step:
        proposals |= {"grant": 0, "detail": 0, "subject": _ZERO_WORD}
        proposals |= _place(given, state_of)
    known = set(decode.known_fields(cls))
    return {name: value for name, value in proposals.items() if name in known} | given


def _place(given: dict[str, Any], state_of: StateOf) -> dict[str, Any]:
    """Where the step continues, only if it was left out: the state is for parties alone."""
    case = given.get("caseKey")
    if ("seq" in given and "previous" in given) or not decode.is_word(case):
        return {}
    state = state_of(decode.bytes_of(str(case)))
    return {"seq": state.seq + 1, "previous": "0x" + state.trail.hex()}
