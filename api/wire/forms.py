"""Both forms of the licenses of a case; the serials of papers are in the evidence and nowhere else."""

from typing import Literal

from pydantic import Field

from api.wire.base import Hex32, ScopedId, Seconds, Wire
from api.wire.proofs import ReportView


class FormRecordView(Wire):
    """What a piece of evidence says of a paper form; ``root`` and ``steps`` alone where it cannot be read."""

    root: Hex32
    case_key: Hex32
    stored_at: Seconds
    stored_by: ScopedId
    steps: tuple[int, ...] = Field(description="seq of each step that was signed on it; none: it counts for nothing")
    event: Literal["issued", "changed", "cancelled"] | None = None
    license: Hex32 | None = Field(None, description="leaf of the license; of a change that of the new one")
    has_paper: bool | None = None
    is_printed: bool | None = None
    is_taken_back: bool | None = None


class FormsView(Wire):
    """Valid only if each license of the cases was issued, changed and cancelled in both forms."""

    records: tuple[FormRecordView, ...]
    judged: ReportView
