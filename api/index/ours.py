"""Which of a block's verdicts are the last word on an act that waits in our outbox.

Whoever has read an act may carry a copy before we do. What took effect took effect, whoever carried it; what an
administrative contract refused it never judges again. But a discard changes nothing on chain, nor does the refusal of a
step: the copy may have been spoilt, or carried before what it follows from. So these count only in the transaction that
carries our own entry, which is judged in its turn.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from api.index.record import BlockRecord, Verdict
from api.store.own_tables import outbox_acts, outbox_entries, relay_batches
from api.store.reads import APPLIED, DISCARDED
from api.store.shapes import chunks


def settled(connection: Connection, record: BlockRecord) -> dict[bytes, Verdict]:
    """The verdicts that count, by outbox id; there may be some of acts that are not ours."""
    found: dict[bytes, Verdict] = {}
    reversible: dict[bytes, Sequence[Verdict]] = {}
    for key, given in record.verdicts.items():
        final = next((one for one in given if one.status == APPLIED), None) or _first_final(given)
        if final is None:
            reversible[key] = given
        else:
            found[key] = final
    return found | _of_our_own(connection, reversible)


def _first_final(given: Sequence[Verdict]) -> Verdict | None:
    return next((one for one in given if one.is_final), None)


def _of_our_own(connection: Connection, reversible: Mapping[bytes, Sequence[Verdict]]) -> dict[bytes, Verdict]:
    a, b = outbox_acts.c, relay_batches.c
    ours = outbox_acts.join(outbox_entries, a.entry == outbox_entries.c.id)
    ours = ours.join(relay_batches, outbox_entries.c.batch == b.id)
    found: dict[bytes, Verdict] = {}
    for chunk in chunks(sorted(reversible)):
        query = select(a.act_id, b.tx_hash).select_from(ours).where(a.act_id.in_(chunk))
        for act_id, tx_hash in connection.execute(query):
            given = [one for one in reversible[act_id] if one.tx_hash == tx_hash]
            if given:
                found[act_id] = next((one for one in given if one.status != DISCARDED), given[-1])
    return found
