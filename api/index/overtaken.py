"""Steps that the chain discarded only because an earlier step of their case had failed to get there."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from api.index.record import Verdict
from api.store.own_tables import WAITING, outbox_acts
from api.store.reads import DISCARDED
from api.store.shapes import chunks
from ledger.reasons import Reason

_TOO_EARLY = frozenset({int(Reason.STALE_STATE), int(Reason.CASE_UNKNOWN)})
_A = outbox_acts.c


def overtaken(connection: Connection, verdicts: Mapping[bytes, Verdict]) -> set[bytes]:
    """Ids of acts to be queued again: asked before the block's verdicts are written.

    The relay sends a step while the one before it is still under way. Where that transaction failed
    as a whole, was lost or is signed again, the later step found its case not come so far. A discard
    changes nothing on chain, so the step may go again behind the one it has to wait for; it stays
    discarded where every earlier step that we accepted had its verdict by then.
    """
    early = [key for key, one in verdicts.items() if one.status == DISCARDED and one.reason in _TOO_EARLY]
    if not early:
        return set()
    subjects: set[bytes] = set()
    for chunk in chunks(early):
        subjects.update(connection.execute(select(_A.subject).where(_A.act_id.in_(chunk), WAITING)).scalars())
    waiting: dict[bytes, list[bytes]] = {}
    for chunk in chunks(sorted(subjects)):
        query = select(_A.subject, _A.act_id).where(_A.subject.in_(chunk), WAITING)
        for subject, act_id in connection.execute(query.order_by(_A.entry, _A.place)):
            waiting.setdefault(subject, []).append(act_id)
    found: set[bytes] = set()
    for acts in waiting.values():
        found.update(_of_case(acts, frozenset(early), verdicts))
    return found


def _of_case(acts: Sequence[bytes], early: frozenset[bytes], verdicts: Mapping[bytes, Verdict]) -> set[bytes]:
    """``acts``: those of one case without a verdict before this block, in the order they were accepted."""
    again: set[bytes] = set()
    open_before = False
    latest = -1
    for act_id in acts:
        verdict = verdicts.get(act_id)
        at = -1 if verdict is None else verdict.position
        if act_id in early and (open_before or latest > at):
            again.add(act_id)
        open_before = open_before or verdict is None or act_id in again
        latest = max(latest, at)
    return again
