"""Steps of a case and lists of them."""

from dataclasses import dataclass

from ledger.eip712 import Bytes32, Uint8, Uint16, Uint32, Uint64


@dataclass(frozen=True, slots=True)
class Open:
    """Collect 收件: the first step of a case. ``caseKey = keccak(abi.encode(officer, commitment))``.

    ``commitment`` is the salted commitment to the case number; ``parent`` is the parent's case key
    or zero; ``grant`` is zero where the home agency's own officer acts.
    """

    commitment: Bytes32
    item: Uint64
    version: Uint16
    mode: Uint8
    parent: Bytes32
    officer: Uint64
    grant: Uint64
    evidence: Bytes32
    signed_at: Uint32
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class Step:
    """Any later step. ``previous`` is the trail hash it continues, ``seq`` the last plus one.

    ``detail`` is a bitmap over the item's material list or a rating, ``subject`` a seal id (as
    uint256), a license or a child's case key; both are zero where the action has none.
    """

    case_key: Bytes32
    seq: Uint16
    action: Uint8
    officer: Uint64
    grant: Uint64
    detail: Uint32
    subject: Bytes32
    evidence: Bytes32
    previous: Bytes32
    signed_at: Uint32
    deadline: Uint32


@dataclass(frozen=True, slots=True)
class StepList:
    """Several steps of one officer under one signature; each is judged by itself."""

    opens: tuple[Open, ...]
    steps: tuple[Step, ...]
