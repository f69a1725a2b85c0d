"""What the bytes of a batch say without any state: the hash and id of each act, and who signed it.

It is most of the work of judging a step, and depends on nothing else, so it may be done ahead and in another process.
"""

from typing import NamedTuple

from ledger import calldata
from ledger.acts import StepList
from ledger.crypto import InvalidSignature, keccak, recover
from ledger.eip712 import digest, struct_hash, type_hash
from ledger.errors import InvalidInput


class Signed(NamedTuple):
    """Of one group: (struct hash, act id) of each act, opens first, and the signer's address (20 bytes).

    ``signer`` is None where nobody can have made the signature.
    """

    acts: tuple[tuple[bytes, bytes], ...]
    signer: bytes | None


def is_trails_call(contract: str, data: bytes) -> bool:
    """Whether a transaction carries a batch of steps."""
    return contract == "trails" and data[:4] == calldata.selector(calldata.TRAILS_SUBMIT)


def read_signed(domain: bytes, data: bytes) -> tuple[Signed, ...] | None:
    """Of each group of a batch of steps; None where the calldata cannot be read, so that nothing is judged."""
    try:
        groups = calldata.read_trails_call(data)
    except InvalidInput:
        return None
    return tuple(read_group(domain, group) for group in groups)


def read_group(domain: bytes, group: calldata.Group) -> Signed:
    """The same of one group; ``domain`` is the EIP-712 domain of Trails."""
    hashes = [struct_hash(act) for act in group.opens]
    hashes += [struct_hash(carried.step) for carried in group.steps]
    acts = tuple([(hashed, digest(domain, hashed)) for hashed in hashes])
    if len(acts) == 1:
        _, signed = acts[0]
    else:
        opens = len(group.opens)
        signed = digest(domain, list_hash(hashes[:opens], hashes[opens:]))
    try:
        signer = recover(signed, group.signature)
    except InvalidSignature:
        return Signed(acts, None)
    return Signed(acts, signer)


def list_hash(opens: list[bytes], steps: list[bytes]) -> bytes:
    """The struct hash of a ``StepList``, from those of its members."""
    return keccak(type_hash(StepList) + keccak(b"".join(opens)) + keccak(b"".join(steps)))
