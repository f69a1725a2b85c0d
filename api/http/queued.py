"""The answer to a step that was just taken in: ``Submitted`` with one entry, written out directly."""

from functools import cache

from api.services.words import reason_view
from api.store.models import ActStatus
from ledger.ids import format_id
from ledger.reasons import Reason

_ENTRY = (
    '{"actId":"0x%(id)s","type":"%(name)s","status":"queued","reason":null,"predicted":%(predicted)s,'
    '"officer":"%(officer)s","caseKey":"0x%(case)s","receivedAt":%(at)d,"txHash":null,"block":null,"time":null,'
    '"late":null,"links":%(links)s}'
)
_LINKS = '{"self":"/v1/acts/0x%s","case":"/v1/cases/0x%s"}'


def queued(act: ActStatus, predicted: Reason) -> bytes:
    """The same bytes as ``Submitted.model_dump_json``."""
    act_id, case = act.act_id.hex(), act.subject.hex()
    links = _LINKS % (act_id, case)
    entry = _ENTRY % {
        "id": act_id, "name": act.name, "predicted": _predicted(predicted), "officer": _officer(act.officer),
        "case": case, "at": act.received_at, "links": links,
    }  # fmt: skip
    return f'{{"actId":"0x{act_id}","status":"queued","entries":[{entry}],"links":{links}}}'.encode()


@cache
def _predicted(reason: Reason) -> str:
    return reason_view(reason).model_dump_json()


def _officer(officer: int) -> str:
    return format_id(officer)
