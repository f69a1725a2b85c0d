"""Licenses shown and used: what windows send, what holders, issuers and auditors read."""

from typing import Any

from pydantic import Field

from api.wire.base import Hex32, HexSignature, ScopedId, Seconds, Wire
from api.wire.proofs import ReportView


class VerifyPresentationRequest(Wire):
    """``code`` as scanned; ``challenge`` what the window gave the phone; ``license`` where it was shown in full."""

    code: str = Field(min_length=1, max_length=1024)
    challenge: str | None = Field(None, min_length=1, max_length=64)
    license: dict[str, Any] | None = Field(None, max_length=16)
    batch: Hex32 | None = None
    proof: tuple[Hex32, ...] = Field((), max_length=64)


class UseRequest(Wire):
    """The act ``UseLicense`` with its officer's signature, the holder's proof, and the purpose opened.

    ``holder`` is a ``HolderProof``; ``purpose`` discloses the field ``item`` of a document of kind ``authorization``
    whose root the holder has signed. Neither it nor anything else in it is kept.
    """

    act: dict[str, Any] = Field(max_length=8)
    signature: HexSignature
    holder: dict[str, Any] = Field(max_length=8)
    purpose: dict[str, Any] = Field(max_length=8)
    batch: Hex32 | None = None
    proof: tuple[Hex32, ...] = Field((), max_length=64)
    wait: float = Field(0, ge=0, le=30, description="Seconds to wait for the verdict")


class UseView(Wire):
    """One use of a license: where, when, for which case, and the digest of what its holder signed."""

    authorization: Hex32
    window: ScopedId
    window_name: str | None
    officer: ScopedId
    used_at: Seconds
    case_key: Hex32 | None = Field(description="null where it was for no case")
    purpose: Hex32 = Field(description="root of what it was for; whoever signed it can open it")
    not_before: Seconds
    not_after: Seconds
    block: int


class SealRecordView(Wire):
    """What a decision says of the seal that it bears, judged at the time of its step, today."""

    seal: ScopedId
    seal_sm3: Hex32 = Field(description="SM3 of the seal's DER")
    document_sm3: Hex32
    document_sha256: Hex32
    signature_sm3: Hex32 = Field(description="SM3 of the seal signature's value")
    license: Hex32 | None = None
    judged: ReportView


class SealUseView(Wire):
    """One use of a seal 用印: the case's step that is under it; ``evidence`` is the root of what was decided.

    ``license`` is the leaf where the step hands out a license that was issued under the seal; ``record`` is left out
    where the decision says nothing of its seal, or cannot be read any more.
    """

    case_key: Hex32
    seq: int
    action: str = Field(examples=["APPROVE"])
    officer: ScopedId
    evidence: Hex32
    signed_at: Seconds
    license: Hex32 | None = None
    record: SealRecordView | None = None


class UsesView(Wire):
    """Each use of one license, oldest first."""

    license: Hex32
    uses: tuple[UseView, ...]
