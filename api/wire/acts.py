"""Acts: to be prepared, to be handed in, and what became of them."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from api.wire.base import Hex32, HexSignature, ReasonView, ScopedId, Seconds, Wire
from api.wire.registry import GrantView

ActType: TypeAlias = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z]+$", examples=["RegisterWindow"])]
ActStatusName: TypeAlias = Literal["queued", "sent", "applied", "refused", "discarded"]

_WINDOW = {
    "window": "3-17", "name": "一楼综合窗口", "region": 0x370102000000, "validFrom": 0,
    "validUntil": 4294967295, "officer": "3-1", "nonce": 7, "deadline": 1790000600,
}  # fmt: skip


class PrepareRequest(Wire):
    """``fields`` as in the EIP-712 type; nonce, deadline, seq, previous and signedAt may be left out."""

    type: ActType
    fields: dict[str, Any] = Field(max_length=40, examples=[_WINDOW])


class Prepared(Wire):
    """What is to be signed (``eth_signTypedData_v4``) and the act as it is to be handed in."""

    type: ActType
    act_id: Hex32
    typed_data: dict[str, Any]
    act: dict[str, Any]


class SubmitRequest(Wire):
    """A signed act; a Proposal has ``signatures`` by rising signer address, all others ``signature``.

    ``batch`` and ``proof`` show that a license belongs to a batch where an act supersedes or stops it.
    """

    type: ActType
    act: dict[str, Any] = Field(max_length=40, examples=[_WINDOW])
    signature: HexSignature | None = None
    signatures: tuple[HexSignature, ...] = Field((), max_length=32)
    wait: float = Field(0, ge=0, le=30, description="Seconds to wait for the verdict")
    batch: Hex32 | None = None
    proof: tuple[Hex32, ...] = Field((), max_length=64)


class ActLinks(Wire):
    """Where to look."""

    self: str = Field(examples=["/v1/acts/0x…"])
    case: str | None = None


class ActView(Wire):
    """What became of one act; ``reason`` once judged, ``late`` for steps recorded late."""

    act_id: Hex32
    type: ActType
    status: ActStatusName
    reason: ReasonView | None = None
    predicted: ReasonView | None = Field(None, description="What the rules said when it was handed in")
    officer: ScopedId | None = None
    case_key: Hex32 | None = None
    received_at: Seconds | None = None
    tx_hash: Hex32 | None = None
    block: int | None = None
    time: Seconds | None = None
    late: bool | None = None
    links: ActLinks


class Submitted(Wire):
    """One entry per act; for a list of steps ``actId`` is that of the first."""

    act_id: Hex32
    status: ActStatusName
    entries: tuple[ActView, ...]
    links: ActLinks


class PreflightRequest(Wire):
    """May this officer do this now? Steps: ``action`` with ``caseKey``; opening: ``item`` and ``mode``.

    Acts of administration: ``type`` and ``fields``.
    """

    officer: ScopedId
    action: str | None = Field(None, max_length=20, examples=["ACCEPT"])
    case_key: Hex32 | None = None
    item: ScopedId | None = None
    version: int | None = Field(None, ge=1, le=65_535)
    mode: str | None = Field(None, max_length=20, examples=["REMOTE_ACCEPTANCE"])
    grant: ScopedId | None = None
    type: ActType | None = None
    fields: dict[str, Any] | None = Field(None, max_length=40)


class GrantorView(Wire):
    """An agency that could give the missing right, and how."""

    agency: int
    name: str
    how: str = Field(
        examples=["ROOT"], description="ROOT: competent for the item; HAND_ON: holds it and may hand it on"
    )
    grant: ScopedId | None = None


class RejectedGrant(Wire):
    """A grant of the item's home agency that does not help, and why."""

    grant: GrantView
    reason: ReasonView


class PreflightView(Wire):
    """The answer; ``usableGrants`` are those with which it is allowed, best first."""

    allowed: bool
    reason: ReasonView
    needed_roles: tuple[str, ...] = ()
    missing_right: str | None = None
    who_could_grant: tuple[GrantorView, ...] = ()
    usable_grants: tuple[GrantView, ...] = ()
    expired: tuple[RejectedGrant, ...] = ()
    other: tuple[RejectedGrant, ...] = ()
    at: Seconds
