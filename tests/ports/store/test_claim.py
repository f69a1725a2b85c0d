"""A database opened for one ledger is not taken for another's."""

from dataclasses import replace

import pytest

from api.store.claim import claim, identity_of
from api.store.origin import Origin
from api.store.store import Store
from ledger.crypto import keccak
from ledger.errors import Conflict
from ledger.world import Deployment
from tests.ports.store.test_outbox import entry
from tests.unit.api.relay.ground import DEPLOYMENT

OURS = Origin(DEPLOYMENT, frozenset(), 2, 60, 1, keccak(b"genesis"))
OTHERS = (
    replace(OURS, genesis_hash=keccak(b"another genesis")),
    replace(OURS, deployment=Deployment(DEPLOYMENT.chain_id + 1, DEPLOYMENT.addresses)),
    replace(OURS, deployment=Deployment(DEPLOYMENT.chain_id, {**DEPLOYMENT.addresses, "trails": b"\1" * 20})),
)


@pytest.mark.parametrize("other", OTHERS, ids=("genesis", "chain", "contracts"))
def test_database_of_another_ledger_is_refused_and_left_alone(store: Store, other: Origin) -> None:
    claim(store.db, OURS)
    store.outbox.accept_blocking(entry(1))
    with pytest.raises(Conflict, match="DATABASE_OF_ANOTHER_LEDGER"):
        claim(store.db, other)
    claim(store.db, OURS)
    assert store.outbox.pending_count() == 1


def test_where_the_chain_answers_is_not_what_it_is_known_by() -> None:
    assert identity_of(replace(OURS, first_block=9, threshold=3)) == identity_of(OURS)
    assert len({identity_of(one) for one in (OURS, *OTHERS)}) == 4
