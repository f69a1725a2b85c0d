"""The answer to a step that was just taken in: ``Submitted`` with one entry, written out directly."""

from functools import cache

from api.services.words import reason_view
from api.store.models import ActStatus
from ledger.ids import format_id
from ledger.reasons import Reason


def queued(act: ActStatus, predicted: Reason) -> bytes:
    """The same bytes as ``Submitted.model_dump_json``."""
    act_id, case = act.act_id.hex(), act.subject.hex()
    links = f'{{"self":"/v1/acts/0x{act_id}","case":"/v1/cases/0x{case}"}}'
    return (
        f'{{"actId":"0x{act_id}","status":"queued","entries":[{{"actId":"0x{act_id}","type":"{act.name}",'
        f'"status":"queued","reason":null,"predicted":{_predicted(predicted)},"officer":"{format_id(act.officer)}",'
        f'"caseKey":"0x{case}","receivedAt":{act.received_at},"txHash":null,"block":null,"time":null,"late":null,'
        f'"links":{links}}}],"links":{links}}}'
    ).encode()


@cache
def _predicted(reason: Reason) -> str:
    return reason_view(reason).model_dump_json()
