"""Cases, their steps, refusals and documents, for their parties and for auditors."""

from typing import Any

from pydantic import Field

from api.wire.base import AgencyNumber, Hex32, ReasonView, ScopedId, Seconds, Wire
from api.wire.proofs import ReportView

_DOCUMENT = {
    "kind": "materials",
    "version": 1,
    "fields": [{"name": "list.1", "public": False, "text": "营业执照", "salt": "7c" * 32}],
}


class DocumentRequest(Wire):
    """A document with its salts (``ledger.evidence_json``); ``commitment`` before the case exists.

    The opener shows that ``caseKey = keccak(abi.encode(officer, commitment))`` is the own.
    """

    case_key: Hex32
    commitment: Hex32 | None = None
    document: dict[str, Any] = Field(max_length=8, examples=[_DOCUMENT])


class DocumentStored(Wire):
    """``root`` is what goes into the act as ``evidence``."""

    root: Hex32
    kind: str
    fields: int


class ClockView(Wire):
    """A statutory or promised limit, in working days of the People's Republic.

    ``due`` is the first second after the last day (24:00 in China), left out while the clock is stopped or the
    holidays of the year have not been announced (``unknown``); ``deemed``: it began because nobody answered in time.
    """

    limit: str = Field(examples=["acceptance"])
    standing: str = Field(examples=["running"])
    began: Seconds
    days: int
    due: Seconds | None = None
    done: Seconds | None = None
    deemed: bool = False


class CaseView(Wire):
    """The state of a case; ``trail`` and ``word`` are what the next step starts from."""

    case_key: Hex32
    trail: Hex32
    word: Hex32
    head: Hex32
    seq: int
    status: str = Field(examples=["ACCEPTED"])
    mode: str
    item: ScopedId
    version: int
    home: AgencyNumber
    flags: tuple[str, ...]
    missing: int
    originals: int
    children: int
    last_at: Seconds
    parties: tuple[AgencyNumber, ...]
    clocks: tuple[ClockView, ...] = Field((), description="办理期限 / time limits, derived from the steps")


class StepView(Wire):
    """A step that was taken."""

    act_id: Hex32
    seq: int
    action: str
    officer: ScopedId
    grant: ScopedId | None = None
    detail: int
    subject: Hex32 | None = None
    evidence: Hex32
    trail: Hex32
    signed_at: Seconds
    block: int
    time: Seconds
    late: bool


class RefusalView(Wire):
    """A step that was not taken, with the reason."""

    act_id: Hex32
    officer: ScopedId | None = None
    action: str | None = None
    reason: ReasonView
    block: int
    time: Seconds


class DocumentInfo(Wire):
    """That there is a document; reading its content is logged."""

    root: Hex32
    kind: str
    stored_at: Seconds
    stored_by: ScopedId


class DocumentView(Wire):
    """The decrypted document in the form of ``ledger.evidence_json``."""

    root: Hex32
    document: dict[str, Any]


class ReadView(Wire):
    """Who read which document, and when."""

    root: Hex32 | None = None
    what: str = Field(examples=["document"])
    officer: ScopedId
    at: Seconds


class VerifiedLicenseView(Wire):
    """免提交: a license in the place of a paper: which, verified when, with what result, and the steps that rest on it.

    ``judged`` is today's word: the evidence against itself, and against what the ledger had at ``verified_at``. Where
    a field was destroyed only ``root``, ``steps`` and ``judged`` are left.
    """

    root: Hex32
    stored_at: Seconds
    stored_by: ScopedId = Field(description="who verified it, or brought the verification")
    steps: tuple[int, ...] = Field(description="seq of each step whose evidence this is")
    entry: int | None = Field(None, description="the entry of the item's list that it stands for")
    leaf: Hex32 | None = None
    batch: Hex32 | None = None
    verified_at: Seconds | None = None
    verdict: str | None = Field(None, examples=["valid"])
    report_sm3: Hex32 | None = None
    sm3: Hex32 | None = None
    sha256: Hex32 | None = None
    authorization: Hex32 | None = None
    judged: ReportView
