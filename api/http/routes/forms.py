"""Paper and electronic form of the licenses of a case: issued, changed and cancelled together?"""

from typing import Annotated

from fastapi import APIRouter, Query

from api.http.asking import CaseKey, Parts, SignedIn, problems
from api.http.routes.proofs import report_view
from api.services.decode import bytes_of, hex_of
from api.services.forms import MOST_CASES, Told
from api.wire.base import Hex32
from api.wire.forms import FormRecordView, FormsView
from ledger.ids import format_id

router = APIRouter(prefix="/v1", tags=["cases"])
_Also = Annotated[
    tuple[Hex32, ...],
    Query(max_length=MOST_CASES, description="同一机构的其他办件,如注销办件 / other cases of the same home agency"),
]


@router.get(
    "/cases/{case_key}/forms", summary="纸质与电子证照同步 / Both forms of its licenses", responses=problems(401, 404)
)
def judge_forms(parts: Parts, user: SignedIn, case_key: CaseKey, also: _Also = ()) -> FormsView:
    """For those who may read all of the cases; each read is noted. The serials of papers are not told."""
    found = parts.license_forms.judge(user, [bytes_of(one) for one in (case_key, *also)])
    return FormsView(records=tuple(map(_record, found.told)), judged=report_view(parts, found.report))


def _record(told: Told) -> FormRecordView:
    stored, record = told.kept.stored, told.kept.record
    view = FormRecordView(
        root=hex_of(stored.root), case_key=hex_of(stored.case_key), stored_at=stored.at,
        stored_by=format_id(stored.officer), steps=told.steps,
    )  # fmt: skip
    if record is None:
        return view
    return view.model_copy(update={
        "event": record.event.value, "license": hex_of(record.license), "has_paper": record.has_paper,
        "is_printed": record.printed is not None, "is_taken_back": record.taken_back is not None,
    })  # fmt: skip
