"""What the council decides: proposals made from named calls, signed by its members."""

from collections.abc import Iterable, Sequence
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import EncodingError

from api.signers import Signer
from ledger.acts import Proposal
from ledger.crypto import checksum
from ledger.eip712 import digest, struct_hash
from ledger.errors import InvalidInput
from ledger.rules.council import CALLS, Call
from ledger.world import Deployment


def call_named(contract: str, name: str) -> Call:
    """A function that only the council may call; InvalidInput ``COUNCIL_CALL_UNKNOWN``."""
    for call in CALLS:
        if (call.contract, call.name) == (contract, name):
            return call
    known = ", ".join(f"{call.contract}.{call.name}" for call in CALLS)
    raise InvalidInput("COUNCIL_CALL_UNKNOWN", "call", f"{contract}.{name}: one of {known}", f"应为下列之一:{known}")


def make_proposal(deployment: Deployment, call: Call, arguments: Sequence[Any], nonce: int, deadline: int) -> Proposal:
    """A call of the council with its arguments (addresses as 20 bytes).

    Raises InvalidInput ``COUNCIL_CALL_ARGUMENTS``.
    """
    shown = [_shown(value) for value in arguments]
    try:
        data = call.selector + abi_encode(call.types, shown)
    except (EncodingError, TypeError, ValueError) as error:
        raise InvalidInput(
            "COUNCIL_CALL_ARGUMENTS", "arguments", f"{call.signature}: {error}", f"{call.signature} 的参数有误"
        ) from error
    return Proposal(deployment.addresses[call.contract], data, nonce, deadline)


def sign_proposal(deployment: Deployment, proposal: Proposal, members: Iterable[Signer]) -> tuple[bytes, ...]:
    """The members' signatures, by rising address as the Council wants them."""
    signed = digest(deployment.domain("council"), struct_hash(proposal))
    return tuple(member.sign(signed) for member in sorted(members, key=lambda member: member.address))


def _shown(value: Any) -> Any:
    if isinstance(value, bytes) and len(value) == 20:
        return checksum(value)
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else value
